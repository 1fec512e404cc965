"""Tests of the tables of planted bugs and of surviving mutants."""

from __future__ import annotations

import unittest

from tests.sources import mutants, planted
from tests.sources.planted_bugs import BUGS, Bug


def bug(**changed: str) -> Bug:
    """Returns a bug that fits FILES."""
    return Bug(**{"name": "one", "file": "a.rs", "old": "1 + 1", "new": "2", "test": ("-p", "a")} | changed)


FILES = {"a.rs": b"let a = 1 + 1;\nlet b = 3;\nlet c = 3;\n"}


class Planted(unittest.TestCase):
    """Checks of `make planted-check`."""

    def test_every_bug_fits_the_sources(self) -> None:
        """The text of each occurs exactly once in its file."""
        self.assertEqual(planted.stale(planted.sources(), BUGS), [])

    def test_an_entry_whose_text_does_not_occur_exactly_once_is_stale(self) -> None:
        """Also a missing file, and a replacement that changes nothing."""
        self.assertEqual(planted.stale(FILES, [bug()]), [])
        for changed, wrong in [
            ({"old": "1 + 2"}, "0 times"),
            ({"old": "= 3;"}, "2 times"),
            ({"file": "b.rs"}, "no file"),
            ({"new": "1 + 1"}, "changes nothing"),
        ]:
            found = planted.stale(FILES, [bug(**changed)])
            self.assertEqual(len(found), 1, changed)
            self.assertIn(wrong, found[0])


class Mutants(unittest.TestCase):
    """Reading the survivors from the page."""

    def test_a_survivor_is_a_line_with_a_reason(self) -> None:
        """A line without a reason does not count, and two equal lines count twice."""
        page = "\n".join(
            [
                "- ``a.rs: replace < with <= in f``: nobody can tell.",
                "- ``a.rs: replace < with <= in f``: the second one, the same.",
                "- ``a.rs: replace || with && in g``: needs two at once.",
                "- ``a.rs: replace f with ()``",
                "- `a.rs` is a file",
            ]
        )
        self.assertEqual(mutants.known(page), {"a.rs: replace < with <= in f": 2, "a.rs: replace || with && in g": 1})

    def test_every_file_of_a_group_exists(self) -> None:
        """A renamed file must be renamed in its group too."""
        for name, group in mutants.GROUPS.items():
            for pattern in group.files:
                self.assertTrue(list(mutants.ROOT.glob(pattern)), f"{name}: {pattern}")


if __name__ == "__main__":
    unittest.main()
