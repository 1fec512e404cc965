"""Which module of a crate uses which: read from the sources, without a compiler.

A use counts for the module that defines the name, not for one that passes it on with `pub use`: a folder's front file is no
detour. Tests are left out. What is read is what rustfmt writes; macros are not expanded.
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
    passed_on: dict[str, str] = field(default_factory=dict)


def code(path: Path) -> str:
    """Return a file without comments and without its tests."""
    text = re.sub(r"//[^\n]*", "", path.read_text())
    return text.split("#[cfg(test)]\nmod ", 1)[0]


def leaves(tree: str) -> Iterator[tuple[str, str]]:
    """Return the paths of a use tree, each with the name that it gets."""
    head, brace, inner = tree.strip().partition("{")
    if not brace:
        path, _, alias = head.strip().partition(" as ")
        yield path, alias or path.rsplit("::", 1)[-1]
        return
    depth, start, inner = 0, 0, inner.rsplit("}", 1)[0] + ","
    for at, char in enumerate(inner):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            if part := inner[start:at].strip():
                for leaf, alias in leaves(part):
                    path = re.sub(r"::self$", "", head.strip() + leaf)
                    yield path, path.rsplit("::", 1)[-1] if alias == "self" else alias
            start = at + 1


def modules(source: Path) -> dict[str, Module]:
    """Return the modules of a crate by path, the root as an empty one."""
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
                module.passed_on[alias] = absolute(path, name, found)
    return found


def absolute(path: str, module: str, found: dict[str, Module]) -> str:
    """Return a path from the crate's root; that of another crate as an empty one."""
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
    """Return the module that defines what a path from the root names."""
    seen = set()
    while path and path not in seen:
        seen.add(path)
        parts = path.split("::")
        module = next(name for name in ("::".join(parts[:n]) for n in range(len(parts), -1, -1)) if name in found)
        rest = path.removeprefix(module).removeprefix("::").split("::")
        if rest == [""] or rest[0] not in found[module].passed_on:
            return module
        path = "::".join([found[module].passed_on[rest[0]], *rest[1:]])
    return None


def uses(source: Path) -> dict[str, set[str]]:
    """Return which modules each module of a crate uses."""
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
    """Return the groups of modules that use each other in a circle."""
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
