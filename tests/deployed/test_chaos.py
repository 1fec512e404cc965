"""The deployed functions under faults: 90 batches, or BATCHES of them with `make chaos`.

Deploys the stack into the emulator with a proxy between the functions and AWS's services. Invokes the function asynchronously
with batches, as CloudWatch Logs does. For a third of them DynamoDB throttles 30 % of its calls and lets 10 % time out (half of
these are processed after the caller's timeout); for a third SNS does, and for a third CloudWatch. Meanwhile, processes of the
functions are killed. Then the test waits until nothing is in progress, checks the results, replays the failure queue with
`vpc-flow-alerts replay`, and checks again.

Every record must be counted exactly once, every incident must have an opened and a resolved email, and no queue may have
messages left.
"""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import threading
import time
import unittest
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.deployed.batches import Batch, batch, name_of, records_by_key
from tests.deployed.emails import Emails
from tests.deployed.ledger import Ledger, first_id, key_text
from tests.deployed.proxy import THROTTLED, Proxy, faults
from tests.deployed.soak import PARAMETERS, fixed, must
from tests.harness.emulator import Emulator, free_port
from tests.harness.stack import Stack, wait_for
from tests.harness.terminal import Step, duration, rule

BATCHES = int(os.environ.get("BATCHES", "90"))
RATE = 12.0
"""Batches a second."""
SEED = int(os.environ.get("SEED", "1"))
"""Seed of the batches and of the killing."""
THROTTLED_SHARE, TIMED_OUT_SHARE = 0.30, 0.10
KILLS_PER_SECOND = 3.0
# A timeout of 8 s means leases of 10.7 s.
TIMEOUT_SECONDS = 8
# Lambda waits one and then two minutes before it tries again, which is longer than any lease. Here it is
# shorter: a retry also meets the lease of a run that was killed, and more batches end in the failure queue.
RETRY_SECONDS = 6
SETTINGS = {
    "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(RETRY_SECONDS),
    "LAMBDA_ACCOUNT_CONCURRENCY": "0",
    # A call through the proxy has another Host than the signed one. Permissions are tested without a proxy.
    "AUTH": "false",
}
BATCHES_PER_GROUP = 5
# Maximum batches in progress, including those that wait for a retry. Limits the load on this machine.
MAX_IN_PROGRESS = 60
SETTLE_SECONDS = 600


def generate(count: int, began: int, dice: random.Random) -> list[Batch]:
    """Returns the batches: a third for one log group, where they conflict, the rest for many. Addresses differ by log group."""
    groups = max(2, count // BATCHES_PER_GROUP)
    made = []
    for serial in range(count):
        number = 0 if dice.random() < 1 / 3 else min(groups - 1, 1 + int(groups * serial / count) + dice.randrange(3))
        flows = [(f"10.51.{100 + number // 250}.{1 + number % 250}", f"172.31.{number // 250}.{1 + number % 250}")]
        log_group = f"group-{number:03}"
        made.append(batch(log_group, f"eni-{dice.randrange(40):017x}", flows * dice.randint(1, 9), began + serial, serial))
    return made


@dataclass
class Killer:
    """Kills random processes of the functions, but only those that this run's emulator started."""

    emulator: Emulator
    dice: random.Random
    killed: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def functions(self) -> list[int]:
        """Returns the ids of the emulator's child processes that run a function's binary."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                # The name in parentheses can contain anything. The parent's id is the second field after it.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.emulator.pid and Path(os.readlink(entry / "exe")).name == "bootstrap":
                    found.append(int(entry.name))
            except (OSError, ValueError, IndexError):
                continue
        return found

    def run(self) -> None:
        """Starts killing processes in the background."""

        def loop() -> None:
            while not self._stop.wait(self.dice.expovariate(KILLS_PER_SECOND)):
                if functions := self.functions():
                    try:
                        os.kill(self.dice.choice(functions), signal.SIGKILL)
                        self.killed += 1
                    except ProcessLookupError:
                        pass

        threading.Thread(target=loop, daemon=True).start()

    def stop(self) -> None:
        """Stops killing processes."""
        self._stop.set()


def peek(stack: Stack, queue_url: str) -> list[dict[str, Any]]:
    """Reads all messages of a queue without deleting any."""
    sqs = stack.client("sqs")
    bodies, receipts = [], []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=60).get("Messages"):
        for message in messages:
            bodies.append(json.loads(message["Body"]))
            receipts.append(message["ReceiptHandle"])
    for receipt in receipts:
        sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt, VisibilityTimeout=0)
    return bodies


@dataclass
class Run:
    """One run of the test."""

    stack: Stack
    proxy: Proxy
    killer: Killer
    batches: list[Batch]
    rate: float

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.stack, sorted({one.key for one in self.batches}))
        self.emails = Emails(self.stack)
        self.known_done: set[str] = set()
        self.faulted: dict[str, tuple[int, int]] = {}

    def done(self) -> set[str]:
        """Returns the ids of the batches that are completely processed, according to their records."""
        names = [one.name for one in self.batches if one.name not in self.known_done]
        documents = self.ledger.documents(names)
        self.known_done |= {name for name, document in documents.items() if document["batch"]["done"]}
        return self.known_done

    def finished(self) -> int:
        """Returns the number of batches that are done or in the failure queue."""
        sqs, url = self.stack.client("sqs"), self.stack.outputs["FailureQueueUrl"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return len(self.done()) + sum(map(int, attributes.values()))

    def claims(self) -> dict[str, Any]:
        """Returns the records of the batches by id."""
        return self.ledger.documents([one.name for one in self.batches])

    def feed(self) -> None:
        """Invokes the function with all batches, with faults in one service after another."""
        services = list(THROTTLED)
        share = -(-len(self.batches) // len(services))
        for at, service in enumerate(services):
            part = self.batches[at * share : (at + 1) * share]
            with Step(f"{len(part)} batches, {service} failing") as step:
                self.proxy.set_faults(faults(service, THROTTLED_SHARE, TIMED_OUT_SHARE))
                before = self.proxy.calls()
                for number, one in enumerate(part):
                    self.stack.invoke(one.payload)
                    step.doing(f"{number + 1}")
                    time.sleep(random.expovariate(self.rate))
                    if number % 20 == 0:
                        self.emails.take()
                        room = at * share + number - MAX_IN_PROGRESS
                        wait_for(lambda room=room: self.finished() >= room, SETTLE_SECONDS, every=0.5)
                # The retries of the last batches have these faults too.
                fed = at * share + len(part)
                wait_for(lambda fed=fed: self.finished() >= fed, SETTLE_SECONDS, every=1)
                after = self.proxy.calls()
                requests, faulted = (
                    now - then for now, then in zip(after.get(service, (0, 0)), before.get(service, (0, 0)), strict=True)
                )
                self.faulted[service] = (requests, faulted)
                step.note = f"faults in {faulted} of {requests} calls"

    def failed(self) -> set[str]:
        """Returns the batches in the failure queue."""
        records = peek(self.stack, self.stack.outputs["FailureQueueUrl"])
        return {name_of(record["requestPayload"]) for record in records}

    def settle(self) -> tuple[set[str], set[str]]:
        """Waits until every batch is done or in the failure queue, and every incident is resolved or its timer message is in
        the timer failure queue. Returns the batches that are done, and those in the failure queue.
        """
        everything = {one.name for one in self.batches}
        failed: set[str] = set()

        def finished() -> bool:
            # A batch whose last run was killed just before its response is both done and in the queue.
            if self.finished() >= len(everything):
                failed.update(self.failed())
            return self.known_done | failed == everything

        ended = wait_for(finished, SETTLE_SECONDS, every=1)
        must("every batch is done or in the failure queue", ended, sorted(everything - self.known_done - failed)[:5])

        def resolved() -> bool:
            self.emails.take()
            self.ledger.read()
            running = {incident.key for incident in self.ledger.running.values()}
            if running:
                kept = peek(self.stack, self.stack.outputs["TimerFailureQueueUrl"])
                running -= {key_text(message["key"]) for message in kept}
            return not running

        done = wait_for(resolved, SETTLE_SECONDS, every=1)
        must("every incident is resolved, or its timer message is kept", done, self.ledger.running)
        time.sleep(1)
        self.emails.take()
        return set(self.known_done), self.failed()

    def check(self, counted: list[Batch]) -> None:
        """Compares the table and the emails with the batches that were counted."""
        expected, found = records_by_key(counted), self.ledger.records()
        wrong = {key: (found[key], expected[key]) for key in expected | found if found[key] != expected[key]}
        must("every matched record is in the counters exactly once (found, expected)", not wrong, dict(list(wrong.items())[:5]))

        opened: dict[str, set[str]] = {}
        for document in self.claims().values():
            for key, incident in document["batch"]["opened"]:
                opened.setdefault(key_text(key), set()).add(incident)
        known = {first_id(incident) for incident in self.ledger.ended | self.ledger.running}
        must("the incidents are those that the batches opened", set().union(*opened.values()) == known)

        kinds, stated = self.emails.kinds(), self.emails.resolved_records()
        for key, incidents in opened.items():
            emails = kinds.get(key, Counter())
            ended = incidents & set(self.ledger.ended)
            must("every resolved incident has an opened email", emails["opened"] >= len(ended), (key, emails, incidents))
            must(
                "every resolved incident has a resolved email",
                emails["resolved"] >= len(ended),
                (key, emails, incidents),
            )
        counts: Counter[tuple[str, int]] = Counter()
        for incident in self.ledger.ended.values():
            counts[incident.key, incident.records] += 1
        must("resolved emails state what was counted", not counts - stated, (counts - stated).most_common(3))
        for incident in self.ledger.running.values():
            counts[incident.key, incident.records] += 1
        must(
            "no resolved email states another count",
            set(stated) <= set(counts) | self.ledger.totals,
            (set(stated) - set(counts)),
        )

    def summary(self) -> dict[str, Any]:
        """Returns the numbers of the run."""
        kinds: Counter[str] = sum(self.emails.kinds().values(), Counter())
        records = sum(one.records for one in self.batches)
        published = sum(point["sum"] for point in self.stack.metrics(self.batches[0].start - 3600).get("Ping-Deny", []))
        incidents = len(self.ledger.ended)
        return {
            "batches": len(self.batches),
            "records": records,
            "counted": sum(self.ledger.records().values()),
            "incidents": incidents,
            "opened": kinds["opened"],
            "updates": kinds["update"],
            "resolved": kinds["resolved"],
            "emails_doubled": kinds["opened"] + kinds["resolved"] - 2 * incidents,
            "metric": published,
            "killed": self.killer.killed,
            "killed_at_work": self.stack.emulator.log().count("Runtime exited before returning a response"),
            "faults": {service: {"calls": calls, "failed": failed} for service, (calls, failed) in self.faulted.items()},
        }


def run(batches: int, rate: float, seed: int) -> dict[str, Any]:
    """Runs the whole test, and returns its numbers."""
    dice = random.Random(seed)
    home = Path(tempfile.mkdtemp(prefix="vpc-flow-alerts-"))
    proxy = emulator = killer = chaos = None
    try:
        with Step("Start the proxy and the emulator"):
            port = free_port()
            proxy = Proxy.start(f"http://127.0.0.1:{port}", home)
            emulator = Emulator.start(home, port, proxy.endpoint, SETTINGS)
        with Step("Deploy template.yaml (sam deploy)"):
            stack = Stack.deploy(emulator, PARAMETERS, fixed(TIMEOUT_SECONDS))
        killer = Killer(emulator, random.Random(seed + 1))
        chaos = Run(stack, proxy, killer, generate(batches, int(time.time()) - 3600, dice), rate)
        chaos.ledger.watch()
        killer.run()
        chaos.feed()
        killer.stop()
        with Step("Wait for all work to end, then check") as step:
            # The last service keeps failing until then, so resolved emails are sent under faults too.
            done, failed = chaos.settle()
            proxy.set_faults([])
            claimed = chaos.claims()
            chaos.check([one for one in chaos.batches if one.name in claimed])
            counted_before, timers_kept = sum(chaos.ledger.records().values()), len(chaos.ledger.running)
            step.note = f"{len(done)} done, {len(failed)} in the failure queue"
        with Step("vpc-flow-alerts replay") as step:
            # A batch cannot be processed until the lease of a killed run has expired.
            time.sleep(2 * TIMEOUT_SECONDS)
            status, output = stack.command("replay")
            must("the replay succeeds", status == 0, output[-2000:])
            step.note = output.strip().splitlines()[-1]
        with Step("Wait for all work to end, then check again"):
            done, left = chaos.settle()
            must("the failure queue is empty", not left, sorted(left)[:3])
            must("every incident is resolved", not chaos.ledger.running, chaos.ledger.running)
            must("every batch is done", len(done) == len(chaos.batches))
            chaos.check(chaos.batches)
        summary = chaos.summary()
        summary["failed_batches"] = len(failed)
        summary["records_counted_before_the_replay"] = counted_before
        summary["timers_kept"] = timers_kept
        must("no record is missing in the metric", summary["metric"] >= summary["records"], summary)
        return summary
    except BaseException:
        if emulator and (keep := os.environ.get("CHAOS_LOG")):
            Path(keep).write_text(emulator.log())
        raise
    finally:
        if killer:
            killer.stop()
        if chaos:
            chaos.ledger.close()
        if emulator:
            emulator.stop()
        if proxy:
            proxy.stop()


def show(summary: dict[str, Any], seconds: float) -> None:
    """Prints the numbers of a run."""
    rule("Results")
    for service, calls in summary["faults"].items():
        print(f"  {service:<12}{calls['failed']:>6} of {calls['calls']:>6} calls throttled or timed out")
    print(f"  functions killed {summary['killed']} times, {summary['killed_at_work']} of them during an invocation")
    print(f"  {summary['batches']} batches with {summary['records']} matching records, {summary['incidents']} incidents")
    print(f"  {summary['failed_batches']} batches in the failure queue, done by the replay")
    print(f"  records counted: {summary['counted']}: none lost, none counted twice")
    emails = f"{summary['opened']} opened, {summary['updates']} updates, {summary['resolved']} resolved emails"
    print(f"  emails: {emails}; none missing, {summary['emails_doubled']} sent twice")
    print(f"  records in the metric: {summary['metric']:g}, {summary['metric'] - summary['records']:g} of them published twice")
    print(f"\n  It took {duration(seconds)}.")


class Chaos(unittest.TestCase):
    """The test under faults."""

    def test_nothing_is_lost_while_services_fail_and_functions_are_killed(self) -> None:
        """Checked by `Run.check`. Also asserts that services failed and that functions were killed during invocations."""
        started = time.monotonic()
        summary = run(BATCHES, RATE, SEED)
        show(summary, time.monotonic() - started)
        self.assertEqual(summary["counted"], summary["records"])
        for service in THROTTLED:
            self.assertGreater(summary["faults"][service]["failed"], 0, service)
        self.assertGreater(summary["killed_at_work"], 0)


if __name__ == "__main__":
    unittest.main()
