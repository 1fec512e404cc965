"""Shared parts of the long runs, chaos and storms."""

from __future__ import annotations

from typing import Any

# Short intervals, so that whole incidents fit into a run: updates after 12 s, resolved after 24 s without findings.
UPDATE_SECONDS, QUIET_SECONDS = 12, 24


class Broken(AssertionError):
    """An invariant does not hold."""


def must(what: str, holds: bool, detail: Any = "") -> None:
    """Fails the run with `what` unless `holds` is true."""
    if not holds:
        raise Broken(f"{what}{f': {detail}' if detail != '' else ''}")


def parameters(timeout_seconds: int) -> dict[str, str]:
    """Returns the template parameters of a long run."""
    return {
        "TimeoutSeconds": str(timeout_seconds),
        "UpdateIntervalsMinutes": str(UPDATE_SECONDS / 60),
        "QuietMinutes": str(QUIET_SECONDS / 60),
        "LogLevel": "WARN",
    }
