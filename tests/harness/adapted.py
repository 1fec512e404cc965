"""Copies of a built template for the emulator: without what it refuses, and with other values for what is fixed."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.template import Template

# Resource types that the emulator refuses. Nothing else in the template refers to them.
REFUSED = {"AWS::Logs::QueryDefinition": "saved queries"}


@dataclass(frozen=True)
class Fixed:
    """Values that the template fixes, for a test or a demo that needs others. None leaves the template's value."""

    timeout_seconds: int | None = None
    log_level: str | None = None


AS_DEPLOYED = Fixed()


def on_first_metric(alarm: dict[str, Any]) -> dict[str, Any]:
    """Returns the properties of an alarm without metric math: an alarm on it becomes one on the first of its metrics."""
    if "Metrics" not in alarm:
        return alarm
    first = next(metric["MetricStat"] for metric in alarm["Metrics"] if "MetricStat" in metric)
    others = {key: value for key, value in alarm.items() if key != "Metrics"}
    return others | first["Metric"] | {"Period": first["Period"], "Statistic": first["Stat"]}


def adapt(template: dict[str, Any], fixed: Fixed = AS_DEPLOYED) -> dict[str, Any]:
    """Returns a copy of a template that the emulator accepts, with `fixed` put in.

    An alarm on metric math, which the emulator refuses, becomes an alarm of the same name on the first of its metrics.
    """
    adapted = copy.deepcopy(template)
    if fixed.timeout_seconds is not None:
        adapted["Mappings"]["Functions"]["Limits"]["TimeoutSeconds"] = str(fixed.timeout_seconds)
    resources = adapted["Resources"]
    for name in [name for name, resource in resources.items() if resource["Type"] in REFUSED]:
        del resources[name]
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if fixed.log_level is not None and "ApplicationLogLevel" in properties.get("LoggingConfig", {}):
            properties["LoggingConfig"]["ApplicationLogLevel"] = fixed.log_level
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            resource["Properties"] = on_first_metric(properties)
    return adapted


def adapted(built: Path, fixed: Fixed = AS_DEPLOYED) -> Path:
    """Writes the adapted copy of a built template beside it, as its paths are relative, and returns where.

    Several processes may do so at once: a copy is written elsewhere and moved to its name, which follows from what is in it.
    """
    text = json.dumps(adapt(Template(path=built).source, fixed))
    path = built.with_name(f"adapted-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json")
    if not path.exists():
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.write_text(text)
        scratch.replace(path)
    return path
