"""Sends batches again that failed: `make replay` (STACK=name, and AWS credentials as the AWS tools take them).

Takes the records of failed invocations out of the failure queue one by one, shows what each is about, hands its batch to the
function again and deletes it from the queue only when the function has done it. What fails once more stays in the queue. The
function counts a batch once however often it gets it, so a replay that is broken off can be started anew.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import boto3

HOLD_SECONDS = 300
"""How long a record is hidden from others while its batch is replayed; longer than the function may run."""


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
        record = json.loads(message["Body"])
        context = record.get("requestContext", {})
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
        data = ((self.event or {}).get("awslogs") or {}).get("data")
        if data is None:
            return "no batch of a subscription"
        try:
            batch = json.loads(gzip.decompress(base64.b64decode(data)))
            events = batch["logEvents"]
            first = datetime.fromtimestamp(events[0]["timestamp"] / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
            return f"{len(events)} records of {batch['logGroup']} / {batch['logStream']} from {first} UTC on"
        except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
            return f"a batch that cannot be read here either ({error})"


def outputs(stack: str, session: boto3.Session) -> tuple[str, str]:
    """Returns the failure queue's URL and the function's name from a stack's outputs."""
    described = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    found = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    return found["FailureQueueUrl"], found["FunctionName"]


def replay(queue_url: str, function: str, session: boto3.Session, only_show: bool) -> tuple[int, int]:
    """Replays what is in the queue; returns how many batches were done and how many were not."""
    sqs = session.client("sqs")
    function_client = session.client("lambda")
    done = left = 0
    while True:
        received = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=1, VisibilityTimeout=HOLD_SECONDS, WaitTimeSeconds=1
        )
        messages = received.get("Messages", [])
        if not messages:
            return done, left
        failed = Failed.of(messages[0])
        print(f"{failed.when}: {failed.about()}\n  failed {failed.attempts} times: {failed.why}")
        if failed.event is None:
            left += 1
            print("  The record does not carry its batch: it was too large for one. Its records are in the log group; find")
            print("  them there by the time above. The alarm for lost batches says the same. Delete this record by hand.")
            continue
        if only_show:
            left += 1
            continue
        answer = function_client.invoke(FunctionName=function, Payload=json.dumps(failed.event).encode())
        payload = answer["Payload"].read().decode()
        if answer.get("FunctionError"):
            left += 1
            reason = json.loads(payload or "{}").get("errorMessage", payload)
            print(f"  failed again, left in the queue: {reason}")
            continue
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=failed.receipt)
        done += 1
        print(f"  done: {payload}")


def main() -> int:
    """Ends with status 1 if something is left in the queue."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="ping-deny", help="the stack whose outputs name the queue and the function")
    parser.add_argument("--queue-url", help="the failure queue, where there is no stack")
    parser.add_argument("--function", help="the function, where there is no stack")
    parser.add_argument("--show", action="store_true", help="show what is in the queue and change nothing")
    options = parser.parse_args()
    session = boto3.Session()
    queue_url, function = options.queue_url, options.function
    if not (queue_url and function):
        queue_url, function = outputs(options.stack, session)
    done, left = replay(queue_url, function, session, options.show)
    print(f"{done} done, {left} left in the queue")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
