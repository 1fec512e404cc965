"""Storms through the deployed functions, every call of theirs counted: `make soak`, and small ones in the tests.

    storm.py [--small] [--no-build] [--json]

    one to many     one source pings 500 interfaces in a minute: 500 batches
    many to one     500 sources ping one interface for 10 minutes: 10 batches
    a million       a million records in 10 minutes, from 60,000 sources: 100 batches of 10,000

All of them at once, each in a log group of its own, at some 15 batches a second. Ends with status 0 only if each storm is one
incident with one opening, at most one mail in each interval and one all-clear, no record is lost or doubled, and no batch made
more than four calls of DynamoDB, not counting those that failed because another batch was quicker at the same document.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batches import Batch, batch, records_by_key
from emulator import Emulator, EmulatorError, free_port
from ledger import Ledger
from mails import Mails, key_of, kind_of
from meter import Call, Meter
from soak import UPDATE_SECONDS, Broken, must, parameters
from stack import Stack, StackError, build, build_environment, wait_for
from terminal import Step, bold, duration, red, rule

PARAMETERS = parameters(10)
SETTINGS = {
    "LAMBDA_ACCOUNT_CONCURRENCY": "0",
    # The meter asks DynamoDB for the consumed capacity, which the function has not signed. What roles may do is tested
    # without it.
    "AUTH": "false",
}
MAX_CALLS = 4
RATE = 15.0
SETTLE_SECONDS = 300


def address(number: int, network: str = "198.18") -> str:
    """Returns an address of a range that is set aside for load tests (RFC 2544)."""
    return f"{network}.{number // 250}.{1 + number % 250}"


def storms(began: int, small: bool) -> dict[str, list[Batch]]:
    """Makes the storms, by their names."""
    interfaces, sources, batches, records = (60, 60, 6, 1_000) if small else (500, 500, 100, 10_000)
    dice = random.Random(1)
    serial = iter(range(1_000_000))
    one, own = "198.51.100.23", "172.31.16.139"
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
                [(address(at, "198.19"), own) for at in range(sources)],
                began + 60 * minute,
                next(serial),
            )
            for minute in range(10)
        ],
        "a million": million,
    }


@dataclass
class Told:
    """What a storm led to."""

    batches: int
    records: int
    counted: int
    incidents: int
    openings: int
    updates: int
    all_clears: int
    seconds: float
    """From the opening mail to the all-clear."""
    most_calls: int
    """Calls of DynamoDB for the batch that needed most."""
    calls_per_batch: float
    conflicts: int
    """Times that a batch met another one, which was quicker: one call more for each, mostly."""
    read_units: float
    """For a batch, on average."""
    write_units: float


def tell(name: str, batches: list[Batch], ledger: Ledger, mails: Mails, meter: Meter) -> Told:
    """Compares a storm with what came of it."""
    names = {one.name for one in batches}
    calls = [call for call in list(meter.calls) if call.batch in names]
    by_batch = Counter(call.batch for call in calls)
    key = batches[0].key
    about = [mail for mail in mails.all if key_of(mail) == key]
    kinds = Counter(map(kind_of, about))
    told = Told(
        batches=len(batches),
        records=records_by_key(batches)[key],
        counted=ledger.records()[key],
        incidents=sum(incident.key == key for incident in ledger.ended.values()),
        openings=kinds["opening"],
        updates=kinds["update"],
        all_clears=kinds["all-clear"],
        seconds=about[-1].arrived_at - about[0].arrived_at if about else 0,
        most_calls=max(by_batch.values()),
        calls_per_batch=len(calls) / len(batches),
        conflicts=sum(call.status != 200 for call in calls),
        read_units=sum(call.read_units for call in calls) / len(batches),
        write_units=sum(call.write_units for call in calls) / len(batches),
    )
    must(f"{name}: no record is lost or doubled", told.counted == told.records, told)
    must(
        f"{name}: one incident with one opening and one all-clear",
        told.openings == told.all_clears == told.incidents == 1,
        told,
    )
    must(f"{name}: one mail in each interval at most", told.updates <= told.seconds / UPDATE_SECONDS, told)
    met = Counter(call.batch for call in calls if call.status != 200)
    alone = max(count - met[batch_name] for batch_name, count in by_batch.items())
    must(f"{name}: at most {MAX_CALLS} calls of DynamoDB for a batch that meets no other", alone <= MAX_CALLS, told)
    return told


def run(small: bool) -> dict[str, Any]:
    """The whole of it, from the emulator's start to its end."""
    home = Path(tempfile.mkdtemp(prefix="vpc-flow-alerts-"))
    meter = emulator = mails = None
    try:
        with Step("Start the emulator"):
            port = free_port()
            meter = Meter.start(f"http://127.0.0.1:{port}")
            emulator = Emulator.start(home, port, meter.endpoint, SETTINGS)
        with Step("Deploy template.yaml (sam deploy)"):
            stack = Stack.deploy(emulator, PARAMETERS)
        began = int(time.time()) - 900
        with Step("Make the storms") as step:
            made = storms(began, small)
            everything = [one for batches in made.values() for one in batches]
            step.note = f"{len(everything)} batches, {sum(one.records for one in everything):,} records"
        ledger, mails = Ledger(stack, sorted({one.key for one in everything})), Mails(stack)
        mails.watch()
        with Step("Let them in") as step:
            dice = random.Random(2)
            dice.shuffle(everything)
            for number, one in enumerate(everything):
                stack.invoke(one.payload)
                step.doing = f"{number + 1}"
                time.sleep(dice.expovariate(RATE))
        waiting = {one.name for one in everything}
        with Step("Wait until all is quiet"):

            def done() -> bool:
                documents = ledger.documents(sorted(waiting))
                waiting.difference_update(name for name, document in documents.items() if document["batch"]["done"])
                mails.take()
                ledger.look()
                return not waiting and not ledger.running

            must("every batch is done and every incident over", wait_for(done, SETTLE_SECONDS, every=1), len(waiting))
            time.sleep(1)
            mails.take()
            mails.close()
        told = {name: vars(tell(name, batches, ledger, mails, meter)) for name, batches in made.items()}
        timers = [call for call in meter.calls if not call.batch]
        must("nothing is in the failure queue", not stack.failures())
        return {"storms": told, "quiet_batch": quiet(meter.calls), "timers": total(timers), "others": dict(meter.others)}
    finally:
        if mails:
            mails.close()
        if emulator:
            emulator.stop()
        if meter:
            meter.stop()


def quiet(calls: list[Call]) -> dict[str, Any]:
    """Returns what a batch costs that opens nothing and meets nobody: three calls, the middle one of two items."""
    by_batch: dict[str, list[Call]] = {}
    for call in calls:
        by_batch.setdefault(call.batch, []).append(call)
    wanted = ["BatchGetItem", "TransactWriteItems", "PutItem"]
    usual = [made for made in by_batch.values() if [call.operation for call in made] == wanted and made[1].items == 2]
    return {
        "batches": len(usual),
        "read_units": sum(call.read_units for made in usual for call in made) / max(1, len(usual)),
        "write_units": sum(call.write_units for made in usual for call in made) / max(1, len(usual)),
        "most_write_units": max((sum(call.write_units for call in made) for made in usual), default=0),
    }


def total(calls: list[Call]) -> dict[str, float]:
    """Adds calls up."""
    return {
        "calls": len(calls),
        "read_units": sum(call.read_units for call in calls),
        "write_units": sum(call.write_units for call in calls),
    }


def show(summary: dict[str, Any], seconds: float) -> None:
    """Prints the tables."""
    rule("What came of it")
    columns = (
        ("batches", 8),
        ("records", 11),
        ("lost", 6),
        ("doubled", 8),
        ("mails", 12),
        ("calls", 7),
        ("most", 6),
        ("met", 5),
    )
    columns += (("RRU", 7), ("WRU", 7))
    print(f"  {'':<14}" + "".join(f"{name:>{width}}" for name, width in columns))
    for name, told in summary["storms"].items():
        lost, doubled = max(0, told["records"] - told["counted"]), max(0, told["counted"] - told["records"])
        mails = f"{told['openings']}+{told['updates']}+{told['all_clears']}"
        print(
            f"  {name:<14}{told['batches']:>8}{told['records']:>11,}{lost:>6}{doubled:>8}{mails:>12}"
            f"{told['calls_per_batch']:>7.2f}{told['most_calls']:>6}{told['conflicts']:>5}{told['read_units']:>7.2f}{told['write_units']:>7.2f}"
        )
    print("  (mails: opening + updates + all-clear; calls, RRU and WRU: DynamoDB's, for a batch)\n")
    usual, timers = summary["quiet_batch"], summary["timers"]
    print(f"  A batch that opens nothing and meets nobody: {usual['read_units']:.2f} RRU, {usual['write_units']:.2f} WRU")
    print(f"  Timers: {timers['calls']} calls, {timers['read_units']:g} RRU, {timers['write_units']:g} WRU")
    print("  Other calls: " + ", ".join(f"{name} {count}" for name, count in sorted(summary["others"].items())))
    print(f"\n  It took {duration(seconds)}.")


def main() -> int:
    """Reads the command line and runs it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="small storms, in a minute and a half")
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON, for tests")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = time.monotonic()
    steps = sys.stdout
    if arguments.json:
        sys.stdout = sys.stderr
    print(bold("vpc-flow-alerts") + ": storms\n")
    try:
        if not arguments.no_build:
            with Step("Compile the functions (sam build)"):
                build(build_environment())
        summary = run(arguments.small)
    except (Broken, StackError, EmulatorError) as error:
        print(red(f"\nfailed: {error}"), file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(summary), file=steps)
    else:
        show(summary, time.monotonic() - started)
    return 0


if __name__ == "__main__":
    sys.exit(main())
