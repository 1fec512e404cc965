"""Finds which modules of a crate use which, from the sources and without a compiler.

A use counts for the module that defines the name, not for a module that re-exports it with `pub use`. Tests are ignored.
Expects sources formatted by rustfmt, and does not expand macros.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ITEM = re.compile(
    r"^(?:pub(?:\([^)]*\))? )?(?:const |async |unsafe )*"
    r"(?:struct|enum|trait|fn|const|type|static|union|macro_rules!) (\w+)",
    re.MULTILINE,
)
USE = re.compile(r"\b(pub(?:\([^)]*\))? )?use ([^;]+);")
PATH = re.compile(r"\b(?:crate|super|self)(?:::\w+)+")


@dataclass
class Module:
    """One source file."""

    path: Path
    text: str
    items: set[str] = field(default_factory=set)
    reexports: dict[str, str] = field(default_factory=dict)


def code(path: Path) -> str:
    """Returns a file without its comments and tests."""
    text = re.sub(r"//[^\n]*", "", path.read_text())
    return text.split("#[cfg(test)]\nmod ", 1)[0]


def leaves(tree: str) -> Iterator[tuple[str, str]]:
    """Returns the paths of a use tree, each with the name that it defines."""
    prefix, brace, inner = tree.strip().partition("{")
    if not brace:
        path, _, alias = prefix.strip().partition(" as ")
        yield path, alias or path.rsplit("::", 1)[-1]
        return
    depth, start, inner = 0, 0, inner.rsplit("}", 1)[0] + ","
    for at, char in enumerate(inner):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            if part := inner[start:at].strip():
                for leaf, alias in leaves(part):
                    path = re.sub(r"::self$", "", prefix.strip() + leaf)
                    yield path, path.rsplit("::", 1)[-1] if alias == "self" else alias
            start = at + 1


def modules(source: Path) -> dict[str, Module]:
    """Returns the modules of a crate by path. The path of the root is empty."""
    found = {}
    for path in sorted(source.rglob("*.rs")):
        parts = list(path.relative_to(source).with_suffix("").parts)
        if parts[-1] in ("lib", "main", "mod"):
            parts.pop()
        if parts and parts[-1] == "tests":
            continue
        found["::".join(parts)] = Module(path, code(path))
    for name, module in found.items():
        module.items = set(ITEM.findall(module.text))
        for public, tree in USE.findall(module.text):
            for path, alias in leaves(tree) if public else ():
                module.reexports[alias] = absolute(path, name, found)
    return found


def absolute(path: str, module: str, found: dict[str, Module]) -> str:
    """Returns a path relative to the crate's root, or an empty one for another crate."""
    base = module.split("::") if module else []
    parts = path.split("::")
    if parts[0] == "crate":
        return "::".join(parts[1:])
    if parts[0] == "self":
        return "::".join(base + parts[1:])
    if parts[0] == "super":
        while parts and parts[0] == "super":
            base, parts = base[:-1], parts[1:]
        return "::".join(base + parts)
    child = "::".join([*base, parts[0]])
    return "::".join(base + parts) if child in found else ""


def definition(path: str, found: dict[str, Module]) -> str | None:
    """Returns the module that defines the item of a path relative to the root."""
    seen = set()
    while path and path not in seen:
        seen.add(path)
        parts = path.split("::")
        module = next(name for name in ("::".join(parts[:n]) for n in range(len(parts), -1, -1)) if name in found)
        rest = path.removeprefix(module).removeprefix("::").split("::")
        if rest == [""] or rest[0] not in found[module].reexports:
            return module
        path = "::".join([found[module].reexports[rest[0]], *rest[1:]])
    return None


def uses(source: Path) -> dict[str, set[str]]:
    """Returns which modules each module of a crate uses."""
    found = modules(source)
    graph: dict[str, set[str]] = {}
    for name, module in found.items():
        paths = [path for public, tree in USE.findall(module.text) if not public for path, _ in leaves(tree)]
        paths += PATH.findall(USE.sub("", module.text))
        children = [child.rsplit("::", 1)[-1] for child in found if child.rpartition("::")[0] == name and child]
        paths += [f"self::{child}" for child in children if re.search(rf"(?<![\w:]){child}::", USE.sub("", module.text))]
        targets = {definition(absolute(path, name, found), found) for path in paths if absolute(path, name, found)}
        graph[name] = {target for target in targets if target is not None and target != name}
    return graph


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Returns the groups of modules with circular uses."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen, rest = set(), [start]
        while rest:
            for target in graph.get(rest.pop(), set()) - seen:
                seen.add(target)
                rest.append(target)
        reached[start] = seen
    groups = {tuple(sorted(b for b in reached[a] if a in reached.get(b, set()))) for a in graph if a in reached[a]}
    return [list(group) for group in sorted(groups)]
