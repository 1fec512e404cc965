"""What a change of each parameter does to a running stack: the table in docs/operations.md.

    updates.py            write the table
    updates.py --check    say whether it is up to date

Each parameter is changed and both templates are compared, resource by resource. Whether a changed property is updated in
place or replaces its resource is AWS's own resource schema (`createOnlyProperties`, as cfn-lint carries it). CloudFormation
makes what is new before it deletes what is old, so two resources of one name cannot follow each other: such a change fails,
and is found here.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from emulator import REGION
from template import NAMES, ROOT, Template
from terminal import red

PAGE = ROOT / "docs" / "operations.md"
BEGIN, END = "<!-- parameters: made by `make pages` -->\n", "<!-- end of parameters -->\n"
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
    "NativeFilterPattern": [({}, {"NativeFilterPattern": "REJECT"})],
    "UpdateIntervalsMinutes": [({}, {"UpdateIntervalsMinutes": "10"})],
    "MetricNamespace": [({}, {"MetricNamespace": "Other"})],
    "MetricName": [({}, {"MetricName": "Other"})],
    "AlarmName": [({}, {"AlarmName": "Other"})],
    "ReservedConcurrency": [({}, {"ReservedConcurrency": "5"})],
    "TimeZone": [({}, {"TimeZone": "Asia/Tokyo"})],
}

_METRIC = "history stays under the old name; the dashboard and the alarms start anew. Refused if another stack has both names"
NOTES = {
    "AlertEmail": "the new address has to confirm first; the old one is unsubscribed",
    "HealthEmail": "the new address has to confirm first; empty: its topic goes, and health alarms come to the other one",
    "TopicName": "a new topic, so the address has to confirm again, and subscriptions made by hand have to be made again",
    "TopicKey": "a key that the stack made is deleted after 7 days, which cost nothing",
    "FlowLogResourceId": (
        "the new flow log is made before the old one goes; what both cover, as a VPC and a subnet in it do, is counted twice "
        "for that minute or two"
    ),
    "FlowLogFormat": (
        "the new flow log is made before the old one goes: for that minute or two the same packets stand in both formats and "
        "are counted twice. Give both formats, the new one first, so that late records of the old one are still read; change "
        "the two patterns with it. Should EC2 refuse the second flow log, see below"
    ),
    "ExistingLogGroupName": (
        "with LogGroupOnDelete=keep the stack's own log group stays and can be named here, which changes nothing else. With "
        "delete it goes, **and its records with it**"
    ),
    "LogGroupName": (
        "a new log group; the old one stays with LogGroupOnDelete=keep and is deleted with its records otherwise. A name that "
        "exists already fails: name that one in ExistingLogGroupName"
    ),
    "LogGroupOnDelete": "**fails, and changes nothing**: see below",
    "LogRetentionDays": "what is older than the new value goes for good",
    "MetricNamespace": _METRIC,
    "MetricName": _METRIC,
    "AlarmName": (
        "new alarms, with a new history; the names of the old ones in other places have to be changed there. Refused if "
        "another stack has it"
    ),
    "Architecture": "give sam build the same value; the functions' code changes with it",
    "ReservedConcurrency": (
        "fails where too few of the account's would be left unreserved: 100, or 10 in an account whose limit is 10, where "
        "any value fails. Ask AWS for a higher limit first (Service Quotas, L-B99A9384)"
    ),
    "TimeoutSeconds": "open incidents go on; a lease that was taken before lasts as it was taken",
    "IncidentBy": "open incidents are left as they are and end with their all-clear; new ones are opened by the new rule",
    "ChatTopic": "no deletes the second topic; a chat's channel has to be pointed at it again afterwards",
    "LookUps": "off takes the functions' permission to call EC2 away",
    "MailLanguage": "mails of open incidents change their language, too",
    "OperationalMetrics": "the dashboard's incidents, mails and delay stay empty without them",
    "Watchdog": "off deletes the watchdog, its metric filter, and the alarms about lost subscriptions",
    "FilterPattern": "in force within minutes; what came before is not looked at again",
}

# Changes that CloudFormation cannot make. Any other one that turns up is an error of the template.
REFUSED = {"LogGroupOnDelete"}


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
    raise KeyError(f"put a change of the parameter {name} into CHANGES in tools/updates.py")


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


def row(name: str, parameter: dict[str, Any]) -> str:
    """Returns a parameter's line of the table."""
    effects = [effect(before, after) for before, after in changes(name, parameter)]
    clashes = set[str]().union(*(found.clashes for found in effects))
    if bool(clashes) != (name in REFUSED):
        raise ValueError(f"a change of {name}: {', '.join(clashes) or 'is said to fail and does not'} clashes")
    replaced = _words(set[str]().union(*(found.replaced for found in effects)))
    does = "refused" if clashes else f"replaces {replaced}" if replaced else "in place"
    return f"| `{name}` | {does} | {NOTES.get(name, '')} |".replace("  ", " ")


def table() -> str:
    """Returns the table."""
    rows = [row(name, parameter) for name, parameter in Template().source["Parameters"].items()]
    return "\n".join(["| Parameter | A change | To know |", "|---|---|---|", *rows]) + "\n"


def main() -> int:
    """Writes or checks the table."""
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    made = head + BEGIN + table() + END + tail
    if "--check" in sys.argv[1:]:
        if made != text:
            print(red(f"{PAGE.relative_to(ROOT)} is not what template.yaml makes: run make pages"), file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
