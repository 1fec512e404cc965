"""TCP and UDP of the week of `week.py`: what scanners send, what is accepted, what comes late, and nine incidents.

In the default format, which has no flags. The records share no random numbers with the pings, so that these stay as they are.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

MINUTE, DAY = 60, 86_400
TCP_PACKETS_A_DAY, UDP_PACKETS_A_DAY = 21_000, 2_200
"""To one public address, see docs/decisions.md."""
PACKETS = (1, 2, 3)
"""Packets of one record of a scanner."""
LATE_PER_CENT = 20
"""Minutes in which a packet comes late."""

WEB, DATABASE, CACHE, JUMP_HOST = "10.1.2.3", "10.1.7.20", "10.1.9.40", "10.1.30.7"
WEB_ENI, DATABASE_ENI = "eni-0a1b2c3d4e5f60718", "eni-0f9e8d7c6b5a40312"
CUSTOMER, PARTNER, RESOLVER, CLOCK = "203.0.113.80", "198.51.100.77", "192.0.2.53", "192.0.2.123"
HEALTH_CHECKERS = ("15.177.2.9", "54.228.16.9", "176.34.159.200")
"""Of Route 53, which is known by its addresses."""
NETWORKS = ("203.0.113", "198.51.100", "192.0.2")


@dataclass(frozen=True)
class Flow:
    """Packets of one five-tuple in a minute, as an interface logs them: `10.1.2.3:40000 10.1.7.20:5432`."""

    interface: str
    ends: str
    size: str = "4/240"
    """Packets and bytes."""
    udp: bool = False
    accepted: bool = False

    def record(self, first: int, last: int) -> str:
        """Returns the record."""
        (source, source_port), (target, target_port) = (end.split(":") for end in self.ends.split(" "))
        packets, size = self.size.split("/")
        protocol, action = 17 if self.udp else 6, "ACCEPT" if self.accepted else "REJECT"
        return (
            f"2 123456789010 {self.interface} {source} {target} {source_port} {target_port} {protocol} {packets} {size} "
            f"{first} {last} {action} OK"
        )


def incidents(second: int, port: int) -> Iterator[Flow]:
    """Yields the packets of the incidents in a minute. `port` is a client's."""
    day, of_day = divmod(second, DAY)
    minute = of_day // MINUTE

    def between(of: int, begins: str, minutes: int) -> bool:
        hour, first = map(int, begins.split(":"))
        return day == of and hour * 60 + first <= minute < hour * 60 + first + minutes

    if between(0, "14:20", 40):  # A database whose security group lost a rule.
        for client in (WEB, "10.1.2.4"):
            yield Flow(DATABASE_ENI, f"{client}:{port} {DATABASE}:5432")
        yield Flow(WEB_ENI, f"{WEB}:{port} {DATABASE}:5432", accepted=True)
    if between(1, "08:05", 20):  # No outbound rule for a cache.
        yield Flow(WEB_ENI, f"{WEB}:{port} {CACHE}:6379")
    if between(2, "19:00", 25):  # A network ACL that does not let answers out.
        yield Flow(WEB_ENI, f"{CUSTOMER}:{port} {WEB}:443", "5/300", accepted=True)
        yield Flow(WEB_ENI, f"{WEB}:443 {CUSTOMER}:{port}", "5/300")
    if between(3, "08:30", 15):  # A network ACL that does not let answers in.
        yield Flow(WEB_ENI, f"{WEB}:{port} {PARTNER}:443", "5/300", accepted=True)
        yield Flow(WEB_ENI, f"{PARTNER}:443 {WEB}:{port}", "5/300")
    if between(4, "11:00", 30):  # Health checks of Route 53.
        for checker in HEALTH_CHECKERS:
            yield Flow(WEB_ENI, f"{checker}:{port} {WEB}:443", "3/180")
    if between(5, "10:15", 12):  # A resolver of somebody else's.
        yield Flow(WEB_ENI, f"{WEB}:{port} {RESOLVER}:53", "2/140", udp=True)
    if between(5, "15:00", 12):  # A clock.
        yield Flow(DATABASE_ENI, f"{DATABASE}:{port} {CLOCK}:123", "2/152", udp=True)
    if between(6, "03:10", 4):  # Somebody who tries the ports of a host.
        for number in range(40):
            yield Flow(DATABASE_ENI, f"{JUMP_HOST}:51000 {DATABASE}:{5000 + 40 * (minute % 60) + number}", "1/44")
    if between(6, "12:00", 10):  # A host of ours that looks for others.
        for number in range(12):
            yield Flow(WEB_ENI, f"{WEB}:{port} 10.1.40.{12 * (minute % 60) + number + 5}:22", "1/60")


def scanners(rng: random.Random) -> Iterator[Flow]:
    """Yields what scanners send to the public address in a minute: a few of them send almost everything."""
    for udp, a_day, usual in (
        (False, TCP_PACKETS_A_DAY, (23, 22, 80, 443, 445)),
        (True, UDP_PACKETS_A_DAY, (9000, 123, 53)),
    ):
        records = a_day / (DAY / MINUTE) / (sum(PACKETS) / len(PACKETS))
        for _ in range(sum(rng.random() * 24 < records for _ in range(24))):
            number = rng.randint(20, 24) if rng.random() < 0.97 else rng.randint(25, 250)
            target_port = rng.choice(usual) if rng.random() < 0.6 else rng.randint(1, 32_000)
            packets = rng.choice(PACKETS)
            source = f"{rng.choice(NETWORKS)}.{number}:{rng.randint(32_768, 60_999)}"
            yield Flow(WEB_ENI, f"{source} {WEB}:{target_port}", f"{packets}/{packets * 44}", udp)


def accepted(port: int) -> Iterator[Flow]:
    """Yields the connections between the two hosts in a minute, as both interfaces log them."""
    for interface in (WEB_ENI, DATABASE_ENI):
        yield Flow(interface, f"{WEB}:{port} {DATABASE}:5432", "12/2400", accepted=True)
        yield Flow(interface, f"{DATABASE}:5432 {WEB}:{port}", "12/9600", accepted=True)


def late(rng: random.Random, port: int) -> Flow:
    """Returns packets of a connection that is over; `port` is the client's of the minute's accepted one."""
    past = rng.randint(61_000, 65_000)
    return rng.choice(
        (
            Flow(WEB_ENI, f"{PARTNER}:443 {WEB}:{past}", "1/40"),
            Flow(WEB_ENI, f"{DATABASE}:5432 {WEB}:{past}", "3/1200"),
            Flow(WEB_ENI, f"{RESOLVER}:53 {WEB}:{past}", "2/240", udp=True),
            Flow(WEB_ENI, f"{PARTNER}:80 {WEB}:{past}", "4/176"),
            Flow(DATABASE_ENI, f"{WEB}:{port} {DATABASE}:5432", "2/104"),
        )
    )


def of_minute(second: int, rng: random.Random) -> Iterator[Flow]:
    """Yields all of a minute."""
    port = rng.randint(32_768, 60_999)
    yield from accepted(port)
    yield from incidents(second, rng.randint(32_768, 60_999))
    yield from scanners(rng)
    if rng.random() * 100 < LATE_PER_CENT:
        yield late(rng, port)
