"""The region of the tools that call AWS, and that it is printed before anything is created or deleted."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from botocore.exceptions import NoCredentialsError

from tests.harness.template import ROOT
from tools import aws, trial

VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")


class Case(unittest.TestCase):
    """A test case with its own environment: a profile in eu-west-3, one without a region, and no metadata service."""

    def setUp(self) -> None:
        """Writes the profiles."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        config = Path(folder.name) / "config"
        config.write_text("[default]\nregion = eu-west-3\n[profile bare]\noutput = json\n")
        values = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        values |= {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        values |= {"AWS_EC2_METADATA_DISABLED": "true"}
        patched = mock.patch.dict(os.environ, values, clear=True)
        patched.start()
        self.addCleanup(patched.stop)


class Region(Case):
    """`aws.session`."""

    def test_the_region_comes_from_the_first_source_that_has_one(self) -> None:
        """AWS_REGION, AWS_DEFAULT_REGION, the profile. An empty variable is ignored."""
        cases = (
            ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-west-2"}, "eu-north-1"),
            ({"AWS_REGION": "eu-north-1"}, "eu-north-1"),
            ({"AWS_REGION": "eu-north-1", "AWS_PROFILE": "bare"}, "eu-north-1"),
            ({"AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
            ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
            ({}, "eu-west-3"),
            ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "eu-west-3"),
        )
        for variables, region in cases:
            with self.subTest(variables), mock.patch.dict(os.environ, variables):
                own = aws.session()
                self.assertEqual(own.region_name, region)
                self.assertEqual(own.client("sns").meta.region_name, region)

    def test_no_region_is_an_error(self) -> None:
        """Tools would otherwise use different defaults."""
        with mock.patch.dict(os.environ, {"AWS_PROFILE": "bare"}), self.assertRaisesRegex(aws.NoRegionError, "AWS_REGION"):
            aws.session()

    def test_called_tools_work_in_the_same_region(self) -> None:
        """SAM reads both variables."""
        with mock.patch.dict(os.environ, {"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-west-2"}):
            called = aws.environment(aws.session())
        self.assertEqual((called["AWS_REGION"], called["AWS_DEFAULT_REGION"]), ("eu-north-1", "eu-north-1"))

    def test_the_region_is_printed_if_the_account_is_unknown(self) -> None:
        """Without credentials, or without permission for GetCallerIdentity."""
        own = mock.Mock(region_name="eu-north-1")
        own.client.return_value.get_caller_identity.side_effect = NoCredentialsError()
        self.assertRegex(aws.where(own), r"^account unknown \(.+\), region eu-north-1$")

    def test_every_tool_uses_this_session(self) -> None:
        """All other clients call the emulator, with its region."""
        folders = ("tools", "tests", "docs/generate")
        for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if path != Path(__file__)):
            text = path.read_text()
            if path.name != "aws.py":
                self.assertNotRegex(text, r"boto3\.Session\(", path.name)
                self.assertNotRegex(text, r"boto3\.(resource|setup_default_session)\(", path.name)
            if re.search(r"boto3\.client\b", text):
                self.assertIn("region_name=REGION", text, path.name)
                self.assertIn("endpoint_url=", text, f"{path.name}: a client of the emulator")


class Printed(Case):
    """Account and region are printed before anything is changed."""

    def run_main(self, main: Any, *arguments: str) -> str:
        """Runs a tool in eu-north-1 until it first changes something, and returns its output so far."""
        printed = io.StringIO()
        identity = mock.patch.object(aws, "where", lambda own: f"account 123456789010, region {own.region_name}")
        with (
            mock.patch.dict(os.environ, {"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-west-2"}),
            mock.patch.object(sys, "argv", ["tool", *arguments]),
            identity,
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            self.assertRaises(Changing),
        ):
            main()
        return printed.getvalue()

    def test_by_a_trial(self) -> None:
        """Also with --yes, which skips the question."""
        for method in ("up", "down"):
            with mock.patch.object(trial.Trial, method, changes):
                self.assertIn("account 123456789010, region eu-north-1", self.run_main(trial.main, method, "--yes"))

    def test_the_calls_of_a_trial_use_the_printed_region(self) -> None:
        """As an argument of sam, and in its environment."""
        with mock.patch.dict(os.environ, {"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-west-2"}):
            own = trial.Trial(aws.session())
            with mock.patch.object(trial, "run") as run, mock.patch.object(boto3.Session, "client"):
                own._deploy("name", ROOT / "testbed.yaml", {})
        (command, called), _ = run.call_args
        self.assertEqual(command[command.index("--region") + 1], "eu-north-1")
        self.assertEqual((called["AWS_REGION"], called["AWS_DEFAULT_REGION"]), ("eu-north-1", "eu-north-1"))


class Changing(Exception):
    """Raised when a tool starts to change something."""


def changes(*_: Any, **__: Any) -> Any:
    """Replaces a function that creates, deletes or sends."""
    raise Changing


if __name__ == "__main__":
    unittest.main()
