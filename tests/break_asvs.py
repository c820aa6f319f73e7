"""
Break the code behind what docs/asvs.md calls met, one row at a time, and see that the test of that row fails.

`make claims` runs this file: `tests/break_asvs.py [--seed N] [--rows 40]`. It works on a copy, in .cache/claims. What
is broken and how, and by which test it is noticed, stands in tests/asvs_breaks.toml. Rows with one break share one run.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "claims"
FILE = ROOT / "tests" / "asvs_breaks.toml"
FAILED, PASSED = 1, 0
"""Exit codes of pytest. Any other one says that the test itself could not be run, which notices nothing."""
COMMIT = (
    "-c",
    "user.name=claims",
    "-c",
    "user.email=claims@example.org",
    "commit",
    "--quiet",
    "--all",
    "--message=.",
)


@dataclass(frozen=True, slots=True)
class Break:
    """
    One way to make rows false.

    Attributes:
        rows: Numbers of requirements, as docs/asvs.md has them.
        test: What notices, as pytest names it.
        file: Where the code stands.
        text: What is there, once.
        instead: What stands there once it is broken.
        case: Which case of a test with many is enough, as pytest names it.
    """

    rows: tuple[str, ...]
    test: str
    file: str
    text: str
    instead: str
    case: str = ""

    @property
    def selection(self) -> tuple[str, ...]:
        """Return what pytest is asked to run: of a test for both databases that on SQLite is enough."""
        if self.case:
            return (f"{self.test}[{self.case}]",)
        return (self.test,) if "postgres" in self.test else (self.test, "-k", "not postgres")


def read_breaks(file: Path = FILE) -> tuple[Break, ...]:
    """Read every break."""
    told = tomllib.loads(file.read_text("utf-8"))["breaks"]
    return tuple(Break(tuple(one.pop("rows")), **one) for one in told)


def choose(breaks: Sequence[Break], count: int, seed: int) -> list[Break]:
    """Return the breaks of *count* rows, drawn with *seed*, each break once; of all rows with 0."""
    rows = sorted({row for one in breaks for row in one.rows})
    drawn = set(random.Random(seed).sample(rows, min(count, len(rows))) if count else rows)
    return [one for one in breaks if drawn & {*one.rows}]


def copy_tree(place: Path) -> None:
    """Copy what git knows of, as it stands now, into an empty folder."""
    shutil.rmtree(place, ignore_errors=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    tracked = subprocess.run(listed, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split("\n")
    for path in filter(None, tracked):
        if (ROOT / path).is_file():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, place / path)
    for command in (["init", "--quiet"], ["add", "--all"], COMMIT):
        _git(place, *command)


def _git(place: Path, *command: str) -> None:
    subprocess.run(["git", "-C", str(place), *command], check=True, capture_output=True)


def run(place: Path, selection: Sequence[str]) -> int:
    """Run tests in the copy; return pytest's exit code. What a test waits for has an end of its own."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", *selection]
    environment = os.environ | {"PYTHONPATH": str(place)}
    with (place.parent / "said.txt").open("w") as said:
        done = subprocess.run(command, check=False, cwd=place, env=environment, stdout=said, stderr=said)
    return done.returncode


def _forget_compiled(file: Path) -> None:
    """Remove what Python compiled of a file: two changes within a second can look alike to it."""
    for compiled in file.parent.glob(f"__pycache__/{file.stem}.*"):
        compiled.unlink()


def try_break(place: Path, one: Break) -> str:
    """Break the copy, run the test, mend the copy; return what came of it, which is "noticed" where all is well."""
    file = place / one.file
    text = file.read_text("utf-8")
    if text.count(one.text) != 1:
        return f"the text stands there {text.count(one.text)} times"
    file.write_text(text.replace(one.text, one.instead), "utf-8")
    _git(place, *COMMIT)  # a release is built of what is committed
    _forget_compiled(file)
    try:
        code = run(place, one.selection)
    finally:
        _git(place, "reset", "--quiet", "--hard", "HEAD~1")
        _forget_compiled(file)
    if code == PASSED:
        return "NOT NOTICED"
    return "noticed" if code == FAILED else f"pytest ended with {code}"


def main(arguments: Sequence[str]) -> int:
    """Break what was drawn; prints a table, and returns 1 unless everything was noticed."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--rows", type=int, default=40, help="how many rows are drawn; 0 takes all")
    parser.add_argument("--only", nargs="*", default=[], help="these rows instead")
    parser.add_argument("--unbroken", action="store_true", help="first see that each test passes as it is")
    asked = parser.parse_args(arguments)
    every = read_breaks()
    chosen = (
        [one for one in every if {*asked.only} & {*one.rows}]
        if asked.only
        else choose(every, asked.rows, asked.seed)
    )
    copy_tree(WORK / "tree")
    print(
        f"seed {asked.seed}: {len(chosen)} breaks of {sum(len(one.rows) for one in chosen)} rows", flush=True
    )
    missed = 0
    for one in chosen:
        told = ""
        if asked.unbroken and run(WORK / "tree", one.selection) != PASSED:
            told = "fails also unbroken"
        told = told or try_break(WORK / "tree", one)
        missed += told != "noticed"
        print(f"{told:<12} {', '.join(one.rows):<24} {one.file}: {one.test}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} noticed")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
