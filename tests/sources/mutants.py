"""`make mutants`: runs cargo-mutants on selected files and compares its survivors with docs/mutants.md.

cargo-mutants changes one expression after another in a copy of the sources and runs the tests. A mutant survives if they pass.
docs/mutants.md lists each survivor with a reason. A survivor that is not listed is an error, and so is a listed one that a test
now catches.

    python3 -m tests.sources.mutants                              all groups
    python3 -m tests.sources.mutants adapters                     one group
    python3 -m tests.sources.mutants incident --file '*/timer.rs'  some of its files

Results are in target/mutants/GROUP/mutants.out. The build directory is CARGO_TARGET_DIR, by default target/mutants/build.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/mutants.md"

# Timeout of the tests on a busy machine. A mutant with which they take longer is caught.
TEST_SECONDS = 180


@dataclass(frozen=True)
class Group:
    """Files of one package, and how they are tested."""

    package: str
    files: tuple[str, ...]
    cargo: tuple[str, ...] = ()
    cargo_test: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def alerting(files: tuple[str, ...], *tests: str) -> Group:
    """Returns a group of files of `alerting`, tested with its unit tests, some other tests, and few simulations."""
    return Group(
        "alerting",
        tuple(f"shared/alerting/src/{file}" for file in files),
        cargo=("--config=profile.dev.package.alerting.opt-level=1",),
        cargo_test=("--lib", *tests),
        # These tests test the test code itself, so no mutant can fail them.
        test=("--", "--skip", "lies"),
        environment={"SEEDS": "100", "INSTA_UPDATE": "no", "CARGO_INCREMENTAL": "1"},
    )


GROUPS = {
    "adapters": Group(
        "aws-adapters",
        tuple(f"shared/aws-adapters/src/{name}.rs" for name in ("dynamodb", "sqs", "sns/*", "cloudwatch/*")),
        cargo_test=("--lib",),
        test=("--", "wire::", "sns::"),
    ),
    # Compiling takes most of the time: little optimization, incremental builds, and only the related tests of each group.
    "incident": alerting(
        ("incident/plan/*.rs", "incident/summary.rs"), "--test=simulation", "--test=incidents", "--test=stored_state"
    ),
    "explain": alerting(("explain/*.rs",), "--test=explanations", "--test=emails"),
    "detection": alerting(
        ("detection/detector.rs", "detection/batch.rs", "detection/direction.rs"), "--test=incidents", "--test=emails"
    ),
}


def run(name: str, group: Group, cargo_mutants: str, pattern: str | None) -> tuple[set[str], Counter[str]]:
    """Runs cargo-mutants on one group. Returns the files and the survivors."""
    files = sorted(str(path.relative_to(ROOT)) for glob in group.files for path in ROOT.glob(glob))
    files = [file for file in files if pattern is None or fnmatch.fnmatch(file, pattern)]
    if not files:
        return set(), Counter()
    out = ROOT / "target/mutants" / name
    out.mkdir(parents=True, exist_ok=True)
    command = [cargo_mutants, "mutants", "--package", group.package, "--output", str(out), "--jobs", "1", "--no-shuffle"]
    command += ["--colors", "never", "--minimum-test-timeout", str(TEST_SECONDS)]
    for file in files:
        command += ["--file", file]
    command += [f"--cargo-arg={argument}" for argument in ("--locked", *group.cargo)]
    command += [f"--cargo-test-arg={argument}" for argument in group.cargo_test]
    environment = {
        "CARGO_TARGET_DIR": str(ROOT / "target/mutants/build"),
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_INCREMENTAL": "0",
        **group.environment,
        **os.environ,
        "RUST_BACKTRACE": "0",
    }
    start = time.monotonic()
    status = subprocess.run([*command, "--", *group.test], cwd=ROOT, env=environment, check=False).returncode
    # 2: a mutant survived; 3: a test timed out.
    if status not in (0, 2, 3):
        sys.exit(f"cargo-mutants ended with {status}")
    lists = {kind: read(out / f"mutants.out/{kind}.txt") for kind in ("caught", "timeout", "missed", "unviable")}
    figures = ", ".join(f"{len(lines)} {kind}" for kind, lines in lists.items())
    print(f"{name}: {sum(map(len, lists.values()))} mutants: {figures}; {(time.monotonic() - start) / 60:.0f} min", flush=True)
    return set(files), Counter(re.sub(r"^([^:]+):\d+:\d+:", r"\1:", line) for line in lists["missed"])


def read(path: Path) -> list[str]:
    """Returns the lines of a file written by cargo-mutants."""
    return path.read_text().splitlines() if path.is_file() else []


def known(page: str) -> Counter[str]:
    """Returns the survivors listed on the page: one line each, with a reason."""
    return Counter(match[1] for match in re.finditer(r"^- `` ?(.+?) ?``: .+", page, re.MULTILINE))


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"any of {', '.join(GROUPS)}; default: all")
    parser.add_argument("--file", help="only files that match this pattern")
    parser.add_argument("--cargo-mutants", default="target/tools/bin/cargo-mutants", help="path of cargo-mutants")
    options = parser.parse_args()
    if unknown := set(options.groups) - GROUPS.keys():
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    files: set[str] = set()
    survivors: Counter[str] = Counter()
    for name in options.groups or GROUPS:
        ran, survived = run(name, GROUPS[name], str(ROOT / options.cargo_mutants), options.file)
        files |= ran
        survivors += survived
    listed = Counter({line: times for line, times in known(PAGE.read_text()).items() if line.split(":")[0] in files})
    new, gone = survivors - listed, listed - survivors
    for line in new.elements():
        print(f"not in {PAGE.relative_to(ROOT)}: {line}")
    for line in gone.elements():
        print(f"in {PAGE.relative_to(ROOT)}, but not a survivor: {line}")
    return bool(new or gone)


if __name__ == "__main__":
    sys.exit(main())
