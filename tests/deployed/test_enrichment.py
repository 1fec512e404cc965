"""The adapter that asks EC2, with two emulated ones: in each the network of `network.py` is built and looked up."""

from __future__ import annotations

import json
import subprocess
import unittest
from functools import cache
from typing import Any

from tests.deployed.case import Case, NetworkCase
from tests.harness import network
from tests.harness.emulator import Emulator, environment
from tests.harness.network import Network
from tests.harness.template import ROOT


@cache
def example() -> str:
    """Builds the adapter's example and returns where it is. All of the workspace is named, and an example: this makes cargo
    choose the features that `cargo test --workspace` compiled the SDK with.
    """
    build = ["cargo", "build", "--quiet", "--locked", "--workspace", "--example", "enrich"]
    made = subprocess.run(
        [*build, "--message-format", "json-render-diagnostics"], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
    )
    artifacts = map(json.loads, made.stdout.splitlines())
    return str(next(found["executable"] for found in artifacts if found.get("target", {}).get("name") == "enrich"))


def look_up(emulator: Emulator, endpoint: str, *wanted: str) -> dict[str, Any]:
    """Runs the example `enrich` of aws-adapters."""
    env = environment(emulator.endpoint, emulator.home) | {"AWS_ENDPOINT_URL_EC2": endpoint}
    command = [example(), *wanted]
    return dict(json.loads(subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True, timeout=60).stdout))


class LookUp:
    """What both of them get right."""

    emulator: Emulator

    def check(self: Any, built: Network, endpoint: str) -> list[dict[str, Any]]:
        """Looks up by the interface's id and the address, and by the id alone; returns what was found."""
        # Another address of the subnet makes it look for peers.
        by_address = look_up(self.emulator, endpoint, built.interface, built.address, "172.31.16.140")
        by_id = look_up(self.emulator, endpoint, built.interface, built.address)
        for found in (by_address, by_id):
            interface = found["interfaces"][built.interface]
            self.assertEqual(interface["addresses"], [built.address])
            self.assertEqual(interface["instance"], built.instance)
            self.assertEqual(interface["subnet"], built.subnet)
            self.assertEqual(interface["vpc"], built.vpc)
            self.assertEqual(interface["groups"], [built.group])
            self.assertEqual(found["tags"][built.instance], {"name": "web-1", "owners": [["owner", "team-a"]]})
            self.assertEqual(found["tags"][built.vpc]["name"], "shop")
            group = found["groups"][built.group]
            self.assertEqual(group["name"], "web")
            self.assertEqual(group["inbound"], ["Only(1) IcmpRange { kind: None, code: None } Block(203.0.113.0/24)"])
            # The second look-up, right after it.
            self.assertEqual((found["warm_millis"], found["warm_is_the_same"]), (0, True))
        unknown = look_up(self.emulator, endpoint, "eni-0123456789abcdef0", "172.31.99.99")
        self.assertEqual((unknown["missing"][0], unknown["interfaces"]), ("Interfaces: NotFound", {}))
        return [by_address, by_id]


class Moto(LookUp, NetworkCase):
    """The more complete EC2."""

    def test_it_knows_everything(self) -> None:
        """The network ACL and its rules, too."""
        (endpoint,) = self.functions_see.values()
        for found in self.check(self.network, endpoint):
            acl = found["acls"][0]
            self.assertEqual((acl["id"], acl["subnets"]), (self.network.acl, [self.network.subnet]))
            deny = "outbound 50 deny Only(1) IcmpRange { kind: None, code: None } 0.0.0.0/0"
            self.assertEqual(acl["entries"][0], deny)
            self.assertEqual(found["missing"], [])


class Ministack(LookUp, Case):
    """The EC2 of the emulator that runs the stack."""

    def test_it_associates_no_subnet_with_an_acl_and_the_adapter_says_so(self) -> None:
        """As a gap, with all the rest."""
        endpoint = self.emulator.endpoint
        _, by_id = self.check(network.build(network.client(endpoint)), endpoint)
        self.assertEqual((by_id["missing"], by_id["acls"]), (["Acls: NotFound"], []))


if __name__ == "__main__":
    unittest.main()
