"""The four sentences, each by its rule, and what is in a picture."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.fields import Answer
from journal.catalogue.revisits import Revisit
from journal.reframing.picture import Course, Finding, Rating, build_picture, describe_course, list_ratings
from journal.scheduling import plan as session_plan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.cast import ZONE, Cast

FIRST = date(2026, 1, 1)
BERLIN = ZoneInfo(ZONE)


def day(number: int) -> date:
    """The day of the rating with this number; the first has 0."""
    return FIRST + timedelta(days=number)


def rated(values: str) -> list[Rating]:
    """Ratings of the old sentence, one a day; a dot is a day on which it was left blank."""
    return [
        Rating(day(number), None if value == "." else int(value))
        for number, value in enumerate(values.split())
    ]


EARLY, NOT_WEAKER = Finding(Course.EARLY), Finding(Course.NOT_WEAKER)


def held(last: int) -> Finding:
    """Still held on the day of a rating."""
    return Finding(Course.HELD, (day(last),))


def half_way(before: int, after: int) -> Finding:
    """Half-way back between the days of two ratings."""
    return Finding(Course.HALF_WAY, (day(before), day(after)))


SENTENCES = {
    # (a) fewer than three ratings after the first
    "": EARLY,
    "80": EARLY,
    "80 10": EARLY,
    "80 10 10": EARLY,
    ". 80 10 10": EARLY,
    "80 . 10 . 10": EARLY,
    "80 90 95": EARLY,
    # (b) never lower than at first
    "80 80 80 80": NOT_WEAKER,
    "80 90 100 81": NOT_WEAKER,
    "0 0 0 0": NOT_WEAKER,
    "0 50 20 10": NOT_WEAKER,
    ". 50 . 60 70 50": NOT_WEAKER,
    # (c) every rating after the lowest is at or below half-way
    "80 60 40 20": held(3),
    "80 20 40 50": held(3),
    "80 20 50 30 .": held(3),
    "80 70 75 79": half_way(2, 3),  # the middle of 80 and 70 is 75
    "80 70 75 75": held(3),
    "80 79 79 79": held(3),
    "81 80 80 80": held(3),
    "100 90 0 50": held(3),
    "100 0 0 0": held(3),
    # (d) else the two ratings around half-way
    "100 0 50 51": half_way(2, 3),
    "80 20 60 10 20": held(4),  # it came down again, lower than before
    "80 20 60 20 30": held(4),  # and as low as before
    "80 20 60 20 70": half_way(3, 4),
    "80 20 51 30 20": held(4),
    "80 20 51 30 40": half_way(1, 2),
    "80 20 . . 51": EARLY,
    "80 60 20 . . 51 10": held(6),
    "80 60 20 . . 51 30": half_way(2, 5),
    "81 20 50 51": half_way(2, 3),  # the middle of 81 and 20 is 50.5
    "81 20 50 50": held(3),
}


@pytest.mark.parametrize("values", SENTENCES)
def test_each_sentence_follows_from_its_rule(values):
    """The table of the four sentences: first rating, then one a day."""
    assert describe_course(rated(values)) == SENTENCES[values]


@given(st.lists(st.none() | st.integers(0, 100), max_size=9))
def test_only_days_with_a_rating_are_named(values):
    """No day is interpolated, and the two around half-way follow each other."""
    found = [Rating(day(number), value) for number, value in enumerate(values)]
    told, rated_days = describe_course(found), [one.day for one in found if one.old is not None]
    assert set(told.days) <= set(rated_days)
    if told.course is Course.HALF_WAY:
        first, last = told.days
        assert rated_days.index(last) == rated_days.index(first) + 1
    if told.course is Course.HELD:
        assert told.days == (rated_days[-1],)


ANSWERS: dict[str, Answer] = {
    "reframe.old_belief_before": 80,
    "reframe.old_belief_after": 70,
    "reframe.new_belief": 20,
    "reframe.voc": 2,
    "reframe.revisits": [
        Revisit(day(3), 60, 40, 4, "x").line,
        Revisit(day(9), words="only words").line,
        Revisit(day(5), None, 50).line,
    ],
}


def test_ratings_come_in_the_order_of_their_days():
    """The first ones, those after writing, and revisits with a number; words alone are none."""
    assert list_ratings(ANSWERS, FIRST) == (
        Rating(FIRST, 80, 20, 2),
        Rating(FIRST, 70),
        Rating(day(3), 60, 40, 4),
        Rating(day(5), None, 50),
    )


def test_one_rating_makes_no_picture():
    """There is nothing to draw between one number and itself."""
    for answers in ({}, {"reframe.old_belief_before": 80}, {"reframe.voc": 2, "reframe.new_belief": 3}):
        assert build_picture(answers, FIRST, (), None, BERLIN) is None


@pytest.mark.parametrize(
    "part", ["reframe.revisits", "reframe.old_belief_after", "reframe.old_belief_before"]
)
def test_what_is_not_there_is_not_in_the_picture(part):
    """A picture of a copy is made of what it holds: without a part, as if that had never been rated."""
    answers = {name: answer for name, answer in ANSWERS.items() if name != part}
    found = build_picture(answers, FIRST, (), None, BERLIN)
    assert found is not None
    assert found.ratings == list_ratings(answers, FIRST)
    assert len(found.ratings) < len(list_ratings(ANSWERS, FIRST)) + (part == "reframe.old_belief_before")


async def test_dosing_days_are_those_among_the_ratings_and_the_one_it_is_about(cast: Cast):
    """A session before the first rating is marked if the reframe is about it; talks and cancelled ones are not."""
    alice = await cast.actor("alice")
    ids = []
    for at, kind in (
        (-2, "dosing"),
        (-4, "dosing"),
        (2, "dosing"),
        (3, "integration"),
        (5, "dosing"),
        (6, "dosing"),
    ):
        local = datetime.combine(day(at), datetime.min.time()).replace(hour=14).isoformat(timespec="minutes")
        details = SessionDetails(SessionKind(kind), local, ZONE, 60, Setting.CLINIC)
        ids.append(await session_plan.add_session(alice, alice.id, details))
    plan = await load_my_sessions(alice)
    found = build_picture(ANSWERS, FIRST, plan, ids[0].hex, BERLIN)
    assert found is not None
    assert found.dosing_days == (day(-2), day(2), day(5))
    other = build_picture(ANSWERS, FIRST, plan, uuid4().hex, BERLIN)
    assert other is not None
    assert other.dosing_days == (day(2), day(5))
    later = SessionDetails(SessionKind.DOSING, "2026-11-23T14:00", ZONE, 60, Setting.CLINIC)
    cancelled = await session_plan.add_session(alice, alice.id, later)
    await session_plan.change_status(alice, cancelled, Status.CANCELLED)
    assert await load_my_sessions(alice)
