"""docs/asvs.md counts right, names tests and files that are there, and each line that is met can be made false."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

from tests.break_asvs import FILE, read_breaks

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


TOLD = tomllib.loads(FILE.read_text(encoding="utf-8"))
BREAKS = read_breaks()
MET = {number: shown for number, _, status, shown in LINE.findall(PAGE) if status == "met"}


def test_each_line_that_is_met_can_be_made_false() -> None:
    """By breaking code, by taking words from a document; or it is said why no line of ours could. Each in one way."""
    by_code = {row for one in BREAKS for row in one.rows}
    by_document = {row for one in TOLD["documents"] for row in one["rows"]}
    by_nothing = TOLD["no_code"].keys()
    assert by_code | by_document | by_nothing == MET.keys()
    assert not by_code & by_document
    assert not by_nothing & (by_code | by_document)
    assert all(len(why) > 10 for why in TOLD["no_code"].values())


def test_each_line_names_the_tests_that_notice() -> None:
    """One to three, by their names; and no line names a file of tests alone."""
    for row, shown in MET.items():
        noticing = {one.test for one in BREAKS if row in one.rows}
        named = set(re.findall(r"`(tests/[\w/.]+::test_\w+)`", shown))
        assert noticing <= named, row
        assert len(named) <= 3, row
        assert not re.search(r"`tests/[\w/]+\.py`", shown), row


def test_each_break_stands_where_it_says() -> None:
    """The text is in its file once, something else takes its place, and its test is there."""
    for one in BREAKS:
        assert (ROOT / one.file).read_text(encoding="utf-8").count(one.text) == 1, (one.rows, one.text)
        assert one.text != one.instead, one.rows
        path, _, name = one.test.partition("::")
        assert re.search(rf"def {name}\b", (ROOT / path).read_text(encoding="utf-8")), one.test


def test_documents_say_what_they_have_to() -> None:
    """Each line that is met by a document names it, and the words are in it, wherever its lines break."""
    for one in TOLD["documents"]:
        said = " ".join((ROOT / one["file"]).read_text(encoding="utf-8").split())
        assert " ".join(one["says"].split()) in said, one["rows"]
        assert all(f"`{one['file']}`" in MET[row] for row in one["rows"]), one["rows"]
