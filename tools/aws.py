"""The account and the region that a tool works in: chosen in one place, and named before anything is created or deleted."""

from __future__ import annotations

import os

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session


class NoRegionError(RuntimeError):
    """Nothing says which region is meant."""


def session() -> boto3.Session:
    """Returns a session in the region of `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile, in this order.

    It is the order of the AWS CLI. boto3 and SAM by themselves do not read `AWS_REGION`: a tool would work in another region
    than the commands beside it.

    Raises:
        NoRegionError: none of the three names one.
    """
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    # Asked of the profile directly: boto3 takes an empty variable for a region without a name.
    region = named or get_session().get_scoped_config().get("region")
    if not region:
        raise NoRegionError("no region: set AWS_REGION, or one for your profile")
    return boto3.Session(region_name=region)


def environment(own: boto3.Session) -> dict[str, str]:
    """Returns the environment for a tool that is called, which then works in the same region."""
    return {**os.environ, "AWS_REGION": own.region_name, "AWS_DEFAULT_REGION": own.region_name}


def where(own: boto3.Session) -> str:
    """Says in which account and region a session works. Who may not ask for the account is told so, and the region anyway."""
    try:
        account = own.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        account = f"unknown ({error})"
    return f"account {account}, region {own.region_name}"
