"""`make built`: compiles the functions for this machine and runs `sam build` on template.yaml, for the emulator.

The build is a lighter one than what is deployed to AWS: the release profile with little optimization and without link-time
optimization. It takes a fraction of the time, and behaves the same.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.harness.emulator import environment
from tests.harness.terminal import Step, failed

ROOT = Path(__file__).resolve().parents[2]
# Not where `sam build` puts what `sam deploy` takes to AWS: this one is for the processor of this machine.
BUILT = ROOT / ".aws-sam" / "emulator"
# Not what `sam deploy --guided` may have saved in samconfig.toml: a region, a bucket, parameters.
OWN_CONFIG = ["--config-env", "emulator"]
# No profile of its own in Cargo.toml: SAM compiles with the release profile and cannot be told another one.
LIGHTER = {
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
}


class StackError(RuntimeError):
    """A step failed; the message says which, and shows what the tool behind it printed."""


def host_architecture() -> str:
    """Returns Lambda's name for the processor of this machine: the emulator runs the function as a process of it."""
    if sys.platform != "linux":
        raise StackError("the emulator runs the function as a process, which needs Linux (a container or WSL will do)")
    machine = platform.machine().lower()
    return "arm64" if machine in ("aarch64", "arm64") else "x86_64"


def run(command: list[str], env: dict[str, str], on_line: Callable[[str], None] = lambda line: None) -> str:
    """Runs a tool and returns what it printed; hands each line to `on_line` as it comes.

    A tool that fails raises `StackError` with the last lines that it printed.
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
    """Compiles the functions and runs `sam build`, which needs no AWS: the endpoint that it is given refuses.

    `sam build` alone would do, but says nothing for minutes: cargo-lambda is called first, as SAM calls it, so that its
    progress can be shown; SAM then finds the work done.
    """
    quiet = {"CARGO_TERM_COLOR": "never", "CARGO_TERM_PROGRESS_WHEN": "never"}
    env = environment("http://127.0.0.1:9", ROOT / ".aws-sam") | quiet | LIGHTER
    architecture = host_architecture()
    for function in ("flow-alerts", "incident-timer"):
        compile_ = ["cargo", "lambda", "build", "--release", "--package", function, "--bin", function]
        run(compile_ + (["--arm64"] if architecture == "arm64" else []), env, on_line)
    sam = ["sam", "build", *OWN_CONFIG, "--build-dir", str(BUILT)]
    run([*sam, "--parameter-overrides", f"Architecture={architecture}"], env)


def main() -> int:
    """Builds, quiet unless it fails."""
    try:
        with Step("sam build, lightly optimized") as step:
            build(lambda line: step.doing(line.strip()[:40]))
    except StackError as error:
        failed(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
