"""The computed pages, and the network of the trial."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import io
import re
import subprocess
import unittest
from unittest import mock

import numpy as np

from docs.generate import cost, rules_cost
from tests.harness import plain_alarm
from tests.harness.adapted import on_first_metric
from tests.harness.metric_math import evaluate
from tests.harness.stack import without_dimensions
from tests.harness.template import ROOT, Template
from tools import aws, trial


class Cost(unittest.TestCase):
    """docs/cost.md, which docs/generate/cost.py computes."""

    def test_the_page_is_current(self) -> None:
        """It is what the template, the prices and the measurements make."""
        self.assertTrue(cost.PAGE.read_text() == cost.page(), "run make cost")

    def test_a_bill_is_its_parts(self) -> None:
        """One line worked out by hand: 10 million batches with a rejected ping, a call each, 0.01 USD for a thousand."""
        billion = cost.SCALES[2]
        calls = next(part for part in cost.PARTS if part.name == "calls to publish them")
        self.assertAlmostEqual(cost.usd(calls.amounts(billion)), 100)
        self.assertAlmostEqual(cost.usd(cost.FLOW_LOG.amounts(billion)), cost.RECORD_BYTES * (0.50 + 0.15 * 0.03))
        self.assertAlmostEqual(cost.total(cost.PARTS, billion), sum(cost.usd(part.amounts(billion)) for part in cost.PARTS))

    def test_the_free_tier_is_used_once(self) -> None:
        """Ten metrics are free for all parts together, not for each."""
        used: dict[str, float] = {}
        self.assertEqual(cost.usd({"metric": 8}, used), 0)
        self.assertAlmostEqual(cost.usd({"metric": 5}, used), 3 * 0.30)
        for scale in cost.SCALES:
            self.assertLess(cost.total(cost.PARTS, scale, free=True), cost.total(cost.PARTS, scale))

    def test_background_of_one_address_is_worked_out_by_hand(self) -> None:
        """2.64 pings a minute leave 7.1 % of the minutes without one."""
        batches = cost.background_batches(1)
        self.assertAlmostEqual(batches / 30, 1_337.1, delta=0.1)
        incident, background = (cost.background_bill(1, treated) for treated in (cost.AS_INCIDENT, cost.AS_BACKGROUND))
        self.assertAlmostEqual(cost.usd(incident["calls to publish metrics"]), batches * 0.01 / 1000)
        self.assertAlmostEqual(cost.usd(incident["emails (SNS)"]), 30 * (0.00002 + 0.0000005))
        lines = cost.usd(background["metrics as lines in that log"])
        self.assertAlmostEqual(lines, batches * 330 / 1e9 * (0.50 + 0.15 * 0.03))
        for part in ("calls to publish metrics", "incidents (DynamoDB)", "emails (SNS)"):
            self.assertEqual(cost.usd(background[part]), 0)
        for count in cost.PUBLIC_ADDRESSES:
            together = [
                sum(map(cost.usd, cost.background_bill(count, treated).values()))
                for treated in (cost.AS_BACKGROUND, cost.AS_INCIDENT)
            ]
            self.assertLess(*together)

    def test_the_choices_of_records_are_worked_out_by_hand(self) -> None:
        """27,000 packets a day leave no minute without one; a host without a public address has accepted records alone."""
        pings, rejected, flows = rules_cost.CHOICES
        runs = [[rules_cost.batches_a_day(choice, public) for public in (True, False)] for choice in (pings, rejected, flows)]
        self.assertAlmostEqual(runs[0][0] * 30, cost.background_batches(1))
        self.assertEqual([runs[0][1], runs[1][1]], [0, 0])
        self.assertEqual([round(number) for number in (runs[1][0], *runs[2])], [1440] * 3)
        for hosts in rules_cost.HOSTS:
            background = cost.background_bill(hosts, cost.AS_BACKGROUND)
            bill = rules_cost.bill(pings, hosts, 50)
            # The same bill as that of pings alone, but for the time of reading.
            self.assertAlmostEqual(
                sum(map(cost.usd, bill.values())), sum(map(cost.usd, background.values())), delta=0.01 * hosts / 10
            )
            bills = [sum(map(cost.usd, rules_cost.bill(c, hosts, a).values())) for c, a in rules_cost.cases()]
            self.assertEqual(bills, sorted(bills))

    def test_the_sizes_of_batches_are_measured(self) -> None:
        """As the page has them; compression differs a little between machines."""
        for (name, accepted), size in rules_cost.SIZES.items():
            choice = next(choice for choice in rules_cost.CHOICES if choice.name == name)
            self._near(rules_cost.measure(choice, accepted), size)
        self._near(rules_cost.measure(rules_cost.CHOICES[0], 50, named=True), rules_cost.NAMED_SIZE)
        self.assertEqual(list(rules_cost.SIZES), [(choice.name, accepted) for choice, accepted in rules_cost.cases()])

    def _near(self, measured: rules_cost.Size, stated: rules_cost.Size) -> None:
        for one, other in zip(dataclasses.astuple(measured), dataclasses.astuple(stated), strict=True):
            self.assertAlmostEqual(one / other, 1, delta=0.03)

    def test_every_price_has_a_source(self) -> None:
        """And says whether it could be verified."""
        for name, price in cost.PRICES.items():
            self.assertTrue(price["source"] and price["what"], name)
            self.assertIn(price["sure"], ("likely", "unverified"), name)


class Readme(unittest.TestCase):
    """The two READMEs. Their samples are held to the emails by the tests of `alerting`."""

    def test_both_have_the_same_settings_metrics_and_alarms(self) -> None:
        """What stands in code spans in the first column of the tables."""
        names = []
        for page in ("README.md", "README.ja.md"):
            rows = re.findall(r"^\| (`[^|]*)\|", (ROOT / page).read_text(), re.M)
            names.append([re.findall(r"`([^`]+)`", row) for row in rows])
        self.assertEqual(*names)

    def test_defaults_are_those_of_the_template(self) -> None:
        """Of what is an incident and when emails are sent, in both READMEs and on the page about operations."""
        values = Template().values
        for page, none in (("README.md", "none"), ("README.ja.md", "なし")):
            shown = dict(re.findall(r"^\| `([A-Z_]+)` \|.*\| ([^|]*) \|$", (ROOT / page).read_text(), re.M))
            for name in (
                *("OwnNetworks", "InternetPings", "FloodPacketsPerMinute", "PersistentPings", "MustReach"),
                *("UpdateIntervalsMinutes", "QuietMinutes", "ResolvedEmails", "IncidentBy"),
            ):
                variable = re.sub(r"(?<=.)(?=[A-Z])", "_", name).upper()
                self.assertEqual(shown[variable].strip("`"), values[name] or none, f"{page}: {variable}")
        operations = (ROOT / "docs" / "operations.md").read_text()
        for name in ("FloodPacketsPerMinute", "PersistentPings"):
            self.assertIn(f"| `{name}` ({values[name]}) |", operations)

    def test_both_say_when_updates_come(self) -> None:
        """In words: the intervals of the template."""
        minutes = [int(part) for part in Template().values["UpdateIntervalsMinutes"].split(",")]
        self.assertEqual(minutes.pop(), 24 * 60)
        *first, last = minutes
        english = " ".join((ROOT / "README.md").read_text().split())
        self.assertIn(f"updates after {', '.join(map(str, first))} and {last} minutes and then one a day", english)
        japanese = "、".join(f"{part} 分後" for part in minutes)
        self.assertIn(f"その後は {japanese}、以後 1 日ごとに続報が届き", (ROOT / "README.ja.md").read_text())

    def test_the_origins_are_explained(self) -> None:
        """Each origin and role that the functions tell apart has its row, with what becomes of it."""
        page = (ROOT / "docs" / "operations.md").read_text()
        rows = re.findall(r"^\| `(\w+)` \| (\w*) ?\| .* \| (an incident at once|background, unless .*) \|$", page, re.M)
        told = {(origin, role): fate.startswith("an incident") for origin, role, fate in rows}
        expect = {("own", "request"): True, ("own", "answer"): True, ("private", ""): True, ("internet", ""): False}
        self.assertEqual(told, expect)


class PlainAlarm(unittest.TestCase):
    """The email of the alarm as it is made by hand."""

    def test_the_email_says_how_many_periods_the_alarm_looks_at(self) -> None:
        """As the template has them."""
        alarm = on_first_metric(Template().of_type("AWS::CloudWatch::Alarm")["PingDenyAlarm"]) | {"AlarmArn": "arn"}
        text = " ".join(plain_alarm.body(alarm, 1.0, 1_795_427_400, 1_795_427_800).split())
        self.assertIn("1 out of the last 20 datapoints [1.0 (23/11/26 09:50:00)]", text)
        self.assertIn("(minimum 1 datapoint for OK -> ALARM transition)", text)
        self.assertIn("for at least 1 of the last 20 period(s) of 60 seconds", text)

    def test_the_comparison_shows_that_email(self) -> None:
        """Its page is made in the emulator; these lines follow from the template."""
        alarm = on_first_metric(Template().of_type("AWS::CloudWatch::Alarm")["PingDenyAlarm"])
        alarm |= {"AlarmArn": "arn", "Threshold": 1.0}
        shown = (ROOT / "docs" / "comparison.md").read_text().split("<!-- plain alarm -->")[1].partition("<!-- end -->")[0]
        made = plain_alarm.body(alarm, 1.0, 1_795_427_400, 1_795_427_801).splitlines()
        threshold = made.index("Threshold:")
        self.assertIn("\n".join(made[threshold : made.index("State Change Actions:")]), shown)
        self.assertIn(f"1 out of the last {alarm['EvaluationPeriods']} datapoints", " ".join(shown.split()))


class Filters(unittest.TestCase):
    """Examples of filter policies in the pages."""

    def test_none_is_offered_for_email(self) -> None:
        """E-mail has attributes only, and these cannot be relied on beside MessageStructure=json."""
        found = 0
        for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
            text = page.read_text()
            for block in re.findall(r"```\w*\n(.*?)```", text, re.S):
                if "FilterPolicy" in block:
                    found += 1
                    self.assertIn("MessageBody", block, page.name)
                    self.assertNotRegex(block, r"protocol[ =]email", page.name)
            for sentence in re.split(r"(?<=[.:;!?。])\s|\n\n|\n[-|]", text):
                if re.search(r"(?i)filter ?polic", sentence) and re.search(r"(?i)e-?email|メール", sentence):
                    self.assertRegex(sentence, r"(?i)do not|cannot", f"{page.name}: {sentence}")
            # The scope that goes by attributes, and the attributes as something to filter by.
            self.assertNotRegex(text, r"`MessageAttributes`|attributes to route by", page.name)
        self.assertGreater(found, 0, "what works is shown")


class Math(unittest.TestCase):
    """What is worked out in CloudWatch's place."""

    def test_open_incidents_are_those_opened_less_those_ended(self) -> None:
        """Minutes without a point count as none."""
        nothing = np.nan
        known = {"new": np.array([nothing, 1, nothing, 1, nothing]), "quiet": np.array([nothing, nothing, nothing, 1, 1])}
        known["reopened"] = np.array([nothing, nothing, nothing, nothing, 1])
        found = evaluate("RUNNING_SUM(FILL(new, 0)) + RUNNING_SUM(FILL(reopened, 0)) - RUNNING_SUM(FILL(quiet, 0))", known)
        self.assertEqual(found.tolist(), [0, 1, 1, 1, 1])

    def test_the_sum_of_a_list_is_that_of_what_is_there(self) -> None:
        """Period by period; where nothing is, it is nothing."""
        nothing = np.nan
        known = {"a": np.array([1, nothing, 2, nothing]), "b": np.array([nothing, 3, 4, nothing])}
        np.testing.assert_array_equal(evaluate("SUM([a, b])", known), [1, 3, 6, nothing])

    def test_what_is_not_known_is_an_error(self) -> None:
        """Rather than a wrong picture."""
        for expression in ("SEARCH(a)", "FILL(b, 0)", "a / a", "__import__('os')", "SUM(a)"):
            with self.assertRaises(ValueError):
                evaluate(expression, {"a": np.array([1.0])})


class Emulated(unittest.TestCase):
    """What the emulator answers, put right."""

    def test_a_metric_without_dimensions_is_one_of_its_own(self) -> None:
        """The emulator adds those that have some."""
        points = {
            "P": [{"time": 60.0, "sum": 6.0, "samples": 4.0}, {"time": 120.0, "sum": 5.0, "samples": 1.0}],
            "P,Origin=own": [{"time": 60.0, "sum": 1.0, "samples": 1.0}],
            "P,Origin=internet": [{"time": 60.0, "sum": 2.0, "samples": 1.0}, {"time": 120.0, "sum": 5.0, "samples": 1.0}],
            "P-V6": [{"time": 60.0, "sum": 9.0, "samples": 1.0}],
        }
        found = without_dimensions(points)
        self.assertEqual(found["P"], [{"time": 60.0, "sum": 3.0, "samples": 2.0}])
        self.assertEqual({**found, "P": points["P"]}, points)


class Testbed(unittest.TestCase):
    """testbed.yaml: what the emulator cannot deploy is at least looked at."""

    def setUp(self) -> None:
        """Reads it."""
        self.template = Template(path=ROOT / "testbed.yaml", stack=trial.TESTBED_NAME)

    def test_rule_50_denies_outbound_pings_before_anything_allows_them(self) -> None:
        """And nothing else is denied."""
        entries = self.template.of_type("AWS::EC2::NetworkAclEntry").values()
        outward = sorted((entry for entry in entries if entry["Egress"]), key=lambda entry: entry["RuleNumber"])
        told = [(entry["RuleNumber"], entry["RuleAction"], entry["Protocol"]) for entry in outward]
        self.assertEqual(told, [(50, "deny", 1), (100, "allow", -1)])
        self.assertEqual(outward[0]["Icmp"], {"Type": -1, "Code": -1})
        inward = [entry["RuleAction"] for entry in entries if not entry["Egress"]]
        self.assertEqual(inward, ["allow"])

    def test_nothing_but_pings_gets_in(self) -> None:
        """No SSH: Session Manager has the role that it needs."""
        group = self.template.of_type("AWS::EC2::SecurityGroup")["SecurityGroup"]
        self.assertEqual([(rule["IpProtocol"], rule["FromPort"]) for rule in group["SecurityGroupIngress"]], [("icmp", 8)])
        role = self.template.of_type("AWS::IAM::Role")["InstanceRole"]
        self.assertEqual(role["ManagedPolicyArns"], ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"])
        self.assertNotIn("KeyName", self.template.of_type("AWS::EC2::Instance")["Pinger"])

    def test_the_image_fits_the_processor(self) -> None:
        """An image for the other one would not start."""
        for kind, architecture in (("t3.micro", "x86_64"), ("t4g.micro", "arm64")):
            template = Template({"InstanceType": kind}, ROOT / "testbed.yaml")
            self.assertTrue(template.of_type("AWS::EC2::Instance")["Pinger"]["ImageId"].endswith(architecture))

    def test_the_zone_can_be_chosen(self) -> None:
        """us-east-1e has no t3.micro."""
        template = Template({"AvailabilityZone": "us-east-1b"}, ROOT / "testbed.yaml")
        self.assertEqual(template.of_type("AWS::EC2::Subnet")["Subnet"]["AvailabilityZone"], "us-east-1b")
        first = self.template.of_type("AWS::EC2::Subnet")["Subnet"]["AvailabilityZone"]
        self.assertRegex(first, self.template.source["Parameters"]["AvailabilityZone"]["AllowedPattern"])
        self.assertTrue(first.endswith("a"))
        with mock.patch.object(trial, "run") as run, mock.patch.object(aws, "outputs", return_value={}):
            own = trial.Trial(session=mock.Mock(region_name="us-east-1"), zone="us-east-1b")
            with contextlib.suppress(KeyError), contextlib.redirect_stdout(io.StringIO()):
                own.up(build=False)
        self.assertIn('AvailabilityZone="us-east-1b"', run.call_args[0][0])

    def test_the_boot_script_is_one(self) -> None:
        """bash reads it to the end, and finds both files of the timer in it."""
        script = base64.b64decode(self.template.of_type("AWS::EC2::Instance")["Pinger"]["UserData"]).decode()
        checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        self.assertEqual(script.count("\nUNIT\n"), 2, "a here-document ends at the start of a line")
        self.assertIn("ping -4 -n -c 4 -W 2 google.com\n", script)

    def test_it_feeds_the_other_stack(self) -> None:
        """What the trial passes on are parameters of template.yaml, and none of the names is a real stack's default."""
        passed = trial.Trial(session=None).parameters(self.template.outputs)  # type: ignore[arg-type]
        other = Template(passed)
        self.assertIn("FlowLogResourceId", self.template.outputs)
        defaults = Template()
        for name in ("LogGroupName", "TopicName", "AlarmName", "MetricNamespace"):
            self.assertNotEqual(other.values[name], defaults.values[name])
        self.assertEqual(other.values["LogGroupOnDelete"], "delete")


if __name__ == "__main__":
    unittest.main()
