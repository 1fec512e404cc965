"""`make trial` and `make trial-down`: deploys the stack and a test network into your AWS account, and deletes them.

    trial.py up [--email ADDRESS]     deploy testbed.yaml, then template.yaml on its VPC; print what happens when
    trial.py down                     delete both, and check that nothing is left

Uses credentials like other AWS tools, and the region of AWS_REGION, AWS_DEFAULT_REGION or the profile. Both commands first
print what they will do, in which account and region, and ask for confirmation. docs/trial.md is the runbook.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.harness.build import StackError, run
from tests.harness.template import ROOT
from tests.harness.terminal import Step, console, errors, failed, heading
from tools import aws

NAME = "ping-deny-trial"
TESTBED_NAME = f"{NAME}-net"
# Ignores what `sam deploy --guided` may have saved in samconfig.toml for the real stack.
OWN_CONFIG = ["--config-env", "trial"]

WHAT = f"""\
  {TESTBED_NAME:<22}a VPC with an internet gateway, a public subnet, a network ACL that denies
                        outbound ICMP, and an instance (t3.micro) that pings google.com once a minute
  {NAME:<22}template.yaml on that VPC: flow log, log group, functions, topic, alarms, dashboard
"""
# Prices of us-east-1; docs/cost.md has their sources. Other regions cost up to 50 % more.
COST = """\
  USD per hour without any free tier: instance 0.0104, its public address 0.005, its disk 0.001, KMS key, metrics,
  alarms and rules about 0.01; flow logs and the rest less than 0.001. In total about 0.03 USD an hour, 0.70 USD a day."""


@dataclass
class Trial:
    """The templates and parameters of a trial."""

    session: boto3.Session
    testbed: Path = ROOT / "testbed.yaml"
    built: Path = ROOT / ".aws-sam" / "build" / "template.yaml"
    overrides: dict[str, str] = field(default_factory=dict)
    zone: str = ""
    """The availability zone of the instance. Empty for the first one."""

    def up(self, build: bool) -> None:
        """Deploys both stacks. Outputs of the first one are parameters of the second one."""
        if build:
            with Step("Compile the functions (sam build)") as step:
                run(["sam", "build", *OWN_CONFIG], self._environment(), lambda line: step.doing(line.strip()[:40]))
        with Step(f"Deploy {self.testbed.name}") as step:
            self._deploy(TESTBED_NAME, self.testbed, {"AvailabilityZone": self.zone} if self.zone else {})
            given = aws.outputs(self.session, TESTBED_NAME)
            step.note = given["FlowLogResourceId"]
        with Step("Deploy template.yaml") as step:
            self._deploy(NAME, self.built, self.parameters(given))
            step.note = f"{len(self._resources(NAME))} resources"

    def parameters(self, given: dict[str, str]) -> dict[str, str]:
        """Returns the main stack's parameters: the testbed's VPC, separate names to avoid conflicts with an existing stack, and
        deletion of all resources with the stack.
        """
        own = {
            "LogGroupName": NAME,
            "LogGroupOnDelete": "delete",
            "LogRetentionDays": "1",
            "TopicName": NAME,
            "AlarmName": NAME,
            "MetricNamespace": "Ping-Deny-Trial",
        }
        return {"FlowLogResourceId": given["FlowLogResourceId"], **own, **self.overrides}

    def down(self) -> list[str]:
        """Deletes both stacks, the flow log before its VPC. Returns what is left of them."""
        for name in (NAME, TESTBED_NAME):
            with Step(f"Delete {name}") as step:
                if not self.exists(name):
                    step.note = "not there"
                    continue
                delete = [
                    "sam",
                    "delete",
                    "--stack-name",
                    name,
                    "--no-prompts",
                    "--region",
                    self.session.region_name,
                    *OWN_CONFIG,
                ]
                run(delete, self._environment())
        return self.left()

    def left(self) -> list[str]:
        """Returns the stacks and log groups of the trial that still exist."""
        found = [name for name in (NAME, TESTBED_NAME) if self.exists(name)]
        groups = self.session.client("logs")
        for prefix in (NAME, f"/aws/lambda/{NAME}"):
            pages = groups.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
            found += [f"log group {group['logGroupName']}" for page in pages for group in page["logGroups"]]
        return found

    def exists(self, name: str) -> bool:
        """Returns whether a stack exists."""
        try:
            stacks = self.session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return False
            raise
        return stacks[0]["StackStatus"] != "DELETE_COMPLETE"

    def _resources(self, name: str) -> list[Any]:
        found = self.session.client("cloudformation").describe_stack_resources(StackName=name)
        return list(found["StackResources"])

    def _deploy(self, name: str, template: Path, parameters: dict[str, str]) -> None:
        values = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in parameters.items()]
        command = ["sam", "deploy", "--template-file", str(template), "--stack-name", name, "--resolve-s3"]
        command += ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
        command += ["--no-progressbar", "--region", self.session.region_name, *OWN_CONFIG]
        run([*command, "--parameter-overrides", *values] if values else command, self._environment())

    def _environment(self) -> dict[str, str]:
        return aws.environment(self.session) | {"SAM_CLI_TELEMETRY": "0"}


def confirmed(question: str, yes: bool) -> bool:
    """Asks for confirmation. Any answer except y or yes means no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise StackError("cannot ask for confirmation without a terminal: set YES=1")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def up(trial: Trial, email: str, yes: bool, build: bool) -> int:
    """Prints what will be deployed, asks, deploys, and prints what happens next."""
    heading("A trial of vpc-flow-alerts", f" in {aws.where(trial.session)}")
    print(WHAT)
    print(f"Costs\n{COST}\n")
    print(f"Emails go to {email}.\n" if email else "No address was given (EMAIL=you@example.com), so no emails are sent.\n")
    if not confirmed("Deploy both?", yes):
        print("Nothing was done.")
        return 1
    if email:
        trial.overrides["AlertEmail"] = email
    trial.up(build)
    outputs, testbed = (aws.outputs(trial.session, name) for name in (NAME, TESTBED_NAME))
    print(f"""
What happens next (see docs/trial.md):

  at once      an email from AWS: confirm the subscription{"" if email else " (not here: no address was given)"}
  ~ 2 min      the instance {testbed.get("InstanceId", "")} has started and pings
  5-10 min     the first REJECT records are in {outputs["LogGroupName"]}; the email and the metric follow within a minute
  + 1-2 min    the alarm {NAME} is in ALARM; it evaluates the last 20 minutes
  + 5 min      the first update, as the pings continue; then after 15, 60 and 240 minutes

  {outputs.get("DashboardConsole", "")}
  {outputs["MetricsConsole"]}

`make trial-down` deletes everything. Until then it incurs costs.""")
    return 0


def down(trial: Trial, yes: bool) -> int:
    """Prints what will be deleted, asks, deletes, and checks what is left."""
    where = aws.where(trial.session)
    print(f"Deletes the stacks {NAME} and {TESTBED_NAME} in {where}, with all their records.\n", flush=True)
    if not confirmed("Delete both?", yes):
        print("Nothing was done.")
        return 1
    left = trial.down()
    if left:
        errors.print(f"\nStill existing: {', '.join(left)}", style="red")
        return 1
    console.print(
        "\n  Deleted. Remaining: the KMS key, which AWS deletes in 7 days and does not charge for until then; metrics, which\n"
        "  expire; and the bucket of the stack aws-sam-cli-managed-default, which all SAM deployments share.",
        style="dim",
    )
    return 0


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Deploys the stack and a test network into your AWS account, or deletes them.")
    parser.add_argument("command", choices=["up", "down"])
    parser.add_argument("--email", default="", help="address for the emails")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--testbed", type=Path, default=Trial.testbed, help="another template for the network")
    parser.add_argument("--built", type=Path, help="a template built by sam build; skips the build")
    parser.add_argument("--zone", default="", help="availability zone of the instance, if the first one lacks its type")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter of template.yaml")
    options = parser.parse_args()
    overrides = dict(parameter.split("=", 1) for parameter in options.parameter)
    try:
        trial = Trial(aws.session(), options.testbed, options.built or Trial.built, overrides, options.zone)
        if options.command == "down":
            return down(trial, options.yes)
        return up(trial, options.email, options.yes, build=options.built is None)
    except (StackError, aws.NoRegionError, BotoCoreError, ClientError) as error:
        failed(error)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; make trial-down deletes what was deployed", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
