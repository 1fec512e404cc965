"""Reads from the incident table what the functions counted.

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
"""Maximum keys of one BatchGetItem call."""
MAX_SHARDS = 32
"""Upper bound of the number of counter shards of an incident."""


def key_text(key: dict[str, Any]) -> str:
    """Returns the key of a whole log group's incident as it stands in ids and documents.

    Raises:
        ValueError: the key is of a part of the log group.
    """
    if key["part"] != {"by": "all"}:
        raise ValueError(f"not the key of a whole log group: {key}")
    return f"{key['rule'].title()}-Deny|{key['account']}|{key['region']}|{key['log_group']}|{key['signal']}"


def first_id(incident: str) -> str:
    """Returns the id that readers see: one that was reopened is stored under an id of its own each time."""
    return incident.split(".")[0]


@dataclass(frozen=True)
class Incident:
    """An incident and the records it counted."""

    key: str
    id: str
    records: int


@dataclass
class Ledger:
    """Collects incidents. A key's record has only the open and the last incident, so the table must be read regularly."""

    stack: Stack
    keys: list[str]
    ended: dict[str, Incident] = field(default_factory=dict)
    running: dict[str, Incident] = field(default_factory=dict)
    """Incidents that were open, or whose resolved email was not sent yet, when the table was last read."""
    totals: set[tuple[str, int]] = field(default_factory=set)
    """The key and the records of each incident whenever it was resolved. One that is reopened has more the next time."""

    def __post_init__(self) -> None:
        resources = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in self.stack.resources()}
        self.table = resources["IncidentTable"]
        self._stop = threading.Event()
        self._client = self.stack.emulator.client("dynamodb")

    def documents(self, names: list[str]) -> dict[str, Any]:
        """Reads documents by their ids."""
        found = {}
        for at in range(0, len(names), PAGE):
            keys = [{"id": {"S": name}} for name in names[at : at + PAGE]]
            request = {self.table: {"Keys": keys, "ConsistentRead": True}}
            while request:
                response = self._client.batch_get_item(RequestItems=request)
                for item in response["Responses"].get(self.table, []):
                    found[item["id"]["S"]] = json.loads(item["body"]["S"])
                request = response.get("UnprocessedKeys")
        return found

    def read(self) -> None:
        """Updates `ended` and `running` from the table."""
        records = self.documents([f"incident#{key}" for key in self.keys])
        running, ended = {}, {}
        for name, document in records.items():
            key, record = name.removeprefix("incident#"), document["incident"]
            if current := record["current"]:
                running[current["id"]] = self.count(key, current["id"])
            if last := record["last"]:
                incident = Incident(key, last["id"], last["totals"]["records"])
                self.totals.add((key, incident.records))
                reporting = record["reporting"] and first_id(record["reporting"]["id"]) == last["id"]
                (running if reporting else ended)[last["id"]] = incident
        self.ended |= ended
        self.running = running

    def count(self, key: str, incident: str) -> Incident:
        """Returns an open incident with the sum of its counters."""
        shards = self.documents([f"counters#{number}#{key}" for number in range(MAX_SHARDS)]).values()
        own = (document["counters"] for document in shards if document["counters"]["incident"] == incident)
        # Counts already reported, in the email being sent, and since then. Empty parts are absent.
        parts = (
            part
            for shard in own
            for part in (shard.get("reported"), shard.get("fresh"), shard.get("handed", {}).get("summary"))
        )
        return Incident(key, incident, sum(part["totals"]["records"] for part in parts if part))

    def watch(self, every: float = 2.0) -> None:
        """Reads the table in the background until `close`."""

        def loop() -> None:
            while not self._stop.wait(every):
                self.read()

        threading.Thread(target=loop, daemon=True).start()

    def close(self) -> None:
        """Ends `watch`."""
        self._stop.set()

    def records(self) -> Counter[str]:
        """Returns the number of records of all incidents, by key."""
        records: Counter[str] = Counter()
        for incident in (self.running | self.ended).values():
            records[incident.key] += incident.records
        return records
