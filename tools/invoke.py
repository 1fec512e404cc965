"""`make invoke`: hand one event of events/ to the function on this machine, and show the mail, the metrics and the answer.

With `make watch` running in another terminal the event goes there; its output is shown here as well. Without, the function
is built and run for just this event.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import runtime_api
from stack import ROOT, wait_for
from terminal import dim

WATCH = ("127.0.0.1", 9000)
WATCH_LOG = ROOT / "target" / "watch.log"


def watched(event: Path) -> int:
    """Sends the event to a running `make watch` and shows what it printed meanwhile."""
    before = WATCH_LOG.stat().st_size if WATCH_LOG.exists() else 0
    command = ["cargo", "lambda", "invoke", "flow-alerts", "--data-file", str(event)]
    command += ["--invoke-address", WATCH[0], "--invoke-port", str(WATCH[1])]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if WATCH_LOG.exists():
        wait_for(lambda: WATCH_LOG.stat().st_size > before, 1)
        time.sleep(0.2)
        with WATCH_LOG.open(errors="replace") as log:
            log.seek(before)
            print(log.read().rstrip())
    print(f"\nanswer: {(answer.stdout or answer.stderr).strip()}")
    return answer.returncode


def alone(event: Path) -> int:
    """Builds the function and runs it for this one event."""
    subprocess.run(["cargo", "build", "--quiet", "--package", "flow-alerts"], cwd=ROOT, check=True)
    metadata = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT, capture_output=True, check=True
    )
    binary = Path(json.loads(metadata.stdout)["target_directory"]) / "debug" / "flow-alerts"
    ran = runtime_api.run([str(binary)], runtime_api.function_environment("flow-alerts"), [event.read_bytes()])
    kind, body = ran.answers[0]
    print(ran.output.rstrip() + "\n")
    print(dim(ran.log.rstrip()))
    print(f"\n{'answer' if kind == 'response' else 'error'}: {body.decode()}")
    return 0 if kind == "response" else 1


def main() -> int:
    """Finds the event and who is to get it."""
    event = ROOT / "events" / f"{sys.argv[1] if len(sys.argv) > 1 else 'ping-deny'}.json"
    if not event.exists():
        names = ", ".join(sorted(path.stem for path in event.parent.glob("*.json")))
        print(f"no such event: {event.stem}; there are {names}", file=sys.stderr)
        return 2
    with socket.socket() as probe:
        up = probe.connect_ex(WATCH) == 0
    try:
        return watched(event) if up else alone(event)
    except runtime_api.FunctionError as error:
        print(f"failed: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"failed: `{' '.join(error.cmd)}`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
