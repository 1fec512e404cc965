"""`make built`: compiles the functions for this machine and runs `sam build` on template.yaml, for the emulator.

Unlike the build for AWS, it is not optimized. It takes a fraction of the time and behaves the same.
"""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.harness.emulator import environment
from tests.harness.terminal import Step, failed

ROOT = Path(__file__).resolve().parents[2]
# Separate from the default build directory, which `sam deploy` uses: this build is for the processor of this machine.
BUILT = ROOT / ".aws-sam" / "emulator"
# Ignores what `sam deploy --guided` may have saved in samconfig.toml: a region, a bucket, parameters.
OWN_CONFIG = ["--config-env", "emulator"]
# Not a profile in Cargo.toml, because SAM always compiles with the release profile.
UNOPTIMIZED = {
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "256",
}


class StackError(RuntimeError):
    """A step failed. The message has the command and the end of its output."""


def host_architecture() -> str:
    """Returns Lambda's name of this machine's processor. The emulator runs the functions as processes on it."""
    if sys.platform != "linux":
        raise StackError("the emulator runs the function as a process, which needs Linux (a container or WSL works too)")
    machine = platform.machine().lower()
    return "arm64" if machine in ("aarch64", "arm64") else "x86_64"


def run(command: list[str], env: dict[str, str], on_line: Callable[[str], None] = lambda line: None) -> str:
    """Runs a tool and returns its output. Calls `on_line` with each line.

    Raises:
        StackError: the tool failed; the message has the last lines of its output.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines = []
    try:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                lines.append(line)
                on_line(line.rstrip("\n"))
        status = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if status:
        raise StackError(f"`{' '.join(command)}` failed with status {status}:\n" + "".join(lines[-60:]).rstrip())
    return "".join(lines)


def build(on_line: Callable[[str], None] = lambda line: None) -> None:
    """Compiles the functions and runs `sam build`. It needs no AWS, so its endpoint refuses connections.

    `sam build` alone would print nothing for minutes. So cargo-lambda is called first, with the same arguments as by SAM, to
    show its progress. SAM then has nothing left to compile.
    """
    quiet = {"CARGO_TERM_COLOR": "never", "CARGO_TERM_PROGRESS_WHEN": "never"}
    env = environment("http://127.0.0.1:9", ROOT / ".aws-sam") | quiet | UNOPTIMIZED
    architecture = host_architecture()
    for function in ("flow-alerts", "incident-timer"):
        compile_ = ["cargo", "lambda", "build", "--release", "--package", function, "--bin", function]
        run(compile_ + (["--arm64"] if architecture == "arm64" else []), env, on_line)
    sam = ["sam", "build", *OWN_CONFIG, "--build-dir", str(BUILT)]
    run([*sam, "--parameter-overrides", f"Architecture={architecture}"], env)


@functools.cache
def command_line() -> Path:
    """Returns the path of the program `vpc-flow-alerts`, compiled as by `make built-cli`.

    It is not compiled if BUILT says that it was: cargo would wait for the tests that it runs at the same time.
    """
    if not os.environ.get("BUILT"):
        command = ["cargo", "build", "--locked", "--workspace", "--bin", "vpc-flow-alerts"]
        run(command, {**os.environ, "CARGO_TERM_COLOR": "never"})
    return Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug" / "vpc-flow-alerts"


def main() -> int:
    """Builds the functions, and prints the output only on failure."""
    try:
        with Step("sam build, not optimized") as step:
            build(lambda line: step.doing(line.strip()[:40]))
    except StackError as error:
        failed(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
