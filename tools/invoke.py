"""`make invoke`: invokes the function on this machine with an event of events/, and prints email, metrics and response.

Uses the `make watch` in another terminal, if there is one, and prints its output here too. Otherwise starts `cargo lambda
watch` for this event.
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


def listening(port: int) -> bool:
    """Returns whether something listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextlib.contextmanager
def watching() -> Iterator[tuple[int, Path]]:
    """Starts `cargo lambda watch` on a free port and stops it afterwards. Yields the port and the log."""
    port, log = free_port(), ROOT / "target" / "invoke.log"
    log.parent.mkdir(exist_ok=True)
    command = ["cargo", "lambda", "watch", "--ignore-changes", "--env-file", "tools/console.env"]
    command += ["--invoke-address", HOST, "--invoke-port", str(port)]
    with log.open("wb") as output:
        # A separate process group, because the function is a child process.
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait_for(lambda: listening(port) or process.poll() is not None, 60)
        yield port, log
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def invoke(event: Path, port: int, log: Path) -> int:
    """Sends the event, and prints the function's output and its response."""
    before = log.stat().st_size if log.exists() else 0
    command = ["cargo", "lambda", "invoke", "flow-alerts", "--data-file", str(event)]
    command += ["--invoke-address", HOST, "--invoke-port", str(port)]
    response = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if log.exists():
        wait_for(lambda: log.stat().st_size > before, 1)
        time.sleep(0.2)
        with log.open(errors="replace") as text:
            text.seek(before)
            print(text.read().rstrip())
    print(f"\nresponse: {(response.stdout or response.stderr).strip()}")
    return response.returncode


def main() -> int:
    """Finds the event and the running function, and invokes it."""
    event = ROOT / "events" / f"{sys.argv[1] if len(sys.argv) > 1 else 'ping-deny'}.json"
    if not event.exists():
        names = ", ".join(sorted(path.stem for path in event.parent.glob("*.json")))
        print(f"no such event: {event.stem}; there are {names}", file=sys.stderr)
        return 2
    if listening(PORT):
        return invoke(event, PORT, LOG)
    with watching() as (port, log):
        return invoke(event, port, log)


if __name__ == "__main__":
    sys.exit(main())
