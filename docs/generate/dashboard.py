"""`make dashboard`: draws the dashboard of template.yaml into docs/dashboard.png, as a preview.

Draws the template's own dashboard body, widget by widget. The data are those of an invented afternoon: metrics and flow log
records are put into the emulator and read back from it. The emulator lacks metric math and Contributor Insights, so these are
computed here from the expressions in the body and from the rules in the template.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from tests.harness.emulator import Emulator, EmulatorError
from tests.harness.metric_math import evaluate
from tests.harness.template import ROOT, Template
from tests.harness.terminal import Step, failed

PICTURE = ROOT / "docs" / "dashboard.png"
COLUMNS = 24
END = datetime(2026, 11, 23, 18, 0, tzinfo=timezone.utc)
PAGE, CARD, INK, FAINT, LINE = "#f2f3f3", "#ffffff", "#16191f", "#687078", "#e3e6e8"
INSIGHT_COLORS = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd"]
ALARM_COLORS = {"OK": "#1d8102", "ALARM": "#d13212", "INSUFFICIENT_DATA": "#687078"}
WEB, DATABASE, DATABASE_V6 = "10.1.2.3", "10.1.7.20", "2001:db8:1::20"
WEB_ENI, DATABASE_ENI, GATEWAY_ENI = "eni-0a1b2c3d4e5f60718", "eni-0f9e8d7c6b5a40312", "eni-07c41d92e6b35aa80"


# ---------------------------------------------------------------- the dashboard body


def body(values: dict[str, str] | None = None) -> dict[str, Any]:
    """Returns the dashboard body of template.yaml, with all references resolved."""
    dashboard = next(iter(Template(values).of_type("AWS::CloudWatch::Dashboard").values()))
    return dict(json.loads(dashboard["DashboardBody"]))


@dataclass
class Line:
    """One entry of a widget's metrics: a metric, or an expression over the others."""

    metric: tuple[str, str, tuple[tuple[str, str], ...]] | None
    options: dict[str, Any]

    @property
    def label(self) -> str:
        """The text in the legend."""
        return str(self.options.get("label") or (self.metric[1] if self.metric else self.options["expression"]))


def lines(widget: dict[str, Any]) -> list[Line]:
    """Reads a widget's metrics array: `[namespace, name, dimension, value..., {options}]` or `[{expression}]`."""
    found = []
    for entry in widget["properties"].get("metrics", []):
        parts, options = [part for part in entry if isinstance(part, str)], entry[-1] if isinstance(entry[-1], dict) else {}
        if not parts:
            found.append(Line(None, options))
            continue
        namespace, name, *dimensions = parts
        found.append(Line((namespace, name, tuple(zip(dimensions[::2], dimensions[1::2], strict=True))), options))
    return found


def contributors(rule: dict[str, Any], messages: list[tuple[int, str]]) -> dict[tuple[str, ...], list[tuple[int, float]]]:
    """Applies a Contributor Insights rule for space-separated logs to log events. Returns the points by contributor."""
    alias = {name: int(place) - 1 for place, name in rule["Fields"].items()}
    contribution = rule["Contribution"]
    found: dict[tuple[str, ...], list[tuple[int, float]]] = defaultdict(list)
    for timestamp, message in messages:
        words = message.split()
        try:
            values = {name: words[place] for name, place in alias.items()}
        except IndexError:
            continue
        if all(_matches(values[condition["Match"]], condition) for condition in contribution.get("Filters", [])):
            amount = float(values[contribution["ValueOf"]]) if rule["AggregateOn"] == "Sum" else 1.0
            found[tuple(values[key] for key in contribution["Keys"])].append((timestamp, amount))
    return dict(found)


def _matches(value: str, condition: dict[str, Any]) -> bool:
    if "In" in condition:
        return value in condition["In"]
    return value.isdigit() and float(value) == condition["EqualTo"]


# ---------------------------------------------------------------- the data


@dataclass
class ExampleData:
    """The data of 12:00 to 18:00: background and three incidents, as records and as the functions' metrics."""

    template: Template
    events: list[tuple[int, str, str]] = field(default_factory=list)
    """Time in ms, interface, record."""
    arrivals: set[datetime] = field(default_factory=set)
    """Minutes in which a batch with findings of an incident arrives."""
    points: dict[tuple[str, tuple[tuple[str, str], ...], str], list[tuple[datetime, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def make(self) -> ExampleData:
        """Generates the data: answers to a monitor that a network ACL rejects, sources that keep pinging, and
        an open incident of a private network, amid what the internet sends to a public address all day.
        """
        random = np.random.default_rng(7)
        self._background()
        # Each flow: source, target, interface, protocol, packets a minute.
        # Each incident: start, minutes, origin, flows, resolved.
        monitor = [(WEB, "203.0.113.12", WEB_ENI, 1, 15)]
        persistent = [
            ("198.51.100.23", DATABASE, DATABASE_ENI, 1, 38),
            ("198.51.100.61", WEB, WEB_ENI, 1, 14),
            ("2001:db8:9::17", DATABASE_V6, DATABASE_ENI, 58, 21),
        ]
        still_open = [("10.20.4.77", WEB, GATEWAY_ENI, 1, 27), ("2001:db8:1:4::2", DATABASE_V6, GATEWAY_ENI, 58, 12)]
        incidents = [
            ("13:06", 52, "own", monitor, True),
            ("15:21", 68, "internet", persistent, True),
            ("17:19", 34, "private", still_open, False),
        ]
        for start, minutes, origin, flows, resolved in incidents:
            began = self._at(start)
            for minute in range(minutes):
                moment = began + timedelta(minutes=minute)
                swell = 0.35 + np.sin(np.pi * (minute + 1) / (minutes + 1)) ** 2
                counted = Counter[str]()
                for source, target, eni, protocol, usual in flows:
                    # An aggregation interval of 60 s has one record for each flow. A scan has many targets.
                    targets = 1 + int(random.poisson(usual * swell / 9))
                    for _ in range(targets):
                        packets = int(max(1, random.poisson(usual * swell / targets)))
                        self._record(moment, eni, source, target, protocol, packets)
                        counted.update({"": 1, "-V6": int(protocol == 58), "-Packets": packets})
                self._count(moment, origin, counted)
                arrival = moment + timedelta(minutes=6)
                self.arrivals.add(arrival)
                self._custom("-Decisions", arrival, 1, ("Reason", "open" if minute else "new"))
                if minute:
                    self._custom("-Suppressed", arrival, len(flows))
            for minute in (0, 5, 20, 80):
                if minute < minutes + 12:
                    self._email(began + timedelta(minutes=6 + minute), 340 + 90 * random.random() if minute == 0 else None)
            if resolved:
                ended = began + timedelta(minutes=minutes + 21)
                self._custom("-Decisions", ended, 1, ("Reason", "quiet"))
                self._email(ended, None)
        self._functions(random)
        return self

    def _background(self) -> None:
        """Scanners: 3,800 packets a day, one to four from each source."""
        random = np.random.default_rng(11)
        for minute in range(360):
            moment = END - timedelta(minutes=360 - minute)
            counted = Counter[str]()
            for _ in range(int(random.poisson(1.2))):
                packets = int(random.integers(1, 5))
                source = f"203.0.113.{random.integers(20, 250)}"
                self._record(moment, WEB_ENI, source, WEB, 1, packets)
                counted.update({"": 1, "-Packets": packets})
            self._count(moment, "internet", counted)

    def _count(self, moment: datetime, origin: str, counted: Counter[str]) -> None:
        for name, value in counted.items():
            if value:
                self._custom(name, moment, value)
                self._custom(name, moment, value, ("Origin", origin))

    def _functions(self, random: np.random.Generator) -> None:
        alerts, timer = (("FunctionName", f"<{name}>") for name in ("FlowAlerts", "IncidentTimer"))
        for minute in range(360):
            moment = END - timedelta(minutes=360 - minute)
            calls = moment in self.arrivals
            for _ in range(3):
                self._add(
                    "AWS/Lambda",
                    "Duration",
                    moment,
                    float(random.gamma(3, 11) + 18 if calls else random.gamma(2, 0.6) + 0.8),
                    alerts,
                )
            self._add("AWS/Lambda", "Errors", moment, float(minute in (201, 202)), alerts)
            self._add("AWS/Lambda", "Throttles", moment, 0.0, alerts)
            if minute % 5 == 0 and calls:
                self._add("AWS/Lambda", "Duration", moment, float(random.gamma(3, 8) + 15), timer)
                self._add("AWS/Lambda", "Errors", moment, 0.0, timer)
            if minute % 5 == 0:
                for queue in ("FailureQueue", "TimerFailureQueue"):
                    waiting = 1.0 if queue == "FailureQueue" and 203 <= minute <= 231 else 0.0
                    dimension = ("QueueName", f"<{queue}.QueueName>")
                    self._add("AWS/SQS", "ApproximateNumberOfMessagesVisible", moment, waiting, dimension)

    def _record(self, moment: datetime, eni: str, source: str, target: str, protocol: int, packets: int) -> None:
        start = int(moment.timestamp())
        line = f"2 123456789010 {eni} {source} {target} 0 0 {protocol} {packets} {packets * 84} {start} {start + 55} REJECT OK"
        self.events.append((start * 1000, eni, line))

    def _email(self, moment: datetime, delay: float | None) -> None:
        self._custom("-Emails", moment, 1)
        if delay is not None:
            self._custom("-Email-Delay", moment, delay)

    def _custom(self, suffix: str, moment: datetime, value: float, *dimensions: tuple[str, str]) -> None:
        self._add(
            self.template.values["MetricNamespace"], self.template.values["MetricName"] + suffix, moment, value, *dimensions
        )

    def _add(self, namespace: str, name: str, moment: datetime, value: float, *dimensions: tuple[str, str]) -> None:
        self.points[namespace, dimensions, name].append((moment, value))

    @staticmethod
    def _at(clock: str) -> datetime:
        hour, minute = map(int, clock.split(":"))
        return END.replace(hour=hour, minute=minute)


def put(emulator: Emulator, example: ExampleData) -> None:
    """Puts the data into the emulator: metrics, records, alarms."""
    cloudwatch, logs = emulator.client("cloudwatch"), emulator.client("logs")
    for (namespace, dimensions, name), series in example.points.items():
        data = [
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
                "Timestamp": moment,
                "Value": value,
            }
            for moment, value in series
        ]
        for at in range(0, len(data), 500):
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[at : at + 500])
    group = example.template.values["LogGroupName"]
    logs.create_log_group(logGroupName=group)
    for eni in sorted({eni for _, eni, _ in example.events}):
        logs.create_log_stream(logGroupName=group, logStreamName=f"{eni}-all")
        own = sorted((time, line) for time, other, line in example.events if other == eni)
        for at in range(0, len(own), 5000):
            batch = [{"timestamp": time, "message": line} for time, line in own[at : at + 5000]]
            logs.put_log_events(logGroupName=group, logStreamName=f"{eni}-all", logEvents=batch)
    for properties in example.template.of_type("AWS::CloudWatch::Alarm").values():
        shape = {"Namespace": "-", "MetricName": "-", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
        compared = "GreaterThanOrEqualToThreshold"
        cloudwatch.put_metric_alarm(AlarmName=properties["AlarmName"], ComparisonOperator=compared, **shape)
        state = "ALARM" if properties["AlarmName"] == example.template.values["AlarmName"] else "OK"
        cloudwatch.set_alarm_state(AlarmName=properties["AlarmName"], StateValue=state, StateReason="example data")


class Reader:
    """Reads the data of widgets from the emulator."""

    def __init__(self, emulator: Emulator, template: Template, start: datetime) -> None:
        self.cloudwatch, self.logs = emulator.client("cloudwatch"), emulator.client("logs")
        self.template, self.start = template, start

    def times(self, period: int) -> list[datetime]:
        """Returns the starts of the periods shown."""
        count = int((END - self.start).total_seconds()) // period
        return [self.start + timedelta(seconds=period * index) for index in range(count)]

    def series(self, line: Line, widget: dict[str, Any], period: int) -> np.ndarray:
        """Returns a metric's value for each period, NaN if there is no data point.

        Asked for a metric without dimensions, the emulator answers with all metrics of that name: the others are subtracted.
        """
        assert line.metric
        namespace, name, dimensions = line.metric
        stat = line.options.get("stat") or widget["properties"].get("stat", "Average")
        values = self._read(line.metric, stat, period)
        known = self.cloudwatch.list_metrics(Namespace=namespace, MetricName=name)["Metrics"]
        if not dimensions and any(metric["Dimensions"] for metric in known):
            assert stat == "Sum"
            for metric in known:
                others = tuple((dimension["Name"], dimension["Value"]) for dimension in metric["Dimensions"])
                if others:
                    values = values - np.nan_to_num(self._read((namespace, name, others), stat, period))
        return values

    def _read(self, metric: tuple[str, str, tuple[tuple[str, str], ...]], stat: str, period: int) -> np.ndarray:
        namespace, name, dimensions = metric
        query = {
            "Id": "m",
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
                },
                "Period": period,
                "Stat": stat,
            },
        }
        found = self.cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=self.start, EndTime=END)
        result = found["MetricDataResults"][0]
        there = dict(zip((t.timestamp() for t in result["Timestamps"]), result["Values"], strict=True))
        return np.array([there.get(time.timestamp(), np.nan) for time in self.times(period)])

    def rows(self, widget: dict[str, Any], period: int) -> list[tuple[Line, np.ndarray]]:
        """Returns the lines and values of a metric widget, including expressions."""
        known: dict[str, np.ndarray] = {}
        shown = []
        for line in lines(widget):
            values = self.series(line, widget, period) if line.metric else evaluate(line.options["expression"], known)
            known[line.options.get("id", "")] = values
            if line.options.get("visible", True):
                shown.append((line, values))
        return shown

    def insight(self, widget: dict[str, Any], period: int) -> list[tuple[str, np.ndarray]]:
        """Returns the largest contributors of the widget's rule, with their value in each period."""
        wanted = widget["properties"]["insightRule"]
        rules = self.template.of_type("AWS::CloudWatch::InsightRule").values()
        rule = json.loads(next(r["RuleBody"] for r in rules if r["RuleName"] == wanted["ruleName"]))
        messages = []
        for group in rule["LogGroupNames"]:
            for page in self.logs.get_paginator("filter_log_events").paginate(logGroupName=group):
                messages += [(event["timestamp"], event["message"]) for event in page["events"]]
        found = contributors(rule, messages)
        heaviest = sorted(found, key=lambda keys: -sum(value for _, value in found[keys]))[: wanted["maxContributorCount"]]
        rows = []
        for keys in heaviest:
            values = np.zeros(len(self.times(period)))
            for timestamp, value in found[keys]:
                place = int((timestamp / 1000 - self.start.timestamp()) // period)
                if 0 <= place < len(values):
                    values[place] += value
            rows.append((" ".join(keys), values))
        return rows

    def alarm_states(self) -> dict[str, str]:
        """Returns the state of each alarm."""
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in self.cloudwatch.describe_alarms()["MetricAlarms"]}


# ---------------------------------------------------------------- drawing


UNIT = 0.62
"""Width of one dashboard column in inches. `ROW` is the height of a row."""
ROW = 0.5
GAP = 0.09


class Canvas:
    """The page, in units of the dashboard."""

    def __init__(self, widgets: list[dict[str, Any]]) -> None:
        self.height = max(widget["y"] + widget["height"] for widget in widgets) * ROW
        self.width = COLUMNS * UNIT
        self.figure = plt.figure(figsize=(self.width, self.height), facecolor=PAGE)

    def card(self, widget: dict[str, Any], plain: bool = False) -> tuple[float, float, float, float]:
        """Draws a widget's card and its title. Returns left, bottom, width and height of the card in inches."""
        left, width = widget["x"] * UNIT + GAP, widget["width"] * UNIT - 2 * GAP
        height = widget["height"] * ROW - 2 * GAP
        bottom = self.height - (widget["y"] * ROW + GAP) - height
        if not plain:
            box = FancyBboxPatch(
                (left / self.width, bottom / self.height),
                width / self.width,
                height / self.height,
                boxstyle="round,pad=0,rounding_size=0.004",
                mutation_aspect=self.width / self.height,
                facecolor=CARD,
                edgecolor="#d5dbdb",
                linewidth=0.8,
                transform=self.figure.transFigure,
                zorder=-1,
            )
            self.figure.add_artist(box)
        if title := widget["properties"].get("title"):
            self.text(left + 0.16, bottom + height - 0.27, title, size=11, weight="bold")
        return left, bottom, width, height

    def text(self, x: float, y: float, text: str, **style: Any) -> float:
        """Writes text at a position in inches. Returns its width."""
        options: dict[str, Any] = {"color": INK, "size": 10, "va": "center"} | style
        written = self.figure.text(x / self.width, y / self.height, text, **options)
        return float(written.get_window_extent().width / self.figure.dpi)

    def axes(self, left: float, bottom: float, width: float, height: float) -> Any:
        """Creates axes at a position in inches."""
        axes = self.figure.add_axes((left / self.width, bottom / self.height, width / self.width, height / self.height))
        axes.set_facecolor(CARD)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color("#aab7b8")
        axes.grid(axis="y", color=LINE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(colors=FAINT, labelsize=8.5, length=0)
        return axes


def draw_text(canvas: Canvas, widget: dict[str, Any]) -> None:
    """Draws a text widget: a heading and a paragraph. **Bold** text is drawn as plain text."""
    left, bottom, _, height = canvas.card(widget, plain=widget["properties"].get("background") == "transparent")
    heading, _, rest = widget["properties"]["markdown"].partition("\n")
    canvas.text(left + 0.1, bottom + height - 0.26, heading.lstrip("# "), size=17, weight="bold")
    canvas.text(left + 0.1, bottom + height - 0.64, rest.replace("**", ""), color=FAINT, size=10.5)


def draw_numbers(canvas: Canvas, widget: dict[str, Any], reader: Reader) -> None:
    """Draws a singleValue widget."""
    left, bottom, width, _ = canvas.card(widget)
    shown = reader.rows(widget, widget["properties"]["period"])
    step = width / len(shown)
    for index, (line, values) in enumerate(shown):
        x = left + step * index + 0.22
        canvas.text(x, bottom + 0.64, f"{int(np.nansum(values)):,}", size=25, color=line.options.get("color", INK))
        canvas.text(x, bottom + 0.24, line.label, size=10.5, color=FAINT)


def draw_graph(canvas: Canvas, widget: dict[str, Any], reader: Reader) -> None:
    """Draws a time series, of metrics or of a rule's contributors."""
    properties = widget["properties"]
    period = properties["period"]
    insight = "insightRule" in properties
    left, bottom, width, height = canvas.card(widget)
    legend_size = width * 0.36 if insight else 0.0
    axes = canvas.axes(
        left + 0.62, bottom + (0.38 if insight else 0.66), width - 0.86 - legend_size, height - (0.92 if insight else 1.2)
    )
    times = [mdates.date2num(time) for time in reader.times(period)]
    if insight:
        rows = [
            (label, INSIGHT_COLORS[index], values, True) for index, (label, values) in enumerate(reader.insight(widget, period))
        ]
    else:
        rows = [
            (line.label, line.options.get("color", INSIGHT_COLORS[index]), values, False)
            for index, (line, values) in enumerate(reader.rows(widget, period))
        ]
    if properties.get("stacked"):
        axes.stackplot(
            times, *(values for _, _, values, _ in rows), colors=[color for _, color, _, _ in rows], step="post", alpha=0.85
        )
    else:
        for _, color, values, _ in rows:
            there = ~np.isnan(values)
            sparse = there.sum() < len(values) / 3 and not insight
            points, heights = np.array(times)[there], values[there]
            axes.plot(points, heights, color=color, linewidth=1.5, marker="o" if sparse else None, markersize=3.5)
            if insight:
                axes.fill_between(points, heights, color=color, alpha=0.12, linewidth=0)
    for mark in properties.get("annotations", {}).get("horizontal", []):
        axes.axhline(mark["value"], color=mark.get("color", FAINT), linewidth=1, linestyle="--")
        axes.text(times[0], mark["value"], f" {mark['label']}", color=FAINT, size=8.5, va="bottom")
    top = max([float(np.nanmax(values)) for _, _, values, _ in rows if not np.all(np.isnan(values))] or [0])
    marks = [mark["value"] for mark in properties.get("annotations", {}).get("horizontal", [])]
    if properties.get("stacked"):
        top = float(np.max(np.nansum([values for _, _, values, _ in rows], axis=0)))
    axes.set_ylim(0, max([top, *marks, 1]) * 1.15)
    axes.set_xlim(mdates.date2num(reader.start), mdates.date2num(END))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M", tz=timezone.utc))
    axes.xaxis.set_major_locator(mdates.HourLocator(interval=2 if insight or widget["width"] < 10 else 1))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    if unit := properties.get("yAxis", {}).get("left", {}).get("label"):
        canvas.text(left + 0.16, bottom + height - 0.53, unit, size=8.5, color=FAINT)
    legend(canvas, rows, left, bottom, width, height, legend_size)


def legend(
    canvas: Canvas, rows: list[Any], left: float, bottom: float, width: float, height: float, legend_size: float
) -> None:
    """Draws the legend: below the graph, or for contributors next to it, with their totals."""
    if legend_size:
        for index, (label, color, values, _) in enumerate(rows):
            y = bottom + height - 0.62 - 0.4 * index
            canvas.text(left + width - legend_size + 0.1, y, "■", color=color, size=10)
            source, _, interface = label.partition(" ")
            canvas.text(left + width - legend_size + 0.32, y + 0.075, source, size=9)
            canvas.text(left + width - legend_size + 0.32, y - 0.09, interface, size=7.5, color=FAINT)
            canvas.text(left + width - 0.16, y, f"{int(values.sum()):,}", size=9, ha="right")
        return
    x = left + 0.3
    for label, color, _, _ in rows:
        canvas.text(x, bottom + 0.2, "■", color=color, size=10)
        x += 0.18 + canvas.text(x + 0.18, bottom + 0.2, label, size=9, color=FAINT) + 0.28


def draw_alarms(canvas: Canvas, widget: dict[str, Any], states: dict[str, str]) -> None:
    """Draws the alarm widget: a colored dot and a name for each alarm."""
    left, bottom, width, height = canvas.card(widget)
    names = [arn.rpartition(":alarm:")[2] for arn in widget["properties"]["alarms"]]
    columns = 4
    for index, name in enumerate(names):
        x = left + 0.2 + (width - 0.3) / columns * (index % columns)
        y = bottom + height - 0.6 - 0.27 * (index // columns)
        canvas.text(x, y, "●", color=ALARM_COLORS[states[name]], size=11)
        canvas.text(x + 0.2, y, name, size=8.8)


def draw(reader: Reader, widgets: list[dict[str, Any]], path: Path) -> None:
    """Draws all widgets and writes the image."""
    plt.rcParams["font.family"] = "DejaVu Sans"
    canvas = Canvas(widgets)
    for widget in widgets:
        if widget["type"] == "text":
            draw_text(canvas, widget)
        elif widget["type"] == "alarm":
            draw_alarms(canvas, widget, reader.alarm_states())
        elif widget["properties"].get("view") == "singleValue":
            draw_numbers(canvas, widget, reader)
        else:
            draw_graph(canvas, widget, reader)
    path.parent.mkdir(exist_ok=True)
    canvas.figure.savefig(path, dpi=110, facecolor=PAGE, metadata={"Software": None})


def main() -> int:
    """Starts an emulator, puts the data, draws the dashboard, and stops the emulator."""
    parser = argparse.ArgumentParser(description="Draws the dashboard of template.yaml.")
    parser.add_argument("--output", type=Path, default=PICTURE)
    options = parser.parse_args()
    emulator = None
    try:
        template = Template()
        dashboard = body()
        hours = int(re.fullmatch(r"-PT(\d+)H", dashboard["start"])[1])  # type: ignore[index]
        with Step("Put example data into the emulator") as step:
            emulator = Emulator.start()
            example = ExampleData(template).make()
            put(emulator, example)
            step.note = f"{len(example.events)} records, {sum(map(len, example.points.values()))} points"
        with Step("Draw the dashboard") as step:
            draw(Reader(emulator, template, END - timedelta(hours=hours)), dashboard["widgets"], options.output)
            step.note = str(options.output.relative_to(ROOT) if options.output.is_relative_to(ROOT) else options.output)
    except EmulatorError as error:
        failed(error)
        return 1
    finally:
        if emulator:
            emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
