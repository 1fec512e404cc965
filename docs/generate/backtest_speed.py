"""`make backtest-speed`: reads 10 million records with `backtest` and with `zcat | grep -c REJECT`, and compares them.

Both read the same file in turn, several times. The file is made once: a day of 40 interfaces, with 97 % accepted TCP, 2 %
rejected TCP, and 1 % ICMP of which a tenth is rejected. A second file has rejected ICMP alone, from 50,000 sources.
"""

from __future__ import annotations

import gzip
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FOLDER = TARGET / "backtest-speed"
BINARY = TARGET / "release" / "vpc-flow-alerts"
RECORDS = int(os.environ.get("RECORDS", 10_000_000))
ICMP_RECORDS = int(os.environ.get("ICMP_RECORDS", 300_000))
RUNS = int(os.environ.get("RUNS", 5))
# 2026-11-23 00:00 UTC.
START = 1_795_392_000
DAY = 86_400
MAX_RSS_MB = 128


@dataclass(frozen=True)
class Run:
    """One run of a command: its time, and the most memory that one of its processes had."""

    seconds: float
    peak_mb: float


def record(second: int, rng: random.Random) -> str:
    """Returns a record of mixed traffic."""
    interface, start = rng.randrange(40), START + second
    own = f"10.0.{interface}.{rng.randrange(4, 250)}"
    other = f"{rng.randrange(11, 200)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    kind, size = rng.random(), rng.randrange(1, 5_000)
    ports, action, protocol = f"{rng.randrange(1_024, 65_536)} 443", "ACCEPT", 6
    if kind < 0.01:
        ports, protocol, size = "0 0", 1, rng.randrange(1, 5)
        action = "REJECT" if kind < 0.001 else "ACCEPT"
    elif kind < 0.03:
        action = "REJECT"
    end = start + rng.randrange(1, 60)
    return (
        f"2 123456789012 eni-{interface:017x} {other} {own} {ports} {protocol} {size} {size * 60} {start} {end} {action} OK\n"
    )


def mixed() -> Iterator[str]:
    """Yields a day of mixed traffic, by time."""
    rng = random.Random(1)
    for number in range(RECORDS):
        yield record(number * DAY // RECORDS, rng)


def rejected_icmp() -> Iterator[str]:
    """Yields an hour of rejected ICMP from 50,000 sources to 40 interfaces, by time."""
    rng = random.Random(2)
    for number in range(ICMP_RECORDS):
        start, source, interface = START + number * 3_600 // ICMP_RECORDS, rng.randrange(50_000), rng.randrange(40)
        addresses = f"198.{source >> 12}.{source >> 6 & 63}.{source & 63} 10.0.{interface}.5"
        yield f"2 123456789012 eni-{interface:017x} {addresses} 0 0 1 1 84 {start} {start + 50} REJECT OK\n"


def made(name: str, records: Callable[[], Iterator[str]]) -> Path:
    """Returns an input, made if it is not there."""
    path = FOLDER / name
    if not path.exists():
        print(f"making {path}", file=sys.stderr)
        FOLDER.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".part")
        with gzip.open(scratch, "wt", compresslevel=6, encoding="ascii") as file:
            file.writelines(records())
        scratch.rename(path)
    return path


def run(command: list[str]) -> Run:
    """Runs a command."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Run(time.perf_counter() - began, usage.ru_maxrss / 1_024)


def main() -> None:
    """Makes the inputs, runs both commands in turn, and prints a table."""
    log, icmp = made(f"mixed-{RECORDS}.log.gz", mixed), made(f"icmp-{ICMP_RECORDS}.log.gz", rejected_icmp)
    backtest = [str(BINARY), "backtest", str(log)]
    zcat = ["sh", "-c", f"zcat '{log}' | grep -c REJECT"]
    for command in (backtest, zcat):
        run(command)
    pairs = [(run(backtest), run(zcat)) for _ in range(RUNS)]
    alone = run([str(BINARY), "backtest", str(icmp)])
    ratios = sorted(ours.seconds / theirs.seconds for ours, theirs in pairs)
    peak = max(ours.peak_mb for ours, _ in pairs)

    def seconds(which: int) -> str:
        times = sorted(pair[which].seconds for pair in pairs)
        return f"{statistics.median(times):.2f} s ({times[0]:.2f} to {times[-1]:.2f})"

    print(f"{RECORDS:,} records, {log.stat().st_size / 1e6:.0f} MB of gzip, {RUNS} runs of each in turn")
    print(f"backtest                   {seconds(0)}, at most {peak:.0f} MB")
    print(f"zcat | grep -c REJECT      {seconds(1)}")
    print(f"ratio of each pair         {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    print(f"{ICMP_RECORDS:,} records of rejected ICMP alone   {alone.seconds:.2f} s, {alone.peak_mb:.0f} MB")
    if peak > MAX_RSS_MB or alone.peak_mb > MAX_RSS_MB or statistics.median(ratios) >= 1:
        raise SystemExit(f"expected a ratio below 1 and at most {MAX_RSS_MB} MB")


if __name__ == "__main__":
    main()
