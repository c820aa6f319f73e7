"""
Change the code in a thousand small ways and count how many of them the tests notice.

`make mutate` runs this file. It works on a copy, in .cache/mutate, and takes from minutes to an hour.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "mutate"
KILLED = frozenset({1, 3, 24, -24, 36, 152, 255, -9, -11})
"""Exit codes by which a run noticed: a test that did not pass, or no answer in time."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is changed, and the tests that look."""

    changed: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "crypto": Room(
        ("crypto/*.py",),
        (
            "tests/crypto",
            # These two read the source, which is not the source any more.
            "--deselect=tests/crypto/test_format_page.py",
            "--deselect=tests/crypto/test_vectors.py::test_generator_makes_the_committed_vectors",
        ),
    ),
    "authorisation": Room(
        (
            *("portal/access/session_cookie.py", "portal/access/guard.py"),
            *(
                "journal/actor.py",
                "journal/care/links.py",
                "journal/care/link_keys.py",
                "journal/care/lifecycle.py",
                "journal/authentication/web_sessions.py",
            ),
        ),
        (
            "tests/journal/care/test_lifecycle.py",
            "tests/journal/authentication/test_web_sessions.py",
            "tests/journal/care/test_invitations.py",
            "tests/journal/sharing/test_shares.py",
            "tests/journal/sharing/test_reading.py",
            "tests/portal/views/account/test_account.py",
            "tests/portal/test_addresses.py",
            "tests/portal/views/sharing/test_team.py",
            "tests/portal/views/sign_in/test_confirm.py",
            "tests/portal/access/test_guard.py",
            *("-k", "not postgres"),
        ),
    ),
}


def main(names: list[str]) -> int:
    """Mutate the rooms that are named, or all; prints a score for each."""
    for name in names or ROOMS:
        place = WORK / name
        shutil.rmtree(place, ignore_errors=True)
        tracked = subprocess.run(
            ["git", "ls-files"], check=True, capture_output=True, text=True, cwd=ROOT
        ).stdout.split("\n")
        for path in filter(None, tracked):
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, place / path)
        with (place / "pyproject.toml").open("a", encoding="utf-8") as settings:
            settings.write(_settings(ROOMS[name]))
        subprocess.run([str(Path(sys.executable).with_name("mutmut")), "run"], check=False, cwd=place)
        noticed, missed = score(place / "mutants")
        print(f"{name}: {noticed} of {noticed + missed} noticed, {noticed / (noticed + missed):.1%}")
    return 0


def score(mutants: Path) -> tuple[int, int]:
    """Count the changes that were noticed and those that were not; what no test reaches was not."""
    noticed = missed = 0
    for file in mutants.rglob("*.meta"):
        for code in json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"].values():
            noticed, missed = (noticed + 1, missed) if code in KILLED else (noticed, missed + 1)
    return noticed, missed


def _settings(room: Room) -> str:
    settings = {
        "source_paths": ["crypto", "journal", "portal", "templates"],
        "only_mutate": room.changed,
        "also_copy": ["docs", "bench", "README.md", "CHANGELOG.md"],
        "pytest_add_cli_args_test_selection": room.tests,
    }
    return "\n[tool.mutmut]\n" + "".join(
        f"{name} = {json.dumps(value)}\n" for name, value in settings.items()
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
