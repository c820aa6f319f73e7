"""The words on pages: plain ones, always the same, and few of them in a heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CATALOGUE = (ROOT / "portal/locale/messages.pot").read_text(encoding="utf-8")
MESSAGES = tuple(
    "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found)).replace('\\"', '"')
    for found in re.findall(r'^msgid(?:_plural)? ((?:"(?:[^"\\]|\\.)*"\n)+)', CATALOGUE, re.MULTILINE)
)[1:]
BANNED = (
    r"notes? of care",
    r"your line\b",
    r"where (it|this) stands",
    r"belongs? with (it|this)",
    r"leave (it|this) with me",
    r"sideways",
    r"not said",
    r"take in this picture",
    r"\bkits?\b",
    r"keep (things as they are|the old one|it|it on)$",
    r"leave (it as it was|without saving)$",
    r"^go back$",
    r"second step",
    r"(begin|begins|began|begun|beginning|started) anew",
    r"\bbr(ing|ings|ought)\b.* back",
    r"\beras(e|es|ed|ing)\b",
    r"(take|takes|took|taken|taking) (your |their )?(records?|a copy) away",
    r"\blet go of\b",
    r"come(s)? back in\b",
    r"\bnot sealed\b",
    r"\bown seal\b",
    r"(take|takes|took|taken|taking) (this|copies|a copy)( away| from| back|\.)",
    r"(written down or taken away|take it before)",
    r"how it stands",
    r"it was another one$",
    r"once more, and showed it",
    r"stands alone",
    r"no more than under",
    r"cannot go there",
    r"blanks at",
    r"quiet page",
    r"whom to call",
    r"\b(come|comes|coming|came) in\b",
    r"code of now",
    r"counted backwards",
    r"\blapses?\b",
    r"withdrew (such|that)",
    r"counts? (now|no more)",
    r"revisits?\b",
    r"\bwas not let\b",
    r"\brevok(e|es|ing) (a|this|the) (copy|folder)\b",
)
"""Riddles, and second words for things that have one: docs/glossary.md says which."""
LONGEST_HEADING = 12
HEADINGS = re.compile(
    r"""(?:page_header\(|<h[1-6][^>]*>\{\{ |confirm\(|title=)_\("((?:[^"\\]|\\.)*)\"""", re.VERBOSE
)


def test_the_catalogue_is_read_wholly() -> None:
    """Every message is among those that are looked at."""
    assert len(MESSAGES) == len(re.findall(r"^msgid(_plural)? ", CATALOGUE, re.MULTILINE)) - 1
    assert "Cancel" in MESSAGES


@pytest.mark.parametrize("riddle", BANNED)
def test_no_riddle_is_on_a_page(riddle: str) -> None:
    """A word that was given up for a plain one stays away."""
    found = [message for message in MESSAGES if re.search(riddle, message, re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize(
    "page", sorted((ROOT / "templates").rglob("*.html")), ids=lambda page: str(page.relative_to(ROOT))
)
def test_headings_are_short(page: Path) -> None:
    """A tired person reads a heading at one glance."""
    headings = HEADINGS.findall(page.read_text(encoding="utf-8"))
    assert [one for one in headings if len(one.split()) > LONGEST_HEADING] == []


def test_the_glossary_holds_each_word_once() -> None:
    """No word of pages is listed twice, and none that was given up is offered."""
    section = (
        (ROOT / "docs/glossary.md")
        .read_text(encoding="utf-8")
        .split("## Words on pages")[1]
        .split("\n## ")[0]
    )
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in section.splitlines()
        if line.startswith("| ")
    ]
    words = [word for row in rows[1:] for word in row[0].split(", ")]
    avoided = {word for row in rows[1:] for word in row[2].split(", ") if word}
    assert len(words) == len(set(words)) > 15
    assert avoided.isdisjoint(words)
