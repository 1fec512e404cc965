"""The emails of a run, read from a queue that is subscribed to the topic, by the documents that come with them."""

from __future__ import annotations

import threading
from collections import Counter

from tests.harness.stack import Email, Stack


class Emails:
    """The emails, read as they come."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.all: list[Email] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def take(self) -> int:
        """Takes what came; returns how many there are altogether."""
        with self._lock:
            # The stack's alarms email to the same topic.
            self.all.extend(email for email in self.stack.emails() if "incident" in email.document)
            return len(self.all)

    def watch(self, every: float = 0.5) -> None:
        """Takes what comes again and again, until `close`: an email's time is that at which it was taken."""

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

    def told(self) -> Counter[tuple[str, int]]:
        """Counts resolved emails by the incident's key and the records they tell of."""
        clears = (email for email in self.all if kind_of(email) == "resolved")
        return Counter((key_of(email), email.document["totals"]["records"]) for email in clears)


def kind_of(email: Email) -> str:
    """Tells which of the three emails it is."""
    return email.document["kind"]


def key_of(email: Email) -> str:
    """Tells the key of the incident that it is about."""
    return email.document["incident"]["key"]
