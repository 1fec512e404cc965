"""What the incident table says was counted, read beside the functions.

The documents are those of `shared/alerting/src/incident/state.rs`.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from stack import Stack

PAGE = 100
"""Keys that one BatchGetItem takes."""


@dataclass(frozen=True)
class Incident:
    """An incident that is over."""

    key: str
    id: str
    records: int
    packets: int


@dataclass
class Ledger:
    """Collects incidents as they end. A key's document knows only the last one, so somebody has to look now and then."""

    stack: Stack
    keys: list[str]
    ended: dict[str, Incident] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    """Keys whose incident is not over, or whose all-clear is not sent."""

    def __post_init__(self) -> None:
        resources = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in self.stack.resources()}
        self.table = resources["IncidentTable"]
        self._stop = threading.Event()
        self._client = self.stack.emulator.client("dynamodb")

    def documents(self, names: list[str]) -> dict[str, Any]:
        """Reads documents by their names."""
        found = {}
        for at in range(0, len(names), PAGE):
            keys = [{"id": {"S": name}} for name in names[at : at + PAGE]]
            request = {self.table: {"Keys": keys, "ConsistentRead": True}}
            while request:
                answer = self._client.batch_get_item(RequestItems=request)
                for item in answer["Responses"].get(self.table, []):
                    found[item["id"]["S"]] = json.loads(item["body"]["S"])
                request = answer.get("UnprocessedKeys")
        return found

    def look(self) -> None:
        """Notes which incidents have ended since the last look."""
        heads = self.documents([f"incident#{key}" for key in self.keys])
        still_open = set()
        for name, document in heads.items():
            key, head = name.removeprefix("incident#"), document["head"]
            if head["current"] or head["closing"]:
                still_open.add(key)
            if last := head["last"]:
                totals = last["totals"]
                self.ended[last["id"]] = Incident(key, last["id"], totals["records"], totals["packets"])
        self.open = still_open

    def watch(self, every: float = 2.0) -> None:
        """Looks again and again, until `close`."""

        def loop() -> None:
            while not self._stop.wait(every):
                self.look()

        threading.Thread(target=loop, daemon=True).start()

    def close(self) -> None:
        """Ends `watch`."""
        self._stop.set()

    def records(self) -> Counter[str]:
        """Adds up the records of the incidents that are over, by key."""
        records: Counter[str] = Counter()
        for incident in list(self.ended.values()):
            records[incident.key] += incident.records
        return records
