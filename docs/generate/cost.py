"""Computes the cost of a month by part. Writes docs/cost.md from prices.json and the measurements and assumptions below."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import mean

from docs.generate import rules_cost
from docs.generate.bill import (
    EMF_BYTES,
    GB,
    HOURS,
    LOG_BYTES_PER_RUN,
    LOG_RUN_GB,
    MEMORY_GB,
    MEMORY_MB,
    MINUTES,
    PRICES,
    SECONDS_QUIET,
    STORED_SHARE,
    TABLE,
    line,
    money,
    usd,
)
from tests.harness import records
from tests.harness.template import ROOT, Template

PAGE = ROOT / "docs" / "cost.md"

# Measured here, or counted from the template.
RECORD_BYTES = round(mean(len(line) for line in records.ordinary(2000, records.INTERFACE, 1_795_401_134, seed=1)))
TEMPLATE = Template({"FlowLogResourceId": "vpc-0a1b2c3d4e5f60718"})
WRITES_PER_FINDING_BATCH, READS_PER_FINDING_BATCH = 12.9, 4.7  # measured, see docs/benchmarks.md
METRICS_OF_RECORDS = 3  # records, ICMPv6 records, packets
ORIGINS = 3  # own, private, internet: each has these metrics once more
METRICS_OF_DECISIONS = 3 + 10  # emails, suppressed, delay, and one for each reason of a decision
ALARMS = TEMPLATE.of_type("AWS::CloudWatch::Alarm")
METRICS_OF = {
    name: sum("MetricStat" in metric for metric in alarm["Metrics"]) if "Metrics" in alarm else 1
    for name, alarm in ALARMS.items()
}
WATCHDOG = ALARMS.keys() - Template({"NativeFilterPattern": ""}).of_type("AWS::CloudWatch::Alarm").keys()
WATCHDOG_METRICS = sum(METRICS_OF[name] for name in WATCHDOG)
ALARM_METRICS = sum(METRICS_OF.values())
RULES = len(TEMPLATE.of_type("AWS::CloudWatch::InsightRule"))
INTERFACE_RULES = RULES - len(Template({"ContributorInsights": "pings"}).of_type("AWS::CloudWatch::InsightRule"))

# Assumed. With findings the function waits for three calls to DynamoDB and one to CloudWatch, about 10 ms each.
SECONDS_FINDING = 0.060
POLLS_A_MONTH = 5 * 3 * MINUTES  # Lambda polls the timer queue with five long polls of 20 s
# A digest reads a dozen metrics, and reports of a day: emails and targets of one, sources of both families and interfaces of
# eight.
DIGESTS, DIGEST_READS, DIGEST_SECONDS = 30, 12 + 2 + 3 * 8, 3.0
LOG_ALARM_SCANS = 3  # a query every 5 minutes over the last 15, because records are late


@dataclass(frozen=True)
class Scale:
    """A number of records a month, and the quantities that depend on it."""

    records: int
    emails: int
    """Opened, update and resolved emails. Their number depends on incidents, not on records."""
    hours: float
    """Hours with a rejected ping, because CloudWatch charges a metric by the hour."""
    in_a_batch: int = 1
    """Records in a batch. One is the most expensive case."""

    @property
    def label(self) -> str:
        """The number of records in words, for a heading."""
        return {1_000: "1 thousand", 1_000_000: "1 million", 1_000_000_000: "1 billion"}[self.records]

    @property
    def rejected(self) -> float:
        """Records of rejected pings."""
        return self.records * 0.01

    @property
    def finding_batches(self) -> float:
        """Batches with a rejected ping."""
        return self.rejected / self.in_a_batch

    @property
    def batches(self) -> float:
        """Batches that reach the function. The filter also passes accepted pings, assumed to be as many."""
        return self.finding_batches * 2

    @property
    def gigabytes(self) -> float:
        """Gigabytes that the flow log writes."""
        return self.records * RECORD_BYTES / GB


SCALES = (Scale(1_000, 9, 10), Scale(1_000_000, 120, HOURS), Scale(1_000_000_000, 120, HOURS))


@dataclass(frozen=True)
class Part:
    """A line of the bill: amounts of what is charged."""

    name: str
    amounts: Callable[[Scale], dict[str, float]]
    switch: str = ""
    """The parameter that switches it off, if any."""


FLOW_LOG = Part("flow log (vended logs)", lambda s: {"vended_gb": s.gigabytes, "stored_gb": s.gigabytes * STORED_SHARE})
PARTS = (
    FLOW_LOG,
    Part("subscription filter", lambda s: {}),
    Part(
        "functions (Lambda)",
        lambda s: {
            "lambda_request": s.batches,
            "lambda_gbs": MEMORY_GB * s.finding_batches * (SECONDS_FINDING + SECONDS_QUIET),
        },
    ),
    Part(
        "the functions' logs",
        lambda s: {"ingest_gb": s.batches * LOG_RUN_GB, "stored_gb": s.batches * LOG_RUN_GB * STORED_SHARE},
    ),
    Part("metrics of pings", lambda s: {"metric": METRICS_OF_RECORDS * s.hours / HOURS}),
    Part("the same by origin", lambda s: {"metric": METRICS_OF_RECORDS * ORIGINS * s.hours / HOURS}),
    Part("calls to publish them", lambda s: {"metric_call": s.finding_batches}),
    Part(
        "metrics of emails and decisions",
        lambda s: {"metric": METRICS_OF_DECISIONS * s.hours / HOURS},
        "OperationalMetrics=no",
    ),
    Part("watchdog: a metric and an alarm", lambda s: {"metric": 1, "alarm": WATCHDOG_METRICS}, 'NativeFilterPattern=""'),
    Part(f"the other {len(ALARMS) - len(WATCHDOG)} alarms", lambda s: {"alarm": ALARM_METRICS - WATCHDOG_METRICS}),
    Part("dashboard", lambda s: {"dashboard": 1}, "Dashboard=off"),
    Part(
        "Contributor Insights: pings, emails",
        # A rejected ping counts as a source and as a target.
        lambda s: {"insight_rule": RULES - INTERFACE_RULES, "insight_event": 2 * s.rejected + s.emails},
        "ContributorInsights=off",
    ),
    Part(
        "Contributor Insights: interfaces",
        lambda s: {"insight_rule": INTERFACE_RULES, "insight_event": s.records},
        "ContributorInsights=pings",
    ),
    Part(
        "digest",
        lambda s: {
            "metric_read": DIGESTS * DIGEST_READS,
            "lambda_request": DIGESTS,
            "lambda_gbs": DIGESTS * DIGEST_SECONDS * MEMORY_GB,
            "sns_publish": DIGESTS,
            "sns_email": DIGESTS,
        },
        "Digest=off",
    ),
    Part(
        "incidents (DynamoDB)",
        lambda s: {
            "dynamodb_write": s.finding_batches * WRITES_PER_FINDING_BATCH,
            "dynamodb_read": s.finding_batches * READS_PER_FINDING_BATCH,
        },
    ),
    Part("timers (SQS), mostly Lambda polling", lambda s: {"sqs_request": POLLS_A_MONTH + s.emails * 6}),
    Part("emails (SNS)", lambda s: {"sns_publish": s.emails, "sns_email": s.emails}),
    Part("topic's key (KMS)", lambda s: {"kms_key": 1, "kms_call": min(s.emails * 2, 2 * 2 * MINUTES / 5)}, "TopicKey=none"),
)
PLAIN = (
    FLOW_LOG,
    Part(
        "metric, alarm, emails",
        lambda s: {"metric": s.hours / HOURS, "alarm": 1, "sns_publish": s.emails, "sns_email": s.emails},
    ),
)
LOG_ALARM = (
    FLOW_LOG,
    Part("queries, alarm, emails", lambda s: {
        "scanned_gb": s.gigabytes * LOG_ALARM_SCANS, "log_alarm": 1, "sns_publish": s.emails, "sns_email": s.emails,
    }),
)  # fmt: skip


# What the internet sends to public addresses, as an incident and as background.
PUBLIC_ADDRESSES = (1, 10, 500)
BACKGROUND_PINGS = 3_800  # packets a day to one address
BACKGROUND_EMAILS = 30  # of an incident that stays open, with an update each day
AS_INCIDENT, AS_BACKGROUND = "incident", "background"


def background_batches(addresses: float) -> float:
    """Returns the batches of a month: one for each address and minute with a ping. Pings come independently of each other."""
    return addresses * MINUTES * (1 - math.exp(-BACKGROUND_PINGS / (24 * 60)))


def background_bill(addresses: int, treated: str) -> dict[str, dict[str, float]]:
    """Returns the amounts of a month by part."""
    batches = background_batches(addresses)
    as_incident = treated == AS_INCIDENT
    seconds = SECONDS_FINDING if as_incident else SECONDS_QUIET
    written = batches if as_incident else 0.0
    lines = 0.0 if as_incident else batches * EMF_BYTES / GB
    emails = BACKGROUND_EMAILS if as_incident else 0
    return {
        "function (Lambda)": {"lambda_request": batches, "lambda_gbs": MEMORY_GB * batches * seconds},
        "its log": {"ingest_gb": batches * LOG_RUN_GB, "stored_gb": batches * LOG_RUN_GB * STORED_SHARE},
        "metrics as lines in that log": {"ingest_gb": lines, "stored_gb": lines * STORED_SHARE},
        "calls to publish metrics": {"metric_call": written},
        "incidents (DynamoDB)": {
            "dynamodb_write": written * WRITES_PER_FINDING_BATCH,
            "dynamodb_read": written * READS_PER_FINDING_BATCH,
        },
        "emails (SNS)": {"sns_publish": emails, "sns_email": emails},
        "metrics of pings": {"metric": METRICS_OF_RECORDS},
        "the same by origin: `internet`": {"metric": METRICS_OF_RECORDS},
    }


def background_table() -> list[str]:
    """Returns the table that compares both, for each number of addresses."""
    bills = [background_bill(count, treated) for count in PUBLIC_ADDRESSES for treated in (AS_INCIDENT, AS_BACKGROUND)]
    heads = [
        f"{count} address{'es' * (count > 1)}, {treated}"
        for count in PUBLIC_ADDRESSES
        for treated in ("as an incident", "as background")
    ]
    rows = [line("USD a month, list price", *heads), "|---|" + "---:|" * len(bills)]
    rows += [line(part, *(money(usd(bill[part])) for bill in bills)) for part in bills[0]]
    rows += [line("**together**", *(f"**{money(sum(map(usd, bill.values())))}**" for bill in bills))]
    return rows


def total(parts: tuple[Part, ...], scale: Scale, free: bool = False) -> float:
    """Returns the total of a bill."""
    used: dict[str, float] | None = {} if free else None
    return sum(usd(part.amounts(scale), used) for part in parts)


def savings() -> list[tuple[str, str, list[float]]]:
    """Returns the parts that can be switched off, by their saving at a million records, largest first."""
    found = [(part.switch, part.name, [usd(part.amounts(scale)) for scale in SCALES]) for part in PARTS if part.switch]
    return sorted(found, key=lambda entry: -entry[2][1])


def page() -> str:
    """Returns the whole page."""
    heads = [f"{scale.label} records" for scale in SCALES]
    bill = [line("USD a month", *heads), "|---|" + "---:|" * len(SCALES)]
    bill += [line(part.name, *(money(usd(part.amounts(scale))) for scale in SCALES)) for part in PARTS]
    bill += [line("**list price**", *(f"**{money(total(PARTS, scale))}**" for scale in SCALES))]
    bill += [line("with the free tier to itself", *(money(total(PARTS, scale, free=True)) for scale in SCALES))]
    tens = [replace(scale, in_a_batch=10) for scale in SCALES]
    bill += [line("list price, ten records in a batch", *(money(total(PARTS, scale)) for scale in tens))]
    bill += [line("list price without the flow log", *(money(total(PARTS[1:], scale)) for scale in SCALES))]
    others = [line("USD a month, list price", *heads), "|---|" + "---:|" * len(SCALES)]
    for name, parts in (("metric filter and alarm", PLAIN), ("Log Alarm", LOG_ALARM), ("this", PARTS)):
        others.append(line(name, *(money(total(parts, scale)) for scale in SCALES)))
    off = [line("Setting", "switches off", *heads), "|---|---|" + "---:|" * len(SCALES)]
    off += [line(f"`{switch}`", name, *(money(amount) for amount in amounts)) for switch, name, amounts in savings()]
    prices = [line("What", "USD", "free a month", "from"), "|---|---:|---:|---|"]
    for price in PRICES.values():
        free = f"{price['free']:,}" if "free" in price else ""
        mark = " **(not verified)**" if price["sure"] == "unverified" else ""
        prices.append(line(price["what"], f"{price['usd']:.10f}".rstrip("0").rstrip("."), free, price["source"] + mark))
    many = ", ".join
    dynamodb = f"{WRITES_PER_FINDING_BATCH} writes, {READS_PER_FINDING_BATCH} reads"
    quantities = [
        ("bytes of a record", str(RECORD_BYTES), "measured, default format"),
        ("records that reach the function", "2 %", "the rejected pings, and as many accepted pings"),
        ("rejected pings that are background", "none", "the most expensive case; what background costs is a table of its own"),
        ("records in a batch", "1", "the most expensive case: with many interfaces, two records rarely share a batch"),
        ("a run without a finding", f"{SECONDS_QUIET * 1000:.0f} ms", "assumed; the function itself takes less than 1 ms"),
        ("a run with one", f"{SECONDS_FINDING * 1000:.0f} ms", "assumed; it waits for four or five calls"),
        ("memory", f"{MEMORY_MB} MB", "fixed in the template"),
        (
            "DynamoDB for a batch with a finding",
            dynamodb,
            "measured, see docs/benchmarks.md",
        ),
        ("log of the functions", f"{LOG_BYTES_PER_RUN} bytes a run", "estimated"),
        (
            "emails",
            many(f"{scale.emails:,}" for scale in SCALES),
            "assumed; they follow incidents: some three for each, one a day while one stays open",
        ),
        ("hours with a rejected ping", many(f"{scale.hours:,.0f}" for scale in SCALES), "metrics are charged by the hour"),
        ("alarms", f"{ALARM_METRICS} metrics", "counted in the template"),
        ("digest", f"{DIGEST_READS} metrics and reports a day", "counted; the run takes 3 s, assumed"),
        ("Lambda polling the timer queue", f"{POLLS_A_MONTH:,} requests", "5 at a time, 20 s each, even if the queue is empty"),
    ]
    basis = [line("Quantity", "Value", ""), "|---|---|---|", *(line(*row) for row in quantities)]
    kept = 100 * STORED_SHARE * PRICES["stored_gb"]["usd"] / PRICES["vended_gb"]["usd"]
    a_day = background_batches(1) / 30
    newline = "\n"
    return f"""\
<!-- Made by `make cost` from prices.json, cost.py and rules_cost.py in docs/generate; CI checks that it is current. -->

# What a month costs

This page computes the cost of {SCALES[0].label}, {SCALES[1].label} and {SCALES[2].label} flow log records a month, of which 1 %
are rejected pings. It uses list prices of {TABLE["region"]}, collected on {TABLE["collected"]}. Other regions are often 10 to
25 % more expensive. **No bill has been seen.**

{newline.join(bill)}

With little traffic, almost all of the cost is fixed. With much traffic, most of the cost is the flow log itself, and for each
batch of an incident the call that publishes its metrics and a few writes. Here every rejected ping belongs to an incident; what
[the internet's pings](#what-the-internets-pings-cost) cost is below. `vpc-flow-alerts backtest` computes the cost for
[your own records](backtest.md).

## What to switch off first

{newline.join(off)}

Most of these are free in an account that has not used up the free tier: 10 metrics, 10 alarms, 3 dashboards, 1 rule.

`ContributorInsights=off` switches off all rules. The rule for interfaces is charged for every record:
{PRICES["insight_event"]["usd"] * 1e6:.2f} USD a million. Without it the digest does not say which interfaces sent records.

These changes save money, too:

- `FilterPattern=REJECT` halves the runs of the function. The email then lacks the accepted request that
  points to a network ACL, and a rejected answer to a ping of yours counts as background, not as yours.
- A flow log of rejected traffic only removes most of the cost of the flow log, with the same loss. To get it, change
  `TrafficType` to `REJECT` in the template.
- A shorter `LogRetentionDays`: each month that a month's records are kept costs {kept:.1f} % of their delivery.

## Compared

{newline.join(others)}

A plain alarm states only that something was rejected. A Log Alarm adds raw log lines. [The comparison](comparison.md) shows
what each sends. The price of a Log Alarm was not found; the price of an ordinary alarm is assumed. Its query runs every 5
minutes over the last 15.

## What the internet's pings cost

Every public address gets pings from the internet all day. They are [background](operations.md#signal-and-background), unless
they are a flood, a persistent ping, or from a source that must get through. As an incident (`InternetPings=alert`) each batch
of them is counted in the table, and a call publishes its metrics. As background (`digest` or `count`) it is a run of the
function and a line in its log.

{newline.join(background_table())}

The assumptions:

- An address gets {BACKGROUND_PINGS:,} pings a day from the internet, at any time of the day.
- Each address and minute with a ping is one batch: {a_day:,.0f} of the 1,440 minutes of a day have one.
- As an incident a batch takes {SECONDS_FINDING * 1000:.0f} ms, and {dynamodb}.
- As background it takes {SECONDS_QUIET * 1000:.0f} ms and no call.
- Its metrics are a line of {EMF_BYTES} bytes in the embedded metric format. CloudWatch charges the line, and no call.
- The incident never ends, and sends one email a day.
- The metrics have a value in each hour: {METRICS_OF_RECORDS} of all pings, and the same with `Origin` = `internet`.
- Left out is what is the same for both (flow log, Contributor Insights, alarms), what is less than a cent (timers, the topic's
  key), and the metrics of emails and decisions, to which background adds nothing.

{rules_cost.section()}
## What this is computed from

{newline.join(basis)}

{newline.join(prices)}

{TABLE["note"]}
"""


if __name__ == "__main__":
    PAGE.write_text(page())
