"""The mails of a run, read from a queue that is subscribed to the topic, by what their subjects say."""

from __future__ import annotations

import re
import threading
from collections import Counter

from stack import Mail, Stack


class Mails:
    """The mails, read as they come, by what their subjects say."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.all: list[Mail] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def take(self) -> int:
        """Takes what came; returns how many there are altogether."""
        with self._lock:
            self.all.extend(self.stack.mails())
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
        """Counts openings, updates and all-clears by the source address in the subject: each log group has its own."""
        found: dict[str, Counter[str]] = {}
        for mail in self.all:
            found.setdefault(source_of(mail.subject), Counter())[kind_of(mail)] += 1
        return found

    def told(self) -> Counter[tuple[str, int]]:
        """Counts all-clears by source address and number of pings."""
        clears = (mail for mail in self.all if kind_of(mail) == "all-clear")
        return Counter((source_of(mail.subject), pings_of(mail.subject)) for mail in clears)


def kind_of(mail: Mail) -> str:
    """Tells which of the three mails it is."""
    if " over after " in mail.subject:
        return "all-clear"
    return "update" if "still going on" in mail.subject else "opening"


def source_of(subject: str) -> str:
    """Finds the source address in a subject."""
    found = re.search(r"from (\d+\.\d+\.\d+\.\d+)", subject)
    return found[1] if found else subject


def pings_of(subject: str) -> int:
    """Finds the number of pings in a subject."""
    found = re.search(r"([\d,]+) rejected ping", subject)
    return int(found[1].replace(",", "")) if found else -1
