"""Builds the network of `network.py` in moto's or in ministack's EC2 and lets the adapter look it up there.

    look_ups.py BINARY moto|ministack

BINARY is the example `look-up` of shared/aws-adapters. Prints one JSON object: what was built, and what was found by the
interface's id and the address, and by the id alone.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import network
from emulator import Emulator, EmulatorError, environment


def look_up(binary: str, emulator: Emulator, endpoint: str, *wanted: str) -> dict[str, Any]:
    """Runs the binary on an emulated EC2."""
    env = environment(emulator.endpoint, emulator.home) | {"AWS_ENDPOINT_URL_EC2": endpoint}
    return json.loads(subprocess.run([binary, *wanted], env=env, capture_output=True, check=True, text=True).stdout)


def main() -> int:
    """Reads the command line, builds, looks up, prints."""
    binary, which = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    emulator = None
    try:
        emulator = Emulator.start()
        if which == "moto":
            ec2 = network.reserve()
            endpoint = ec2["AWS_ENDPOINT_URL_EC2"]
            built = network.start_and_build(emulator, ec2)
        else:
            endpoint = emulator.endpoint
            built = network.build(network.client(endpoint))
        found = {
            "built": vars(built),
            # Another address of the subnet makes it look for peers.
            "by_address": look_up(binary, emulator, endpoint, built.interface, built.address, "172.31.16.140"),
            "by_id": look_up(binary, emulator, endpoint, built.interface, built.address),
            "unknown": look_up(binary, emulator, endpoint, "eni-0123456789abcdef0", "172.31.99.99"),
        }
        print(json.dumps(found, indent=1))
    except (EmulatorError, OSError, subprocess.CalledProcessError) as error:
        print(f"failed: {error} {getattr(error, 'stderr', '')}", file=sys.stderr)
        return 1
    finally:
        if emulator:
            emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
