"""A proxy in front of the emulator (microburst) that throttles calls and lets them time out."""

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
ATTEMPT_TIMEOUT_SECONDS = 3.0
"""The functions' timeout of one attempt (`ATTEMPT_TIMEOUT` in `shared/aws-adapters`)."""

# The throttling error of each service.
THROTTLED = {
    "dynamodb": {"code": "ThrottlingException", "status": 400, "message": "Throughput exceeds the current capacity"},
    "sns": {"code": "Throttling", "status": 400, "message": "Rate exceeded"},
    "cloudwatch": {"code": "ThrottlingException", "status": 400, "message": "Rate exceeded"},
}


def faults(service: str, throttled: float, timed_out: float) -> list[dict[str, Any]]:
    """Returns the rules that throttle a share of a service's calls and let another share time out.

    Half of the calls that time out are never processed. The other half are processed after the caller's timeout, so the caller
    cannot know which case it is. The first matching rule applies, so the probability of a later rule is relative to the calls
    that earlier rules did not match.
    """
    too_late = ATTEMPT_TIMEOUT_SECONDS * 1000 + 500
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
        """Starts a proxy in front of `upstream`, which does not need to be running yet. Writes its log below `home`."""
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
        raise EmulatorError(f"the proxy did not start; the end of its log:\n{log.read_text(errors='replace')[-2000:]}")

    def control(self, path: str, body: Any = None) -> Any:
        """Calls the proxy's control interface: GET without a body, POST with one."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_microburst/{path}", data=data)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def set_faults(self, rules: list[dict[str, Any]]) -> None:
        """Replaces the active faults."""
        self.control("rules", rules)

    def calls(self) -> dict[str, tuple[int, int]]:
        """Returns for each service the number of calls, and how many of them had a fault injected."""
        stats = self.control("stats")["by_service"]
        return {entry["service"]: (entry["requests"], entry["faulted"]) for entry in stats}

    def stop(self) -> None:
        """Stops the proxy process."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
