"""Progress output: one line per step. Without a terminal it is plain text, with a line now and then during a long step."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

WIDTH = 78
HEARTBEAT_SECONDS = 30

# Printed texts come from logs and emails: "[Ping-Deny]" is not markup.
console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
errors = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)


def heading(name: str, rest: str) -> None:
    """Prints the first line of a tool."""
    console.print(name, style="bold", end="")
    console.print(f"{rest}\n")


def failed(error: object) -> None:
    """Prints the error with which a tool ends."""
    errors.print(f"\nfailed: {error}", style="red")


def duration(seconds: float) -> str:
    """Formats a duration: `0.42 s`, `8.1 s`, `2 min 05 s`."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"


def rule(title: str) -> None:
    """Prints a horizontal rule with a title."""
    console.print()
    console.rule(title, align="left", style="default")
    console.print()


class Step:
    """One step: `with Step("deploy") as step: ...; step.note = "30 resources"`. Its line remains when the step ends."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.note = ""
        columns = [TextColumn(text, markup=False) for text in ("{task.description}", "{task.fields[doing]}")]
        shown = (SpinnerColumn(), *columns, TimeElapsedColumn())
        self._progress = Progress(*shown, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task(title, total=None, doing="")
        self._started = self._printed = time.monotonic()

    def doing(self, what: str) -> None:
        """Shows what the step is doing."""
        self._progress.update(self._task, doing=what)
        if not console.is_terminal and time.monotonic() - self._printed > HEARTBEAT_SECONDS:
            self._printed = time.monotonic()
            self._line(duration(self._printed - self._started), what)

    def __enter__(self) -> Step:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()
        self._line("failed" if kind else duration(time.monotonic() - self._started), self.note, "red" if kind else "")

    def _line(self, outcome: str, note: str, style: str = "") -> None:
        console.print(f"  {self.title:<40}{outcome:>12}", style=style, end="")
        console.print(f"   {note}".rstrip(), style="dim")
