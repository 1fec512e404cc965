"""What a change of each parameter does to a running stack, for the table in docs/operations.md.

Each parameter is changed and both templates are compared, resource by resource. Whether a changed property is updated in
place or replaces its resource is AWS's own resource schema (`createOnlyProperties`, as cfn-lint carries it). CloudFormation
makes what is new before it deletes what is old, so two resources of one name cannot follow each other: such a change fails,
and is found here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.harness.emulator import REGION
from tests.harness.template import NAMES, Template

KEY = f"arn:aws:kms:{REGION}:123456789010:key/11111111-2222-3333-4444-555555555555"

VPC = {"FlowLogResourceId": "vpc-0a1b2c3d4e5f60718"}
Change = tuple[dict[str, str], dict[str, str]]

# From what to what a parameter is changed, where that does not follow from its type.
CHANGES: dict[str, list[Change]] = {
    "AlertEmail": [({"AlertEmail": ""}, {"AlertEmail": "a@b.com"}), ({"AlertEmail": "a@b.com"}, {"AlertEmail": "b@b.com"})],
    "HealthEmail": [
        ({"HealthEmail": ""}, {"HealthEmail": "a@b.com"}),
        ({"HealthEmail": "a@b.com"}, {"HealthEmail": "b@b.com"}),
        ({"HealthEmail": "a@b.com"}, {"HealthEmail": ""}),
    ],
    "TopicName": [({}, {"TopicName": "Other"})],
    "TopicKey": [
        ({}, {"TopicKey": "none"}),
        ({"TopicKey": "none"}, {"TopicKey": KEY}),
        ({"TopicKey": KEY}, {"TopicKey": "create"}),
    ],
    "FlowLogResourceId": [({}, VPC), (VPC, {"FlowLogResourceId": "subnet-0a1b2c3d4e5f60718"})],
    "FlowLogFormat": [(VPC, {"FlowLogFormat": "${srcaddr} ${dstaddr} ${protocol} ${action} ${log-status}"})],
    "ExistingLogGroupName": [(VPC, {"ExistingLogGroupName": "Other"}), (VPC, {"ExistingLogGroupName": "Log-Group"})],
    "LogGroupName": [(VPC, {"LogGroupName": "Other"})],
    "FilterPattern": [({}, {"FilterPattern": ""})],
    "Rules": [({}, {"Rules": "ping,request"}), ({"Rules": "ping,request"}, {"Rules": "request"})],
    "NativeFilterPattern": [({}, {"NativeFilterPattern": "REJECT"}), ({}, {"NativeFilterPattern": ""})],
    "OwnNetworks": [({}, {"OwnNetworks": "198.51.100.0/24"}), ({"OwnNetworks": "198.51.100.0/24"}, {"OwnNetworks": ""})],
    "MustReach": [({}, {"MustReach": "203.0.113.0/24"}), ({"MustReach": "203.0.113.0/24"}, {"MustReach": ""})],
    "UpdateIntervalsMinutes": [({}, {"UpdateIntervalsMinutes": "10"})],
    "MetricNamespace": [({}, {"MetricNamespace": "Other"})],
    "MetricName": [({}, {"MetricName": "Other"})],
    "AlarmName": [({}, {"AlarmName": "Other"})],
    "ReservedConcurrency": [({}, {"ReservedConcurrency": "5"})],
    "TimeZone": [({}, {"TimeZone": "Asia/Tokyo"})],
}


@dataclass
class Effect:
    """What one change does."""

    changed: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    clashes: set[str] = field(default_factory=set)
    """Names that a new resource would have while the old one still has it."""


@cache
def create_only(kind: str) -> frozenset[str]:
    """Returns the properties of a resource type that cannot be updated in place."""
    kind = {"AWS::Serverless::Function": "AWS::Lambda::Function"}.get(kind, kind)
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    paths = [*schema.get("createOnlyProperties", []), *schema.get("conditionalCreateOnlyProperties", [])]
    return frozenset(path.split("/")[2] for path in paths)


def name_of(resource: dict[str, Any]) -> str | None:
    """Returns the name that a resource was given, if it was."""
    named = NAMES.get(resource["Type"])
    return f"{resource['Type']} {resource['Properties'][named]}" if named and named in resource.get("Properties", {}) else None


def effect(before: dict[str, str], after: dict[str, str]) -> Effect:
    """Compares the template with two sets of values."""
    old, found = Template(before), Effect()
    while True:
        new = Template(before | after, replaced=found.replaced)
        again = set(found.replaced)
        for name in old.resources.keys() & new.resources.keys():
            kind = new.resources[name]["Type"]
            was, is_ = old.resources[name].get("Properties", {}), new.resources[name].get("Properties", {})
            different = {key for key in was.keys() | is_.keys() if was.get(key) != is_.get(key)}
            if different:
                found.changed.add(name)
            if different & create_only(kind):
                again.add(name)
        if again == found.replaced:
            break
        found.replaced = again
    found.changed -= found.replaced
    found.added, found.removed = new.resources.keys() - old.resources.keys(), old.resources.keys() - new.resources.keys()
    before_names = {name_of(resource) for resource in old.resources.values()} - {None}
    for name in found.added | found.replaced:
        made = name_of(new.resources[name])
        if made in before_names:
            found.clashes.add(str(made))
    return found


def changes(name: str, parameter: dict[str, Any]) -> list[Change]:
    """Returns the changes to try on a parameter."""
    if name in CHANGES:
        return CHANGES[name]
    default = str(parameter.get("Default", ""))
    if "AllowedValues" in parameter:
        others = [str(value) for value in parameter["AllowedValues"] if str(value) != default]
        return [({}, {name: value}) for value in others] + [({name: value}, {name: default}) for value in others[:1]]
    if parameter["Type"] == "Number":
        up = float(default) + 1
        value = up if up <= float(parameter.get("MaxValue", up)) else float(default) - 1
        return [({}, {name: f"{value:g}" if value < 1e6 else str(int(value))})]
    for value in (default + "x", "x", "1"):
        if re.search(parameter.get("AllowedPattern", ""), value):
            return [({}, {name: value})]
    raise KeyError(f"put a change of the parameter {name} into CHANGES in tests/template/changes.py")


def _words(names: set[str]) -> str:
    kinds = {
        "FlowLog": "the flow log",
        "AlertTopic": "the topic",
        "EmailSubscription": "the e-mail subscription",
        "HealthSubscription": "the e-mail subscription of the health alarms",
        "LogGroup": "the log group",
        "Subscription": "the subscription filter",
    }
    found = [text for name, text in kinds.items() if name in names]
    alarms, filters = (sum(name.endswith(end) for name in names) for end in ("Alarm", "Filter"))
    found += [f"{alarms} alarms" if alarms > 1 else "1 alarm"] * bool(alarms)
    found += [f"{filters} metric filters" if filters > 1 else "1 metric filter"] * bool(filters)
    return ", ".join(found)


def does(name: str) -> str:
    """Says what a change of a parameter does."""
    effects = [effect(before, after) for before, after in changes(name, Template().source["Parameters"][name])]
    if set[str]().union(*(found.clashes for found in effects)):
        return "refused"
    replaced = _words(set[str]().union(*(found.replaced for found in effects)))
    return f"replaces {replaced}" if replaced else "in place"
