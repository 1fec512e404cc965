"""A proxy before the emulator that throttles calls and lets them time out (microburst), on a free port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.emulator import EmulatorError, free_port

START_TIMEOUT_SECONDS = 30
CLIENT_GIVES_UP_SECONDS = 3.0
"""How long the functions wait for the answer to one attempt at a call (`ATTEMPT_TIMEOUT` in `shared/aws-adapters`)."""

# How each service says that it is throttling.
THROTTLED = {
    "dynamodb": {"code": "ThrottlingException", "status": 400, "message": "Throughput exceeds the current capacity"},
    "sns": {"code": "Throttling", "status": 400, "message": "Rate exceeded"},
    "cloudwatch": {"code": "ThrottlingException", "status": 400, "message": "Rate exceeded"},
}


def faults(service: str, throttled: float, timed_out: float) -> list[dict[str, Any]]:
    """Returns the rules that throttle a share of a service's calls and let another share time out.

    Of the calls that time out, every other one is never done; the rest are done after the caller gave up, which is what makes
    a time-out hard: the caller cannot tell the two apart. The first rule that fires decides, so the shares of the later ones
    are of what the earlier ones leave.
    """
    too_late = CLIENT_GIVES_UP_SECONDS * 1000 + 500
    never = timed_out / 2 / (1 - throttled)
    late = timed_out / 2 / (1 - throttled - timed_out / 2)
    return [
        {"service": service, "probability": throttled, "error": THROTTLED[service]},
        {"service": service, "probability": never, "timeout_ms": too_late},
        {"service": service, "probability": late, "latency": too_late},
    ]


@dataclass
class Proxy:
    """A running proxy."""

    endpoint: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, upstream: str, home: Path) -> Proxy:
        """Starts a proxy before `upstream`, which need not answer yet. It writes its log below `home`."""
        port = free_port()
        log = home / "proxy.log"
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "microburst", "--upstream", upstream, "--port", str(port), "--host", "127.0.0.1"],
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        proxy = cls(f"http://127.0.0.1:{port}", process, log)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, OSError):
                proxy.control("health")
                return proxy
            time.sleep(0.05)
        proxy.stop()
        raise EmulatorError(f"the proxy did not answer; its last words:\n{log.read_text(errors='replace')[-2000:]}")

    def control(self, path: str, body: Any = None) -> Any:
        """Asks the proxy's control interface, or tells it something."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_microburst/{path}", data=data)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def break_(self, rules: list[dict[str, Any]]) -> None:
        """Lets these faults happen from now on, and no others."""
        self.control("rules", rules)

    def calls(self) -> dict[str, tuple[int, int]]:
        """Returns how many calls of each service came, and how many of them were made to fail."""
        stats = self.control("stats")["by_service"]
        return {entry["service"]: (entry["requests"], entry["faulted"]) for entry in stats}

    def stop(self) -> None:
        """Ends the proxy, which this program started."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
