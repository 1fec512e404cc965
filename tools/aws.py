"""The account and the region that a tool works in. Tools print them before anything is created or deleted."""

from __future__ import annotations

import os

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session


class NoRegionError(RuntimeError):
    """No region is configured."""


def session() -> boto3.Session:
    """Returns a session in the region of `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile, in this order.

    It is the order of the AWS CLI. boto3 and SAM by themselves do not read `AWS_REGION`: a tool would work in another region
    than the commands beside it.

    Raises:
        NoRegionError: none of the three has a region.
    """
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    # Read from the profile directly, because boto3 uses an empty variable as the region.
    region = named or get_session().get_scoped_config().get("region")
    if not region:
        raise NoRegionError("no region: set AWS_REGION, or one for your profile")
    return boto3.Session(region_name=region)


def environment(own: boto3.Session) -> dict[str, str]:
    """Returns the environment for a called tool, so that it works in the same region."""
    return {**os.environ, "AWS_REGION": own.region_name, "AWS_DEFAULT_REGION": own.region_name}


def outputs(own: boto3.Session, stack: str) -> dict[str, str]:
    """Returns the outputs of a stack by name."""
    described = own.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def where(own: boto3.Session) -> str:
    """Returns the account and region of a session as text. Without permission to read the account, it has the error instead."""
    try:
        account = own.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        account = f"unknown ({error})"
    return f"account {account}, region {own.region_name}"
