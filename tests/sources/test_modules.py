"""Tests of reading modules, on small crates with and without circles."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from tests.sources import modules, purity


def uses(files: dict[str, str]) -> dict[str, set[str]]:
    """Returns which modules the modules of a crate with these files use."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return modules.uses(Path(folder))


class Modules(unittest.TestCase):
    """Uses of modules, and circles."""

    def test_a_use_counts_for_the_module_that_defines_the_name(self) -> None:
        """Not for a module that re-exports it."""
        mod_file = "mod one;\nmod two;\npub use one::One;\npub use two::{Two, Three as Third};\n"
        files = {
            "lib.rs": "pub mod a;\npub mod b;\n",
            "a/mod.rs": mod_file,
            "a/one.rs": "use super::two::Two;\npub struct One(Two);\n",
            "a/two.rs": "// crate::a::One\npub struct Two;\npub struct Three;\n",
            "b.rs": "use crate::a::{One, Third as T};\nfn f(_: T) -> crate::a::Two { One }\n",
        }
        graph = uses(files)
        self.assertEqual(graph["a::one"], {"a::two"})
        self.assertEqual(graph["a::two"], set(), "a comment is not a use")
        self.assertEqual(graph["b"] - {""}, {"a::one", "a::two"})
        self.assertEqual(modules.circles(graph), [])

    def test_circles_are_found_through_any_path(self) -> None:
        """Through `super`, a re-export or the whole path."""
        mod_file = "mod one;\nmod two;\npub use one::One;\npub use two::Two;\n"
        for path in ("super::One", "crate::a::One", "crate::a::one::One", "super::one::One"):
            files = {
                "lib.rs": "pub mod a;\n",
                "a/mod.rs": mod_file,
                "a/one.rs": "pub struct One;\nfn f() -> super::Two { g() }\n",
                "a/two.rs": f"use {path};\npub struct Two(One);\n",
            }
            self.assertEqual(modules.circles(uses(files)), [["a::one", "a::two"]], path)

    def test_uses_in_tests_are_ignored(self) -> None:
        """They may form circles."""
        test = "#[cfg(test)]\nmod tests {\n    use crate::b::B;\n}\n"
        files = {"lib.rs": "mod a;\nmod b;\n", "a.rs": "pub struct A;\n" + test, "b.rs": "pub struct B(crate::a::A);\n"}
        self.assertEqual(modules.circles(uses(files)), [])

    def test_a_folder_uses_only_those_before_it(self) -> None:
        """The order of `alerting` is checked."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "lib.rs").write_text("mod detection;\nmod engine;\n")
            Path(folder, "engine.rs").write_text("pub struct Engine;\n")
            Path(folder, "detection.rs").write_text("pub struct Detector(crate::engine::Engine);\n")
            problems = purity.structure("alerting", Path(folder))
        self.assertEqual(problems, ["alerting: detection uses engine, which comes after it"])


if __name__ == "__main__":
    unittest.main()
