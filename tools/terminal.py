"""Calm progress on a terminal: one line per step, and nothing else unless something goes wrong."""

from __future__ import annotations

import os
import sys
import threading
import time
from types import TracebackType

WIDTH = 78
HEARTBEAT_SECONDS = 30
"""How often a step that takes long says so where the output is no terminal, and lines cannot be drawn over."""


def _styled(text: str, code: str) -> str:
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return f"\033[{code}m{text}\033[0m"
    return text


def bold(text: str) -> str:
    """Returns bold text."""
    return _styled(text, "1")


def dim(text: str) -> str:
    """Returns faint text."""
    return _styled(text, "2")


def red(text: str) -> str:
    """Returns red text."""
    return _styled(text, "31")


def duration(seconds: float) -> str:
    """Writes a duration for people: `0.42 s`, `8.1 s`, `2 min 05 s`."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"


def rule(title: str) -> None:
    """Prints a line across the page with a title in it."""
    print()
    print(bold(f"── {title} " + "─" * max(0, WIDTH - len(title) - 4)))
    print()


class Step:
    """One step of the work: `with Step("deploy") as step: ...; step.note = "30 resources"`.

    The line is drawn when the step ends; until then a terminal shows what is going on, and a log file a sign of life.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.note = ""
        self.doing = ""
        self._started = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def __enter__(self) -> Step:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        outcome = red("failed") if kind else duration(time.monotonic() - self._started)
        self._line(f"  {self.title:<40}{outcome:>12}   {dim(self.note)}".rstrip(), end="\n")

    def _draw(self) -> None:
        terminal = sys.stdout.isatty()
        while not self._done.wait(0.2 if terminal else HEARTBEAT_SECONDS):
            elapsed = duration(time.monotonic() - self._started)
            text = f"  {self.title:<40}{elapsed:>12}   {self.doing}"[:WIDTH]
            self._line(text, end="" if terminal else "\n")

    @staticmethod
    def _line(text: str, end: str) -> None:
        clear = "\r\033[K" if sys.stdout.isatty() else ""
        print(f"{clear}{text}", end=end, flush=True)
