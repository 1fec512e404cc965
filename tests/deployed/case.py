"""A stack of its own for a test: deployed into an emulator of its own, fed, read, and taken down with all it wrote.

Deploys what `make built` left in .aws-sam/emulator.
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

# A run that is asked to end takes its emulators down, as one that is interrupted does.
signal.signal(signal.SIGTERM, signal.default_int_handler)


class Case(unittest.TestCase):
    """An emulator for each test, so that what is left of one cannot be seen by another."""

    maxDiff = None
    # What the functions find in their environment beside the template's.
    functions_see: dict[str, str] = {}  # noqa: RUF012

    def setUp(self) -> None:
        """Starts it."""
        if not (BUILT / "template.yaml").exists():
            self.fail("nothing is built: run make built")
        self.emulator = Emulator.start(functions_see=self.functions_see)
        # An interrupt skips the clean-up, not what is registered here.
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
        """Puts a sample's records into the log group, moved so that they end a minute ago, and waits until the function is
        done with them; returns when they went in.
        """
        lines = records.of_interface(records.sample_lines(sample), interface)
        if not as_is:
            lines = records.shifted(lines, int(time.time()) - 60)
        before = self.stack.runs()
        sent = self.stack.put(records.events(lines), f"{records.interface_of(lines[0])}-all")
        self.assertTrue(wait_for(lambda: self.stack.runs() > before, WAIT_SECONDS, every=0.05), "the function was not run")
        return sent

    def invoke(self, sample: str) -> None:
        """Hands a sample event to the function, asynchronously, and waits until it is done with it, tries again included."""
        runs = 3 if self.stack.broken else 1
        before = self.stack.runs()
        self.stack.invoke(records.sample(sample))
        ended = wait_for(lambda: self.stack.runs() >= before + runs, WAIT_SECONDS, every=0.05)
        self.assertTrue(ended, "the function was not run")

    def collect(self, emails: int = 0, failures: int = 0, seconds: float = WAIT_SECONDS) -> None:
        """Waits for so many, and then a little longer for one too many."""

        def all_there() -> bool:
            self.emails.extend(self.stack.emails())
            self.failures.extend(self.stack.failures())
            return len(self.emails) >= emails and len(self.failures) >= failures

        wait_for(all_there, seconds, every=0.05)
        time.sleep(0.3)
        all_there()

    def told(self, *names: str) -> list[tuple[int, ...]]:
        """Returns these counts of each of the function's answers."""
        return [tuple(counts[name] for name in names) for counts in self.stack.counts()]

    def sum(self, metric: str) -> float:
        """Adds up a metric, `Name` or `Name,Dimension=value`, of the last two weeks."""
        points = self.stack.metrics(self.began - 14 * 24 * 3600).get(metric, [])
        return sum(point["sum"] for point in points)

    def last_words(self) -> str:
        """Returns the end of the function's log, for what an assertion says."""
        return "\n".join(self.stack.function_log()[-20:])


class NetworkCase(Case):
    """With the network of `network.py` in an emulated EC2 for the functions to look up."""

    def setUp(self) -> None:
        """Builds it."""
        self.functions_see = network.reserve()
        super().setUp()
        self.network = network.start_and_build(self.emulator, self.functions_see)


def documents(stack: Stack, queue_url: str) -> list[dict[str, Any]]:
    """Takes the documents out of a queue that is subscribed to a topic."""
    return [json.loads(notification["Message"]) for notification in stack.notifications(queue_url)]
