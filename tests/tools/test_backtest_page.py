"""The page of `vpc-flow-alerts backtest --html`, in a headless browser without a network."""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image

from tests.harness import page, week
from tests.harness.build import command_line
from tests.harness.page import DESKTOP, PHONE, Look
from tests.harness.template import ROOT

INCIDENTS = 5
NOT_CHECKED = """

  NOT CHECKED: the page of a backtest in a browser, because there is none.
  To check it: apt-get install chromium, or set CHROME to a browser.
"""


class Elements(HTMLParser):
    """The elements of a document, and the addresses that they load or link."""

    def __init__(self, text: str) -> None:
        """Reads a document."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def of_class(self, tag: str, name: str) -> list[dict[str, str]]:
        """Returns the elements with a class."""
        return [attributes for one, attributes in self.tags if one == tag and name in attributes.get("class", "").split()]

    def addresses(self) -> list[str]:
        """Returns what the document loads or links."""
        names = ("src", "href", "action", "data", "srcset", "xlink:href")
        return [attributes[name] for _, attributes in self.tags for name in names if name in attributes]


def background(picture: Path) -> tuple[int, int, int]:
    """Returns the colour of a picture's corner."""
    with Image.open(picture) as image:
        red, green, blue = image.convert("RGB").crop((0, 0, 1, 1)).tobytes()
    return red, green, blue


@functools.cache
def printed(folder: Path, options: tuple[str, ...]) -> str:
    """Returns what a backtest of the week prints. A page that it writes goes to the folder."""
    command = [command_line(), "backtest", folder / "week.log.gz", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout


class Pages(unittest.TestCase):
    """The samples in the documentation."""

    def test_samples_are_what_the_program_prints(self) -> None:
        """Line by line; `...` stands for lines that are left out."""
        with tempfile.TemporaryDirectory() as folder:
            week.write(Path(folder) / "week.log.gz")
            samples = 0
            for name in ("README.md", "README.ja.md", "docs/backtest.md"):
                for sample in re.findall(r"```console\n(.*?vpc-flow-alerts backtest .*?)```", (ROOT / name).read_text(), re.S):
                    shown = sample.splitlines()
                    (command,) = [line for line in shown if line.startswith("$ ") and "vpc-flow-alerts backtest " in line]
                    options = shlex.split(command.split(" flow-logs/")[1])
                    following = iter(printed(Path(folder), tuple(options)).splitlines())
                    for line in [line for line in shown if line and not line.startswith("$ ") and line != "..."]:
                        self.assertIn(line, following, f"{name}: {line}")
                    samples += 1
        self.assertEqual(samples, 5)


class Page(unittest.TestCase):
    """A week with five incidents."""

    chrome: str
    folder: tempfile.TemporaryDirectory[str]

    @classmethod
    def setUpClass(cls) -> None:
        """Makes the pages. Without a browser that is an error where CI checks, and is said elsewhere."""
        chrome = page.browser()
        if chrome is None:
            if os.environ.get("CI"):
                raise AssertionError("no browser: " + NOT_CHECKED.strip())
            print(NOT_CHECKED, file=sys.stderr)
            raise unittest.SkipTest("no browser")
        cls.chrome = chrome
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        folder = Path(cls.folder.name)
        week.write(folder / "week.log.gz")
        command = [command_line(), "backtest", folder / "week.log.gz"]
        subprocess.run([*command, "--html", folder / "page.html"], check=True, capture_output=True)
        lists = ["--compare", "", "PersistentPings=0 QuietMinutes=240"]
        subprocess.run([*command, "--html", folder / "compared.html", *lists], check=True, capture_output=True)

    def looked_at(self, name: str) -> tuple[Elements, str]:
        """Returns the elements of a page, and its text as the browser has it."""
        text, log = page.document(self.chrome, Path(self.folder.name) / name)
        problems = [line for line in log.splitlines() if ":CONSOLE" in line or "ERR_NAME_NOT_RESOLVED" in line]
        self.assertEqual(problems, [], "the browser complains")
        return Elements(text), text

    def test_each_incident_has_a_bar_and_its_emails(self) -> None:
        """And the bar links the incident."""
        elements, text = self.looked_at("page.html")
        links = [address for address in elements.addresses() if address.startswith("#")]
        ids = {attributes["id"] for _, attributes in elements.tags if "id" in attributes}
        self.assertEqual((len(elements.of_class("rect", "bar")), len(links)), (INCIDENTS, INCIDENTS))
        self.assertEqual({link[1:] for link in links} - ids, set())
        self.assertEqual(len(elements.of_class("article", "story")), INCIDENTS)
        emails = int(re.findall(r"<b>(\d+)</b> <span>emails", text)[0])
        self.assertEqual(sum(tag == "pre" for tag, _ in elements.tags), emails)

    def test_signal_and_background_are_both_visible(self) -> None:
        """3,800 pings of the internet a day do not flatten four of ours: no bar is lower than two pixels."""
        elements, _ = self.looked_at("page.html")
        for name in ("background", "own-request", "own-answer", "private", "internet"):
            bars = [bar for bar in elements.of_class("rect", name) if not {"bar", "seen"} & set(bar["class"].split())]
            self.assertTrue(bars, name)
            self.assertGreaterEqual(min(float(bar["height"]) for bar in bars), 2, name)
        hours = [bar for bar in elements.of_class("rect", "background")]
        self.assertGreater(len(hours), 7 * 24 - 5)

    def test_charts_have_names_and_a_table(self) -> None:
        """For those who do not see them."""
        elements, text = self.looked_at("page.html")
        charts = [attributes for tag, attributes in elements.tags if tag == "svg"]
        self.assertEqual(len(charts), 4)
        ids = {attributes["id"] for _, attributes in elements.tags if "id" in attributes}
        for chart in charts:
            self.assertEqual(chart["role"], "img")
            self.assertLessEqual(set(chart["aria-labelledby"].split()), ids)
        self.assertEqual(len(re.findall(r'<tr><th scope="row">2026-11-2\d</th>', text)), 7)

    def test_nothing_is_asked_of_a_network(self) -> None:
        """Nothing is loaded, and nothing outside is linked: addresses in emails are text."""
        for name in ("page.html", "compared.html"):
            elements, text = self.looked_at(name)
            outside = [address for address in elements.addresses() if not address.startswith("#")]
            self.assertEqual(outside, [])
            self.assertEqual([tag for tag, _ in elements.tags if tag in ("script", "img", "link", "iframe")], [])
            self.assertIn("https://", text)

    def test_two_lists_of_settings_are_side_by_side(self) -> None:
        """With the incident that only one of them has."""
        elements, text = self.looked_at("compared.html")
        self.assertEqual(len(elements.of_class("div", "side")), 2)
        self.assertIn("<strong>no email in B</strong>", text)

    def test_it_is_drawn_in_light_and_dark_at_all_widths(self) -> None:
        """As the reader prefers it."""
        for size in (PHONE, DESKTOP):
            for dark in (False, True):
                picture = Path(self.folder.name) / "page.png"
                page.screenshot(self.chrome, Path(self.folder.name) / "page.html", picture, Look(size, dark))
                corner = background(picture)
                self.assertEqual(max(corner) < 64, dark, f"{size}, dark {dark}: {corner}")
                self.assertEqual(min(corner) > 192, not dark, f"{size}, dark {dark}: {corner}")


if __name__ == "__main__":
    unittest.main()
