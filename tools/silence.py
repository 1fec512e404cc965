"""Silences of a deployed stack: `make silence` (STACK=name). Lists them, adds one, or ends one.

    make silence                                                     lists them
    make silence SOURCE=172.31.16.139 FOR=8h REASON="load test"      adds one
    make silence END=k3f9                                            ends one

The conditions are SOURCE and DESTINATION (an address or a CIDR block), INTERFACE, and ORIGIN (own-request, own-answer, private,
internet). A finding is silenced if all of them hold: it is counted, and no email reports it. A silence lasts 30 days at most.

Uses AWS credentials like other AWS tools, and the region of AWS_REGION, AWS_DEFAULT_REGION or the profile, which is printed
first. It needs cloudformation:DescribeStacks, and dynamodb:GetItem and PutItem on the table of incidents.
"""

from __future__ import annotations

import argparse
import getpass
import ipaddress
import json
import re
import secrets
import sys
import time
from datetime import datetime, timezone
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.table import Table

from tests.harness.terminal import console, failed
from tools import aws

ORIGINS = ("own-request", "own-answer", "private", "internet")
RULES = {"Ping-Deny": "ping-deny"}
"""Rules, and how they are stored."""
MAX_SILENCES = 50
MAX_DAYS = 30
MAX_REASON_CHARS = 200
MAX_ATTEMPTS = 5
"""How often a write is tried if others write at the same time."""
UNITS = {"m": 60, "h": 3_600, "d": 86_400}
ID_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without characters that look like others."""

Silence = dict[str, Any]


class SilenceError(Exception):
    """Something that the user has to correct."""


def milliseconds(duration: str) -> int:
    """Returns a duration like `45m`, `8h` or `7d` in milliseconds."""
    match = re.fullmatch(r"(\d{1,6})([mhd])", duration)
    if not match:
        raise SilenceError(f"FOR={duration}: must be minutes, hours or days, for example 45m, 8h or 7d")
    seconds = int(match[1]) * UNITS[match[2]]
    if not 0 < seconds <= MAX_DAYS * UNITS["d"]:
        raise SilenceError(f"FOR={duration}: must be more than nothing and at most {MAX_DAYS} days")
    return seconds * 1_000


def network(name: str, text: str) -> str:
    """Returns an address or a CIDR block as a CIDR block."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise SilenceError(f"{name}={text}: must be an address or a CIDR block ({error})") from error


def new(options: argparse.Namespace, now: int, by: str) -> Silence:
    """Returns the silence that the command line asks for."""
    silence: Silence = {"id": "".join(secrets.choice(ID_ALPHABET) for _ in range(4))}
    if options.rule:
        silence["rule"] = RULES[options.rule]
    if options.origin:
        silence["origin"] = options.origin
    if options.source:
        silence["source"] = network("SOURCE", options.source)
    if options.destination:
        silence["destination"] = network("DESTINATION", options.destination)
    if options.interface:
        silence["interface"] = options.interface
    if not silence.keys() & {"origin", "source", "destination", "interface"}:
        raise SilenceError("a condition is needed: SOURCE, DESTINATION, INTERFACE or ORIGIN")
    if not options.duration or not options.reason:
        raise SilenceError('how long and why are needed: FOR=8h REASON="load test"')
    if len(options.reason) > MAX_REASON_CHARS:
        raise SilenceError(f"REASON: must have at most {MAX_REASON_CHARS} characters")
    until = now + milliseconds(options.duration)
    return {**silence, "from": now, "until": until, "reason": options.reason, "by": by}


class Silences:
    """The stored silences of a stack."""

    def __init__(self, table: str, client: Any) -> None:
        """Of the table with this name."""
        self.table = table
        self.client = client
        self.version: int | None = None

    def read(self) -> list[Silence]:
        """Reads them. Those that have ended may be among them."""
        key = {"id": {"S": "silences"}}
        item = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            self.version = None
            return []
        self.version = int(item["version"]["N"])
        try:
            silences = json.loads(item["body"]["S"])["silences"]
        except (ValueError, KeyError, TypeError) as error:
            raise SilenceError(f"the stored silences cannot be read: {error}") from error
        return list(silences)

    def write(self, silences: list[Silence]) -> bool:
        """Writes them, unless somebody else has since they were read."""
        item = {
            "id": {"S": "silences"},
            "version": {"N": str((self.version or 0) + 1)},
            "body": {"S": json.dumps({"silences": silences}, ensure_ascii=False)},
        }
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(id)"}
        if self.version is not None:
            condition = {
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(self.version)}},
            }
        try:
            self.client.put_item(TableName=self.table, Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("ConditionalCheckFailedException", "TransactionConflictException"):
                return False
            raise
        return True

    def change(self, how: Any, now: int) -> None:
        """Changes those that have not ended: `how` gets and returns a list. The others are removed."""
        for _ in range(MAX_ATTEMPTS):
            if self.write(how([silence for silence in self.read() if silence["until"] > now])):
                return
        raise SilenceError("others changed the silences at the same time; try again")


def add(silences: Silences, silence: Silence, now: int) -> None:
    """Adds a silence."""

    def how(stored: list[Silence]) -> list[Silence]:
        if len(stored) >= MAX_SILENCES:
            raise SilenceError(f"there are {MAX_SILENCES} silences, the maximum; end one first")
        return [*stored, silence]

    silences.change(how, now)


def end(silences: Silences, ended: str, now: int) -> None:
    """Ends a silence."""

    def how(stored: list[Silence]) -> list[Silence]:
        rest = [silence for silence in stored if silence["id"] != ended]
        if len(rest) == len(stored):
            raise SilenceError(f"END={ended}: there is no such silence")
        return rest

    silences.change(how, now)


def conditions(silence: Silence) -> str:
    """Returns the conditions of a silence as text."""
    names = ("rule", "origin", "source", "destination", "interface")
    return ", ".join(f"{name} {silence[name]}" for name in names if name in silence)


def show(stored: list[Silence], now: int) -> None:
    """Prints silences."""
    in_force = [silence for silence in stored if silence["until"] > now]
    if not in_force:
        console.print("no silences")
        return
    table = Table("id", "until", "silences", "reason", "by")
    for silence in sorted(in_force, key=lambda silence: silence["until"]):
        until = datetime.fromtimestamp(silence["until"] / 1_000, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        table.add_row(silence["id"], until, conditions(silence), silence["reason"], silence["by"])
    console.print(table)


def caller(session: boto3.Session) -> str:
    """Returns who calls: the name at the end of the identity's ARN, or else the local user."""
    try:
        return session.client("sts").get_caller_identity()["Arn"].rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    except (BotoCoreError, ClientError):
        return getpass.getuser()


def table_of(stack: str, session: boto3.Session) -> str:
    """Returns the name of the table of incidents, from the stack's outputs."""
    found = aws.outputs(session, stack)
    if "IncidentTableName" not in found:
        raise SilenceError(f"the stack {stack} has no output IncidentTableName; deploy it again")
    return found["IncidentTableName"]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="ping-deny", help="the stack")
    parser.add_argument("--source", help="an address or a CIDR block: of the senders")
    parser.add_argument("--destination", help="an address or a CIDR block: of the receivers")
    parser.add_argument("--interface", help="the id of the interface that logs the records")
    parser.add_argument("--origin", choices=ORIGINS, help="where the packets come from")
    parser.add_argument("--rule", choices=RULES, help="the rule that matches")
    parser.add_argument("--for", dest="duration", help="how long: 45m, 8h or 7d, at most 30d")
    parser.add_argument("--reason", help="why")
    parser.add_argument("--by", help="who; by default the caller's identity")
    parser.add_argument("--end", help="the id of a silence to end")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, silences: Silences, now: int, by: str) -> None:
    """Does what the command line asks for, and prints the silences that there are then."""
    adds = any((options.source, options.destination, options.interface, options.origin, options.duration, options.reason))
    if options.end:
        end(silences, options.end, now)
    elif adds:
        add(silences, new(options, now, options.by or by), now)
    show(silences.read(), now)


def main() -> int:
    """Runs the command line."""
    options = parse()
    try:
        session = aws.session()
        console.print(f"In {aws.where(session)}, stack {options.stack}:")
        silences = Silences(table_of(options.stack, session), session.client("dynamodb"))
        run(options, silences, int(time.time() * 1_000), caller(session))
    except (SilenceError, aws.NoRegionError, BotoCoreError, ClientError) as error:
        failed(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
