"""Each action that the functions' roles allow is taken away in turn: what then is denied?

Deploys the stack into the emulator, which evaluates IAM policies. An action that a function itself calls for is tried with a
rejected ping: the function, or the timer that comes back to the incident, has to fail for want of exactly that action. One that
AWS calls for in the function's name, or whose denial the function bears, is tried with a call in the role's name: it has to
go through with the action and to be denied without. SimulatePrincipalPolicy is asked about all of them: allowed with the
action, denied without it, and denied on any other resource; and denied where a condition is not met.
"""

from __future__ import annotations

import copy
import json
import re
import time
import unittest
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.deployed.case import Case
from tests.harness import records
from tests.harness.adapted import Fixed
from tests.harness.emulator import ACCOUNT, REGION
from tests.harness.stack import Stack, wait_for

# Short times, so that an incident's timer comes back within seconds; an incident for each source, so that each ping is news.
BRIEF = Fixed(timeout_seconds=3)
PARAMETERS = {
    "UpdateIntervalsMinutes": "0.1",
    "QuietMinutes": "0.2",
    "IncidentBy": "source",
}
WAIT_SECONDS = {"FunctionRole": 10, "TimerRole": 25}
LOGS = {"FunctionRole": "FunctionLogGroup", "TimerRole": "TimerLogGroup"}

# What no ping can tell, by statement or action, and why.
BY_CALL = {
    "logs:CreateLogStream": "Lambda writes the log",
    "logs:PutLogEvents": "Lambda writes the log",
    "KeepWhatFailed sqs:SendMessage": "Lambda sends it",
    "sqs:ReceiveMessage": "Lambda polls the queue",
    "sqs:DeleteMessage": "Lambda polls the queue",
    "sqs:GetQueueAttributes": "Lambda polls the queue",
    "kms:Decrypt": "SNS calls it",
    "kms:GenerateDataKey*": "SNS calls it",
    "cloudwatch:PutMetricData": "not evaluated there for the SDK's protocol",
    "ec2:DescribeNetworkInterfaces": "the email says so and is sent",
    "ec2:DescribeTags": "the email says so and is sent",
    "ec2:DescribeSecurityGroups": "the email says so and is sent",
    "ec2:DescribeNetworkAcls": "the email says so and is sent",
}
ACCESS_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}


@dataclass
class Permission:
    """One action of one statement of one role."""

    role: str
    """The role's logical id."""
    physical: str
    """Its name."""
    policy: str
    document: dict[str, Any]
    index: int
    action: str

    @property
    def statement(self) -> dict[str, Any]:
        """The statement that allows it."""
        return dict(self.document["Statement"][self.index])

    @property
    def label(self) -> str:
        """How it is told."""
        return f"{self.statement.get('Sid', '')} {self.action}".strip()

    @property
    def why_by_call(self) -> str | None:
        """Why no ping can tell, if none can."""
        return BY_CALL.get(self.label) or BY_CALL.get(self.action)

    def evaluable(self) -> dict[str, Any]:
        """The policy as the emulator can evaluate it: it knows no namespace of a metric, and takes a log group's ARN without
        the `:*` that AWS wants behind it.
        """
        document = copy.deepcopy(self.document)
        statement = document["Statement"][self.index]
        statement.pop("Condition", None)
        own = as_list(statement["Resource"])
        statement["Resource"] = own + [resource.removesuffix(":*") for resource in own if resource.endswith(":*")]
        return document

    def without(self) -> dict[str, Any]:
        """The policy without the action."""
        document = copy.deepcopy(self.document)
        statement = document["Statement"][self.index]
        left = [action for action in as_list(statement["Action"]) if action != self.action]
        if left:
            statement["Action"] = left
        else:
            del document["Statement"][self.index]
        return document


def as_list(value: Any) -> list[Any]:
    """Returns a list, of one where it is none."""
    return value if isinstance(value, list) else [value]


def permissions(stack: Stack) -> Iterator[Permission]:
    """Finds every action that is allowed to the functions."""
    iam = stack.client("iam")
    names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in stack.resources()}
    for role in LOGS:
        for policy in iam.list_role_policies(RoleName=names[role])["PolicyNames"]:
            document = iam.get_role_policy(RoleName=names[role], PolicyName=policy)["PolicyDocument"]
            for index, statement in enumerate(document["Statement"]):
                for action in as_list(statement["Action"]):
                    yield Permission(role, names[role], policy, document, index, action)


class Probe:
    """The deployed stack, and one permission less at a time."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.iam = stack.client("iam")
        self.pings = 0
        self.calls = 0
        self.sessions: dict[str, dict[str, str]] = {}

    def put(self, permission: Permission, document: dict[str, Any]) -> None:
        """Gives the role a policy."""
        text = json.dumps(document)
        self.iam.put_role_policy(RoleName=permission.physical, PolicyName=permission.policy, PolicyDocument=text)

    def log(self, role: str) -> list[str]:
        """Returns the log of the role's function."""
        names = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in self.stack.resources()}
        logs = self.stack.client("logs")
        events = logs.filter_log_events(logGroupName=names[LOGS[role]], limit=10_000)["events"]
        return [event["message"] for event in events]

    def denied(self, permission: Permission) -> str | None:
        """Takes the permission away, sends a ping, and returns what the function logged of a denied call."""
        before = len(self.log(permission.role))
        self.put(permission, permission.without())
        try:
            self.pings += 1
            line = f"2 {ACCOUNT} eni-1 198.51.100.{self.pings} 172.31.16.139 0 0 1 4 336 1432917094 1432917142 REJECT OK"
            self.stack.put(records.events(records.shifted([line], int(time.time()) - 60)), "eni-1-all")
            found: list[str] = []

            def told() -> bool:
                denials = (line for line in self.log(permission.role)[before:] if "not authorized to perform: " in line)
                found.extend(line for line in denials if f"perform: {permission.action} " in line)
                return bool(found)

            wait_for(told, WAIT_SECONDS[permission.role], every=0.2)
            return found[0] if found else None
        finally:
            self.put(permission, permission.document)

    def called(self, permission: Permission) -> list[str]:
        """Calls in the role's name, with the permission and without; returns what is wrong."""
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
        client = self._in_its_name(permission, service)
        self.calls += 1
        if service == "logs":
            group = resource.split(":log-group:")[1].removesuffix(":*")
            event = {"timestamp": int(time.time() * 1000), "message": "a call in the role's name"}
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
        elif service == "cloudwatch":
            namespace = permission.statement["Condition"]["StringEquals"]["cloudwatch:namespace"]
            request = {"Namespace": namespace, "MetricData": [{"MetricName": "call", "Value": 1}]}
        else:
            request = {}
        try:
            getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower())(**request)
        except ClientError as error:
            return error.response["Error"]["Code"] in ACCESS_DENIED
        return False

    def _in_its_name(self, permission: Permission, service: str) -> Any:
        if permission.physical not in self.sessions:
            role = f"arn:aws:iam::{ACCOUNT}:role/{permission.physical}"
            answer = self.stack.client("sts").assume_role(RoleArn=role, RoleSessionName="permissions")
            self.sessions[permission.physical] = answer["Credentials"]
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
        """Asks SimulatePrincipalPolicy, with the action and without; returns what is wrong."""
        wrong = []
        own = as_list(permission.statement["Resource"])[0]
        if permission.statement.get("Condition") and self._decision(permission, own) == "allowed":
            wrong.append("allowed whatever the condition says")
        try:
            self.put(permission, permission.evaluable())
            if self._decision(permission, own) != "allowed":
                wrong.append("not allowed as it stands")
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
        answer = self.iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/{permission.physical}",
            ActionNames=[permission.action.rstrip("*")],
            ResourceArns=[resource],
        )
        return str(answer["EvaluationResults"][0]["EvalDecision"])


class Permissions(Case):
    """Each of them in turn."""

    def test_each_is_missed(self) -> None:
        """One that nobody misses is too much, or belongs into BY_CALL with a reason."""
        stack = self.deploy(BRIEF, **PARAMETERS)
        probe = Probe(stack)
        for permission in permissions(stack):
            with self.subTest(f"{permission.role} {permission.label}"):
                self.assertEqual(probe.simulated(permission), [])
                if permission.why_by_call:
                    self.assertEqual(probe.called(permission), [])
                else:
                    self.assertTrue(probe.denied(permission), "nobody misses it")


if __name__ == "__main__":
    unittest.main()
