"""The mails of a run, read from a queue that is subscribed to the topic, by the documents that come with them."""

from __future__ import annotations

import threading
from collections import Counter

from tests.harness.stack import Mail, Stack


class Mails:
    """The mails, read as they come."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.all: list[Mail] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def take(self) -> int:
        """Takes what came; returns how many there are altogether."""
        with self._lock:
            # The stack's alarms mail to the same topic.
            self.all.extend(mail for mail in self.stack.mails() if "incident" in mail.document)
            return len(self.all)

    def watch(self, every: float = 0.5) -> None:
        """Takes what comes again and again, until `close`: a mail's time is that at which it was taken."""

        def loop() -> None:
            while not self._stop.wait(every):
                self.take()

        threading.Thread(target=loop, daemon=True).start()

    def close(self) -> None:
        """Ends `watch`."""
        self._stop.set()

    def kinds(self) -> dict[str, Counter[str]]:
        """Counts openings, updates and all-clears by the incident's key."""
        found: dict[str, Counter[str]] = {}
        for mail in self.all:
            found.setdefault(key_of(mail), Counter())[kind_of(mail)] += 1
        return found

    def told(self) -> Counter[tuple[str, int]]:
        """Counts all-clears by the incident's key and the records they tell of."""
        clears = (mail for mail in self.all if kind_of(mail) == "all-clear")
        return Counter((key_of(mail), mail.document["totals"]["records"]) for mail in clears)


def kind_of(mail: Mail) -> str:
    """Tells which of the three mails it is."""
    return mail.document["kind"]


def key_of(mail: Mail) -> str:
    """Tells the key of the incident that it is about."""
    return mail.document["incident"]["key"]
