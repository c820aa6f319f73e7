"""
How much of each section a brief holds, so that it always fits one printed page.

The numbers fit the print style: tests/browser/test_brief_print.py prints full briefs in several scripts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Protocol
from unicodedata import east_asian_width
from uuid import UUID

from journal.catalogue.fields import BriefRole

MAX_SKILLS = 3  # those that made things worse among them
MAX_WORSE = 2
# Fewer where a dosing session is ahead, since its preparation is quoted as well.
MAX_PAIRS_AHEAD = 2
MAX_STEPS_AHEAD = 1
MAX_CAME_AHEAD = 1
MAX_COMFORT_BEHIND = 2  # where the dosing session is over
MAX_CAME_BESIDE = 3  # beside what was noted of the day


@dataclass(frozen=True, slots=True)
class SectionLimit:
    """
    How many lines a section holds, how many letters each has at least, and how many it holds on the fullest page.

    No `letters`: its lines are as long as they are.
    """

    lines: int
    letters: int
    fewest: int


SECTION_LIMITS: Mapping[BriefRole, SectionLimit] = MappingProxyType(
    {
        "bring": SectionLimit(3, 88, 3),
        "not_open": SectionLimit(2, 88, 2),
        "intention": SectionLimit(2, 88, 1),
        "hopes": SectionLimit(2, 88, 1),
        "setting": SectionLimit(3, 70, 2),
        "state": SectionLimit(2, 70, 1),
        "day": SectionLimit(2, 40, 1),
        "came": SectionLimit(4, 120, 2),
        "steadies": SectionLimit(3, 70, 1),
        "comfort": SectionLimit(4, 38, 2),
        "sitter": SectionLimit(5, 60, 1),
    }
)
"""The sections that quote the answers to some questions."""

OTHER_LIMITS: Mapping[str, SectionLimit] = MappingProxyType(
    {
        "since": SectionLimit(4, 0, 3),  # titles, as many as the first screen has room for
        "closed": SectionLimit(3, 0, 1),  # titles of what is taken up only if the patient brings it up
        "things": SectionLimit(5, 88, 2),
        "beliefs": SectionLimit(3, 88, 2),
        "triggers": SectionLimit(3, 60, 2),
        "skills": SectionLimit(MAX_SKILLS, 0, 1),
        "worse": SectionLimit(MAX_WORSE, 0, 1),
        "steps": SectionLimit(2, 88, 1),
        "checked": SectionLimit(3, 80, 1),
        "measured": SectionLimit(4, 0, 2),
        "plans": SectionLimit(1, 40, 1),
    }
)
"""The other sections, whose lines have shapes of their own."""


@dataclass(frozen=True, slots=True)
class Step:
    """
    A step in which a page is cut: how many times the letters of `SectionLimit` each line may have.

    `is_small`: it is printed in small letters.
    """

    scale: float
    is_small: bool = False


STEPS = (
    Step(6.0),
    Step(4.0),
    Step(2.5),
    Step(1.75),
    Step(1.25),
    Step(1.75, is_small=True),
    Step(1.25, is_small=True),
    Step(1.0, is_small=True),
)
"""Tried in turn until the page holds everything; with the fewest lines, a page of the last one always fits."""

PAGE_LINES, SMALL_PAGE_LINES = 55.0, 61.0
"""Lines of print below the head of a page, in either size."""
LINE_LETTERS, SMALL_LINE_LETTERS = 54, 61
"""Letters of a printed line in a column of half a page."""
WIDER = 0.45
"""By how much a wide letter is wider than others."""
_WIDE = re.compile("[A-Zmw]")
BREAK = 5
"""Letters of what stands between two lines of an answer, each of which is a quotation of its own."""
LONG_WORDS = 1.15
"""How much more room a word takes that is longer than a line."""
SOURCE_LINES = 0.85  # lines that a question and a source take
HEADING_LINES = 1.3
NOTICE_LINES = 4.0


class Line(Protocol):
    """A line of a section. The copies that it draws on count as opened once it is shown."""

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the ids of the copies that it draws on."""

    @property
    def is_cut(self) -> bool:
        """Return whether it says less than what it draws on."""

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes in a column of *width* letters."""


def measure_letter(letter: str) -> float:
    """Return the width of a letter, in letters of ordinary width."""
    if east_asian_width(letter) in "FW":
        return 2
    if letter == "\n":
        return BREAK
    return 1 + WIDER if letter.isupper() or letter in "mw—…" else 1


def measure_text(text: str) -> float:
    """Return the width of a text, in letters of ordinary width."""
    if text.isascii():  # the same, in a tenth of the time
        return len(text) + WIDER * len(_WIDE.findall(text)) + (BREAK - 1) * text.count("\n")
    return sum(map(measure_letter, text))


def shorten_text(text: str, letters: float) -> tuple[str, bool]:
    """Return *text* if it fits, else its beginning up to a word's end, and whether it was shortened."""
    if len(text) <= letters and measure_text(text) <= letters:
        return text, False
    room = letters
    for place, letter in enumerate(text):
        room -= measure_letter(letter)
        if room < 0:
            blank = max((end for end in range(place) if text[end].isspace()), default=0)
            # Not every script separates words, and some words are long: then it is cut at the limit.
            return text[: blank if blank > place // 2 else place].rstrip(), True
    return text, False


def count_lines(words: str, width: int = LINE_LETTERS) -> int:
    """Return how many printed lines *words* take in a column of *width* letters; words that fill lines take more."""
    longest = max(map(len, words.split()), default=0)
    return ceil(measure_text(words) * (LONG_WORDS if longest > width else 1) / width)
