"""A small network in an emulated EC2, for the emails of the demo and the tests.

    VPC shop 172.31.0.0/16 > subnet web 172.31.16.0/20 > network interface 172.31.16.139 > instance web-1, owner team-a
    security group web: allows inbound ping from 203.0.113.0/24, and everything outbound
    network ACL web: outbound rule 50 denies ICMP to 0.0.0.0/0, rule 100 allows the rest; inbound rule 100 allows everything

The address is the one in AWS's documented ping (`records.py`), so that only the interface id has to be replaced there.

The emulator that runs the stack (ministack) cannot be used for it: its instances have no interfaces, its addresses are outside
their subnets, it does not associate subnets with network ACLs, and it ignores most filters. So moto's EC2 runs next to it, on
another port, and AWS_ENDPOINT_URL_EC2 points the functions to it. Moto evaluates no IAM policies, and its network ACLs have no
rule `*`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from tests.harness.emulator import ACCOUNT, REGION, START_TIMEOUT_SECONDS, Emulator, EmulatorError, environment, free_port

ADDRESS = "172.31.16.139"
DATABASE = "172.31.16.200"
LACKS = "EC2 is emulated by moto, which evaluates no IAM policies and has no rule * in network ACLs"


@dataclass(frozen=True)
class Network:
    """The ids of the network's resources."""

    vpc: str
    subnet: str
    group: str
    acl: str
    interface: str
    instance: str
    address: str = ADDRESS


def reserve() -> dict[str, str]:
    """Returns the environment variable that points the functions to the EC2 that `start` starts later."""
    return {"AWS_ENDPOINT_URL_EC2": f"http://127.0.0.1:{free_port()}"}


def start(emulator: Emulator, endpoint: str) -> None:
    """Starts moto's EC2 next to a running emulator. It is stopped with the emulator."""
    with open(emulator.home / "ec2.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", endpoint.rsplit(":", 1)[1]],
            env=environment(endpoint, emulator.home) | {"MOTO_ACCOUNT_ID": ACCOUNT},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    emulator.accompany(process.pid)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    tail = "\n".join((emulator.home / "ec2.log").read_text(errors="replace").splitlines()[-15:])
    raise EmulatorError(f"the emulated EC2 did not respond on {endpoint}; the end of its log:\n{tail}")


def start_and_build(emulator: Emulator, reserved: dict[str, str]) -> Network:
    """Starts moto's EC2 at the reserved endpoint and builds the network in it. `of` reads the network again."""
    (endpoint,) = reserved.values()
    start(emulator, endpoint)
    built = build(client(endpoint))
    (emulator.home / "network.json").write_text(json.dumps(vars(built)))
    return built


def of(emulator: Emulator) -> Network:
    """Returns the network that was built for an emulator."""
    return Network(**json.loads((emulator.home / "network.json").read_text()))


def client(endpoint: str) -> Any:
    """Returns a boto3 client for an emulated EC2."""
    make: Any = boto3.client
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return make("ec2", endpoint_url=endpoint, region_name=REGION, config=Config(proxies={}), **keys)


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    """Returns the tag specification of a new resource."""
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def build(ec2: Any) -> Network:
    """Builds the network. On ministack, the address and the ACL association have no effect."""
    vpc = ec2.create_vpc(CidrBlock="172.31.0.0/16", TagSpecifications=tagged("vpc", Name="shop"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="172.31.16.0/20", TagSpecifications=tagged("subnet", Name="web"))
    subnet = subnet["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="web servers", VpcId=vpc)["GroupId"]
    ping = {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ping])
    interface = ec2.create_network_interface(
        SubnetId=subnet, PrivateIpAddress=ADDRESS, Groups=[group], Description="Primary network interface"
    )["NetworkInterface"]["NetworkInterfaceId"]
    instance = ec2.run_instances(
        ImageId=ec2.describe_images()["Images"][0]["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"NetworkInterfaceId": interface, "DeviceIndex": 0}],
        TagSpecifications=tagged("instance", Name="web-1", owner="team-a"),
    )["Instances"][0]["InstanceId"]
    described = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    if not described.get("Attachment", {}).get("InstanceId"):
        ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=instance, DeviceIndex=0)
    address = described["PrivateIpAddress"]
    return Network(vpc, subnet, group, add_acl(ec2, vpc, subnet), interface, instance, address)


def add_database(ec2: Any, built: Network) -> str:
    """Adds the database db-1 to the subnet. Its security group, db, allows PostgreSQL from the security group app alone.

    Returns the id of its network interface, which has the address `DATABASE`.
    """
    groups = [ec2.create_security_group(GroupName=name, Description=name, VpcId=built.vpc)["GroupId"] for name in ("app", "db")]
    app, group = groups
    postgresql = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": app}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[postgresql])
    interface = ec2.create_network_interface(
        SubnetId=built.subnet, PrivateIpAddress=DATABASE, Groups=[group], Description="Primary network interface"
    )["NetworkInterface"]["NetworkInterfaceId"]
    ec2.run_instances(
        ImageId=ec2.describe_images()["Images"][0]["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"NetworkInterfaceId": interface, "DeviceIndex": 0}],
        TagSpecifications=tagged("instance", Name="db-1", owner="team-b"),
    )
    return str(interface)


def add_acl(ec2: Any, vpc: str, subnet: str) -> str:
    """Creates the network ACL and associates it with the subnet. Returns its id."""
    acl = ec2.create_network_acl(VpcId=vpc, TagSpecifications=tagged("network-acl", Name="web"))
    acl = acl["NetworkAcl"]["NetworkAclId"]
    everything = {"NetworkAclId": acl, "CidrBlock": "0.0.0.0/0", "Protocol": "-1", "RuleAction": "allow"}
    no_pings = everything | {"Protocol": "1", "RuleAction": "deny", "IcmpTypeCode": {"Type": -1, "Code": -1}}
    ec2.create_network_acl_entry(**no_pings, RuleNumber=50, Egress=True)
    ec2.create_network_acl_entry(**everything, RuleNumber=100, Egress=True)
    ec2.create_network_acl_entry(**everything, RuleNumber=100, Egress=False)
    for old in ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["NetworkAcls"]:
        for association in old["Associations"]:
            if association["SubnetId"] == subnet:
                association_id = association["NetworkAclAssociationId"]
                ec2.replace_network_acl_association(AssociationId=association_id, NetworkAclId=acl)
    return acl
