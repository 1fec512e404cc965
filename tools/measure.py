"""Measures the function's start and memory against a bare runtime, in one run: `make numbers`.

Ratios are what counts: both binaries are started in turn on the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from runtime_api import function_environment, run

ROOT = Path(__file__).resolve().parent.parent
LINES = 20_000
"""Makes an event of 1 MB, the most that an asynchronous invocation takes."""


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


def large_event() -> bytes:
    """Returns an event of 20,000 rejected pings from thousands of sources."""
    make = [
        "cargo",
        "run",
        "--quiet",
        "--locked",
        "-p",
        "integration-tests",
        "--bin",
        "make-events",
        "--",
        "--storm",
        str(LINES),
    ]
    return subprocess.run(make, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


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
