"""Test cases with their own stack, deployed into their own emulator and removed with all its files.

Deploys the build of `make built` in .aws-sam/emulator.
"""

from __future__ import annotations

import atexit
import json
import signal
import time
import unittest
from typing import Any

from tests.harness import network, records
from tests.harness.adapted import AS_DEPLOYED, Fixed
from tests.harness.build import BUILT
from tests.harness.emulator import Emulator
from tests.harness.stack import Email, Stack, wait_for

WAIT_SECONDS = 20

# On SIGTERM, a run stops its emulators as on an interrupt.
signal.signal(signal.SIGTERM, signal.default_int_handler)


class Case(unittest.TestCase):
    """A test case with an emulator for each test, so that tests do not affect each other."""

    maxDiff = None
    # Environment variables of the functions in addition to the template's.
    functions_see: dict[str, str] = {}  # noqa: RUF012

    def setUp(self) -> None:
        """Starts the emulator."""
        if not (BUILT / "template.yaml").exists():
            self.fail("there is no build: run make built")
        self.emulator = Emulator.start(functions_see=self.functions_see)
        # An interrupt skips the clean-up, but not exit handlers.
        atexit.register(self.emulator.stop)
        self.addCleanup(atexit.unregister, self.emulator.stop)
        self.addCleanup(self.emulator.stop)

    def deploy(self, fixed: Fixed = AS_DEPLOYED, **parameters: str) -> Stack:
        """Deploys the stack."""
        self.began = time.time()
        self.stack = Stack.deploy(self.emulator, parameters, fixed)
        self.emails: list[Email] = []
        self.failures: list[dict[str, Any]] = []
        return self.stack

    def put(self, sample: str, as_is: bool = False, interface: str = records.INTERFACE) -> float:
        """Puts a sample's records into the log group, shifted to end a minute ago, and waits for the invocation to end.

        Returns the time before the call, in seconds since the epoch.
        """
        lines = records.of_interface(records.sample_lines(sample), interface)
        if not as_is:
            lines = records.shifted(lines, int(time.time()) - 60)
        before = self.stack.runs()
        sent = self.stack.put(records.events(lines), f"{records.interface_of(lines[0])}-all")
        self.assertTrue(wait_for(lambda: self.stack.runs() > before, WAIT_SECONDS, every=0.05), "the function was not invoked")
        return sent

    def invoke(self, sample: str) -> None:
        """Invokes the function asynchronously with a sample event, and waits for the invocation and its retries to end."""
        runs = 3 if self.stack.broken else 1
        before = self.stack.runs()
        self.stack.invoke(records.sample(sample))
        ended = wait_for(lambda: self.stack.runs() >= before + runs, WAIT_SECONDS, every=0.05)
        self.assertTrue(ended, "the function was not invoked")

    def collect(self, emails: int = 0, failures: int = 0, seconds: float = WAIT_SECONDS) -> None:
        """Waits for this many emails and failures, and then a little longer to detect any surplus."""

        def complete() -> bool:
            self.emails.extend(self.stack.emails())
            self.failures.extend(self.stack.failures())
            return len(self.emails) >= emails and len(self.failures) >= failures

        wait_for(complete, seconds, every=0.05)
        time.sleep(0.3)
        complete()

    def responses(self, *names: str) -> list[tuple[int, ...]]:
        """Returns these counts of each of the function's responses."""
        return [tuple(counts[name] for name in names) for counts in self.stack.counts()]

    def sum(self, metric: str) -> float:
        """Returns the sum of a metric, `Name` or `Name,Dimension=value`, over the last two weeks."""
        points = self.stack.metrics(self.began - 14 * 24 * 3600).get(metric, [])
        return sum(point["sum"] for point in points)

    def log_tail(self) -> str:
        """Returns the end of the function's log, for assertion messages."""
        return "\n".join(self.stack.function_log()[-20:])


class NetworkCase(Case):
    """A test case with the network of `network.py` in an emulated EC2, for enrichment."""

    def setUp(self) -> None:
        """Builds the network."""
        self.functions_see = network.reserve()
        super().setUp()
        self.network = network.start_and_build(self.emulator, self.functions_see)


def documents(stack: Stack, queue_url: str) -> list[dict[str, Any]]:
    """Takes the documents from a queue that is subscribed to a topic."""
    return [json.loads(notification["Message"]) for notification in stack.notifications(queue_url)]
