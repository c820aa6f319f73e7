"""
Find what tests drive but pip cannot bring, and install what is missing.

`make test` runs this file twice: first with the machine's own Python, before anything is set up, to see that the
machine has what it has to have (`--machine`); then, before pytest, to see that everything runs. Where nothing is
missing it only looks, and changes nothing.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SHELL = (
    "chromium-headless-shell"  # the same pages for a quarter less work; without hyphens and pages kept whole
)
_ATOMIC = "libatomic.so.1"  # the Node.js that comes with Playwright does not start without it


def chromium() -> Path | None:
    """Return the Chromium to drive: the system's, else the one Playwright has downloaded, else None."""
    if own := _system_chromium():
        return own
    from playwright.sync_api import sync_playwright  # not there yet when the machine is looked at

    with sync_playwright() as playwright:
        downloaded = Path(playwright.chromium.executable_path)
    return downloaded if downloaded.exists() else None


def quick_chromium() -> Path | None:
    """Return the Chromium without a window of its own, where the machine has it, else the one to drive."""
    found = shutil.which(_SHELL)
    return Path(found) if found else chromium()


def age() -> Path | None:
    """Return the reference `age` tool, which reads our exports with code that did not write them."""
    found = shutil.which("age")
    return Path(found) if found else None


def nginx() -> Path | None:
    """Return the proxy of the example that operators copy; where it is, only a superuser's shell may look."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def _system_chromium() -> Path | None:
    return next((Path(found) for name in _BROWSERS if (found := shutil.which(name))), None)


def _has_atomic() -> bool:
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL(_ATOMIC)
    except OSError:
        return False
    return True


def missing() -> dict[str, str]:
    """Return what the machine lacks: Debian's name of each package, and what the tests need it for."""
    lacking = {}
    if age() is None:
        lacking["age"] = "The export tests need the age tool (https://age-encryption.org)."
    if not _has_atomic():
        lacking["libatomic1"] = f"The browser tests need {_ATOMIC}, without which Playwright does not start."
    if nginx() is None:
        lacking["nginx"] = "The tests of the example of a proxy need nginx (https://nginx.org)."
    if _system_chromium() is None:
        lacking["chromium"] = "The browser tests need Chromium."
    return lacking


def advice(packages: Sequence[str]) -> str:
    """Return how to install *packages*, which are named as Debian names them."""
    if shutil.which("apt-get"):
        return f"Run as root: apt-get install {' '.join(packages)}"
    return f"Install with your package manager what Debian calls: {' '.join(packages)}"


def _apt_install(packages: Sequence[str]) -> None:
    # At run level 1 Debian starts no service because its package was installed.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    # A list of packages that cannot be renewed matters only if the package is not found.
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(install, check=False, env=quiet)


def prepare_machine() -> Iterator[str]:
    """Install what the machine lacks, where that is possible; yield what is missing afterwards, and what to do."""
    lacking = missing()
    if os.geteuid() == 0 and shutil.which("apt-get"):
        if lacking:
            _apt_install([*lacking])
            lacking = missing()
        if shutil.which(_SHELL) is None:
            _apt_install([_SHELL])  # by itself: not every release has it, and it may be missing
    # Without Chromium there is still the one that Playwright brings, once Playwright is there.
    if needed := [name for name in lacking if name != "chromium"]:
        yield from (lacking[name] for name in needed)
        yield advice([*lacking])


def what_does_not_run() -> Iterator[str]:
    """Start each program once; yield what does not run, and what to do."""
    from playwright._impl._driver import compute_driver_executable

    from tests.postgres import installed

    yield from does_not_run("Playwright", Path(compute_driver_executable()[0]))
    yield from does_not_run("PostgreSQL", installed() / "bin" / "postgres")


def browser_that_runs() -> Iterator[str]:
    """Download Chromium where there is none; yield why it does not run, and what to do."""
    if chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    found = chromium()
    troubles = ["There is no Chromium."] if found is None else [*does_not_run("Chromium", found)]
    if troubles:
        yield from troubles
        yield advice(["chromium"])


def does_not_run(name: str, program: Path) -> Iterator[str]:
    """Ask *program* for its version; yield what it says instead."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        yield f"{name} does not start: {error.strerror}"
        return
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        yield f"{name} does not start: {said[-1]}"


def main(arguments: Sequence[str]) -> int:
    """Look, install, and say plainly what could not be had."""
    problems = [*prepare_machine()]
    if not problems and "--machine" not in arguments:
        # Playwright says where its Chromium is, and it has to run for that.
        problems = [*what_does_not_run()] or [*browser_that_runs()]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main(sys.argv[1:]))
