"""`make planted`: plants bugs in a copy of the sources, one at a time. A test must fail with each of them.

planted_bugs.py has the table: file, text, replacement, and the arguments of `cargo test`. An entry is stale if its text does
not occur exactly once in its file. A stale entry is an error, and so are a test command that runs no test, one that fails
without the bug, and a bug with which the code does not compile.

    python3 -m tests.sources.planted                  all bugs
    python3 -m tests.sources.planted consistent ttl   bugs whose name contains one of the words
    python3 -m tests.sources.planted --check          only check for stale entries
    python3 -m tests.sources.planted --list           the names

The copy is always target/planted/sources, so that the build of one bug is reused for the next. The build directory is
CARGO_TARGET_DIR, by default target/planted/build.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.sources.planted_bugs import BUGS, Bug

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "target/planted"
SOURCES = WORK / "sources"

# A test that hangs with a bug has caught it. The time includes compiling.
TIMEOUT_SECONDS = 900


@dataclass
class Run:
    """One run of `cargo test`."""

    output: str
    failed: list[str]
    passed: int
    ran: int
    seconds: float
    timed_out: bool


def sources() -> dict[str, bytes]:
    """Returns the files of the working tree that are tracked by git or not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = {name: ROOT / name for name in listed.stdout.split("\0") if name}
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}


def copy(files: dict[str, bytes]) -> None:
    """Updates the copy from the working tree. Does not touch unchanged files, so that they are not compiled again."""
    for name, content in files.items():
        path = SOURCES / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod((ROOT / name).stat().st_mode)
    for path in SOURCES.rglob("*"):
        if path.is_file() and str(path.relative_to(SOURCES)) not in files:
            path.unlink()


def stale(files: dict[str, bytes], bugs: list[Bug]) -> list[str]:
    """Returns the problems of the table."""
    wrong = []
    names = [bug.name for bug in BUGS]
    wrong += [f"{name}: two entries have this name" for name in sorted(set(names)) if names.count(name) > 1]
    for bug in bugs:
        text = files.get(bug.file, b"").decode()
        times = text.count(bug.old)
        if not text:
            wrong.append(f"{bug.name}: there is no file {bug.file}")
        elif times != 1:
            wrong.append(f"{bug.name}: its text occurs in {bug.file} {times} times, not once")
        elif bug.new == bug.old:
            wrong.append(f"{bug.name}: it changes nothing")
    return wrong


def cargo_test(arguments: tuple[str, ...]) -> Run:
    """Runs `cargo test` on the copy."""
    environment = {
        "CARGO_TARGET_DIR": str(WORK / "build"),
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_INCREMENTAL": "0",
        # Snapshots are compared, never written.
        "INSTA_UPDATE": "no",
        "SEEDS": "1000",
        **os.environ,
        "RUST_BACKTRACE": "0",
    }
    start = time.monotonic()
    command = ["cargo", "test", "--locked", "--no-fail-fast", "--color", "never", *arguments]
    process = subprocess.Popen(
        command,
        cwd=SOURCES,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    timed_out = False
    try:
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        timed_out = True
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    failed = sorted(set(re.findall(r"^test (\S+) .*FAILED$", output, re.MULTILINE)))
    results = re.findall(r"^test result: .*? (\d+) passed; (\d+) failed", output, re.MULTILINE)
    passed = sum(int(result[0]) for result in results)
    ran = passed + sum(int(result[1]) for result in results)
    return Run(output, failed, passed, ran, time.monotonic() - start, timed_out)


def check_tests(tests: list[tuple[str, ...]]) -> list[str]:
    """Runs each test command without a bug. Returns those that fail or run no test, because they would prove nothing."""
    wrong = []
    for test in tests:
        run = cargo_test(test)
        if run.ran == 0:
            wrong.append(f"cargo test {' '.join(test)} runs no test\n{tail(run.output)}")
        elif run.failed or run.timed_out:
            wrong.append(f"cargo test {' '.join(test)} fails without a bug: {', '.join(run.failed)}\n{tail(run.output)}")
        else:
            print(f"   passing  {run.seconds:5.0f} s  cargo test {' '.join(test)}: {run.passed} passed", flush=True)
    return wrong


def plant(bug: Bug) -> tuple[str, str, float]:
    """Plants a bug, runs its test, and removes the bug. Returns verdict, failed test or problem, and seconds."""
    path = SOURCES / bug.file
    original = path.read_bytes()
    path.write_bytes(original.decode().replace(bug.old, bug.new).encode())
    try:
        run = cargo_test(bug.test)
    finally:
        path.write_bytes(original)
    if run.timed_out:
        return "caught", f"still running after {TIMEOUT_SECONDS} s", run.seconds
    if run.failed:
        more = f" and {len(run.failed) - 1} more" if len(run.failed) > 1 else ""
        return "caught", run.failed[0] + more, run.seconds
    if run.ran:
        return "MISSED", f"{run.passed} tests pass with it: cargo test {' '.join(bug.test)}", run.seconds
    return "BROKEN", f"no test ran\n{tail(run.output)}", run.seconds


def tail(output: str) -> str:
    """Returns the last lines of the output."""
    return "\n".join(f"    {line}" for line in output.splitlines()[-15:])


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only bugs whose name contains one of these")
    parser.add_argument("--check", action="store_true", help="only check for stale entries")
    parser.add_argument("--list", action="store_true", help="only list the names")
    options = parser.parse_args()
    bugs = [bug for bug in BUGS if not options.words or any(word in bug.name for word in options.words)]
    if not bugs:
        parser.error("no bug has one of these words in its name")
    if options.list:
        print("\n".join(bug.name for bug in bugs))
        return 0
    files = sources()
    wrong = stale(files, bugs)
    if wrong or options.check:
        print("\n".join(wrong) or f"{len(bugs)} planted bugs fit the sources")
        return bool(wrong)
    copy(files)
    wrong = check_tests(list(dict.fromkeys(bug.test for bug in bugs)))
    if wrong:
        print("\n".join(wrong))
        return 1
    missed = 0
    for bug in bugs:
        word, what, seconds = plant(bug)
        missed += word != "caught"
        print(f"{word:>10}  {seconds:5.0f} s  {bug.name}: {what}", flush=True)
    print(f"{len(bugs) - missed} of {len(bugs)} planted bugs caught")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
