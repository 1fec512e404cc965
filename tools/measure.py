"""Measures the function's start and memory against a bare runtime, in one run: `make numbers`.

Ratios are what counts: both binaries are started in turn on the same machine.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

from runtime_api import function_environment, run

LINES = 20_000
"""About what an asynchronous event of 1 MB, the most that Lambda takes, can hold."""


def large_event() -> bytes:
    """Returns an event of 20,000 records, 2 % of them rejected ICMP, as CloudWatch Logs would pack it."""
    chance = random.Random(20_000)
    start = 1_795_401_134
    events = []
    for number in range(LINES):
        rejected = chance.random() < 0.02
        protocol, action = (1, "REJECT") if rejected else (chance.choice([6, 17]), "ACCEPT")
        packets = chance.randint(1, 5_000)
        at = start + number // 400
        line = (
            f"2 123456789010 eni-1235b8ca123456789 {chance.randint(1, 223)}.{chance.randint(0, 255)}.{chance.randint(0, 255)}"
            f".{chance.randint(1, 254)} 10.0.0.71 {0 if rejected else chance.randint(1024, 65535)} {0 if rejected else 443} "
            f"{protocol} {packets} {packets * chance.randint(40, 1500)} {at} {at + 59} {action} OK"
        )
        events.append({"id": f"{number:056d}", "timestamp": at * 1000, "message": line})
    batch = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789010",
        "logGroup": "Log-Group",
        "logStream": "eni-1235b8ca123456789-all",
        "subscriptionFilters": ["flow-alerts"],
        "logEvents": events,
    }
    packed = gzip.compress(json.dumps(batch, separators=(",", ":")).encode(), 6)
    return json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}}).encode()


ROOT = Path(__file__).resolve().parent.parent


def binaries() -> tuple[Path, Path]:
    """Builds the function and a bare runtime with the release profile and returns where they are."""
    build = [
        "cargo",
        "build",
        "--release",
        "--locked",
        "-p",
        "flow-alerts",
        "--bin",
        "flow-alerts",
        "--example",
        "bare-runtime",
    ]
    subprocess.run(build, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    return target / "flow-alerts", target / "examples" / "bare-runtime"


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    flow_alerts, bare_runtime = binaries()
    env = function_environment("flow-alerts")
    event = (ROOT / "events" / "ping-deny.json").read_bytes()

    starts: dict[str, list[float]] = {"bare": [], "function": []}
    for number in range(options.runs + 2):
        for name, binary in (("bare", bare_runtime), ("function", flow_alerts)):
            milliseconds = run([str(binary)], env, [event]).seconds_to_next * 1000
            if number >= 2:  # the first two only fill the page cache
                starts[name].append(milliseconds)
    bare, function = (statistics.median(starts[name]) for name in ("bare", "function"))

    large = large_event()
    done = run([str(flow_alerts)], env, [large])
    kind, answer = done.answers[0]
    counts = json.loads(answer)
    if kind != "response" or counts["records"] != LINES:
        print(f"the large event was not read: {kind} {answer.decode()}", file=sys.stderr)
        return 1

    print(f"process start to the first /next, median of {options.runs} runs in turn")
    print(f"  bare runtime          {bare:6.2f} ms")
    print(f"  flow-alerts           {function:6.2f} ms   {function / bare:.2f} x bare (aim: at most 1.5)")
    print("size of the binary")
    print(f"  flow-alerts           {flow_alerts.stat().st_size / 1e6:6.1f} MB")
    print(f"one event of {len(large) / 1e6:.2f} MB with {LINES:,} records, {counts['matched']} of them matched")
    print(f"  peak resident memory  {done.peak_rss_kib / 1024:6.1f} MB  (aim: below 64)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
