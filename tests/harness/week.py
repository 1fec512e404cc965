"""A week of flow log records for backtests: ordinary traffic, what the internet sends to a public address, and incidents, five
of pings and nine of TCP and UDP.

The same `seed` returns the same records. All addresses are private or for documentation, but for a target's and Route 53's.
"""

from __future__ import annotations

import gzip
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.harness import records, week_connections
from tests.harness.week_connections import DATABASE, DATABASE_ENI, WEB, WEB_ENI

START = 1_795_392_000
"""2026-11-23 00:00 UTC, a Monday."""
DAYS = 7
MINUTE, HOUR, DAY = 60, 3_600, 86_400
BACKGROUND_PACKETS_A_DAY = 3_800
"""To one public address, see docs/cost.md."""
SCANNER_PACKETS = (1, 2, 4)
"""Packets of one record of a scanner."""
ORDINARY_A_MINUTE = 9
"""Records of ordinary traffic, of both interfaces."""

MONITOR, PERSISTENT, VPN_HOST = "203.0.113.12", "198.51.100.23", "10.20.4.77"


@dataclass(frozen=True)
class Flow:
    """Pings of one minute: sender, receiver, packets, and whether they were accepted."""

    interface: str
    source: str
    target: str
    packets: int
    accepted: bool = False


def ping(flow: Flow, start: int, rng: random.Random) -> str:
    """Returns the record of a flow that begins in a minute."""
    first = start + rng.randint(0, 4)
    action = "ACCEPT" if flow.accepted else "REJECT"
    return (
        f"2 123456789010 {flow.interface} {flow.source} {flow.target} 0 0 1 {flow.packets} {flow.packets * 84} "
        f"{first} {first + rng.randint(48, 55)} {action} OK"
    )


def incident_flows(second: int) -> Iterator[Flow]:
    """Yields the pings of the five incidents in a minute."""
    day, of_day = divmod(second, DAY)
    minute = of_day // MINUTE

    def between(of: int, begins: str, minutes: int) -> bool:
        hour, first = map(int, begins.split(":"))
        return day == of and hour * 60 + first <= minute < hour * 60 + first + minutes

    if between(0, "09:12", 7):  # A change of a rule, taken back.
        yield Flow(WEB_ENI, WEB, "142.250.196.110", 4)
    if between(1, "13:05", 95):  # A host behind the VPN that was moved.
        yield Flow(WEB_ENI, VPN_HOST, WEB, 27)
    if between(2, "02:10", 38):  # A monitor whose pings come in and whose answers do not go out.
        yield Flow(WEB_ENI, MONITOR, WEB, 15, accepted=True)
        yield Flow(WEB_ENI, WEB, MONITOR, 15)
    if between(3, "16:00", 52):  # Somebody who keeps pinging.
        yield Flow(DATABASE_ENI, PERSISTENT, DATABASE, 60)
    if between(4, "03:30", 12) or between(4, "04:15", 9):  # A host that searches the network, twice.
        for host in range(14):
            yield Flow(DATABASE_ENI, DATABASE, f"10.1.{host + 20}.{5 + minute % 40}", 2)


def scanners(rng: random.Random) -> Iterator[Flow]:
    """Yields what the internet sends in a minute, to the address of one interface."""
    a_minute = BACKGROUND_PACKETS_A_DAY / (24 * 60) / (sum(SCANNER_PACKETS) / len(SCANNER_PACKETS))
    limit, product = math.exp(-a_minute), rng.random()
    while product > limit:
        product *= rng.random()
        source = f"{rng.choice(('203.0.113', '198.51.100', '192.0.2'))}.{rng.randint(20, 250)}"
        yield Flow(WEB_ENI, source, WEB, rng.choice(SCANNER_PACKETS))


def ordinary(interface: str, address: str, number: int) -> list[list[str]]:
    """Returns the fields of ordinary records. Of TCP and UDP none is rejected: what is stands in `week_connections.py`."""
    pool = [line.split(" ") for line in records.ordinary(1_000, interface, START, number)]
    own = {f"172.31.{16 + number}.{10 + number}": address}
    with_ports = {"6", "17"}
    return [
        [own.get(field, field).replace("REJECT", "ACCEPT") for field in fields] if fields[7] in with_ports else fields
        for fields in pool
    ]


def lines(days: int = DAYS, seed: int = 1) -> Iterator[str]:
    """Yields the records in the order of their minutes."""
    rng, connections = random.Random(seed), random.Random(seed + 1)
    pools = [ordinary(WEB_ENI, WEB, 1), ordinary(DATABASE_ENI, DATABASE, 2)]
    for second in range(0, days * DAY, MINUTE):
        start = START + second
        for _ in range(ORDINARY_A_MINUTE):
            fields = rng.choice(rng.choice(pools))
            first = start + rng.randint(0, 5)
            yield " ".join([*fields[: records.START], str(first), str(first + rng.randint(20, 55)), *fields[records.END + 1 :]])
        for flow in (*incident_flows(second), *scanners(rng)):
            yield ping(flow, start, rng)
        for connection in week_connections.of_minute(second, connections):
            first = start + connections.randint(0, 4)
            yield connection.record(first, first + connections.randint(48, 55))


def write(path: Path, days: int = DAYS) -> None:
    """Writes the records as a compressed file."""
    with gzip.GzipFile(path, "wb", compresslevel=6, mtime=0) as file:
        file.write(("\n".join(lines(days)) + "\n").encode())
