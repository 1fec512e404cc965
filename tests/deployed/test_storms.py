"""Storms of batches, with every call of the deployed functions counted. Small ones, or with `make storms` these:

    one to many     one source pings 500 interfaces in a minute: 500 batches
    many to one     500 sources ping one interface for 10 minutes: 10 batches
    a million       a million records in 10 minutes, from 60,000 sources: 100 batches of 10,000

All at once, each in its own log group, at about 15 batches a second. Each storm must be one incident with one opened email, at
most one email per interval and one resolved email. No record may be lost or counted twice. No batch may make more than four
DynamoDB calls, not counting calls that failed because of a concurrent write.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
import unittest
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from tests.deployed.batches import Batch, batch, records_by_key
from tests.deployed.emails import Emails, key_of, kind_of
from tests.deployed.ledger import Ledger
from tests.deployed.meter import Call, Meter
from tests.deployed.soak import PARAMETERS, UPDATE_SECONDS, fixed, must
from tests.harness.emulator import Emulator, free_port
from tests.harness.stack import Stack, wait_for
from tests.harness.terminal import Step, console, duration, rule

TIMEOUT_SECONDS = 10
SETTINGS = {
    "LAMBDA_ACCOUNT_CONCURRENCY": "0",
    # The proxy adds an unsigned parameter for the consumed capacity. Permissions are tested without it.
    "AUTH": "false",
}
MAX_CALLS = 4
RATE = 15.0
SETTLE_SECONDS = 300


def address(number: int, network: str = "10.18") -> str:
    """Returns a private address."""
    return f"{network}.{number // 250}.{1 + number % 250}"


def storms(began: int, small: bool) -> dict[str, list[Batch]]:
    """Returns the batches of each storm by name."""
    interfaces, sources, batches, records = (60, 60, 6, 1_000) if small else (500, 500, 100, 10_000)
    dice = random.Random(1)
    serial = iter(range(1_000_000))
    one, own = "10.51.100.23", "172.31.16.139"
    million = []
    for at in range(batches):
        flows = [(address(dice.randrange(60_000)), own) for _ in range(records)]
        start = began + at * 600 // batches
        million.append(batch("a-million", "eni-1235b8ca123456789", flows, start, next(serial)))
    return {
        "one to many": [
            batch("one-to-many", f"eni-{at:017x}", [(one, address(at, "172.31"))] * 3, began + at % 10, next(serial))
            for at in range(interfaces)
        ],
        "many to one": [
            batch(
                "many-to-one",
                "eni-0a1b2c3d4e5f60718",
                [(address(at, "10.19"), own) for at in range(sources)],
                began + 60 * minute,
                next(serial),
            )
            for minute in range(10)
        ],
        "a million": million,
    }


@dataclass
class Result:
    """The result of a storm."""

    batches: int
    records: int
    counted: int
    incidents: int
    opened: int
    updates: int
    resolved: int
    seconds: float
    """From the opened email to the resolved email."""
    most_calls: int
    """Maximum DynamoDB calls for one batch."""
    calls_per_batch: float
    conflicts: int
    """Number of calls that failed because of a concurrent write. Each usually causes one more call."""
    read_units: float
    """Average for a batch, like `write_units`."""
    write_units: float


def check(name: str, batches: list[Batch], ledger: Ledger, emails: Emails, meter: Meter) -> Result:
    """Asserts that a storm was handled correctly. Returns its result."""
    names = {one.name for one in batches}
    calls = [call for call in list(meter.calls) if call.batch in names]
    by_batch = Counter(call.batch for call in calls)
    key = batches[0].key
    about = [email for email in emails.all if key_of(email) == key]
    kinds = Counter(map(kind_of, about))
    result = Result(
        batches=len(batches),
        records=records_by_key(batches)[key],
        counted=ledger.records()[key],
        incidents=sum(incident.key == key for incident in ledger.ended.values()),
        opened=kinds["opened"],
        updates=kinds["update"],
        resolved=kinds["resolved"],
        seconds=about[-1].arrived_at - about[0].arrived_at if about else 0,
        most_calls=max(by_batch.values()),
        calls_per_batch=len(calls) / len(batches),
        conflicts=sum(call.status != 200 for call in calls),
        read_units=sum(call.read_units for call in calls) / len(batches),
        write_units=sum(call.write_units for call in calls) / len(batches),
    )
    must(f"{name}: no record is lost or counted twice", result.counted == result.records, result)
    must(
        f"{name}: one incident with one opened and one resolved email",
        result.opened == result.resolved == result.incidents == 1,
        result,
    )
    must(f"{name}: at most one email per interval", result.updates <= result.seconds / UPDATE_SECONDS, result)
    conflicts = Counter(call.batch for call in calls if call.status != 200)
    most = max(count - conflicts[batch_name] for batch_name, count in by_batch.items())
    must(f"{name}: at most {MAX_CALLS} DynamoDB calls for a batch without conflicts", most <= MAX_CALLS, result)
    return result


def run(small: bool) -> dict[str, Any]:
    """Runs all storms, and returns their results."""
    home = Path(tempfile.mkdtemp(prefix="vpc-flow-alerts-"))
    meter = emulator = emails = None
    try:
        with Step("Start the emulator"):
            port = free_port()
            meter = Meter.start(f"http://127.0.0.1:{port}")
            emulator = Emulator.start(home, port, meter.endpoint, SETTINGS)
        with Step("Deploy template.yaml (sam deploy)"):
            stack = Stack.deploy(emulator, PARAMETERS, fixed(TIMEOUT_SECONDS))
        began = int(time.time()) - 900
        with Step("Generate the storms") as step:
            generated = storms(began, small)
            everything = [one for batches in generated.values() for one in batches]
            step.note = f"{len(everything)} batches, {sum(one.records for one in everything):,} records"
        ledger, emails = Ledger(stack, sorted({one.key for one in everything})), Emails(stack)
        emails.watch()
        with Step("Invoke the function") as step:
            dice = random.Random(2)
            dice.shuffle(everything)
            for number, one in enumerate(everything):
                stack.invoke(one.payload)
                step.doing(f"{number + 1}")
                time.sleep(dice.expovariate(RATE))
        waiting = {one.name for one in everything}
        with Step("Wait for all work to end"):

            def done() -> bool:
                documents = ledger.documents(sorted(waiting))
                waiting.difference_update(name for name, document in documents.items() if document["batch"]["done"])
                emails.take()
                ledger.read()
                return not waiting and not ledger.running

            must("every batch is done and every incident is resolved", wait_for(done, SETTLE_SECONDS, every=1), len(waiting))
            time.sleep(1)
            emails.take()
            emails.close()
        results = {name: vars(check(name, batches, ledger, emails, meter)) for name, batches in generated.items()}
        timers = [call for call in meter.calls if not call.batch]
        must("the failure queue is empty", not stack.failures())
        return {"storms": results, "quiet_batch": quiet(meter.calls), "timers": total(timers), "others": dict(meter.others)}
    finally:
        if emails:
            emails.close()
        if emulator:
            emulator.stop()
        if meter:
            meter.stop()


def quiet(calls: list[Call]) -> dict[str, Any]:
    """Returns the cost of a batch that opens no incident and has no conflict: three calls, the second one with two items."""
    by_batch: dict[str, list[Call]] = {}
    for call in calls:
        by_batch.setdefault(call.batch, []).append(call)
    usual_calls = ["BatchGetItem", "TransactWriteItems", "PutItem"]
    usual = [made for made in by_batch.values() if [call.operation for call in made] == usual_calls and made[1].items == 2]
    return {
        "batches": len(usual),
        "read_units": sum(call.read_units for made in usual for call in made) / max(1, len(usual)),
        "write_units": sum(call.write_units for made in usual for call in made) / max(1, len(usual)),
        "most_write_units": max((sum(call.write_units for call in made) for made in usual), default=0),
    }


def total(calls: list[Call]) -> dict[str, float]:
    """Returns the totals of calls."""
    return {
        "calls": len(calls),
        "read_units": sum(call.read_units for call in calls),
        "write_units": sum(call.write_units for call in calls),
    }


def show(summary: dict[str, Any], seconds: float) -> None:
    """Prints the results."""
    rule("Results")
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for column in ("", "batches", "records", "lost", "extra", "emails", "calls", "max", "conflicts", "RRU", "WRU"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for name, result in summary["storms"].items():
        lost, extra = max(0, result["records"] - result["counted"]), max(0, result["counted"] - result["records"])
        emails = f"{result['opened']}+{result['updates']}+{result['resolved']}"
        calls = (f"{result['calls_per_batch']:.2f}", str(result["most_calls"]), str(result["conflicts"]))
        units = (f"{result[kind]:.2f}" for kind in ("read_units", "write_units"))
        table.add_row(name, str(result["batches"]), f"{result['records']:,}", str(lost), str(extra), emails, *calls, *units)
    console.print(table)
    print("  (emails: opened + updates + resolved; extra: counted twice; calls, max, RRU and WRU: DynamoDB, for a batch)\n")
    usual, timers = summary["quiet_batch"], summary["timers"]
    print(f"  A batch without a new incident or a conflict: {usual['read_units']:.2f} RRU, {usual['write_units']:.2f} WRU")
    print(f"  Timers: {timers['calls']} calls, {timers['read_units']:g} RRU, {timers['write_units']:g} WRU")
    print("  Other calls: " + ", ".join(f"{name} {count}" for name, count in sorted(summary["others"].items())))
    print(f"\n  It took {duration(seconds)}.")


class Storms(unittest.TestCase):
    """The storms."""

    def test_a_storm_is_one_incident_and_few_calls(self) -> None:
        """Checked by `check`."""
        started = time.monotonic()
        summary = run(small="FULL" not in os.environ)
        show(summary, time.monotonic() - started)
        for name in ("one to many", "many to one", "a million"):
            storm = summary["storms"][name]
            self.assertEqual((storm["counted"], storm["opened"], storm["resolved"]), (storm["records"], 1, 1), name)
            self.assertLessEqual(storm["most_calls"], MAX_CALLS, name)


if __name__ == "__main__":
    unittest.main()
