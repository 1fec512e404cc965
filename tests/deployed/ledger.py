"""What the incident table says was counted, read beside the functions.

The documents are those of `shared/alerting/src/incident/state.rs`.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.harness.stack import Stack

PAGE = 100
"""Keys that one BatchGetItem takes."""
MAX_SHARDS = 32
"""Documents over which the counters of an incident may be spread; more than there are."""


@dataclass(frozen=True)
class Incident:
    """An incident and what it counted."""

    key: str
    id: str
    records: int


@dataclass
class Ledger:
    """Collects incidents. A key's document knows only the open one and the last, so somebody has to look now and then."""

    stack: Stack
    keys: list[str]
    ended: dict[str, Incident] = field(default_factory=dict)
    running: dict[str, Incident] = field(default_factory=dict)
    """Those that are open, or whose resolved email is not sent, at the last look."""

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
        """Notes which incidents have ended since the last look, and which are open."""
        heads = self.documents([f"incident#{key}" for key in self.keys])
        running, ended = {}, {}
        for name, document in heads.items():
            key, head = name.removeprefix("incident#"), document["incident"]
            if current := head["current"]:
                running[current["id"]] = self.count(key, current["id"])
            if last := head["last"]:
                incident = Incident(key, last["id"], last["totals"]["records"])
                reporting = head["reporting"] and head["reporting"]["id"] == last["id"]
                (running if reporting else ended)[last["id"]] = incident
        self.ended |= ended
        self.running = running

    def count(self, key: str, incident: str) -> Incident:
        """Adds up the counters of an open incident."""
        shards = self.documents([f"counters#{number}#{key}" for number in range(MAX_SHARDS)]).values()
        mine = (document["counters"] for document in shards if document["counters"]["incident"] == incident)
        # What emails have reported, what one is about to report, and what came since; what is empty is left out.
        parts = (
            part
            for shard in mine
            for part in (shard.get("reported"), shard.get("fresh"), shard.get("handed", {}).get("summary"))
        )
        return Incident(key, incident, sum(part["totals"]["records"] for part in parts if part))

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
        """Adds up the records of all incidents, by key."""
        records: Counter[str] = Counter()
        for incident in (self.running | self.ended).values():
            records[incident.key] += incident.records
        return records
