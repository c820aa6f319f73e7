"""
How much of each section a brief holds, so that it always fits one printed page.

The numbers fit the print style: tests/browser/test_brief_print.py prints full briefs in several scripts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from unicodedata import east_asian_width

from journal.catalogue.fields import BriefRole

MAX_PAIRS = 3
MAX_STEPS = 2
# Fewer where a dosing session is ahead, since its preparation is quoted as well.
MAX_PAIRS_AHEAD = 2
MAX_STEPS_AHEAD = 1
MAX_CAME_AHEAD = 1
MAX_CAME_BESIDE = 3  # beside what was noted of the day
MAX_SKILLS = 3  # those that made things worse among them
MAX_WORSE = 2
MAX_CLOSED = 2  # titles of what is taken up only if the patient brings it up
MAX_ASKED = 3  # titles of what is to be read before the talk and is quoted nowhere: on the screen alone
SENTENCE_LETTERS = 88  # letters of an old or a new sentence
STEP_LETTERS = 88  # letters of a step, and of what was learned from it

SCALES = (6.0, 4.0, 2.5, 1.75, 1.25, 1.0)
"""How many times the letters below each quotation may have, tried in turn until the page holds them all."""

PAGE_LINES = 90.0
"""Lines of print that a page holds, both columns together; a page of the tightest scale always fits."""

LINE_LETTERS = 50  # letters of a printed line
SOURCE_LINES = 0.85  # lines that a question and a source take


@dataclass(frozen=True, slots=True)
class SectionLimit:
    """How many quotations a section holds, and how many letters each has at least."""

    lines: int
    letters: int


SECTION_LIMITS: Mapping[BriefRole, SectionLimit] = MappingProxyType(
    {
        "bring": SectionLimit(4, 88),
        "not_open": SectionLimit(2, 88),
        "intention": SectionLimit(2, 88),
        "hopes": SectionLimit(2, 88),
        "setting": SectionLimit(3, 70),
        "comfort": SectionLimit(4, 38),
        "state": SectionLimit(2, 70),
        "came": SectionLimit(4, 138),
        "steadies": SectionLimit(3, 70),
        "day": SectionLimit(2, 40),
    }
)


def measure_letter(letter: str) -> float:
    """Return the width of a letter, in letters of ordinary width."""
    if east_asian_width(letter) in "FW":
        return 2
    return 1.45 if letter.isupper() or letter in "mw—…" else 1


def shorten_text(text: str, letters: float) -> tuple[str, bool]:
    """Return *text* if it fits, else its beginning up to a word's end, and whether it was shortened."""
    room = letters
    for place, letter in enumerate(text):
        room -= measure_letter(letter)
        if room < 0:
            blank = max((end for end in range(place) if text[end].isspace()), default=0)
            # Not every script separates words, and some words are long: then it is cut at the limit.
            return text[: blank if blank > place // 2 else place].rstrip(), True
    return text, False


def count_lines(words: str) -> int:
    """Return how many printed lines *words* take in one column."""
    return ceil(sum(map(measure_letter, words)) / LINE_LETTERS)
