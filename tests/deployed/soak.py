"""Shared parts of the long runs, chaos and storms."""

from __future__ import annotations

from typing import Any

from tests.harness.adapted import Fixed

# Short intervals, so that whole incidents fit into a run: updates after 12 s, resolved after 24 s without findings.
UPDATE_SECONDS, QUIET_SECONDS = 12, 24
PARAMETERS = {"UpdateIntervalsMinutes": str(UPDATE_SECONDS / 60), "QuietMinutes": str(QUIET_SECONDS / 60)}


class Broken(AssertionError):
    """An invariant does not hold."""


def must(what: str, holds: bool, detail: Any = "") -> None:
    """Fails the run with `what` unless `holds` is true."""
    if not holds:
        raise Broken(f"{what}{f': {detail}' if detail != '' else ''}")


def fixed(timeout_seconds: int) -> Fixed:
    """Returns what a long run changes in the template: a short timeout, and no log line for each batch."""
    return Fixed(timeout_seconds=timeout_seconds, log_level="WARN")
