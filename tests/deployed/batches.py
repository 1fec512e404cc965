"""Generates batches as CloudWatch Logs sends them to the function, with known contents for counting."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.harness.emulator import ACCOUNT, REGION
from tests.harness.records import unpacked


@dataclass(frozen=True)
class Batch:
    """A batch of rejected pings with one packet each, so that the numbers of packets and records are equal."""

    key: str
    """The key of its incident."""
    name: str
    """The id of its item in the table."""
    records: int
    """Number of matching records."""
    start: int
    """The time of its first record, in seconds since the epoch."""
    payload: bytes
    """The event."""


def event_id(milliseconds: int, serial: int) -> str:
    """Returns the id of a log event: 56 digits, as in CloudWatch Logs."""
    return str((milliseconds << 144) + serial).zfill(56)


def batch(log_group: str, interface: str, flows: list[tuple[str, str]], start: int, serial: int) -> Batch:
    """Returns a batch with a rejected ping for each flow (source and target, both private), and one record of accepted traffic.

    `serial` must be different for each batch.
    """
    stream = f"{interface}-all"
    window = f"{start} {start + 50}"
    lines = [f"2 {ACCOUNT} {interface} {source} {target} 0 0 1 1 84 {window} REJECT OK" for source, target in flows]
    source, target = flows[0]
    lines.append(f"2 {ACCOUNT} {interface} {source} {target} 51012 443 6 10 8400 {window} ACCEPT OK")
    milliseconds = start * 1000
    events = [
        {"id": event_id(milliseconds, serial * 100_000 + at), "timestamp": milliseconds, "message": line}
        for at, line in enumerate(lines)
    ]
    return Batch(
        key=f"Ping-Deny|{ACCOUNT}|{REGION}|{log_group}|private",
        name=f"batch#{ACCOUNT}|{REGION}|{log_group}|{stream}|{events[0]['id']}|{events[-1]['id']}|{len(events)}",
        records=len(flows),
        start=start,
        payload=event(log_group, stream, events),
    )


def event(log_group: str, stream: str, events: list[dict[str, Any]]) -> bytes:
    """Wraps log events into the event of a subscription."""
    document = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": log_group,
        "logStream": stream,
        "subscriptionFilters": ["Flowlog-Cloudwatch"],
        "logEvents": events,
    }
    data = base64.b64encode(gzip.compress(json.dumps(document).encode(), 6)).decode()
    return json.dumps({"awslogs": {"data": data}}).encode()


def name_of(payload: dict[str, Any]) -> str:
    """Returns the item id of a batch, from its event."""
    document = unpacked(payload)
    events = document["logEvents"]
    ends = f"{events[0]['id']}|{events[-1]['id']}|{len(events)}"
    return f"batch#{document['owner']}|{REGION}|{document['logGroup']}|{document['logStream']}|{ends}"


def records_by_key(batches: list[Batch]) -> Counter[str]:
    """Returns the number of matching records by incident key."""
    records: Counter[str] = Counter()
    for one in batches:
        records[one.key] += one.records
    return records
