"""The emails of a run, from a queue that is subscribed to the topic. Their documents have the incident's key and counts."""

from __future__ import annotations

import threading
from collections import Counter

from tests.harness.stack import Email, Stack


class Emails:
    """Collects emails as they arrive."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.all: list[Email] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def take(self) -> int:
        """Takes the emails that have arrived. Returns the total number so far."""
        with self._lock:
            # The stack's alarms publish to the same topic.
            self.all.extend(email for email in self.stack.emails() if "incident" in email.document)
            return len(self.all)

    def watch(self, every: float = 0.5) -> None:
        """Takes emails in the background until `close`. An email's arrival time is when it is taken."""

        def loop() -> None:
            while not self._stop.wait(every):
                self.take()

        threading.Thread(target=loop, daemon=True).start()

    def close(self) -> None:
        """Ends `watch`."""
        self._stop.set()

    def kinds(self) -> dict[str, Counter[str]]:
        """Counts opened, updates and resolved emails by the incident's key."""
        found: dict[str, Counter[str]] = {}
        for email in self.all:
            found.setdefault(key_of(email), Counter())[kind_of(email)] += 1
        return found

    def resolved_records(self) -> Counter[tuple[str, int]]:
        """Counts resolved emails by the incident's key and the number of records they state."""
        resolved = (email for email in self.all if kind_of(email) == "resolved")
        return Counter((key_of(email), email.document["totals"]["records"]) for email in resolved)


def kind_of(email: Email) -> str:
    """Returns the kind of an email: opened, update or resolved."""
    return email.document["kind"]


def key_of(email: Email) -> str:
    """Returns the key of an email's incident."""
    return email.document["incident"]["key"]
