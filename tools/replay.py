"""Sends batches again that failed: `make replay` (STACK=name; AWS credentials as the AWS tools take them, and the region
of AWS_REGION, AWS_DEFAULT_REGION or the profile, which is printed first).

Takes the records of failed invocations out of the failure queue one by one, shows what each is about, hands its batch to the
function again and deletes it from the queue only when the function has done it. What fails once more stays in the queue. The
function counts a batch once however often it gets it, so a replay that is broken off can be started anew. Timer messages that
failed are put back into their queue: one that nothing hangs on any more does nothing.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.harness.terminal import failed
from tools import aws

HOLD_SECONDS = 900
"""How long a record is hidden from others at most; those that stay in the queue are shown again at the end."""
RUN_SECONDS = 330
"""How long to wait for the function: longer than it may run."""
BEFORE = timedelta(minutes=30)
"""How long before its last failure a batch came, with its retries; the log group is searched from there."""


@dataclass
class Stack:
    """What of the stack is needed: from its outputs, or from the command line."""

    failure_queue: str
    function: str
    timer_queue: str = ""
    timer_failure_queue: str = ""
    log_group: str = "THE-LOG-GROUP"

    @classmethod
    def of(cls, name: str, session: boto3.Session) -> Stack:
        """Reads a stack's outputs."""
        described = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        found = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
        return cls(
            found["FailureQueueUrl"],
            found["FunctionName"],
            found.get("TimerQueueUrl", ""),
            found.get("TimerFailureQueueUrl", ""),
            found.get("LogGroupName", cls.log_group),
        )


@dataclass
class Failed:
    """A record of the failure queue."""

    receipt: str
    when: str
    why: str
    attempts: int
    event: dict[str, Any] | None
    """The batch as the function got it; none where the record does not carry it."""

    @classmethod
    def of(cls, message: dict[str, Any]) -> Failed:
        """Reads the envelope that Lambda wraps around a failed asynchronous invocation."""
        try:
            record = json.loads(message["Body"])
        except ValueError:
            record = {}
        record = record if isinstance(record, dict) else {}
        context = record.get("requestContext") or {}
        response = record.get("responsePayload") or {}
        event = record.get("requestPayload")
        return cls(
            receipt=message["ReceiptHandle"],
            when=record.get("timestamp", "at an unknown time"),
            why=response.get("errorMessage") or context.get("condition", "for an unknown reason"),
            attempts=context.get("approximateInvokeCount", 0),
            event=event if isinstance(event, dict) else None,
        )

    def about(self) -> str:
        """Says what the batch is, as far as it can be read."""
        if self.event is None:
            return "a record without its batch"
        data = (self.event.get("awslogs") or {}).get("data")
        if data is None:
            return "no batch of a subscription"
        try:
            batch = json.loads(gzip.decompress(base64.b64decode(data)))
            events = batch["logEvents"]
            first = datetime.fromtimestamp(events[0]["timestamp"] / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
            return f"{len(events)} records of {batch['logGroup']} / {batch['logStream']} from {first} UTC on"
        except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
            return f"a batch that cannot be read here either ({error})"

    def search(self, log_group: str) -> str:
        """Returns the command that finds in the log group what the record does not carry."""
        try:
            end = datetime.fromisoformat(self.when.replace("Z", "+00:00"))
        except ValueError:
            return f"aws logs filter-log-events --log-group-name '{log_group}' --filter-pattern REJECT --start-time ..."
        start, stop = (int(moment.timestamp() * 1000) for moment in (end - BEFORE, end))
        times = f"--start-time {start} --end-time {stop}"
        return f"aws logs filter-log-events --log-group-name '{log_group}' --filter-pattern REJECT {times}"


def held(sqs: Any, queue_url: str) -> Iterator[dict[str, Any]]:
    """Takes the messages of a queue one after the other, each once. What was not deleted is in the queue again at the end."""
    receipts: dict[str, str] = {}
    try:
        while True:
            received = sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=1, VisibilityTimeout=HOLD_SECONDS, WaitTimeSeconds=1
            )
            messages = received.get("Messages", [])
            if not messages or messages[0]["MessageId"] in receipts:
                return
            receipts[messages[0]["MessageId"]] = messages[0]["ReceiptHandle"]
            yield messages[0]
    finally:
        for receipt in receipts.values():
            # One that was deleted, or whose time is over, is none of ours any more.
            with contextlib.suppress(ClientError):
                sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt, VisibilityTimeout=0)


def send_again(function: Any, name: str, event: dict[str, Any]) -> tuple[bool, str]:
    """Hands a batch to the function; returns whether it was done, and what the function said."""
    try:
        answer = function.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    except ClientError as error:
        return False, str(error)
    payload = answer["Payload"].read().decode()
    if not answer.get("FunctionError"):
        return True, payload
    try:
        return False, json.loads(payload)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        return False, payload


def replay(stack: Stack, session: boto3.Session, only_show: bool, drop: bool) -> tuple[int, int]:
    """Replays what is in the failure queue; returns how many batches were done and how many records were left."""
    sqs = session.client("sqs")
    # One attempt: a call that is slow is a function at work.
    patient = Config(read_timeout=RUN_SECONDS, retries={"max_attempts": 0})
    function = session.client("lambda", config=patient)
    done = left = 0
    for message in held(sqs, stack.failure_queue):
        failed = Failed.of(message)
        print(f"{failed.when}: {failed.about()}\n  failed {failed.attempts} times: {failed.why}", flush=True)
        delete = False
        if failed.event is None:
            delete = drop and not only_show
            print("  The record does not carry its batch: it was too large for one. Its records are in the log group:")
            print(f"    {failed.search(stack.log_group)}")
            print("  They are in no email and no metric. " + ("Dropped." if delete else "Drop this one: make replay DROP=1"))
        elif not only_show:
            delete, said = send_again(function, stack.function, failed.event)
            print(f"  done: {said}" if delete else f"  failed again, left in the queue: {said}", flush=True)
            done += delete
        if delete:
            sqs.delete_message(QueueUrl=stack.failure_queue, ReceiptHandle=failed.receipt)
        else:
            left += 1
    return done, left


def wake_again(stack: Stack, session: boto3.Session, only_show: bool) -> int:
    """Puts timer messages that failed back into their queue; returns how many there were."""
    if not (stack.timer_queue and stack.timer_failure_queue):
        return 0
    sqs = session.client("sqs")
    count = 0
    for message in held(sqs, stack.timer_failure_queue):
        count += 1
        if not only_show:
            # Sent first, deleted after: one that comes twice is stale the second time.
            sqs.send_message(QueueUrl=stack.timer_queue, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=stack.timer_failure_queue, ReceiptHandle=message["ReceiptHandle"])
    return count


def main() -> int:
    """Ends with status 1 if something is left in the queue."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="ping-deny", help="the stack whose outputs name the queues and the function")
    parser.add_argument("--queue-url", help="the failure queue, where there is no stack")
    parser.add_argument("--function", help="the function, where there is no stack")
    parser.add_argument("--show", action="store_true", help="show what is in the queues and change nothing")
    parser.add_argument("--drop", action="store_true", help="delete the records that do not carry their batch")
    options = parser.parse_args()
    try:
        session = aws.session()
    except aws.NoRegionError as error:
        failed(error)
        return 1
    print(f"In {aws.where(session)}:", flush=True)
    if options.queue_url and options.function:
        stack = Stack(options.queue_url, options.function)
    else:
        stack = Stack.of(options.stack, session)
    done, left = replay(stack, session, options.show, options.drop)
    timers = wake_again(stack, session, options.show)
    if timers:
        print(f"{timers} timer messages {'wait in their failure queue' if options.show else 'are on their way again'}")
    print(f"{done} done, {left} left in the queue")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
