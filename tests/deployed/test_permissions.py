"""Tests that each action in the functions' roles is needed, by removing them one at a time.

Deploys the stack into the emulator, which evaluates IAM policies. For an action that a function uses itself, the test puts a
rejected ping: without the action, the function or the incident timer must fail with exactly that action denied. For an action
that AWS uses on the function's behalf, or whose denial the function tolerates, the test makes a call with the role: it must
succeed with the action and be denied without it. All actions are also checked with SimulatePrincipalPolicy: allowed with the
action; denied without it, on any other resource, and if a condition is not met.
"""

from __future__ import annotations

import copy
import json
import re
import time
import unittest
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.deployed.case import Case
from tests.harness import records
from tests.harness.adapted import Fixed
from tests.harness.emulator import ACCOUNT, REGION
from tests.harness.stack import Stack, wait_for

# Short intervals, so that timers run within seconds. An incident for each source, so that each ping opens one.
BRIEF = Fixed(timeout_seconds=3)
PARAMETERS = {
    "UpdateIntervalsMinutes": "0.1",
    "QuietMinutes": "0.2",
    "IncidentBy": "source",
}
WAIT_SECONDS = {"FunctionRole": 10, "TimerRole": 25}
LOGS = {"FunctionRole": "FunctionLogGroup", "TimerRole": "TimerLogGroup"}

# Actions that a ping cannot test, by statement and action or by action, and the reason.
BY_CALL = {
    "logs:CreateLogStream": "Lambda writes the log",
    "logs:PutLogEvents": "Lambda writes the log",
    "KeepWhatFailed sqs:SendMessage": "Lambda sends it",
    "KeepFailedDigests sqs:SendMessage": "Lambda sends it",
    "sqs:ReceiveMessage": "Lambda polls the queue",
    "sqs:DeleteMessage": "Lambda polls the queue",
    "sqs:GetQueueAttributes": "Lambda polls the queue",
    "kms:Decrypt": "SNS calls it",
    "kms:GenerateDataKey*": "SNS calls it",
    "cloudwatch:PutMetricData": "the emulator does not evaluate it for the SDK's protocol",
    "cloudwatch:GetMetricData": "the digest is sent and states it",
    "ec2:DescribeNetworkInterfaces": "the email is sent and states it",
    "ec2:DescribeTags": "the email is sent and states it",
    "ec2:DescribeSecurityGroups": "the email is sent and states it",
    "ec2:DescribeNetworkAcls": "the email is sent and states it",
    "ec2:GetManagedPrefixListEntries": "the email is sent and states it",
}
ACCESS_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}


@dataclass
class Permission:
    """One action of one statement of one role."""

    role: str
    """The role's logical id."""
    physical: str
    """The role's name."""
    policy: str
    document: dict[str, Any]
    index: int
    action: str

    @property
    def statement(self) -> dict[str, Any]:
        """The statement with the action."""
        return dict(self.document["Statement"][self.index])

    @property
    def label(self) -> str:
        """Statement id and action."""
        return f"{self.statement.get('Sid', '')} {self.action}".strip()

    @property
    def why_by_call(self) -> str | None:
        """The reason why a ping cannot test it, if there is one."""
        return BY_CALL.get(self.label) or BY_CALL.get(self.action)

    def evaluable(self) -> dict[str, Any]:
        """Returns the policy in a form that the emulator evaluates: without the condition on the metric namespace, and
        also with log group ARNs without the `:*` that AWS requires.
        """
        document = copy.deepcopy(self.document)
        statement = document["Statement"][self.index]
        statement.pop("Condition", None)
        own = as_list(statement["Resource"])
        statement["Resource"] = own + [resource.removesuffix(":*") for resource in own if resource.endswith(":*")]
        return document

    def without(self) -> dict[str, Any]:
        """Returns the policy without the action."""
        document = copy.deepcopy(self.document)
        statement = document["Statement"][self.index]
        left = [action for action in as_list(statement["Action"]) if action != self.action]
        if left:
            statement["Action"] = left
        else:
            del document["Statement"][self.index]
        return document


def as_list(value: Any) -> list[Any]:
    """Returns the value as a list."""
    return value if isinstance(value, list) else [value]


def permissions(stack: Stack) -> Iterator[Permission]:
    """Returns every action in the functions' roles."""
    iam = stack.client("iam")
    names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in stack.resources()}
    for role in LOGS:
        for policy in iam.list_role_policies(RoleName=names[role])["PolicyNames"]:
            document = iam.get_role_policy(RoleName=names[role], PolicyName=policy)["PolicyDocument"]
            for index, statement in enumerate(document["Statement"]):
                for action in as_list(statement["Action"]):
                    yield Permission(role, names[role], policy, document, index, action)


class Probe:
    """Tests single permissions of the deployed stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.iam = stack.client("iam")
        self.pings = 0
        self.calls = 0
        self.sessions: dict[str, dict[str, str]] = {}

    def put(self, permission: Permission, document: dict[str, Any]) -> None:
        """Replaces the role's policy."""
        text = json.dumps(document)
        self.iam.put_role_policy(RoleName=permission.physical, PolicyName=permission.policy, PolicyDocument=text)

    def log(self, role: str) -> list[str]:
        """Returns the log of the role's function."""
        names = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in self.stack.resources()}
        logs = self.stack.client("logs")
        events = logs.filter_log_events(logGroupName=names[LOGS[role]], limit=10_000)["events"]
        return [event["message"] for event in events]

    def denied(self, permission: Permission) -> str | None:
        """Removes the permission, puts a ping, and returns the log line about the denied call, if any."""
        before = len(self.log(permission.role))
        self.put(permission, permission.without())
        try:
            self.pings += 1
            line = f"2 {ACCOUNT} eni-1 10.51.100.{self.pings} 172.31.16.139 0 0 1 4 336 1432917094 1432917142 REJECT OK"
            self.stack.put(records.events(records.shifted([line], int(time.time()) - 60)), "eni-1-all")
            found: list[str] = []

            def logged() -> bool:
                denials = (line for line in self.log(permission.role)[before:] if "not authorized to perform: " in line)
                found.extend(line for line in denials if f"perform: {permission.action} " in line)
                return bool(found)

            wait_for(logged, WAIT_SECONDS[permission.role], every=0.2)
            return found[0] if found else None
        finally:
            self.put(permission, permission.document)

    def called(self, permission: Permission) -> list[str]:
        """Makes a call with the role, with and without the permission. Returns the problems found."""
        wrong = []
        try:
            self.put(permission, permission.evaluable())
            if self._is_denied(permission):
                wrong.append("a call is denied with it")
            self.put(permission, permission.without())
            if not self._is_denied(permission):
                wrong.append("a call is not denied without it")
        finally:
            self.put(permission, permission.document)
        return wrong

    def _is_denied(self, permission: Permission) -> bool:
        service, action = permission.action.rstrip("*").split(":")
        resource = str(as_list(permission.statement["Resource"])[0])
        name = resource.rpartition(":")[2]
        client = self._client(permission, service)
        self.calls += 1
        if service == "logs":
            group = resource.split(":log-group:")[1].removesuffix(":*")
            event = {"timestamp": int(time.time() * 1000), "message": "a call with the role"}
            more = {"logEvents": [event]} if action == "PutLogEvents" else {}
            request = {"logGroupName": group, "logStreamName": f"call-{self.calls}", **more}
        elif service == "sqs":
            request = {"QueueUrl": self.stack.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]}
            request |= {"SendMessage": {"MessageBody": "{}"}, "DeleteMessage": {"ReceiptHandle": "none"}}.get(action, {})
        elif service == "kms":
            request = {
                "KeyId": resource,
                **({"KeySpec": "AES_256"} if action == "GenerateDataKey" else {"CiphertextBlob": b"none"}),
            }
        elif action == "GetMetricData":
            query = {"Id": "m0", "Expression": "1"}
            now = datetime.now(timezone.utc)
            request = {"MetricDataQueries": [query], "StartTime": now - timedelta(hours=1), "EndTime": now}
        elif service == "cloudwatch":
            namespace = permission.statement["Condition"]["StringEquals"]["cloudwatch:namespace"]
            request = {"Namespace": namespace, "MetricData": [{"MetricName": "call", "Value": 1}]}
        elif action == "GetManagedPrefixListEntries":
            request = {"PrefixListId": "pl-0123456789abcdef0"}
        else:
            request = {}
        try:
            getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower())(**request)
        except ClientError as error:
            return error.response["Error"]["Code"] in ACCESS_DENIED
        return False

    def _client(self, permission: Permission, service: str) -> Any:
        if permission.physical not in self.sessions:
            role = f"arn:aws:iam::{ACCOUNT}:role/{permission.physical}"
            response = self.stack.client("sts").assume_role(RoleArn=role, RoleSessionName="permissions")
            self.sessions[permission.physical] = response["Credentials"]
        credentials = self.sessions[permission.physical]
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.stack.emulator.endpoint,
            region_name=REGION,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    def simulated(self, permission: Permission) -> list[str]:
        """Checks with SimulatePrincipalPolicy, with and without the action. Returns the problems found."""
        wrong = []
        own = as_list(permission.statement["Resource"])[0]
        if permission.statement.get("Condition") and self._decision(permission, own) == "allowed":
            wrong.append("allowed without meeting the condition")
        try:
            self.put(permission, permission.evaluable())
            if self._decision(permission, own) != "allowed":
                wrong.append("not allowed by the policy")
            elsewhere = f"arn:aws:{permission.action.split(':')[0]}:{REGION}:{ACCOUNT}:other"
            if own != "*" and self._decision(permission, elsewhere) == "allowed":
                wrong.append("allowed on any other resource")
            self.put(permission, permission.without())
            if self._decision(permission, own) == "allowed":
                wrong.append("still allowed without it")
        finally:
            self.put(permission, permission.document)
        return wrong

    def _decision(self, permission: Permission, resource: str) -> str:
        response = self.iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/{permission.physical}",
            ActionNames=[permission.action.rstrip("*")],
            ResourceArns=[resource],
        )
        return str(response["EvaluationResults"][0]["EvalDecision"])


class Permissions(Case):
    """All permissions, one at a time."""

    def test_each_permission_is_needed(self) -> None:
        """Remove a permission that is not needed, or add it to BY_CALL with a reason."""
        stack = self.deploy(BRIEF, **PARAMETERS)
        probe = Probe(stack)
        for permission in permissions(stack):
            with self.subTest(f"{permission.role} {permission.label}"):
                self.assertEqual(probe.simulated(permission), [])
                if permission.why_by_call:
                    self.assertEqual(probe.called(permission), [])
                else:
                    self.assertTrue(probe.denied(permission), "no call is denied without it")


if __name__ == "__main__":
    unittest.main()
