"""
A brief cut until one sheet of paper holds it: first letters, in steps, then lines.

How full a page is follows from what stands on it alone. Where lines are left out, each section keeps its fewest, and
then gets one after the other back, section by section, as long as there is room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from journal.brief.composing import Brief
from journal.brief.layout import (
    HEADING_LINES,
    LINE_LETTERS,
    NOTICE_LINES,
    OTHER_LIMITS,
    PAGE_LINES,
    SECTION_LIMITS,
    SMALL_LINE_LETTERS,
    SMALL_PAGE_LINES,
    SOURCE_LINES,
    STEPS,
    Line,
    SectionLimit,
    Step,
)
from journal.brief.quotes import Quote

LIMITS: Mapping[str, SectionLimit] = MappingProxyType(
    {str(role): limit for role, limit in SECTION_LIMITS.items()} | dict(OTHER_LIMITS)
)
TITLES = ("since", "closed")
ASKED_BY_HEADING = ("bring", "not_open")
OPENING = ("bring", "not_open", "closed", "since")
INTENTION, CAME = ("intention", "hopes", "day"), ("setting", "state", "came")
REST = (
    "triggers",
    "skills",
    "steadies",
    "worse",
    "steps",
    "comfort",
    "checked",
    "measured",
    "plans",
    "sitter",
)
ORDER = (*OPENING, *INTENTION, *CAME, "things", "beliefs", *REST)
"""The order in which sections get lines back."""
COLUMN_WASTE = 1.5
"""Lines that are lost where two columns end at different heights."""

Heights = Mapping[str, tuple[float, ...]]
"""How many printed lines the first so many lines of each section take, with its heading."""
Counts = dict[str, int]
"""How many lines of each section are kept."""


def fit_page(drawn: Brief) -> Brief:
    """Return as much of a brief as fits: quotations are shortened, and lines left out, only as far as needed."""
    for step in STEPS:
        cut = _shorten(drawn, step)
        heights = _measure(cut)
        every = {name: len(each) - 1 for name, each in heights.items()}
        if _is_on_page(cut, heights, every):
            return _take(cut, every)
    fewest = {name: min(count, LIMITS[name].fewest) for name, count in every.items()}
    if not _is_on_page(cut, heights, fewest):
        # The fullest page has the numbers alone, and not what can be said of them; steps, and not what they taught.
        bare = replace(
            drawn,
            things=tuple(replace(one, why="") for one in drawn.things),
            beliefs=tuple(
                replace(one, finding=None, finding_source=None, moment=None, moment_source=None)
                for one in drawn.beliefs
            ),
            steps=tuple(replace(one, learned="") for one in drawn.steps),
            has_more=True,
        )
        cut = _shorten(bare, STEPS[-1])
        heights = _measure(cut)
    return _take(cut, _fill(cut, heights, fewest, every))


def count_page_lines(drawn: Brief) -> float:
    """Estimate how many lines a brief takes on paper, from top to bottom."""
    heights = _measure(drawn)
    return _count_page(drawn, heights, {name: len(each) - 1 for name, each in heights.items()})


def _fill(drawn: Brief, heights: Heights, fewest: Counts, every: Counts) -> Counts:
    """Return the counts with which the page is as full as can be, beginning with the fewest."""
    counts, is_growing = dict(fewest), True
    while is_growing:
        is_growing = False
        for name in ORDER:
            if counts[name] < every[name]:
                more = counts | {name: counts[name] + 1}
                if _is_on_page(drawn, heights, more):
                    counts, is_growing = more, True
    return counts


def _shorten(drawn: Brief, step: Step) -> Brief:
    changed: dict[str, Any] = {
        name: tuple(one.shorten(limit.letters * step.scale) for one in getattr(drawn, name))
        for name, limit in LIMITS.items()
        if limit.letters
    }
    return replace(drawn, **changed, is_small=step.is_small)


def _take(drawn: Brief, counts: Counts) -> Brief:
    """Return a brief with so many lines of each section, which says whether anything was cut or left out."""
    kept: dict[str, Any] = {name: getattr(drawn, name)[:count] for name, count in counts.items()}
    has_more = any(len(kept[name]) < len(getattr(drawn, name)) for name in kept)
    taken = replace(drawn, **kept)
    return replace(taken, has_more=drawn.has_more or has_more or any(one.is_cut for one in taken.lines))


def _measure(drawn: Brief) -> Heights:
    width = SMALL_LINE_LETTERS if drawn.is_small else LINE_LETTERS
    return {name: _measure_section(getattr(drawn, name), name, width) for name in LIMITS}


def _measure_section(lines: tuple[Line, ...], name: str, width: int) -> tuple[float, ...]:
    # A pair of sentences stands across both columns, and so does the heading above it.
    heading = 2 * HEADING_LINES if name == "beliefs" else HEADING_LINES
    told = [1.0] * len(lines) if name in TITLES else [one.count_lines(width) for one in lines]
    for place in range(1, len(lines)):
        if _is_together(lines[place - 1], lines[place], name):
            told[place] -= SOURCE_LINES
    return (0.0, *(heading + height for height in accumulate(told)))


def _is_together(one: object, other: object, section: str) -> bool:
    """Return whether two lines stand below one source, and below one question where a section tells questions."""
    if not isinstance(one, Quote) or not isinstance(other, Quote):
        return False
    return one.source.id == other.source.id and (
        section in ASKED_BY_HEADING or one.question == other.question
    )


def _is_on_page(drawn: Brief, heights: Heights, counts: Counts) -> bool:
    return _count_page(drawn, heights, counts) <= (SMALL_PAGE_LINES if drawn.is_small else PAGE_LINES)


def _count_page(drawn: Brief, heights: Heights, counts: Counts) -> float:
    height = {name: each[counts[name]] for name, each in heights.items()}

    def add(names: tuple[str, ...]) -> float:
        return sum(height[name] for name in names)

    columns = [each for each in (add(OPENING), height["things"], add(REST)) if each]
    return (
        NOTICE_LINES * len(drawn.notices)
        + max(add(INTENTION), add(CAME))
        + height["beliefs"] / 2
        + sum(each / 2 + COLUMN_WASTE for each in columns)
    )
