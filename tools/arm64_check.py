"""`make arm64-check`: cross-compile the function for arm64, as it is deployed by default, and let it answer an event here.

The binary runs under QEMU's user-mode emulation with Debian's arm64 C library, against a runtime API on loopback.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import runtime_api
from stack import ROOT, StackError, build_environment, run
from terminal import Step, red

EVENT = "ping-deny"
SYSROOT = Path("/usr/aarch64-linux-gnu")
TARGET = "aarch64-unknown-linux-gnu"
OUTPUT = ROOT / "target" / "lambda-arm64"


def runner() -> list[str]:
    """Returns what to put before an arm64 binary to run it on this machine."""
    if platform.machine() in ("aarch64", "arm64"):
        return []
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    lacking = [] if qemu else ["qemu-user-static"]
    lacking += [] if (SYSROOT / "lib" / "ld-linux-aarch64.so.1").exists() else ["libc6-arm64-cross"]
    if lacking:
        raise StackError(f"the arm64 binary cannot be run here. As root: apt-get install {' '.join(lacking)}")
    return [str(qemu), "-L", str(SYSROOT)]


def add_target() -> None:
    """Installs Rust's standard library for arm64 where rustup manages the toolchain."""
    if shutil.which("rustup"):
        run(["rustup", "target", "add", TARGET], dict(os.environ))
        return
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    if not (Path(sysroot) / "lib" / "rustlib" / TARGET).is_dir():
        raise StackError(f"the Rust toolchain has no standard library for {TARGET}, and there is no rustup to add it")


def main() -> int:
    """Builds, runs, compares."""
    try:
        command = runner()
        with Step(f"Rust for {TARGET}"):
            add_target()
        with Step("Cross-compile (cargo lambda --arm64)") as step:
            compile_ = ["cargo", "lambda", "build", "--release", "--arm64", "--package", "flow-alerts"]
            run(
                [*compile_, "--bin", "flow-alerts", "--lambda-dir", str(OUTPUT)],
                build_environment(),
                lambda line: setattr(step, "doing", line.strip()[:40]),
            )
            binary = OUTPUT / "flow-alerts" / "bootstrap"
            step.note = f"{binary.stat().st_size / 1e6:.1f} MB"
        with Step(f"events/{EVENT}.json, answered by it") as step:
            event = (ROOT / "events" / f"{EVENT}.json").read_bytes()
            expected = json.loads((ROOT / "events" / "src" / f"{EVENT}.json").read_text())["expected"]
            ran = runtime_api.run([*command, str(binary)], runtime_api.function_environment("flow-alerts"), [event])
            kind, body = ran.answers[0]
            if kind != "response" or json.loads(body) != expected:
                printed = (ran.output + ran.log)[-3000:]
                raise StackError(f"expected {expected}, but the function's {kind} was {body.decode()}\n{printed}")
            step.note = "the expected counts"
        print(f"\n{ran.output.rstrip()}\n\nanswer: {body.decode()}")
    except (StackError, runtime_api.FunctionError) as error:
        print(red(f"\nfailed: {error}"), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
