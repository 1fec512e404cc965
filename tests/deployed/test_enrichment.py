"""The EC2 adapter with two emulators of EC2, each with the network of `network.py`."""

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
    """Builds the adapter's example and returns its path.

    With --workspace and --example, cargo selects the features of `cargo test --workspace` and does not compile the SDK again.
    """
    build = ["cargo", "build", "--quiet", "--locked", "--workspace", "--example", "enrich"]
    built = subprocess.run(
        [*build, "--message-format", "json-render-diagnostics"], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
    )
    artifacts = map(json.loads, built.stdout.splitlines())
    return str(next(found["executable"] for found in artifacts if found.get("target", {}).get("name") == "enrich"))


def enrich(emulator: Emulator, endpoint: str, *requested: str) -> dict[str, Any]:
    """Returns the output of the example `enrich` of aws-adapters."""
    env = environment(emulator.endpoint, emulator.home) | {"AWS_ENDPOINT_URL_EC2": endpoint}
    command = [example(), *requested]
    return dict(json.loads(subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True, timeout=60).stdout))


class Checks:
    """Checks that hold with both emulators."""

    emulator: Emulator

    def check(self: Any, built: Network, endpoint: str) -> list[dict[str, Any]]:
        """Enriches by address and by interface id, and asserts and returns both results."""
        # With a second address of the subnet, the adapter queries by address.
        by_address = enrich(self.emulator, endpoint, built.interface, built.address, "172.31.16.140")
        by_id = enrich(self.emulator, endpoint, built.interface, built.address)
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
            self.assertEqual(group["inbound"], ["Icmp(IcmpRange { kind: None, code: None }) Block(203.0.113.0/24)"])
            # The second enrichment, from the cache.
            self.assertEqual((found["warm_millis"], found["warm_is_the_same"]), (0, True))
        unknown = enrich(self.emulator, endpoint, "eni-0123456789abcdef0", "172.31.99.99")
        self.assertEqual((unknown["missing"][0], unknown["interfaces"]), ("Interfaces: NotFound", {}))
        return [by_address, by_id]


class Moto(Checks, NetworkCase):
    """Moto's EC2, which is more complete."""

    def test_everything_is_found(self) -> None:
        """Including the network ACL and its rules."""
        (endpoint,) = self.functions_see.values()
        for found in self.check(self.network, endpoint):
            acl = found["acls"][0]
            self.assertEqual((acl["id"], acl["subnets"]), (self.network.acl, [self.network.subnet]))
            deny = "outbound 50 deny Icmp(IcmpRange { kind: None, code: None }) 0.0.0.0/0"
            self.assertEqual(acl["entries"][0], deny)
            self.assertEqual(found["missing"], [])


class Ministack(Checks, Case):
    """The EC2 of the emulator that runs the stack."""

    def test_a_missing_acl_association_is_reported(self) -> None:
        """The emulator does not associate subnets with ACLs. The adapter reports missing data and returns the rest."""
        endpoint = self.emulator.endpoint
        _, by_id = self.check(network.build(network.client(endpoint)), endpoint)
        self.assertEqual((by_id["missing"], by_id["acls"]), (["Acls: NotFound"], []))


if __name__ == "__main__":
    unittest.main()
