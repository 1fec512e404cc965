"""`make invoke`: hand one event of events/ to the function on this machine, and show the email, the metrics and the answer.

With `make watch` running in another terminal the event goes there; its output is shown here as well. Without, the same is
started for just this event.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.harness.build import ROOT
from tests.harness.emulator import free_port
from tests.harness.stack import wait_for

HOST, PORT = "127.0.0.1", 9000
LOG = ROOT / "target" / "watch.log"


def answers(port: int) -> bool:
    """Tells whether anything listens there."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextlib.contextmanager
def watching() -> Iterator[tuple[int, Path]]:
    """Starts `cargo lambda watch` on a port of its own and ends it; yields the port and the log."""
    port, log = free_port(), ROOT / "target" / "invoke.log"
    log.parent.mkdir(exist_ok=True)
    command = ["cargo", "lambda", "watch", "--ignore-changes", "--env-file", "tools/console.env"]
    command += ["--invoke-address", HOST, "--invoke-port", str(port)]
    with log.open("wb") as output:
        # A process group of its own, as the function is a process below it.
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait_for(lambda: answers(port) or process.poll() is not None, 60)
        yield port, log
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def invoke(event: Path, port: int, log: Path) -> int:
    """Sends the event, and shows what the function printed meanwhile and what it answered."""
    before = log.stat().st_size if log.exists() else 0
    command = ["cargo", "lambda", "invoke", "flow-alerts", "--data-file", str(event)]
    command += ["--invoke-address", HOST, "--invoke-port", str(port)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if log.exists():
        wait_for(lambda: log.stat().st_size > before, 1)
        time.sleep(0.2)
        with log.open(errors="replace") as text:
            text.seek(before)
            print(text.read().rstrip())
    print(f"\nanswer: {(answer.stdout or answer.stderr).strip()}")
    return answer.returncode


def main() -> int:
    """Finds the event and who is to get it."""
    event = ROOT / "events" / f"{sys.argv[1] if len(sys.argv) > 1 else 'ping-deny'}.json"
    if not event.exists():
        names = ", ".join(sorted(path.stem for path in event.parent.glob("*.json")))
        print(f"no such event: {event.stem}; there are {names}", file=sys.stderr)
        return 2
    if answers(PORT):
        return invoke(event, PORT, LOG)
    with watching() as (port, log):
        return invoke(event, port, log)


if __name__ == "__main__":
    sys.exit(main())
