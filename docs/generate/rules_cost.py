"""The section of docs/cost.md about rules for TCP and UDP: what each choice of records that pass to the function costs.

`python3 -m docs.generate.rules_cost` measures the sizes again.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from docs.generate.bill import (
    EMF_BYTES,
    GB,
    LOG_RUN_GB,
    MEMORY_GB,
    MEMORY_MB,
    MINUTES,
    SECONDS_QUIET,
    STORED_SHARE,
    line,
    money,
    usd,
)

# Packets that the internet sends to a public address in a day, by protocol. A packet is a record here, the most expensive case.
BACKGROUND = {1: 3_800, 6: 21_000, 17: 2_200}
# Assumed: accepted records of a host in a minute, of a quiet and of a busy one. None is ICMP.
ACCEPTED = (50, 500)
HOSTS = (10, 500)
DAY_MINUTES = 24 * 60

# From docs/benchmarks.md, for a whole processor. A function of this memory has a part of one.
READ_SECONDS_ACCEPTED, READ_SECONDS_REJECTED = 160e-9, 470e-9
PROCESSOR_MB = 1_769
REJECT_LINE_BYTES = 280  # of the embedded metric format: one rule and origin in a minute
# Counted: a rule and an origin have two metrics (records, packets).
METRICS_OF_A_RULE = 2
ORIGINS_OF_RULES = {"request": 3, "reply": 1, "helper": 2, "scan": 2, "late": 3}
METRICS_OF_BACKGROUND_PINGS = 6  # records, ICMPv6 records and packets; altogether and of the internet

_FIELD = r"\S+\s"
_ICMP = "|".join(f"^{_FIELD * 7}{protocol}\\s" for protocol in (1, 58))


def _is_icmp(record: str) -> bool:
    return record.split(" ")[7] in ("1", "58")


@dataclass(frozen=True)
class Choice:
    """What passes to the function."""

    name: str
    setting: str
    pattern: str
    passes: Callable[[str], bool]
    protocols: tuple[int, ...]
    """Whose rejected records pass."""
    has_accepted: bool = False
    """Whether accepted TCP and UDP pass."""


CHOICES = (
    Choice("ICMP", "`Rules=ping`", f"%{_ICMP}%", _is_icmp, (1,)),
    Choice(
        "rejected, and all ICMP",
        "`FilterPattern` as below",
        rf"%\sREJECT\s|{_ICMP}%",
        lambda record: " REJECT " in record or _is_icmp(record),
        (1, 6, 17),
    ),
    Choice(
        "accepted and rejected",
        "`Rules=ping,request`",
        "?ACCEPT ?REJECT",
        lambda record: " ACCEPT " in record or " REJECT " in record,
        (1, 6, 17),
        has_accepted=True,
    ),
)


@dataclass(frozen=True)
class Size:
    """The average batch: one interface in one minute in which a record passes."""

    records: float
    inflated_bytes: float
    event_bytes: float
    """As the function gets it: compressed, in base64."""


# Measured by `measure`, by the name of the choice and the accepted records.
SIZES = {
    ("ICMP", 50): Size(2.86, 768, 411),
    ("rejected, and all ICMP", 50): Size(18.7, 4_164, 862),
    ("accepted and rejected", 50): Size(68.7, 14_963, 2_385),
    ("accepted and rejected", 500): Size(519, 112_149, 15_246),
}
NAMED_SIZE = Size(2.86, 1_615, 609)
"""The first of them, if the pattern named the fields."""


def minute(rng: random.Random, accepted: int) -> list[str]:
    """Returns the records of a public host in a minute."""
    start = 1_795_392_000 + 60 * rng.randint(0, 10_000)
    own, found = "10.1.2.3", []

    def record(flow: str, size: str, action: str) -> None:
        first = start + rng.randint(0, 9)
        window = f"{first} {first + rng.randint(20, 55)}"
        found.append(f"2 123456789010 eni-0a1b2c3d4e5f60718 {flow} {size} {window} {action} OK")

    for protocol, packets in BACKGROUND.items():
        limit, product = math.exp(-packets / DAY_MINUTES), rng.random()
        while product > limit:
            product *= rng.random()
            source = f"{rng.choice(('203.0.113', '198.51.100', '192.0.2'))}.{rng.randint(1, 254)}"
            port = {1: "0 0"}.get(protocol, f"{rng.randint(1024, 65535)} {rng.randint(1, 65535)}")
            record(f"{source} {own} {port} {protocol}", {1: "1 84", 6: "1 40", 17: "1 78"}[protocol], "REJECT")
    for _ in range(accepted // 2):
        other = f"10.1.{rng.randint(0, 31)}.{rng.randint(4, 250)}"
        client, server = rng.randint(32768, 60999), rng.choice((443, 443, 5432, 8080))
        for flow in (f"{other} {own} {client} {server} 6", f"{own} {other} {server} {client} 6"):
            packets = rng.randint(4, 400)
            record(flow, f"{packets} {packets * rng.randint(52, 1400)}", "ACCEPT")
    return found


NAMES = (
    *("version", "account", "eni", "source", "destination", "srcport", "destport", "protocol", "packets", "bytes", "starttime"),
    *("endtime", "action", "flowlogstatus"),
)


def document(records: list[str], named: bool = False) -> bytes:
    """Returns a document as CloudWatch Logs sends it. `named`: with the fields that a pattern names."""
    events = []
    for number, record in enumerate(records):
        event = {
            "id": f"{39_631_953_106_606_966_983_378_809_025 + number:056}",
            "timestamp": 1_795_392_000_000,
            "message": record,
        }
        if named:
            event["extractedFields"] = dict(zip(NAMES, record.split(" "), strict=True))
        events.append(event)
    whole = {
        **{"messageType": "DATA_MESSAGE", "owner": "123456789010", "logGroup": "Log-Group"},
        **{"logStream": "eni-0a1b2c3d4e5f60718-all", "subscriptionFilters": ["ping-deny-flow-alerts"], "logEvents": events},
    }
    return json.dumps(whole, separators=(",", ":")).encode()


def measure(choice: Choice, accepted: int, named: bool = False) -> Size:
    """Returns the average batch of a quarter of a day."""
    rng, records, inflated, event, batches = random.Random(1), 0, 0, 0, 0
    for _ in range(DAY_MINUTES // 4):
        passed = [record for record in minute(rng, accepted) if choice.passes(record)]
        if passed:
            text = document(passed, named)
            packed = base64.b64encode(gzip.compress(text, 6, mtime=0))
            records, inflated, event = records + len(passed), inflated + len(text), event + len(packed)
            batches += 1
    return Size(records / batches, inflated / batches, event / batches)


def batches_a_day(choice: Choice, has_background: bool = True) -> float:
    """Returns the batches of a host: one for each minute in which a record passes. Records come independently of each other."""
    if choice.has_accepted:
        return DAY_MINUTES
    packets = sum(BACKGROUND[protocol] for protocol in choice.protocols) if has_background else 0
    return DAY_MINUTES * (1 - math.exp(-packets / DAY_MINUTES))


def bill(choice: Choice, hosts: int, accepted: int) -> dict[str, dict[str, float]]:
    """Returns the amounts of a month by part, for hosts with a public address and background alone."""
    batches = hosts * batches_a_day(choice) * MINUTES / DAY_MINUTES
    rejected = sum(BACKGROUND[protocol] for protocol in choice.protocols) / batches_a_day(choice)
    reading = rejected * READ_SECONDS_REJECTED + (accepted if choice.has_accepted else 0) * READ_SECONDS_ACCEPTED
    seconds = SECONDS_QUIET + reading * PROCESSOR_MB / MEMORY_MB
    with_pings = hosts * batches_a_day(CHOICES[0]) * MINUTES / DAY_MINUTES
    lines = with_pings * EMF_BYTES / GB
    metrics = METRICS_OF_BACKGROUND_PINGS
    if choice is not CHOICES[0]:
        lines += batches * REJECT_LINE_BYTES / GB
        metrics += METRICS_OF_A_RULE
    return {
        "function (Lambda)": {"lambda_request": batches, "lambda_gbs": MEMORY_GB * batches * seconds},
        "its log": {"ingest_gb": batches * LOG_RUN_GB, "stored_gb": batches * LOG_RUN_GB * STORED_SHARE},
        "metrics as lines in that log": {"ingest_gb": lines, "stored_gb": lines * STORED_SHARE},
        "metrics of background": {"metric": metrics},
    }


def cases() -> list[tuple[Choice, int]]:
    """Returns each choice with the accepted records of a minute. Where these do not pass, they make no difference."""
    return [(choice, accepted) for choice in CHOICES for accepted in (ACCEPTED if choice.has_accepted else ACCEPTED[:1])]


def _label(choice: Choice, accepted: int) -> str:
    return f"{choice.name}, {accepted} accepted a minute" if choice.has_accepted else choice.name


def sizes_table() -> list[str]:
    """Returns the table of an average batch."""
    heads = ("Passes to the function", "chosen by", "runs a day: public address", "without one", "records", "inflated", "event")
    rows = [line(*heads), "|---|---|---:|---:|---:|---:|---:|"]
    for choice, accepted in cases():
        size = SIZES[choice.name, accepted]
        runs = [f"{batches_a_day(choice, public):,.0f}" for public in (True, False)]
        measured = [f"{size.records:,.1f}", f"{size.inflated_bytes / 1e3:,.1f} kB", f"{size.event_bytes / 1e3:,.1f} kB"]
        rows.append(line(_label(choice, accepted), choice.setting, *runs, *measured))
    return rows


def bill_table() -> list[str]:
    """Returns the bill of each choice, for each number of hosts."""
    columns = [(hosts, choice, accepted) for hosts in HOSTS for choice, accepted in cases()]
    bills = [bill(choice, hosts, accepted) for hosts, choice, accepted in columns]
    heads = [f"{hosts} hosts: {_label(choice, accepted)}" for hosts, choice, accepted in columns]
    rows = [line("USD a month, list price", *heads), "|---|" + "---:|" * len(bills)]
    runs = [hosts * batches_a_day(choice) * 30 for hosts, choice, _ in columns]
    read = [
        count * SIZES[choice.name, accepted].event_bytes for count, (_, choice, accepted) in zip(runs, columns, strict=True)
    ]
    rows += [line("runs", *(f"{count / 1e6:,.2f} million" for count in runs))]
    rows += [line("events", *(f"{amount / GB:,.1f} GB" for amount in read))]
    rows += [line(part, *(money(usd(bill[part])) for bill in bills)) for part in bills[0]]
    rows += [line("**together**", *(f"**{money(sum(map(usd, bill.values())))}**" for bill in bills))]
    return rows


def section() -> str:
    """Returns the section of the page."""
    newline = "\n"
    private = usd(bill(CHOICES[2], 1, ACCEPTED[0])["function (Lambda)"]) + usd(bill(CHOICES[2], 1, ACCEPTED[0])["its log"])
    all_metrics = METRICS_OF_A_RULE * sum(ORIGINS_OF_RULES.values())
    named = NAMED_SIZE.inflated_bytes / SIZES[CHOICES[0].name, ACCEPTED[0]].inflated_bytes
    packed = NAMED_SIZE.event_bytes / SIZES[CHOICES[0].name, ACCEPTED[0]].event_bytes
    packets = [f"{count:,}" for count in BACKGROUND.values()]
    accepted = " and ".join(map(str, ACCEPTED))
    return f"""\
## What rules for TCP and UDP cost

`FilterPattern=auto` passes to the function what `Rules` needs. The rules about TCP and UDP need accepted records, too: they
show that a rejected packet is an answer, or came late on a connection that was accepted. Sizes are those of an average batch,
and a batch is one interface in one minute in which a record passes:

{newline.join(sizes_table())}

A public address gets background in each minute. So its accepted records cause no further run, only larger ones, and passing
rejected records alone saves little. Hosts without a public address are the difference: with accepted records each of them
causes a run a minute, {money(private)} USD a month, and almost none without. The flow log itself costs the same for all.

{newline.join(bill_table())}

**To pass rejected records only**, give their pattern. For the default format, with accepted pings as evidence about pings:

```text
{CHOICES[1].pattern}
```

`FilterPattern=REJECT` passes rejected records of any format, and no accepted pings. What is lost with either: without
`tcp-flags` in the format, a late packet of a connection that was accepted looks like a request or an answer that was rejected,
and can open an incident. With `tcp-flags` SYN, SYN-ACK, FIN and RST still tell them apart; a late packet with none of these is
not recognised.

**No pattern of the template names fields.** For `[version, account, ...]` CloudWatch Logs sends each field of a record twice,
in the message and in `extractedFields`: for these pings {named:.1f} times the inflated size, {packed:.1f} times the event.

The assumptions:

- A public address gets {packets[0]} packets of ICMP, {packets[1]} of TCP and {packets[2]} of UDP a day from the internet, each
  a record of its own. A host has {accepted} accepted records a minute.
- All of it is background. An incident costs the same with any choice.
- A run takes {SECONDS_QUIET * 1000:.0f} ms, and for reading {READ_SECONDS_ACCEPTED * 1e9:.0f} ns for each accepted record and
  {READ_SECONDS_REJECTED * 1e9:.0f} ns for each rejected one ([benchmarks](benchmarks.md)), on a whole processor.
  {MEMORY_MB} MB of memory get {100 * MEMORY_MB / PROCESSOR_MB:.0f} % of one.
- Metrics of background are a line of {EMF_BYTES} bytes for pings and one of {REJECT_LINE_BYTES} bytes for TCP and UDP.
- `Reject` and `Reject-Packets` are two metrics for each rule and origin, charged for the hours in which they have a value: two
  for background, {all_metrics} if every rule has findings of every origin that it can have,
  {money(usd({"metric": all_metrics}))} USD a month.
- CloudWatch Logs does not document how it batches. If it sends several batches for an interface and minute, the runs multiply.
"""


if __name__ == "__main__":
    for one, number in cases():
        print(f"    ({one.name!r}, {number}): {measure(one, number)},")
    print(f"NAMED_SIZE = {measure(CHOICES[0], ACCEPTED[0], named=True)}")
