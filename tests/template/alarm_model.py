"""When CloudWatch would put an alarm of the template into ALARM, minute by minute, for points that arrive late.

A model of what AWS documents of the evaluation
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html), of which it leaves two things open.
Both are parameters here, and the tests go through all combinations:

- `extra`: an alarm fetches more periods than it evaluates (the "evaluation range"), by a number that is not documented. An
  alarm of one period of 60 seconds is known to fetch about five.
- `slides`: whether a period longer than a minute ends at the minute of the evaluation or at a multiple of its length.

At each minute the alarm knows the points that have arrived. If none of the newest N periods is missing, these are evaluated. If
some are, and the range has N real ones, the newest N real ones are evaluated. Otherwise all real ones are, and the missing ones
count as TreatMissingData says. M breaching ones of them are an ALARM.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.harness.metric_math import MINUTE, evaluate


@dataclass(frozen=True)
class Point:
    """A point of a metric: the minute it is stamped with, the minute from which CloudWatch has it, and its value."""

    stamp: int
    arrives: int
    value: float = 1.0


Timeline = dict[str, list[Point]]
"""The points of each metric, by its name, with its dimensions behind it: `Ping-Deny,Origin=own`."""


@dataclass(frozen=True)
class Reading:
    """One reading of what AWS leaves open."""

    extra: int
    slides: bool


_NONE = np.empty((0, 3))
READINGS = [Reading(extra, slides) for extra, slides in itertools.product((0, 4), (True, False))]


def states(alarm: dict[str, Any], timeline: Timeline, minutes: Iterable[int], reading: Reading) -> Iterator[tuple[int, str]]:
    """Yields the alarm's state at each of the minutes."""
    known = {name: np.array([(point.stamp, point.arrives, point.value) for point in of]) for name, of in timeline.items() if of}
    for minute in minutes:
        values = _values(alarm, known, minute, reading)
        yield minute, _state(alarm, values)


def first_alarm(alarm: dict[str, Any], timeline: Timeline, minutes: Iterable[int], reading: Reading) -> int | None:
    """Returns the first minute at which the alarm is in ALARM."""
    return next((minute for minute, state in states(alarm, timeline, minutes, reading) if state == "ALARM"), None)


def _state(alarm: dict[str, Any], values: list[float]) -> str:
    """Decides by the values of the range, oldest first; one that is missing is NaN."""
    wanted, breaching_needed = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
    newest = values[-wanted:]
    real = [value for value in values if not np.isnan(value)]
    if len(real) >= wanted:
        evaluated = newest if not any(map(np.isnan, newest)) else real[-wanted:]
        filled = 0
    else:
        evaluated, filled = real, wanted - len(real)
    breaching = sum(value >= alarm["Threshold"] for value in evaluated)
    if alarm["TreatMissingData"] == "breaching":
        breaching += filled
    return "ALARM" if breaching >= breaching_needed else "OK"


def _values(alarm: dict[str, Any], timeline: dict[str, np.ndarray], minute: int, reading: Reading) -> list[float]:
    if alarm["ComparisonOperator"] != "GreaterThanOrEqualToThreshold":
        raise ValueError(f"not modelled: {alarm['ComparisonOperator']}")
    if "Metrics" not in alarm:
        return list(_series(_name(alarm), alarm["Statistic"], alarm["Period"], alarm, timeline, minute, reading)[1])
    known: dict[str, np.ndarray] = {}
    result: np.ndarray | None = None
    times = np.array([])
    for metric in alarm["Metrics"]:
        if "MetricStat" in metric:
            stat = metric["MetricStat"]
            name = _name(stat["Metric"])
            times, known[metric["Id"]] = _series(name, stat["Stat"], stat["Period"], alarm, timeline, minute, reading)
        else:
            known[metric["Id"]] = evaluate(metric["Expression"], known, times)
        if metric.get("ReturnData"):
            result = known[metric["Id"]]
    assert result is not None, "one of the metrics is what the alarm looks at"
    return list(result)


def _name(metric: dict[str, Any]) -> str:
    """Returns a metric's name in a timeline, which has one resource of AWS's own metrics: their dimensions are left out."""
    dimensions = [] if metric["Namespace"].startswith("AWS/") else metric.get("Dimensions", [])
    return ",".join([metric["MetricName"], *(f"{dimension['Name']}={dimension['Value']}" for dimension in dimensions)])


def _series(
    name: str,
    statistic: str,
    period: int,
    alarm: dict[str, Any],
    timeline: dict[str, np.ndarray],
    minute: int,
    reading: Reading,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the starts and the values of the periods that the alarm fetches, oldest first."""
    length = period // MINUTE
    end = minute if reading.slides else minute - minute % length
    count = alarm["EvaluationPeriods"] + reading.extra
    starts = end - length * np.arange(count, 0, -1)
    points = timeline.get(name, _NONE)
    index = (points[:, 0] - starts[0]).astype(int) // length
    known = (points[:, 1] <= minute) & (index >= 0) & (index < count)
    neutral, add = {"Sum": (0.0, np.add), "Maximum": (-np.inf, np.maximum)}[statistic]
    values = np.full(count, neutral)
    add.at(values, index[known], points[known, 2])
    values[~np.isin(np.arange(count), index[known])] = np.nan
    return starts, values
