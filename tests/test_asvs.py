"""docs/asvs.md counts right, and names only tests and files that are there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
LINE = re.compile(
    r"^\| (\d+\.\d+\.\d+) \| ([123]) \| [^|]+ \| (met|partly|open|operator) \| (.+) \|$", re.MULTILINE
)
TOTAL = re.compile(r"^\| L([123]) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
LEFT_OUT = re.compile(r"^Does not apply: (.+)\.$", re.MULTILINE)
NAMED = re.compile(
    r"`((?:tests|docs|portal|journal|crypto|bench)/[\w./-]+|\w+\.(?:md|lock))(?:::(test_\w+))?`"
)


def test_the_totals_are_those_of_the_lines() -> None:
    """What the table at the top says is what the lines below it add up to."""
    found = Counter((level, status) for _, level, status, _ in LINE.findall(PAGE))
    said = {level: tuple(map(int, numbers)) for level, *numbers in TOTAL.findall(PAGE)}
    for level in "123":
        each = tuple(found[level, status] for status in ("met", "partly", "open", "operator"))
        assert said[level] == (sum(each), *each)


def test_every_requirement_stands_once() -> None:
    """Each of them is in a table or among those that do not apply, and all of a section's are there."""
    numbers = [number for number, *_ in LINE.findall(PAGE)]
    for chapter in LEFT_OUT.findall(PAGE):
        numbers += re.findall(r"\d+\.\d+\.\d+", chapter)
    assert len(numbers) == len(set(numbers)) == int(re.search(r"has (\d+) requirements", PAGE)[1])  # type: ignore[index]
    sections: dict[str, list[int]] = {}
    for number in numbers:
        section, _, last = number.rpartition(".")
        sections.setdefault(section, []).append(int(last))
    for section, there in sections.items():
        assert sorted(there) == list(range(1, len(there) + 1)), section


def test_everything_named_is_there() -> None:
    """Each file and test exists that a line gives as its proof."""
    named = NAMED.findall(PAGE)
    assert len(named) > 200
    missing = []
    for path, test in named:
        file = ROOT / path if "/" in path or (ROOT / path).exists() else ROOT / "docs" / path
        if not file.exists() or (test and not re.search(rf"def {test}\b", file.read_text(encoding="utf-8"))):
            missing.append(f"{path}::{test}")
    assert missing == []


def test_what_is_met_is_shown_or_explained() -> None:
    """No line is met without a word of why."""
    assert all(len(shown) > 3 for _, _, _, shown in LINE.findall(PAGE))
