"""`make backtest-page`: draws docs/backtest.png from the page of a backtest of an example week. Needs a browser."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.harness import page, week
from tests.harness.build import command_line
from tests.harness.template import ROOT
from tests.harness.terminal import failed

PICTURE = ROOT / "docs" / "backtest.png"
SIZE = (1120, 1500)


def main() -> int:
    """Draws the picture."""
    chrome = page.browser()
    if chrome is None:
        failed("no browser: apt-get install chromium, or set CHROME to a browser")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        week.write(folder / "week.log.gz")
        command = [command_line(), "backtest", folder / "week.log.gz", "--html", folder / "week.html"]
        subprocess.run(command, check=True, capture_output=True)
        page.screenshot(chrome, folder / "week.html", PICTURE, page.Look(SIZE))
    return 0


if __name__ == "__main__":
    sys.exit(main())
