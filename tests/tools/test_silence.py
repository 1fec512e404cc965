"""`make silence`, with a table in memory that keeps DynamoDB's conditions."""

from __future__ import annotations

import contextlib
import io
import json
import unittest
from typing import Any
from unittest import mock

from botocore.exceptions import ClientError
from rich.console import Console

from tests.harness.template import ROOT
from tools import silence
from tools.silence import SilenceError

NOW = 1_795_401_134_000
HOUR = 3_600_000


class FakeTable:
    """One item. A write must expect its version. Others may write first."""

    def __init__(self, others: int = 0) -> None:
        """With so many writes of others, each between a read and a write."""
        self.item: dict[str, Any] | None = None
        self.others = others

    def get_item(self, **call: Any) -> dict[str, Any]:
        """Reads the item."""
        assert call["Key"] == {"id": {"S": "silences"}} and call["ConsistentRead"], call
        found = {"Item": self.item} if self.item else {}
        if self.others:
            self.others -= 1
            version = int(self.item["version"]["N"]) if self.item else 0
            body = self.item["body"] if self.item else {"S": '{"silences":[]}'}
            self.item = {"id": {"S": "silences"}, "version": {"N": str(version + 1)}, "body": body}
        return found

    def put_item(self, **call: Any) -> None:
        """Writes the item if the condition holds."""
        if call["ConditionExpression"] == "attribute_not_exists(id)":
            holds = self.item is None
        else:
            assert call["ConditionExpression"] == "version = :version", call
            holds = self.item is not None and self.item["version"] == call["ExpressionAttributeValues"][":version"]
        if not holds:
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")
        self.item = call["Item"]


class Silence(unittest.TestCase):
    """What the command line does."""

    def run_with(self, table: FakeTable, *arguments: str, now: int = NOW) -> str:
        """Runs the tool and returns what it prints."""
        out = io.StringIO()
        with mock.patch.object(silence, "console", Console(file=out, width=160)):
            silence.run(silence.parse(list(arguments)), silence.Silences("incidents", table), now, "alice")
        return out.getvalue()

    def stored(self, table: FakeTable) -> list[dict[str, Any]]:
        """Returns what is stored."""
        assert table.item
        return json.loads(table.item["body"]["S"])["silences"]

    def test_a_silence_is_stored_in_the_form_that_the_functions_read(self) -> None:
        """`stored_state.rs` reads the same file."""
        table = FakeTable()
        arguments = (
            "--source 10.0.0.0/24 --destination 2001:db8::/32 --interface eni-1 --origin own-request --rule Ping-Deny --for 8h"
        )
        self.run_with(table, *arguments.split(), "--reason", "load test")
        file = json.loads((ROOT / "shared/alerting/tests/stored-state/silences.json").read_text())
        expected = file["silences"][0]
        [stored] = self.stored(table)
        self.assertEqual({**stored, "id": expected["id"]}, expected)
        self.assertRegex(stored["id"], "^[2-9a-z]{4}$")
        self.assertEqual((table.item or {}).get("version"), {"N": "1"})

    def test_an_address_is_a_block_of_one(self) -> None:
        """Of either family."""
        table = FakeTable()
        self.run_with(table, "--source", "10.0.0.1", "--destination", "2001:db8::1", "--for", "45m", "--reason", "x")
        [stored] = self.stored(table)
        self.assertEqual((stored["source"], stored["destination"]), ("10.0.0.1/32", "2001:db8::1/128"))
        self.assertEqual(stored["until"] - stored["from"], 45 * 60_000)

    def test_what_cannot_be_right_is_refused_and_nothing_is_stored(self) -> None:
        """With the variable that is wrong."""
        good = {"--source": "10.0.0.1", "--for": "8h", "--reason": "x"}
        for change, message in (
            ({"--source": ""}, "a condition is needed"),
            ({"--source": "10.0.0.1/24"}, "SOURCE=10.0.0.1/24"),
            ({"--source": "web-1"}, "SOURCE=web-1"),
            ({"--destination": "10.0.0.0/33"}, "DESTINATION="),
            ({"--for": ""}, "how long and why"),
            ({"--reason": ""}, "how long and why"),
            ({"--for": "0h"}, "FOR=0h"),
            ({"--for": "31d"}, "at most 30 days"),
            ({"--for": "721h"}, "at most 30 days"),
            ({"--for": "8"}, "FOR=8"),
            ({"--reason": "x" * 201}, "REASON"),
        ):
            table = FakeTable()
            arguments = [word for pair in {**good, **change}.items() if pair[1] for word in pair]
            with self.subTest(change), self.assertRaisesRegex(SilenceError, message):
                self.run_with(table, *arguments)
            self.assertIsNone(table.item)
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            silence.parse(["--origin", "stranger"])

    def test_thirty_days_are_allowed(self) -> None:
        """The most that the functions apply."""
        table = FakeTable()
        self.run_with(table, "--origin", "private", "--for", "30d", "--reason", "x")
        self.assertEqual(self.stored(table)[0]["until"], NOW + 30 * 24 * HOUR)

    def test_they_are_listed_and_ended_and_those_that_have_ended_are_removed(self) -> None:
        """By their id."""
        table = FakeTable()
        self.assertIn("no silences", self.run_with(table))
        self.run_with(table, "--source", "10.0.0.1", "--for", "1h", "--reason", "first")
        printed = self.run_with(table, "--source", "10.0.0.2", "--for", "2h", "--reason", "second", "--by", "bob")
        for text in ("first", "second", "source 10.0.0.2/32", "alice", "bob", "2026-11-23 04:32 UTC"):
            self.assertIn(text, printed)
        first, second = (one["id"] for one in self.stored(table))
        with self.assertRaisesRegex(SilenceError, "no such silence"):
            self.run_with(table, "--end", "0000")
        # The first one has ended by itself.
        self.assertNotIn("first", self.run_with(table, now=NOW + HOUR))
        with self.assertRaisesRegex(SilenceError, "no such silence"):
            self.run_with(table, "--end", first, now=NOW + HOUR)
        self.assertIn("no silences", self.run_with(table, "--end", second, now=NOW + HOUR))
        self.assertEqual(self.stored(table), [])

    def test_a_write_of_somebody_else_is_not_lost(self) -> None:
        """It is read again, up to five times."""
        table = FakeTable(others=4)
        self.run_with(table, "--source", "10.0.0.1", "--for", "1h", "--reason", "x")
        self.assertEqual((len(self.stored(table)), (table.item or {})["version"]), (1, {"N": "5"}))
        with self.assertRaisesRegex(SilenceError, "at the same time"):
            self.run_with(FakeTable(others=5), "--source", "10.0.0.1", "--for", "1h", "--reason", "x")

    def test_there_are_fifty_at_most(self) -> None:
        """The functions apply no more."""
        table = FakeTable()
        for number in range(50):
            self.run_with(table, "--source", f"10.0.0.{number}", "--for", "1h", "--reason", "x")
        with self.assertRaisesRegex(SilenceError, "50 silences"):
            self.run_with(table, "--source", "10.0.1.1", "--for", "1h", "--reason", "x")
        self.assertEqual(len(self.stored(table)), 50)

    def test_what_cannot_be_read_is_not_overwritten(self) -> None:
        """A later version wrote it."""
        table = FakeTable()
        table.item = {"id": {"S": "silences"}, "version": {"N": "7"}, "body": {"S": "{}"}}
        with self.assertRaisesRegex(SilenceError, "cannot be read"):
            self.run_with(table, "--source", "10.0.0.1", "--for", "1h", "--reason", "x")


if __name__ == "__main__":
    unittest.main()
