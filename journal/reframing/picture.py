"""
How true both sentences of a reframe felt over time, and what can be said of it: one of four sentences, by rule.

Half-way is the middle of the first rating of the old sentence and its lowest since. Only days on which somebody gave a
number are named; no day between two is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from enum import StrEnum

from journal.catalogue.fields import Answer
from journal.catalogue.revisits import parse_revisits
from journal.sessions.rows import Session
from journal.sessions.schedule import find_dosing_session, list_uncancelled
from journal.sessions.session import SessionKind

ENOUGH = 3
"""Ratings after the first from which on something is said."""


@dataclass(frozen=True, slots=True)
class Rating:
    """How true the old and the new sentence felt on a day (0 to 100), and the new one in the gut (1 to 7)."""

    day: date
    old: int | None = None
    new: int | None = None
    felt: int | None = None


class Course(StrEnum):
    """What can be said of the old sentence."""

    EARLY = "early"
    """Fewer than three ratings after the first."""

    NOT_WEAKER = "not_weaker"
    """Never lower than at first."""

    HELD = "held"
    """Every rating after the lowest is at or below half-way."""

    HALF_WAY = "half_way"
    """A rating after the lowest is above half-way."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What can be said, with the days that it names: of the last rating, or of the two around half-way."""

    course: Course
    days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """Every rating in the order of its day, the dosing days among them, and what can be said."""

    ratings: tuple[Rating, ...]
    dosing_days: tuple[date, ...]
    finding: Finding


def list_ratings(answers: Mapping[str, Answer], begun: date) -> tuple[Rating, ...]:
    """
    Return the ratings of a reframe, or of what a copy of it holds: the first ones, those after writing, the revisits.

    Args:
        begun: The day on which it was begun, which the first ratings are of.
    """
    first = Rating(
        begun,
        _get_number(answers, "reframe.old_belief_before"),
        _get_number(answers, "reframe.new_belief"),
        _get_number(answers, "reframe.voc"),
    )
    after = Rating(begun, _get_number(answers, "reframe.old_belief_after"))
    looks = [
        Rating(one.day, one.old, one.new, one.felt)
        for one in parse_revisits(answers.get("reframe.revisits"))
        if one.is_dated
    ]
    return tuple(one for one in (first, after, *looks) if (one.old, one.new, one.felt) != (None, None, None))


def describe_course(ratings: Iterable[Rating]) -> Finding:
    """Return what can be said of the old sentence, by its ratings in the order of their days."""
    found = [(one.day, one.old) for one in ratings if one.old is not None]
    if len(found) <= ENOUGH:
        return Finding(Course.EARLY)
    (_, first), later = found[0], found[1:]
    lowest = min(value for _, value in later)
    if lowest >= first:
        return Finding(Course.NOT_WEAKER)
    # Where it was lowest more than once, the last time counts: it had come down again.
    at = max(place for place, (_, value) in enumerate(later) if value == lowest)
    for (before, _), (day, value) in zip(later[at:], later[at + 1 :], strict=False):
        if 2 * value > first + lowest:
            return Finding(Course.HALF_WAY, (before, day))
    return Finding(Course.HELD, (later[-1][0],))


def build_picture(
    answers: Mapping[str, Answer],
    begun: date,
    plan: Sequence[Session],
    session_id: str | None,
    zone: tzinfo,
) -> Picture | None:
    """
    Return the picture of a reframe, or of a copy of it; None while there are not two ratings to draw.

    Args:
        answers: Of the reframe, or what a copy holds of them: then nothing else is in the picture.
        session_id: The hex id of the session that it is about, if it is about one.
        zone: Of whoever looks at it.
    """
    ratings = list_ratings(answers, begun)
    if sum(one.old is not None or one.new is not None for one in ratings) < 2:
        return None
    about = next((one for one in plan if one.id.hex == session_id), None)
    subject = find_dosing_session(about, plan) if about else None
    days = set()
    for one in list_uncancelled(plan):
        day = one.begins_at.astimezone(zone).date()
        is_near = one == subject and day <= ratings[-1].day
        if one.kind is SessionKind.DOSING and (is_near or ratings[0].day <= day <= ratings[-1].day):
            days.add(day)
    return Picture(ratings, tuple(sorted(days)), describe_course(ratings))


def _get_number(answers: Mapping[str, Answer], field: str) -> int | None:
    value = answers.get(field)
    return value if isinstance(value, int) else None
