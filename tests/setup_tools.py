"""
Find the two programs that tests drive but pip cannot bring, and install what is missing.

`make test` runs this file before pytest. Where both programs are present it only looks, and changes nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> Path | None:
    """Return the Chromium to drive: the system's, else the one Playwright has downloaded, else None."""
    for name in _BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


def age() -> Path | None:
    """Return the reference `age` tool, which reads our exports with code that did not write them."""
    found = shutil.which("age")
    return Path(found) if found else None


def _can_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _apt_install(*packages: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=True, env=quiet
    )


def _install() -> None:
    missing = [name for name, found in (("chromium", chromium()), ("age", age())) if found is None]
    if missing and _can_apt():
        _apt_install(*missing)
    elif "chromium" in missing:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def main() -> int:
    """Install what is missing; say plainly what could not be had."""
    try:
        _install()
    except subprocess.CalledProcessError as error:
        print(f"Setting up the test tools stopped at: {' '.join(map(str, error.cmd))}", file=sys.stderr)
    problems = []
    if chromium() is None:
        problems.append("The browser tests need Chromium. Install it, so that `chromium` is on the PATH.")
    if age() is None:
        problems.append(
            "The export tests need the age tool (https://age-encryption.org). Install it with your package "
            "manager, for example `apt-get install age` or `brew install age`, so that `age` is on the PATH."
        )
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
