"""Flow log records to put into the log group: AWS's documented ping, and ordinary traffic around it.

All of them have the default format of 14 fields; fields 11 and 12 are `start` and `end` in seconds.
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

# "Security group and network ACL rules" in AWS's flow log record examples, word for word: the ping comes in, because the
# security group and the network ACL allow it; the reply does not get out, because the network ACL has no memory.
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
    """Returns one of the sample events, as CloudWatch Logs hands it to the function."""
    return (SAMPLES / f"{name}.json").read_bytes()


def unpacked(event: dict[str, Any]) -> dict[str, Any]:
    """Returns the document that an event carries."""
    return dict(json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"]))))


def sample_lines(name: str) -> list[str]:
    """Returns the records of a sample event."""
    return [event["message"] for event in unpacked(json.loads(sample(name)))["logEvents"]]


def shifted(lines: list[str] | tuple[str, ...], end: int) -> list[str]:
    """Moves the times of default-format records so that the newest `end` is `end`; leaves other lines alone."""
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
    """Gives each line the timestamp that AWS gives it, its `start`, or this moment where it has none; oldest first."""
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
    """Makes `count` records in which nothing is wrong: TCP and UDP, accepted and rejected, pings that got through,
    and now and then a window without data. The same `seed` makes the same records.
    """
    dice = random.Random(seed)
    own = f"172.31.{16 + seed % 16}.{10 + seed % 200}"
    lines = []
    for _ in range(count):
        start = end - dice.randint(60, 300)
        window = f"{start} {start + dice.randint(20, 60)}"
        other = dice.choice([f"172.31.{dice.randint(0, 63)}.{dice.randint(4, 250)}", f"198.51.100.{dice.randint(1, 254)}"])
        source, target = dice.sample([own, other], 2)
        packets = dice.randint(1, 400)
        size = packets * dice.randint(52, 1400)
        kind = dice.random()
        if kind < 0.02:
            lines.append(f"2 123456789010 {interface} - - - - - - - {window} - NODATA")
        elif kind < 0.06:
            lines.append(f"2 123456789010 {interface} {source} {target} 0 0 1 {packets} {packets * 84} {window} ACCEPT OK")
        else:
            protocol, port = dice.choice([(6, 443), (6, 22), (6, 3389), (6, 5432), (17, 53), (17, 123)])
            action = "REJECT" if dice.random() < 0.15 else "ACCEPT"
            ports = f"{dice.randint(32768, 60999)} {port}"
            lines.append(
                f"2 123456789010 {interface} {source} {target} {ports} {protocol} {packets} {size} {window} {action} OK"
            )
    return lines


def of_interface(lines: list[str] | tuple[str, ...], interface: str) -> list[str]:
    """Puts another interface's id where the documented one stands."""
    return [line.replace(INTERFACE, interface) for line in lines]


def going_on(now: int, interface: str = INTERFACE) -> list[list[str]]:
    """Makes the batches with which the demo's problem goes on: the documented ping again, and a stranger who pings the same
    interface for two minutes.
    """
    end = now - 2 * 60
    stranger = [
        f"2 123456789010 {interface} 198.51.100.23 172.31.16.139 0 0 1 {packets} {packets * 84} {start} {start + 59} REJECT OK"
        for packets, start in ((60, end - 120), (45, end - 60))
    ]
    return [shifted(of_interface(DOCUMENTED_PING, interface), end), stranger]


def demonstration(now: int, interface: str = INTERFACE) -> list[list[str]]:
    """Makes the batches of the demo, one per interface: the documented ping among ordinary traffic, and two more with
    ordinary traffic only. The records end as many minutes ago as CloudWatch Logs typically is behind.
    """
    end = now - 5 * 60
    return [
        ordinary(100, interface, end, seed=1) + shifted(of_interface(DOCUMENTED_PING, interface), end),
        ordinary(100, "eni-0a1b2c3d4e5f60718", end, seed=2),
        ordinary(100, "eni-0f9e8d7c6b5a40312", end, seed=3),
    ]
