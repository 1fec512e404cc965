"""Each alarm of the template against points that arrive as late as AWS lets them, and what docs/operations.md says of it."""

from __future__ import annotations

import copy
import re
import unittest
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.harness.template import ROOT, Template
from tests.template.alarm_model import READINGS, Point, Timeline, first_alarm, states

HEALTH = {"HealthEmail": "ops@example.com"}

# What is known of lateness, in minutes. Points of flow log records are stamped with the record's start: 5 to 9 minutes as a
# rule, more with a window of 10 minutes or where the delivery is slow.
RECORD_LATE = (5, 6, 7, 8, 9, 13, 16)
# Lambda stamps with the start of the run, which may take 5 minutes; CloudWatch then takes a minute or two.
SERVICE_LATE = (1, 2, 5, 7)
# "When a queue is activated from an inactive state, its metrics can be up to 15 minutes late".
QUEUE_STARTS = (0, 5, 15)
START = 600  # a multiple of no period but those of the template, shifted by the phases below
PHASES = (0, 1, 4, 7, 14)


@dataclass
class Case:
    """An alarm: what it must notice, how late at most, and what it must not take for that."""

    at_most: int
    """Minutes from what happens, at `START`, to ALARM."""
    noticed: Callable[[], Iterator[tuple[int, Timeline]]]
    """Timelines, each with the minute at which the thing happens."""
    ignored: Callable[[], Iterator[Timeline]] = field(default=lambda: iter(()))
    horizon: int = 150


def record(name: str, late: int, at: int, value: float = 1.0) -> Timeline:
    """One record of the flow log, stamped with its start, and traffic around it."""
    return {name: [Point(at, at + late, value)]}


def single(name: str, lates: tuple[int, ...]) -> Callable[[], Iterator[tuple[int, Timeline]]]:
    """One point, however late."""

    def cases() -> Iterator[tuple[int, Timeline]]:
        for phase in PHASES:
            for late in lates:
                yield START + phase, record(name, late, START + phase)

    return cases


def traffic(value: Callable[[int], float], late: int) -> list[Point]:
    """A point for each minute. A metric of single minutes is the same from whichever minute it begins: no phases here."""
    return [Point(minute, minute + late, value(minute)) for minute in range(START - 120, START + 150)]


def watchdog_noticed() -> Iterator[tuple[int, Timeline]]:
    """CloudWatch counts one ping amid traffic and the function publishes nothing, or only what came before."""
    at = START
    for late in (1, *RECORD_LATE):
        native = traffic(lambda minute: float(minute == at), late)
        yield at, {"Ping-Deny-Native": native}
        yield at, {"Ping-Deny-Native": native, "Ping-Deny": [Point(at - 90, at - 80)]}
        # Pings all the time, and a function that dies.
        pings = traffic(lambda _: 1.0, late)
        yield at, {"Ping-Deny-Native": pings, "Ping-Deny": [point for point in pings if point.stamp < at]}


def watchdog_ignored() -> Iterator[Timeline]:
    """The function publishes it, at once or after its retries; CloudWatch stamps its own count by either clock."""
    at = START
    for late in RECORD_LATE:
        for retries in (0, 3, 9):
            for stamp, behind in ((at, late), (at + late, 0)):
                native = traffic(lambda minute, stamp=stamp: float(minute == stamp), behind)
                yield {"Ping-Deny-Native": native, "Ping-Deny": [Point(at, at + late + retries)]}


def failing(name: str, every: int) -> Callable[[], Iterator[tuple[int, Timeline]]]:
    """A function that fails from a moment on."""

    def cases() -> Iterator[tuple[int, Timeline]]:
        for phase in PHASES:
            for late in SERVICE_LATE:
                at = START + phase
                yield at, {name: [Point(minute, minute + late) for minute in range(at, at + 150, every)]}

    return cases


def retried(name: str) -> Callable[[], Iterator[Timeline]]:
    """One batch that fails at every attempt: Lambda tries again after one minute and after two more."""

    def cases() -> Iterator[Timeline]:
        for phase in PHASES:
            for late in SERVICE_LATE:
                yield {name: [Point(at, at + late) for at in (START + phase, START + phase + 1, START + phase + 3)]}

    return cases


def level(name: str, value: float) -> Callable[[], Iterator[tuple[int, Timeline]]]:
    """A queue that wakes up: its metric starts late, and then has a point for each minute but for a gap."""

    def cases() -> Iterator[tuple[int, Timeline]]:
        for phase in PHASES:
            for starts in QUEUE_STARTS:
                at = START + phase
                known = [minute for minute in range(at + starts, at + 150) if not at + 60 <= minute < at + 68]
                yield at, {name: [Point(minute, minute + 2, value) for minute in known]}

    return cases


def published(at: int, delivered: int | None, late: tuple[int, int], before: tuple[int, ...] = ()) -> Timeline:
    """A message to a topic, and its delivery; messages before that were delivered."""
    reached = [*before, *([] if delivered is None else [delivered])]
    return {
        "NumberOfMessagesPublished": [Point(minute, minute + late[0]) for minute in (*before, at)],
        "NumberOfNotificationsDelivered": [Point(minute, minute + late[1]) for minute in reached],
    }


def unheard() -> Iterator[tuple[int, Timeline]]:
    """A message that reaches nobody, also where the ones before it did."""
    for phase in PHASES:
        at = START + phase
        for late in ((1, 1), (5, 5)):
            yield at, published(at, None, late)
            yield at, published(at, None, late, (at - 60, at - 45))


def heard() -> Iterator[Timeline]:
    """A message that is delivered a minute later, and whose delivery CloudWatch knows of later than of the message."""
    for phase in (0, 3, 7, 13, 14):
        for after in (0, 1):
            for late in ((1, 1), (1, 10), (5, 1), (5, 14)):
                at = START + phase
                yield published(at, at + after, late)


def of_origin(origin: str, points: list[Point]) -> Timeline:
    """Rejected pings of one origin: the function publishes them twice, by origin and altogether."""
    return {"Ping-Deny": points, f"Ping-Deny,Origin={origin}": points}


def ours() -> Iterator[tuple[int, Timeline]]:
    """One rejected ping of ours or from a private network, alone or amid the background of a public address."""
    for late in RECORD_LATE:
        background = of_origin("internet", traffic(lambda _: 3.0, late))
        for origin in ("own", "private"):
            one = [Point(START, START + late)]
            yield START, of_origin(origin, one)
            yield START, background | {f"Ping-Deny,Origin={origin}": one}


def background() -> Iterator[Timeline]:
    """What the internet sends to a public address, minute by minute, and a flood."""
    for late in RECORD_LATE:
        yield of_origin("internet", traffic(lambda _: 3.0, late))
        yield of_origin("internet", traffic(lambda minute: 900.0 if minute == START else 3.0, late))


CASES = {
    "PingDenyAlarm": Case(17, ours, background),
    "WatchdogAlarm": Case(60, watchdog_noticed, watchdog_ignored),
    "SkippedAlarm": Case(21, single("Ping-Deny-Skipped", RECORD_LATE)),
    "ErrorsAlarm": Case(20, failing("Errors", 1), retried("Errors")),
    "ThrottlesAlarm": Case(20, failing("Throttles", 1), retried("Throttles")),
    "FailuresAlarm": Case(25, level("ApproximateNumberOfMessagesVisible", 1)),
    "FailuresAgeAlarm": Case(25, level("ApproximateAgeOfOldestMessage", 10 * 86400)),
    "FailuresLostAlarm": Case(10, single("DestinationDeliveryFailures", SERVICE_LATE)),
    "DeliveryAlarm": Case(10, single("DeliveryErrors", SERVICE_LATE)),
    "TimersAlarm": Case(25, level("ApproximateNumberOfMessagesVisible", 1)),
    "SetAsideAlarm": Case(10, single("Ping-Deny-Set-Aside", SERVICE_LATE)),
    # A message that fails comes again after five minutes.
    "TimerErrorsAlarm": Case(20, failing("Errors", 5)),
    "NoSubscribersAlarm": Case(35, unheard, heard),
    "NoHealthSubscribersAlarm": Case(35, unheard, heard),
}


class Alarms(unittest.TestCase):
    """The alarms with the settings that the template has."""

    @classmethod
    def setUpClass(cls) -> None:
        """Resolves the template with all of its alarms."""
        cls.alarms = Template(HEALTH).of_type("AWS::CloudWatch::Alarm")

    def lateness(self, name: str, alarm: dict | None = None) -> int | None:
        """Minutes from what happens to ALARM in the worst case; None where some case is missed."""
        case, worst = CASES[name], 0
        for at, timeline in case.noticed():
            for reading in READINGS:
                fired = first_alarm(alarm or self.alarms[name], timeline, range(at, at + case.horizon), reading)
                if fired is None:
                    return None
                worst = max(worst, fired - at)
        return worst

    def test_there_is_a_case_for_each(self) -> None:
        """An alarm that is added comes with what it must notice."""
        self.assertEqual(set(CASES), set(self.alarms))

    def test_each_notices_in_time(self) -> None:
        """Whatever AWS leaves open, and however late its points are."""
        for name, case in CASES.items():
            with self.subTest(name):
                worst = self.lateness(name)
                assert worst is not None, "missed"
                self.assertLessEqual(worst, case.at_most)
                self.assertGreater(worst, case.at_most - 8, "what is said of it is about what it does")

    def test_the_watchdog_notices_a_single_ping_within_half_an_hour(self) -> None:
        """Whatever the function published before it; the hour is for pings that never end."""
        for at, timeline in watchdog_noticed():
            if sum(point.value for point in timeline["Ping-Deny-Native"]) == 1:
                for reading in READINGS:
                    fired = first_alarm(self.alarms["WatchdogAlarm"], timeline, range(at, at + 60), reading)
                    assert fired is not None
                    self.assertLessEqual(fired - at, 30)

    def test_none_is_raised_by_what_is_no_news(self) -> None:
        """A batch that is tried again, a point that is late, a delivery that is known later than its message."""
        for name, case in CASES.items():
            for timeline in case.ignored():
                for reading in READINGS:
                    fired = first_alarm(self.alarms[name], timeline, range(START, START + case.horizon // 2), reading)
                    told = {metric: points[:4] for metric, points in timeline.items()}
                    self.assertIsNone(fired, f"{name} {reading} {told}")

    def test_an_alarm_on_all_origins_never_leaves_alarm_with_a_public_address(self) -> None:
        """The plain alarm as it is made by hand, on the metric without dimensions. What keeps it from coming back."""
        plain = {"Namespace": "Ping-Deny-Metrics", "MetricName": "Ping-Deny", "Statistic": "Sum", "Period": 60}
        on_all = {key: value for key, value in self.alarms["PingDenyAlarm"].items() if key != "Metrics"} | plain
        for timeline in background():
            for reading in READINGS:
                seen = {state for _, state in states(on_all, timeline, range(START, START + 60), reading)}
                self.assertEqual(seen, {"ALARM"})

    def test_the_plain_alarm_looks_at_the_internet_where_that_is_an_incident(self) -> None:
        """With InternetPings=alert each rejected ping is."""
        for choice, fires in (("digest", False), ("count", False), ("alert", True)):
            alarm = Template({"InternetPings": choice}).of_type("AWS::CloudWatch::Alarm")["PingDenyAlarm"]
            for origin, expect in (("internet", fires), ("own", True), ("private", True)):
                timeline = of_origin(origin, [Point(START, START + 7)])
                for reading in READINGS:
                    fired = first_alarm(alarm, timeline, range(START, START + 60), reading)
                    self.assertEqual(fired is not None, expect, f"{choice} {origin}")

    def test_one_minute_misses_what_comes_late(self) -> None:
        """The plain alarm as it is made by hand: one period of 60 seconds. It sees none of these records, and one that is just
        5 minutes late only where the alarm fetches five periods.
        """
        by_hand = copy.deepcopy(self.alarms["PingDenyAlarm"]) | {"EvaluationPeriods": 1, "DatapointsToAlarm": 1}
        for late in RECORD_LATE[1:]:
            for reading in READINGS:
                timeline = record("Ping-Deny,Origin=own", late, START)
                fired = first_alarm(by_hand, timeline, range(START, START + 90), reading)
                self.assertIsNone(fired, f"{late} minutes late, {reading}")
                self.assertIsNotNone(first_alarm(self.alarms["PingDenyAlarm"], timeline, range(START, START + 90), reading))

    def test_the_old_settings_of_the_others_miss_too(self) -> None:
        """One period each, as it was: a point that is late, or one batch tried again. What keeps them from coming back."""
        old = {
            "SkippedAlarm": {"Period": 900, "EvaluationPeriods": 1, "DatapointsToAlarm": 1},
            "FailuresLostAlarm": {"EvaluationPeriods": 1, "DatapointsToAlarm": 1},
            "DeliveryAlarm": {"EvaluationPeriods": 1, "DatapointsToAlarm": 1},
        }
        for name, settings in old.items():
            self.assertIsNone(self.lateness(name, self.alarms[name] | settings), name)
        for name in ("ErrorsAlarm", "ThrottlesAlarm"):
            alarm = self.alarms[name] | {"EvaluationPeriods": 3, "DatapointsToAlarm": 2}
            raised = [
                timeline
                for timeline in CASES[name].ignored()
                for reading in READINGS
                if first_alarm(alarm, timeline, range(START, START + 60), reading) is not None
            ]
            self.assertTrue(raised, f"{name}: two of three periods are reached by one batch and its retries")

    def test_a_gap_in_a_queues_metric_is_not_the_end_of_the_problem(self) -> None:
        """The alarm would go to OK and email again when the points go on."""
        for name in ("FailuresAlarm", "FailuresAgeAlarm", "TimersAlarm"):
            for at, timeline in CASES[name].noticed():
                for reading in READINGS:
                    seen = [state for _, state in states(self.alarms[name], timeline, range(at, at + 140), reading)]
                    self.assertNotIn("OK", seen[seen.index("ALARM") :], name)

    def test_the_plain_alarm_ends_when_its_window_is_past(self) -> None:
        """20 minutes after the minute of the last record, or somewhat later: the page on the trial says so."""
        for reading in READINGS:
            timeline = record("Ping-Deny,Origin=own", 7, START)
            minutes = range(START, START + 90)
            alarmed = [m for m, state in states(self.alarms["PingDenyAlarm"], timeline, minutes, reading) if state == "ALARM"]
            self.assertGreaterEqual(alarmed[-1], START + 20)
            self.assertLessEqual(alarmed[-1], START + 20 + reading.extra)
            self.assertEqual(alarmed, list(range(alarmed[0], alarmed[-1] + 1)), "without a break")

    def test_missing_points_are_never_breaching(self) -> None:
        """Each metric here has no points while nothing happens."""
        for name, alarm in self.alarms.items():
            self.assertEqual(alarm["TreatMissingData"], "notBreaching", name)
            self.assertIn("DatapointsToAlarm", alarm, f"{name} is M of N: points come late")
            for reading in READINGS:
                self.assertIsNone(first_alarm(alarm, {}, range(START, START + 60), reading), name)

    def test_functions_over_all_of_the_range_have_their_reason_beside_them(self) -> None:
        """An alarm may fetch more than it evaluates, and MAX, MIN, AVG, SUM, STDDEV and RUNNING_SUM may see all of it."""
        text = (ROOT / "template.yaml").read_text()
        for name, alarm in self.alarms.items():
            expressions = " ".join(metric.get("Expression", "") for metric in alarm.get("Metrics", []))
            used = set(re.findall(r"\b(MAX|MIN|AVG|SUM|STDDEV|RUNNING_SUM)\(", expressions))
            before = text[: text.index(f"\n  {name}:\n")]
            comment = re.search(r"((?:\n  #[^\n]*)*)$", before)
            assert comment
            for function in used:
                self.assertRegex(comment[1], rf"\b{function}\b", f"{name} uses {function} without a reason")

    def test_the_page_has_a_line_for_each_and_its_lateness(self) -> None:
        """docs/operations.md: what it watches, when it fires, how late at most."""
        rows = re.findall(r"^\| `([^`]+)` \|.*\| (\d+) min \|$", (ROOT / "docs" / "operations.md").read_text(), re.M)
        own = Template().values["AlarmName"]
        said = {f"{own}{end}" if end.startswith("-") else end: int(minutes) for end, minutes in rows}
        self.assertEqual(said, {self.alarms[name]["AlarmName"]: case.at_most for name, case in CASES.items()})


if __name__ == "__main__":
    unittest.main()
