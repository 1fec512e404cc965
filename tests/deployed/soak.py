"""What the long runs, chaos and storms, have in common."""

from __future__ import annotations

from typing import Any

from tests.harness.adapted import Fixed

# Short times, so that the lives of incidents fit in: updates after 12 s, an end after 24 quiet ones.
UPDATE_SECONDS, QUIET_SECONDS = 12, 24
PARAMETERS = {"UpdateIntervalsMinutes": str(UPDATE_SECONDS / 60), "QuietMinutes": str(QUIET_SECONDS / 60)}


class Broken(AssertionError):
    """Something that must not be, was."""


def must(what: str, holds: bool, detail: Any = "") -> None:
    """Ends the run if `holds` does not."""
    if not holds:
        raise Broken(f"{what}{f': {detail}' if detail != '' else ''}")


def fixed(timeout_seconds: int) -> Fixed:
    """Returns what such a run changes in the template: functions that end soon, and no log line for each batch."""
    return Fixed(timeout_seconds=timeout_seconds, log_level="WARN")
