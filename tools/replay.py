"""Sends failed batches to the function again: `make replay` (STACK=name). Uses AWS credentials like other AWS tools, and the
region of AWS_REGION, AWS_DEFAULT_REGION or the profile, which is printed first.

Reads the records of failed invocations from the failure queue one by one, prints a summary, and invokes the function with the
batch. Deletes the record only if the invocation succeeds; otherwise it stays in the queue. The function counts a batch once
however often it is delivered, so an interrupted replay can be repeated. Failed timer messages are sent to their queue again;
stale ones have no effect.
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

VISIBILITY_TIMEOUT_SECONDS = 900
"""Visibility timeout of a record. Records that stay in the queue become visible again at the end."""
INVOKE_TIMEOUT_SECONDS = 330
"""Timeout of an invocation, longer than the function's own."""
SEARCH_WINDOW = timedelta(minutes=30)
"""How far before the last failure to search the log group. Covers the retries of a batch."""


@dataclass
class Stack:
    """The resources that are needed, from the stack's outputs or from the command line."""

    failure_queue: str
    function: str
    timer_queue: str = ""
    timer_failure_queue: str = ""
    log_group: str = "THE-LOG-GROUP"

    @classmethod
    def of(cls, name: str, session: boto3.Session) -> Stack:
        """Reads a stack's outputs."""
        found = aws.outputs(session, name)
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
    """The batch as the function received it, or None if the record does not have it."""

    @classmethod
    def of(cls, message: dict[str, Any]) -> Failed:
        """Reads Lambda's record of a failed asynchronous invocation."""
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
        """Returns a summary of the batch, as far as it can be read."""
        if self.event is None:
            return "a record without its batch"
        data = (self.event.get("awslogs") or {}).get("data")
        if data is None:
            return "not a batch of a subscription"
        try:
            batch = json.loads(gzip.decompress(base64.b64decode(data)))
            events = batch["logEvents"]
            first = datetime.fromtimestamp(events[0]["timestamp"] / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
            return f"{len(events)} records of {batch['logGroup']} / {batch['logStream']} from {first} UTC on"
        except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
            return f"an unreadable batch ({error})"

    def search(self, log_group: str) -> str:
        """Returns the command that finds the missing batch in the log group."""
        try:
            end = datetime.fromisoformat(self.when.replace("Z", "+00:00"))
        except ValueError:
            return f"aws logs filter-log-events --log-group-name '{log_group}' --filter-pattern REJECT --start-time ..."
        start, stop = (int(moment.timestamp() * 1000) for moment in (end - SEARCH_WINDOW, end))
        times = f"--start-time {start} --end-time {stop}"
        return f"aws logs filter-log-events --log-group-name '{log_group}' --filter-pattern REJECT {times}"


def messages_of(sqs: Any, queue_url: str) -> Iterator[dict[str, Any]]:
    """Receives each message of a queue once, one at a time. Messages that were not deleted become visible again at the end."""
    receipts: dict[str, str] = {}
    try:
        while True:
            received = sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=1, VisibilityTimeout=VISIBILITY_TIMEOUT_SECONDS, WaitTimeSeconds=1
            )
            messages = received.get("Messages", [])
            if not messages or messages[0]["MessageId"] in receipts:
                return
            receipts[messages[0]["MessageId"]] = messages[0]["ReceiptHandle"]
            yield messages[0]
    finally:
        for receipt in receipts.values():
            # Fails if the message was deleted or its visibility timeout has expired.
            with contextlib.suppress(ClientError):
                sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt, VisibilityTimeout=0)


def send_again(function: Any, name: str, event: dict[str, Any]) -> tuple[bool, str]:
    """Invokes the function with a batch. Returns whether it succeeded, and the response or the error."""
    try:
        response = function.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    except ClientError as error:
        return False, str(error)
    payload = response["Payload"].read().decode()
    if not response.get("FunctionError"):
        return True, payload
    try:
        return False, json.loads(payload)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        return False, payload


def replay(stack: Stack, session: boto3.Session, only_show: bool, drop: bool) -> tuple[int, int]:
    """Replays the failure queue. Returns the number of replayed batches and of records left."""
    sqs = session.client("sqs")
    # No retries: a slow call means that the function is still running.
    config = Config(read_timeout=INVOKE_TIMEOUT_SECONDS, retries={"max_attempts": 0})
    function = session.client("lambda", config=config)
    done = left = 0
    for message in messages_of(sqs, stack.failure_queue):
        failed = Failed.of(message)
        print(f"{failed.when}: {failed.about()}\n  failed {failed.attempts} times: {failed.why}", flush=True)
        delete = False
        if failed.event is None:
            delete = drop and not only_show
            print("  This record does not have its batch, which was too large. Its records are in the log group:")
            print(f"    {failed.search(stack.log_group)}")
            print("  They were not reported or counted. " + ("Dropped." if delete else "To drop it: make replay DROP=1"))
        elif not only_show:
            delete, result = send_again(function, stack.function, failed.event)
            print(f"  done: {result}" if delete else f"  failed again, left in the queue: {result}", flush=True)
            done += delete
        if delete:
            sqs.delete_message(QueueUrl=stack.failure_queue, ReceiptHandle=failed.receipt)
        else:
            left += 1
    return done, left


def timer_body(body: str) -> str:
    """Returns the body to send again: a timer message as it is, of Lambda's record of a failed digest the event in it."""
    try:
        record = json.loads(body)
    except ValueError:
        return body
    event = record.get("requestPayload") if isinstance(record, dict) else None
    return json.dumps(event) if isinstance(event, dict) else body


def resend_timers(stack: Stack, session: boto3.Session, only_show: bool) -> int:
    """Sends failed timer messages to their queue again. Returns their number."""
    if not (stack.timer_queue and stack.timer_failure_queue):
        return 0
    sqs = session.client("sqs")
    count = 0
    for message in messages_of(sqs, stack.timer_failure_queue):
        count += 1
        if not only_show:
            # Sent before it is deleted. A duplicate is stale and has no effect.
            sqs.send_message(QueueUrl=stack.timer_queue, MessageBody=timer_body(message["Body"]))
            sqs.delete_message(QueueUrl=stack.timer_failure_queue, ReceiptHandle=message["ReceiptHandle"])
    return count


def main() -> int:
    """Runs the command line. Returns status 1 if a record is left in the queue."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="ping-deny", help="the stack whose outputs name the queues and the function")
    parser.add_argument("--queue-url", help="the URL of the failure queue, instead of --stack")
    parser.add_argument("--function", help="the function, instead of --stack")
    parser.add_argument("--show", action="store_true", help="show what is in the queues and change nothing")
    parser.add_argument("--drop", action="store_true", help="delete the records without their batch")
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
    timers = resend_timers(stack, session, options.show)
    if timers:
        print(f"{timers} timer messages {'are in their failure queue' if options.show else 'were sent again'}")
    print(f"{done} done, {left} left in the queue")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
