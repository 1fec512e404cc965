"""Flow log records for the log group: AWS's documented ping, and ordinary traffic.

All have the default format of 14 fields; fields 11 and 12 are `start` and `end` in seconds.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).resolve().parents[2] / "events"
START, END, FIELDS = 10, 11, 14
INTERFACE = "eni-1235b8ca123456789"
DEFAULT_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} "
    "${start} ${end} ${action} ${log-status}"
)

# "Security group and network ACL rules" in AWS's flow log record examples, verbatim. Security group and network ACL allow the
# inbound ping. The network ACL rejects the reply, because network ACLs are stateless.
# https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html
DOCUMENTED_PING = (
    f"2 123456789010 {INTERFACE} 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
    f"2 123456789010 {INTERFACE} 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK",
)


@dataclass(frozen=True)
class Event:
    """A log event: its time in milliseconds and its text."""

    timestamp: int
    message: str


def sample(name: str) -> bytes:
    """Returns a sample event, as CloudWatch Logs sends it to the function."""
    return (SAMPLES / f"{name}.json").read_bytes()


def unpacked(event: dict[str, Any]) -> dict[str, Any]:
    """Returns the document in an event."""
    return dict(json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"]))))


def sample_lines(name: str) -> list[str]:
    """Returns the records of a sample event."""
    return [event["message"] for event in unpacked(json.loads(sample(name)))["logEvents"]]


def shifted(lines: list[str] | tuple[str, ...], end: int) -> list[str]:
    """Shifts the times of default-format records so that the latest `end` is `end`. Does not change other lines."""
    split = [line.split(" ") for line in lines]
    timed = [f for f in split if len(f) == FIELDS and f[START].isdigit() and f[END].isdigit()]
    if not timed:
        return list(lines)
    distance = end - max(int(fields[END]) for fields in timed)
    for fields in timed:
        fields[START] = str(int(fields[START]) + distance)
        fields[END] = str(int(fields[END]) + distance)
    return [" ".join(fields) for fields in split]


def events(lines: list[str]) -> list[Event]:
    """Returns log events in order of time. As in AWS, a line's timestamp is its `start`; without one, the current time."""
    now = int(time.time())
    made = []
    for line in lines:
        fields = line.split()
        start = fields[START] if len(fields) == FIELDS and fields[START].isdigit() else str(now)
        made.append(Event(int(start) * 1000, line))
    return sorted(made, key=lambda event: event.timestamp)


def interface_of(line: str) -> str:
    """Returns the interface id in a line, or `unknown`: AWS writes one log stream per interface."""
    return next((word for word in line.split() if word.startswith("eni-")), "unknown")


def ordinary(count: int, interface: str, end: int, seed: int) -> list[str]:
    """Returns `count` records without a rejected ping: TCP and UDP, accepted and rejected, accepted pings, and some NODATA.

    The same `seed` returns the same records.
    """
    rng = random.Random(seed)
    own = f"172.31.{16 + seed % 16}.{10 + seed % 200}"
    lines = []
    for _ in range(count):
        start = end - rng.randint(60, 300)
        window = f"{start} {start + rng.randint(20, 60)}"
        other = rng.choice([f"172.31.{rng.randint(0, 63)}.{rng.randint(4, 250)}", f"198.51.100.{rng.randint(1, 254)}"])
        source, target = rng.sample([own, other], 2)
        packets = rng.randint(1, 400)
        size = packets * rng.randint(52, 1400)
        kind = rng.random()
        if kind < 0.02:
            lines.append(f"2 123456789010 {interface} - - - - - - - {window} - NODATA")
        elif kind < 0.06:
            lines.append(f"2 123456789010 {interface} {source} {target} 0 0 1 {packets} {packets * 84} {window} ACCEPT OK")
        else:
            protocol, port = rng.choice([(6, 443), (6, 22), (6, 3389), (6, 5432), (17, 53), (17, 123)])
            action = "REJECT" if rng.random() < 0.15 else "ACCEPT"
            ports = f"{rng.randint(32768, 60999)} {port}"
            lines.append(
                f"2 123456789010 {interface} {source} {target} {ports} {protocol} {packets} {size} {window} {action} OK"
            )
    return lines


def of_interface(lines: list[str] | tuple[str, ...], interface: str) -> list[str]:
    """Replaces the documented interface id with another one."""
    return [line.replace(INTERFACE, interface) for line in lines]


def continued(now: int, interface: str = INTERFACE) -> list[list[str]]:
    """Returns further batches for the demo's incident: the documented ping again, and another source that pings the same
    interface for two minutes, whose pings are let in and whose answers are not let out.
    """
    end = now - 2 * 60
    other_source = [
        f"2 123456789010 {interface} {pair} 0 0 1 {packets} {packets * 84} {start} {start + 59} {action} OK"
        for packets, start in ((60, end - 120), (45, end - 60))
        for pair, action in (("198.51.100.23 172.31.16.139", "ACCEPT"), ("172.31.16.139 198.51.100.23", "REJECT"))
    ]
    return [shifted(of_interface(DOCUMENTED_PING, interface), end), other_source]


def rejected_connection(now: int, interface: str, source: str, target: str) -> list[str]:
    """Returns what the interface of a database logs of a client that its security group does not let in."""
    end = now - 2 * 60
    return [f"2 123456789010 {interface} {source} {target} 41022 5432 6 4 240 {end - 50} {end} REJECT OK"]


def demonstration(now: int, interface: str = INTERFACE) -> list[list[str]]:
    """Returns the batches of the demo, one per interface: the documented ping among ordinary traffic, and two batches with
    ordinary traffic only. The records end 5 minutes ago, the typical delay of CloudWatch Logs.
    """
    end = now - 5 * 60
    return [
        ordinary(100, interface, end, seed=1) + shifted(of_interface(DOCUMENTED_PING, interface), end),
        ordinary(100, "eni-0a1b2c3d4e5f60718", end, seed=2),
        ordinary(100, "eni-0f9e8d7c6b5a40312", end, seed=3),
    ]
