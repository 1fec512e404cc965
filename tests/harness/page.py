"""The page of a backtest, in a headless browser without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Names of the browsers that are looked for, after the one that CHROME names."""
SECONDS = 120
PHONE, DESKTOP = (390, 844), (1280, 900)


class PageError(RuntimeError):
    """The browser failed."""


def browser() -> str | None:
    """Returns a browser, if there is one."""
    return next(filter(None, map(shutil.which, filter(None, (os.environ.get("CHROME"), *BROWSERS)))), None)


@dataclass(frozen=True)
class Look:
    """How the page is looked at."""

    size: tuple[int, int] = DESKTOP
    dark: bool = False


def _run(chrome: str, page: Path, look: Look, *options: str) -> subprocess.CompletedProcess[str]:
    """Opens a page. No name is resolved, so that whatever it asks of a network fails and is logged."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            *(chrome, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0", f"--user-data-dir={profile}"),
            *(f"--window-size={look.size[0]},{look.size[1]}", "--force-device-scale-factor=1"),
            *(("--blink-settings=preferredColorScheme=0",) if look.dark else ("--blink-settings=preferredColorScheme=1",)),
            *(*options, page.resolve().as_uri()),
        ]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    if done.returncode:
        raise PageError(f"{chrome} failed with status {done.returncode}:\n{done.stderr[-2_000:]}")
    return done


def document(chrome: str, page: Path) -> tuple[str, str]:
    """Returns the document as the browser understands it, and what it logged."""
    done = _run(chrome, page, Look(), "--dump-dom")
    return done.stdout, done.stderr


def screenshot(chrome: str, page: Path, picture: Path, look: Look) -> None:
    """Takes a picture."""
    _run(chrome, page, look, f"--screenshot={picture}")
