"""The digest in template.yaml: its schedule, the rules that it reads, and what the function needs for it."""

from __future__ import annotations

import json
import re
import unittest
from typing import Any

from docs.generate import dashboard
from tests.harness import records
from tests.harness.template import ROOT, Template

RULES = {
    "SOURCES_RULE": "TopSources",
    "SOURCES_V6_RULE": "TopSourcesV6",
    "TARGETS_RULE": "TopTargets",
    "INTERFACES_RULE": "Interfaces",
    "EMAILS_RULE": "EmailsSent",
}
OTHER_FORMAT = {"FlowLogFormat": "${srcaddr} ${dstaddr} ${protocol} ${action} ${log-status}"}


def variables(template: Template) -> dict[str, Any]:
    """Returns the environment of the timer function."""
    return dict(template.resources["IncidentTimer"]["Properties"]["Environment"]["Variables"])


def reports_allowed(template: Template) -> list[str]:
    """Returns the rules whose reports the timer function may read."""
    statements = template.resources["TimerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return [arn for one in statements if one["Action"] == "cloudwatch:GetInsightRuleReport" for arn in one["Resource"]]


def rule(name: str) -> dict[str, Any]:
    """Returns a rule of the template."""
    return dict(json.loads(Template().of_type("AWS::CloudWatch::InsightRule")[name]["RuleBody"]))


class Schedule(unittest.TestCase):
    """When the digest is sent."""

    def test_it_comes_at_the_hour_in_the_zone_of_the_readers(self) -> None:
        """Every day, or on Mondays, which is the day that the function takes for the start of a week."""
        for values, cron in (
            ({}, "cron(0 9 * * ? *)"),
            ({"DigestHour": "0"}, "cron(0 0 * * ? *)"),
            ({"Digest": "weekly", "DigestHour": "23"}, "cron(0 23 ? * MON *)"),
        ):
            template = Template({"TimeZone": "Asia/Tokyo", **values})
            (schedule,) = template.of_type("AWS::Scheduler::Schedule").values()
            self.assertEqual(schedule["ScheduleExpression"], cron)
            self.assertEqual(schedule["ScheduleExpressionTimezone"], "Asia/Tokyo")
            self.assertEqual(json.loads(schedule["Target"]["Input"]), {"digest": template.values["Digest"]})
            self.assertEqual(variables(template)["DIGEST_HOUR"], template.values["DigestHour"])
        self.assertIn("Weekday::Monday", (ROOT / "shared/alerting/src/digest/period.rs").read_text())

    def test_it_can_be_switched_off(self) -> None:
        """Then nothing invokes the function for it, and nobody may."""
        template = Template({"Digest": "off"})
        self.assertEqual(template.of_type("AWS::Scheduler::Schedule"), {})
        self.assertNotIn("DigestScheduleRole", template.resources)

    def test_its_role_may_invoke_that_function_alone(self) -> None:
        """For schedules of this account."""
        role = Template().resources["DigestScheduleRole"]["Properties"]
        (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
        self.assertEqual(statement["Action"], "lambda:InvokeFunction")
        self.assertEqual(statement["Resource"], "<IncidentTimer.Arn>")
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        self.assertIn("aws:SourceAccount", trust["Condition"]["StringEquals"])

    def test_one_that_fails_is_kept_and_reported(self) -> None:
        """By the alarm on the timers' failure queue."""
        template = Template()
        config = template.resources["IncidentTimer"]["Properties"]["EventInvokeConfig"]
        self.assertEqual(config["DestinationConfig"]["OnFailure"]["Destination"], "<TimerFailureQueue.Arn>")
        self.assertIn("a digest failed", template.of_type("AWS::CloudWatch::Alarm")["TimersAlarm"]["AlarmDescription"])


class Rules(unittest.TestCase):
    """The Contributor Insights rules."""

    def test_the_function_knows_and_may_read_the_rules_that_exist(self) -> None:
        """And no others, whatever is switched off."""
        for values, expect in (
            ({}, set(RULES.values())),
            ({"ContributorInsights": "pings"}, set(RULES.values()) - {"Interfaces"}),
            ({"ContributorInsights": "off"}, set()),
            (OTHER_FORMAT, {"EmailsSent"}),
        ):
            template = Template(values)
            rules = template.of_type("AWS::CloudWatch::InsightRule")
            self.assertEqual(set(rules), expect)
            known = {RULES[name]: value for name, value in variables(template).items() if name in RULES}
            self.assertEqual(known, {name: properties["RuleName"] for name, properties in rules.items()})
            self.assertEqual(set(reports_allowed(template)), {f"<{name}.Arn>" for name in expect})
            self.assertEqual(variables(template)["CONTRIBUTOR_INSIGHTS"], template.values["ContributorInsights"])
        config = (ROOT / "shared/function-edge/src/digest.rs").read_text()
        for variable in (*RULES, "DIGEST_HOUR", "LOG_GROUP", "FAILURE_QUEUE_NAME", "TIMER_FAILURE_QUEUE_NAME"):
            self.assertIn(f'"{variable}"', config)

    def test_targets_and_interfaces_are_ranked(self) -> None:
        """Targets of rejected pings of both families; interfaces by all their records."""
        six = "2 1 eni-b 2001:db8::9 2001:db8::1 0 0 58 7 700 1 2 REJECT OK"
        idle = "2 1 eni-e - - - - - - - 1 2 - NODATA"
        lines = [*records.DOCUMENTED_PING, six, idle, *records.ordinary(500, "eni-c", 1_795_401_000, seed=4)]
        events = [(0, line) for line in lines]
        found = dashboard.contributors(rule("TopTargets"), events)
        totals = {keys: sum(value for _, value in points) for keys, points in found.items()}
        self.assertEqual(totals, {("203.0.113.12",): 4.0, ("2001:db8::1",): 7.0})
        found = dashboard.contributors(rule("Interfaces"), events)
        self.assertEqual(set(found), {(records.INTERFACE,), ("eni-b",), ("eni-c",), ("eni-e",)})

    def test_emails_are_read_from_the_lines_that_the_functions_log(self) -> None:
        """The message and the fields, in the order that the digest expects."""
        emails = rule("EmailsSent")
        template = Template()
        groups = [template.resources[name]["Properties"]["LogGroupName"] for name in ("FunctionLogGroup", "TimerLogGroup")]
        self.assertEqual(emails["LogGroupNames"], groups)
        (condition,) = emails["Contribution"]["Filters"]
        self.assertEqual((condition["Match"], condition["In"]), ("$.message", ["email sent"]))
        keys = [key.removeprefix("$.") for key in emails["Contribution"]["Keys"]]
        edge = (ROOT / "shared/function-edge/src/ports.rs").read_text()
        (logged,) = re.findall(r'tracing::info!\(([^;]*)"email sent"\s*\)', edge)
        self.assertEqual(re.findall(r"^\s*(\w+)(?: =|,)", logged, re.M), keys)
        digest = (ROOT / "shared/alerting/src/digest/incidents.rs").read_text()
        self.assertIn(f"let [{', '.join(keys)}] = ", digest)
        # Only lines at level INFO reach the log.
        for function in ("FlowAlerts", "IncidentTimer"):
            self.assertEqual(template.resources[function]["Properties"]["LoggingConfig"]["ApplicationLogLevel"], "INFO")

    def test_unreadable_lines_are_counted_from_the_line_of_counts(self) -> None:
        """Which has a field of that name, also in batches without findings."""
        unparsed = Template().of_type("AWS::Logs::MetricFilter")["UnparsedFilter"]
        self.assertEqual(unparsed["LogGroupName"], Template().resources["FunctionLogGroup"]["Properties"]["LogGroupName"])
        self.assertEqual(unparsed["FilterPattern"], "{ $.unparsed > 0 }")
        (metric,) = unparsed["MetricTransformations"]
        self.assertEqual(metric["MetricValue"], "$.unparsed")
        handler = (ROOT / "functions/flow-alerts/src/handler.rs").read_text()
        self.assertRegex(handler, r'tracing::info!\(records, [^"]*unparsed[^"]*, "done"\)')


if __name__ == "__main__":
    unittest.main()
