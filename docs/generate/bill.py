"""Prices, what a run of the function is charged for, and how amounts are written."""

from __future__ import annotations

import json
from typing import Any

from tests.harness.template import ROOT, Template

TABLE: dict[str, Any] = json.loads((ROOT / "docs" / "generate" / "prices.json").read_text())
PRICES: dict[str, dict[str, Any]] = TABLE["prices"]

HOURS = 730
GB = 1e9
MINUTES = 30 * 24 * 60

MEMORY_MB = int(Template().source["Globals"]["Function"]["MemorySize"])
MEMORY_GB = MEMORY_MB / 1024
SECONDS_QUIET = 0.002
"""Of a batch without a finding, assumed. The function needs less than 1 ms."""
LOG_BYTES_PER_RUN = 900
"""One line with counts, and two lines of Lambda."""
LOG_RUN_GB = LOG_BYTES_PER_RUN / GB
EMF_BYTES = 330
"""One line for a minute of background, with its two dimension sets."""
STORED_SHARE = 0.15
"""Of the bytes of a log, compressed."""


def usd(amounts: dict[str, float], used: dict[str, float] | None = None) -> float:
    """Returns the price of amounts. With `used`, the use of the free tier so far, the free tier is deducted."""
    total = 0.0
    for name, amount in amounts.items():
        charged = amount
        if used is not None:
            free = max(0.0, PRICES[name].get("free", 0) - used.get(name, 0.0))
            used[name] = used.get(name, 0.0) + amount
            charged = max(0.0, amount - free)
        total += charged * PRICES[name]["usd"]
    return total


def money(amount: float) -> str:
    """Formats an amount."""
    if amount == 0:
        return "0"
    if amount < 0.005:
        return "< 0.01"
    return f"{amount:,.2f}"


def line(*cells: str) -> str:
    """Formats a row of a table."""
    return "| " + " | ".join(cells) + " |"
