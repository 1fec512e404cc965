"""Deletion of a stack, changes of its parameters, and the trial."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

from tests.deployed.case import Case
from tests.harness import records
from tests.harness.adapted import adapt, adapted
from tests.harness.build import BUILT, host_architecture, run
from tests.harness.emulator import Emulator
from tests.harness.stack import OFF_IN_THE_EMULATOR, STACK_NAME, SUBSCRIBER, Stack, wait_for
from tests.harness.template import ROOT, Template
from tools import trial


def inventory(emulator: Emulator) -> set[str]:
    """Returns all resources of the stack's resource types, except SAM's own."""
    found = set()

    def take(service: str, operation: str, key: str, name: str | None, kind: str) -> None:
        client = emulator.client(service)
        pages = client.get_paginator(operation).paginate() if client.can_paginate(operation) else [getattr(client, operation)()]
        found.update(f"{kind} {item[name] if name else item}" for page in pages for item in page.get(key) or [])

    take("logs", "describe_log_groups", "logGroups", "logGroupName", "log group")
    take("logs", "describe_metric_filters", "metricFilters", "filterName", "metric filter")
    take("lambda", "list_functions", "Functions", "FunctionName", "function")
    take("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID", "event source")
    take("sqs", "list_queues", "QueueUrls", None, "queue")
    take("sns", "list_topics", "Topics", "TopicArn", "topic")
    take("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn", "subscription")
    take("dynamodb", "list_tables", "TableNames", None, "table")
    take("iam", "list_roles", "Roles", "RoleName", "role")
    take("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", "alarm")
    take("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName", "dashboard")
    kms = emulator.client("kms")
    for key in kms.list_keys()["Keys"]:
        described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if described.get("KeyManager") != "AWS":
            found.add(f"key {described['KeyState']}")
    return found


class Pinged(Case):
    """Test cases that check a stack with a ping."""

    def ping(self, stack: Stack, subject: str = "could not answer 4 pings") -> None:
        """Puts a rejected ping, and asserts its email and its metric."""
        began = time.time()
        stack.put(records.events(records.shifted(records.DOCUMENTED_PING, int(began) - 60)), "eni-1-all")
        emails: list[Any] = []
        self.assertTrue(wait_for(lambda: emails.extend(stack.emails()) or emails, 20), stack.function_log()[-5:])
        self.assertIn(subject, emails[0].subject)
        metric = stack.parameters.get("MetricName", "Ping-Deny")
        self.assertTrue(wait_for(lambda: metric in stack.metrics(began - 600), 10))


class Deletion(Pinged):
    """`sam delete`."""

    def test_only_log_group_and_key_are_left(self) -> None:
        """The log group is kept with its records. The key is in its waiting period, which AWS requires."""
        before = inventory(self.emulator)
        stack = Stack.deploy(self.emulator)
        self.ping(stack)
        self.assertGreater(len(inventory(self.emulator) - before), 25)
        self._dashboard_is_as_drawn(stack)
        self._forget(stack)
        stack.delete()
        self.assertEqual(inventory(self.emulator) - before, {"log group Log-Group", "key PendingDeletion"})
        events = self.emulator.client("logs").filter_log_events(logGroupName="Log-Group")["events"]
        self.assertEqual(len(events), 2, "with its records")

    def test_nothing_is_left_if_configured(self) -> None:
        """LogGroupOnDelete=delete."""
        before = inventory(self.emulator)
        stack = Stack.deploy(self.emulator, {"LogGroupOnDelete": "delete", "TopicKey": "none"})
        self.ping(stack)
        self._forget(stack)
        stack.delete()
        self.assertEqual(inventory(self.emulator) - before, set())

    def test_an_existing_log_group_is_not_deleted(self) -> None:
        """ExistingLogGroupName: the group is kept without the stack's filters."""
        stack = Stack.deploy(self.emulator, {"ExistingLogGroupName": "/vpc/flow", "LogGroupOnDelete": "delete"})
        self.ping(stack)
        stack.delete()
        logs = self.emulator.client("logs")
        self.assertEqual([group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]], ["/vpc/flow"])
        self.assertEqual(logs.describe_subscription_filters(logGroupName="/vpc/flow")["subscriptionFilters"], [])
        self.assertEqual(logs.describe_metric_filters(logGroupName="/vpc/flow")["metricFilters"], [])

    def _dashboard_is_as_drawn(self, stack: Stack) -> None:
        """Asserts that CloudFormation resolves the dashboard body as harness/template.py does for tests and the image."""
        deployed = json.loads(stack.client("cloudwatch").get_dashboard(DashboardName="ping-deny")["DashboardBody"])
        values = {name: value for name, (value, _) in OFF_IN_THE_EMULATOR.items()}
        text = Template(values).of_type("AWS::CloudWatch::Dashboard")["Watch"]["DashboardBody"]
        ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in stack.resources()}
        for name in ("FlowAlerts", "IncidentTimer"):
            text = text.replace(f"<{name}>", ids[name])
        for name in ("FailureQueue", "TimerFailureQueue"):
            text = text.replace(f"<{name}.QueueName>", ids[name].rpartition("/")[2])
        self.assertEqual(deployed, json.loads(text))

    def _forget(self, stack: Stack) -> None:
        """Deletes the queue for reading emails, which is not part of the stack."""
        stack.client("sqs").delete_queue(QueueUrl=stack.queue_url)


class Updates(Pinged):
    """Changes of a running stack."""

    def test_every_parameter_can_be_changed(self) -> None:
        """First the parameters that are updated in place, then those that replace a resource; each followed by a ping.

        The emulator does not reject a second log group of the same name; tests/template checks that.
        """
        stack = Stack.deploy(self.emulator)
        self.ping(stack)
        in_place = {
            **{"PlainAlarmEmails": "yes", "TopicKey": "none", "LogRetentionDays": "7", "UpdateIntervalsMinutes": "1,2"},
            **{"QuietMinutes": "3", "ResolvedEmails": "no", "IncidentBy": "source", "MetricNamespace": "Other"},
            **{"MetricName": "Odd", "Dashboard": "off", "Enrichment": "off", "OwnerTagKeys": "team"},
            **{"OwnNetworks": "198.51.100.0/24", "InternetPings": "alert", "FloodPacketsPerMinute": "300"},
            **{"Rules": "ping,request", "PersistentPings": "10", "MustReach": "203.0.113.0/24"},
            **{"TimeZone": "Asia/Tokyo", "OperationalMetrics": "no", "ReservedConcurrency": "5", "DigestHour": "7"},
        }
        replacing = {"TopicName": "Other", "AlarmName": "Other", "LogGroupName": "Other", "AlertEmail": "b@example.com"}
        replacing |= {"HealthEmail": "ops@example.com"}
        replacing |= {"ChatTopic": "yes", "EmailLanguage": "ja"}
        # Refused, without effect there, or of things that the emulator lacks.
        not_here = {"LogGroupOnDelete", "ExistingLogGroupName", "Architecture", "FlowLogFormat"}
        tried = in_place.keys() | replacing.keys() | not_here | OFF_IN_THE_EMULATOR.keys()
        self.assertEqual(Template().values.keys() - tried, set(), "add a new parameter to one of these")
        names = self._names(stack)
        stack.update(in_place)
        self.assertEqual(self._names(stack) - names, set(), "nothing was replaced")
        # Another IncidentBy means another incident, so this ping opens one.
        self.ping(stack)
        self.assertIn("Odd-Packets", stack.metrics(time.time() - 900))

        stack.update(replacing)
        self.assertTrue(stack.outputs["AlertTopicArn"].endswith(":Other"))
        self.assertEqual(stack.outputs["LogGroupName"], "Other")
        alarms = [alarm["AlarmName"] for alarm in stack.client("cloudwatch").describe_alarms()["MetricAlarms"]]
        self.assertTrue(all(name.startswith("Other") for name in alarms), alarms)
        found = inventory(self.emulator)
        self.assertIn("log group Log-Group", found, "the records stay where they are")
        self.assertNotIn(f"topic {stack.outputs['AlertTopicArn'].replace('Other', 'CloudWatch-Alarms-Ping-Deny')}", found)
        source = "2 123456789010 eni-1 10.0.0.5 198.51.100.9 0 0 1 4 336 1432917094 1432917142 REJECT OK"
        stack.put(records.events(records.shifted([source], int(time.time()) - 60)), "eni-1-all")
        emails: list[Any] = []
        self.assertTrue(wait_for(lambda: emails.extend(stack.emails()) or emails, 20), "no email about the new log group")

        # A workaround for LogGroupOnDelete: the log group is removed from the stack and kept.
        stack.update({"ExistingLogGroupName": "Other"})
        self.assertNotIn("LogGroup", {resource["LogicalResourceId"] for resource in stack.resources()})
        events = self.emulator.client("logs").filter_log_events(logGroupName="Other")["events"]
        self.assertEqual(len(events), 1, "with its records")

    def test_parameters_that_are_not_given_stay(self) -> None:
        """`sam deploy` with one parameter, and with none, as README.md says it; samconfig.toml names the stack."""
        stack = Stack.deploy(self.emulator, {"QuietMinutes": "20"})
        deploy = ["sam", "deploy", "--template-file", str(adapted(BUILT / "template.yaml"))]
        deploy += ["--config-file", str(ROOT / "samconfig.toml")]
        env = self.emulator.environment() | {"SAM_CLI_POLL_DELAY": "0.5"}
        given = self._values(stack)
        self.assertEqual((given["AlertEmail"], given["QuietMinutes"]), (SUBSCRIBER, "20"))
        for more in (["--parameter-overrides", "IncidentBy=source"], []):
            run([*deploy, *more], env)
            self.assertEqual(self._values(stack), given | {"IncidentBy": "source"})

    def _values(self, stack: Stack) -> dict[str, str]:
        described = stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in described["Parameters"]}

    def _names(self, stack: Stack) -> set[str]:
        return {f"{r['LogicalResourceId']} {r['PhysicalResourceId']}" for r in stack.resources()}


class Trial(Case):
    """tools/trial.py, with those resources of both templates that the emulator has."""

    # The emulator lacks network ACLs, instances and flow logs; everything else is deployed.
    LACKING = ("AWS::EC2::NetworkAcl", "AWS::EC2::SubnetNetworkAcl", "AWS::EC2::Instance", "AWS::IAM::InstanceProfile")

    def test_both_stacks_are_deployed_and_deleted(self) -> None:
        """The network is deployed first and passes its VPC to the other stack. They are deleted in reverse order."""
        with tempfile.TemporaryDirectory() as folder:
            testbed, built = Path(folder) / "testbed.json", Path(folder) / "built.json"
            network, stack_template = Template(path=ROOT / "testbed.yaml").source, Template(path=BUILT / "template.yaml").source
            testbed.write_text(json.dumps(self._without(network, ROOT, self.LACKING)))
            built.write_text(json.dumps(self._without(adapt(stack_template), BUILT, ("AWS::EC2::FlowLog",))))
            before = inventory(self.emulator)
            up = self._run("up", "--email", "you@example.com", testbed=testbed, built=built)
            self.assertLess(up.index("Deploy testbed"), up.index("Deploy template.yaml"))
            self.assertIn("USD an hour", up[: up.index("Deploy testbed")], "the price is printed before anything is created")
            cloudformation = self.emulator.client("cloudformation")
            stack = cloudformation.describe_stacks(StackName=trial.NAME)["Stacks"][0]
            given = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack["Parameters"]}
            vpcs = self.emulator.client("ec2").describe_vpcs()["Vpcs"]
            self.assertIn(given["FlowLogResourceId"], [vpc["VpcId"] for vpc in vpcs if vpc["CidrBlock"] == "10.83.0.0/24"])
            self.assertEqual(given["AlertEmail"], "you@example.com")
            self._run("down")
            self.assertEqual(inventory(self.emulator) - before, {"key PendingDeletion"})
            left = [vpc for vpc in self.emulator.client("ec2").describe_vpcs()["Vpcs"] if vpc["CidrBlock"] == "10.83.0.0/24"]
            self.assertEqual(left, [])
            self.assertIn("not there", self._run("down"), "a second time is not an error")

    def test_nothing_is_done_without_confirmation(self) -> None:
        """Also without a terminal."""
        result = self._start("up")
        self.assertEqual(result.returncode, 1)
        self.assertIn("YES=1", result.stderr)
        self.assertEqual(self.emulator.client("cloudformation").list_stacks()["StackSummaries"], [])

    def _run(self, *arguments: str, testbed: Path | None = None, built: Path | None = None) -> str:
        more = ["--testbed", str(testbed), "--built", str(built)] if testbed else []
        for name, (value, _) in OFF_IN_THE_EMULATOR.items():
            if testbed and name != "FlowLogResourceId":
                more += ["--parameter", f"{name}={value}"]
        if testbed:
            more += ["--parameter", f"Architecture={host_architecture()}"]
        result = self._start(*arguments, "--yes", *more)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def _start(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tools.trial", *arguments]
        env = self.emulator.environment() | {"SAM_CLI_POLL_DELAY": "0.5"}
        return subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def _without(self, source: dict[str, Any], folder: Path, kinds: tuple[str, ...]) -> dict[str, Any]:
        """A template of a folder without the resources of some types, and without what names them."""
        template = copy.deepcopy(source)
        template.pop("Metadata", None)  # its paths are those of the other folder
        gone = {name for name, resource in template["Resources"].items() if resource["Type"].startswith(kinds)}
        template["Resources"] = {name: resource for name, resource in template["Resources"].items() if name not in gone}
        for section in ("Outputs", "Parameters"):
            template[section] = {
                name: entry
                for name, entry in template[section].items()
                if not any(f'"{other}"' in json.dumps(entry) or f'"{other}.' in json.dumps(entry) for other in gone)
                and not str(entry.get("Type", "")).startswith("AWS::SSM")
            }
        for resource in template["Resources"].values():
            location = resource.get("Properties", {}).get("CodeUri")
            if location:
                resource["Properties"]["CodeUri"] = str(folder / location)
        return template


if __name__ == "__main__":
    unittest.main()
