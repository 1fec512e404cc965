"""Deploys the build of `build.py` to the emulator, puts records, and collects the results."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.harness.adapted import AS_DEPLOYED, Fixed, adapted
from tests.harness.build import BUILT, OWN_CONFIG, ROOT, command_line, host_architecture, run
from tests.harness.emulator import REGION, Emulator
from tests.harness.records import Event

STACK_NAME = "ping-deny"
SUBSCRIBER = "you@example.com"

# Features that the emulator lacks: parameter, value that switches the feature off, and name of the feature. What has no
# parameter is changed in a copy of the template: adapted.py.
OFF_IN_THE_EMULATOR = {
    "FilterPattern": ("", "patterns with regular expressions"),
    "NativeFilterPattern": ("", "alarms on metric math"),
    "FlowLogResourceId": ("", "flow logs"),
    "ContributorInsights": ("off", "Contributor Insights"),
    "Digest": ("off", "schedules"),
}
# The counts in the function's response.
COUNTS = ("records", "matched", "no_data", "skip_data", "unparsed", "findings", "alerts", "suppressed", "metrics")


@dataclass
class Email:
    """A message of the topic: the email as an email subscriber gets it, and the document as a queue gets it."""

    subject: str
    body: str
    document: dict[str, Any]
    attributes: dict[str, str]
    arrived_at: float
    """When it was received, in seconds since the epoch."""


@dataclass
class Stack:
    """The deployed stack, with a queue subscribed to its topic for reading the emails."""

    emulator: Emulator
    outputs: dict[str, str]
    parameters: dict[str, str]
    queue_url: str = ""
    fixed: Fixed = AS_DEPLOYED
    _table: str | None = None
    """The name of the table, while the function is configured with another one."""
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def deploy(cls, emulator: Emulator, overrides: dict[str, str] | None = None, fixed: Fixed = AS_DEPLOYED) -> Stack:
        """Runs `sam deploy` on what `build` made. `overrides` are template parameters, `fixed` is what has none."""
        parameters = {
            "Architecture": host_architecture(),
            "AlertEmail": SUBSCRIBER,
            **{name: value for name, (value, _) in OFF_IN_THE_EMULATOR.items()},
            **(overrides or {}),
        }
        if group := parameters.get("ExistingLogGroupName"):
            emulator.client("logs").create_log_group(logGroupName=group)
        stack = cls(emulator, {}, parameters, fixed=fixed)
        stack._deploy()
        stack._subscribe()
        return stack

    def update(self, overrides: dict[str, str]) -> None:
        """Deploys again with changed parameters. Other parameters keep their values."""
        topic = self.outputs["AlertTopicArn"]
        self.parameters |= overrides
        self._deploy()
        if self.outputs["AlertTopicArn"] != topic:
            self._subscribe()

    def _deploy(self) -> None:
        values = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in self.parameters.items()]
        template = adapted(BUILT / "template.yaml", self.fixed)
        command = ["sam", "deploy", "--template-file", str(template), "--stack-name", STACK_NAME]
        command += [
            "--resolve-s3",
            "--capabilities",
            "CAPABILITY_IAM",
            "--no-confirm-changeset",
            "--no-progressbar",
            *OWN_CONFIG,
        ]
        # Polls the deployment's events more often than SAM's default.
        env = self.emulator.environment() | {"SAM_CLI_POLL_DELAY": "0.5"}
        run([*command, "--parameter-overrides", *values], env)
        described = self.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def delete(self) -> None:
        """Runs `sam delete`."""
        command = ["sam", "delete", "--stack-name", STACK_NAME, "--no-prompts", "--region", REGION, *OWN_CONFIG]
        run(command, self.emulator.environment())

    def client(self, service: str) -> Any:
        """Returns a boto3 client, created once for each service."""
        if service not in self._clients:
            self._clients[service] = self.emulator.client(service)
        return self._clients[service]

    def resources(self) -> list[dict[str, Any]]:
        """Returns the stack's resources."""
        return self.client("cloudformation").describe_stack_resources(StackName=STACK_NAME)["StackResources"]

    def _subscribe(self) -> None:
        """Subscribes a queue. The emulator only logs messages to the email address, but the document has the email's text."""
        self.queue_url = self.subscribe("email-reader", self.outputs["AlertTopicArn"])

    def subscribe(self, name: str, topic: str, **attributes: str) -> str:
        """Subscribes a new queue to a topic and returns its URL. `attributes` are subscription attributes."""
        sqs = self.client("sqs")
        queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": policy})
        self.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        return queue_url

    def put(self, events: list[Event], stream: str) -> float:
        """Puts events into a stream of the log group. Returns the time before the call, in seconds since the epoch."""
        logs = self.client("logs")
        group = self.outputs["LogGroupName"]
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        batch = [{"timestamp": event.timestamp, "message": event.message} for event in events]
        moment = time.time()
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
        return moment

    def invoke(self, payload: bytes) -> None:
        """Invokes the function asynchronously, as CloudWatch Logs does, with retries and the failure queue."""
        name = self.outputs["FunctionName"]
        self.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)

    @property
    def broken(self) -> bool:
        """Whether the function is configured with a table that does not exist."""
        return self._table is not None

    def use_table(self, existing: bool) -> None:
        """Configures the function with the stack's table, or with one that does not exist so that it fails."""
        function = self.client("lambda")
        name = self.outputs["FunctionName"]
        variables = function.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        if existing:
            variables["INCIDENT_TABLE"], self._table = self._table or variables["INCIDENT_TABLE"], None
        else:
            self._table, variables["INCIDENT_TABLE"] = variables["INCIDENT_TABLE"], "no-such-table"
        function.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        function.get_waiter("function_updated_v2").wait(FunctionName=name)

    def fail(self, record: str) -> None:
        """Puts a record into the failure queue."""
        self.client("sqs").send_message(QueueUrl=self.outputs["FailureQueueUrl"], MessageBody=record)

    def command(self, *arguments: str) -> tuple[int, str]:
        """Runs `vpc-flow-alerts` with these arguments on the stack. Returns its status and its output."""
        command = [str(command_line()), *arguments, "--stack", STACK_NAME]
        env = self.emulator.environment()
        done = subprocess.run(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600
        )
        return done.returncode, done.stdout

    def emails(self) -> Iterator[Email]:
        """Takes the emails that have arrived."""
        for notification in self.notifications(self.queue_url):
            attributes = notification.get("MessageAttributes") or {}
            try:
                document = json.loads(notification["Message"])
            except ValueError:
                document = {}  # alarms publish to the same topic in another format
            email = document.get("email", {"text": notification["Message"]})
            yield Email(
                subject=notification.get("Subject") or "",
                body=email.get("text", "(the text was left out: the message would be too large)"),
                document=document,
                attributes={name: attribute["Value"] for name, attribute in attributes.items()},
                arrived_at=time.time(),
            )

    def notifications(self, queue_url: str) -> Iterator[dict[str, Any]]:
        """Takes a topic's notifications from a queue."""
        return map(json.loads, self._take(queue_url))

    def failures(self) -> list[dict[str, Any]]:
        """Takes the records from the failure queue."""
        return [json.loads(body) for body in self._take(self.outputs["FailureQueueUrl"])]

    def _take(self, queue_url: str) -> Iterator[str]:
        sqs = self.client("sqs")
        while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                yield message["Body"]

    def emails_logged(self) -> int:
        """Returns the number of messages to the email address, which the emulator only logs."""
        return len(re.findall(rf"SNS fanout . email {re.escape(SUBSCRIBER)}", self.emulator.log()))

    def function_log(self) -> list[str]:
        """Returns the lines of the function's own log, oldest first."""
        logs = self.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=self.outputs["FunctionLogGroupName"], limit=10_000)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [line for event in found for line in event["message"].splitlines() if line.strip()]

    def counts(self) -> list[dict[str, int]]:
        """Returns the function's responses from its log, one for each successful invocation."""
        entries = [json.loads(line) for line in self.function_log() if line.startswith("{")]
        fields = [entry.get("fields", entry) for entry in entries]
        return [{name: int(found[name]) for name in COUNTS} for found in fields if found.keys() >= set(COUNTS)]

    def runs(self) -> int:
        """Returns the number of ended invocations of the function, by the REPORT lines in its log."""
        return sum(line.startswith("REPORT ") for line in self.function_log())

    def metrics(self, since: float) -> dict[str, list[dict[str, Any]]]:
        """Returns the data points of every metric in the namespace per minute: time, sum and number of samples."""
        cloudwatch = self.client("cloudwatch")
        namespace = self.parameters.get("MetricNamespace", "Ping-Deny-Metrics")
        start = datetime.fromtimestamp(since, timezone.utc) - timedelta(minutes=1)
        points: dict[str, list[dict[str, Any]]] = {}
        for metric in cloudwatch.list_metrics(Namespace=namespace)["Metrics"]:
            found = cloudwatch.get_metric_statistics(
                Namespace=namespace,
                MetricName=metric["MetricName"],
                Dimensions=metric.get("Dimensions", []),
                StartTime=start,
                EndTime=datetime.now(timezone.utc) + timedelta(minutes=1),
                Period=60,
                Statistics=["Sum", "SampleCount"],
            )["Datapoints"]
            label = ",".join([metric["MetricName"], *(f"{d['Name']}={d['Value']}" for d in metric.get("Dimensions", []))])
            points[label] = [
                {"time": p["Timestamp"].timestamp(), "sum": p["Sum"], "samples": p["SampleCount"]}
                for p in sorted(found, key=lambda point: point["Timestamp"])
            ]
        return without_dimensions(points)

    def permissions(self) -> list[dict[str, Any]]:
        """Returns the policy statements of the function's role, with all references resolved."""
        iam = self.client("iam")
        role = next(r["PhysicalResourceId"] for r in self.resources() if r["LogicalResourceId"] == "FunctionRole")
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        return [statement for document in documents for statement in document["Statement"]]

    def alarm(self, name: str) -> dict[str, Any]:
        """Returns the description of an alarm."""
        return self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]

    def alarms(self) -> dict[str, str]:
        """Returns the state of each alarm."""
        found = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}


def without_dimensions(points: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Corrects the points of metrics without a dimension, by name and dimensions. Asked for such a metric, the emulator answers
    with the points of all metrics of that name; in CloudWatch each is a metric of its own.
    """
    corrected = dict(points)
    for name in [label for label in points if "," not in label]:
        own = []
        for point in points[name]:
            others = [
                other
                for label, found in points.items()
                if label.startswith(f"{name},")
                for other in found
                if other["time"] == point["time"]
            ]
            rest = {key: point[key] - sum(other[key] for other in others) for key in ("sum", "samples")}
            if rest["samples"]:
                own.append(point | rest)
        corrected[name] = own
    return corrected


def wait_for(condition: Callable[[], bool], seconds: float, every: float = 0.02) -> bool:
    """Polls `condition` until it holds. Returns whether it did within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
