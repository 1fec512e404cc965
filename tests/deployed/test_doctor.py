"""`vpc-flow-alerts doctor` against the deployed stack, and its test email through the whole path."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.deployed.case import Case
from tests.harness.build import command_line
from tests.harness.stack import STACK_NAME, SUBSCRIBER

# What is said about a new deployment in the emulator, by check. It has no flow logs and no time to live, and confirms a
# subscription as the link in AWS's email does. Every other check is made, and ok.
WARNINGS = {
    "flow-logs": "no flow log of this account and region writes to Log-Group, but records arrive",
    "table": "is DISABLED: old incidents are never deleted",
    "emails": f"the link at the end of each email ends the subscription of {SUBSCRIBER}",
}


class Doctor(Case):
    """Checks of a deployment."""

    def doctor(self, *options: str) -> tuple[int, dict[str, Any]]:
        """Runs the command. Returns its exit code and what it found."""
        env = self.emulator.environment()
        command = [command_line(), "doctor", "--stack", STACK_NAME, "--json", *options]
        ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        self.assertIn(ran.returncode, (0, 2), ran.stderr)
        return ran.returncode, json.loads(ran.stdout)

    def said(self, report: dict[str, Any], status: str) -> dict[str, str]:
        """Returns what is said about the checks with this status, by name."""
        return {check["name"]: check["what"] for check in report["checks"] if check["status"] == status}

    def test_a_test_email_goes_through_the_whole_path(self) -> None:
        """It is an incident of its own beside a real one of the same signal, and says what it is."""
        self.deploy()
        self.put("ping-deny")
        self.collect(emails=1)
        code, report = self.doctor("--send-test", "--yes")
        self.assertTrue(report["test"]["sent"], report["test"])
        self.assertEqual((code, self.said(report, "failure"), self.said(report, "unknown")), (0, {}, {}))
        warnings = self.said(report, "warning")
        self.assertEqual(sorted(warnings), sorted(WARNINGS), warnings)
        for check, what in WARNINGS.items():
            self.assertIn(what, warnings[check])
        self.collect(emails=2)
        real, test = self.emails
        self.assertNotIn("TEST", real.body)
        self.assertNotIn("test", real.document)
        self.assertRegex(
            test.subject, r"^\[Ping-Deny\] TEST: 1 rejected ping from 169\.254\.0\.1 to 169\.254\.0\.2 \(#\w{4}\)$"
        )
        self.assertTrue(test.subject.endswith(f"(#{report['test']['incident']})"), test.subject)
        self.assertTrue(test.document["test"])
        self.assertTrue(test.body.startswith("TEST: "), test.body)

    def test_what_is_broken_is_found(self) -> None:
        """A filter that is gone, a batch that failed, a timer that is off."""
        stack = self.deploy()
        filters = stack.client("logs").describe_subscription_filters(logGroupName=stack.outputs["LogGroupName"])
        (name,) = [one["filterName"] for one in filters["subscriptionFilters"]]
        stack.client("logs").delete_subscription_filter(logGroupName=stack.outputs["LogGroupName"], filterName=name)
        stack.client("sqs").send_message(QueueUrl=stack.outputs["FailureQueueUrl"], MessageBody="{}")
        mappings = stack.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        (uuid,) = [mapping["UUID"] for mapping in mappings]
        stack.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=False)
        code, report = self.doctor()
        self.assertEqual(code, 2)
        failures = self.said(report, "failure")
        # Without a record nothing tells that flow logs of elsewhere write there.
        self.assertEqual(sorted(failures), ["failure-queue", "flow-logs", "last-record", "subscription", "timer"], failures)
