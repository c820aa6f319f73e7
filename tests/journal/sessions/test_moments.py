"""The moments of a dosing session follow from its times and its course's offsets, over every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.clinic.instructions import InstructionsDetails
from journal.sessions.moments import (
    NOT_BEFORE,
    NOT_LATER,
    NOT_OFFERED,
    OFFSET_BOUNDS,
    USUAL,
    Moment,
    Offsets,
    check_offsets,
    get_check_in_days,
    is_capture_time,
    list_moments,
)
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
DOSING = SessionDetails(SessionKind.DOSING, "2026-12-01T14:00", "Europe/Berlin", 120, Setting.HOME)


def any_offsets() -> st.SearchStrategy[Offsets]:
    """Offsets of which each is within its bounds, and which can be kept."""
    numbers = {name: st.integers(*bounds) for name, bounds in OFFSET_BOUNDS.items()}
    return st.builds(Offsets, **numbers).filter(lambda one: not check_offsets(one))


def test_without_a_word_of_the_care_team_they_are_the_usual_ones() -> None:
    """A week to two days before, a day before, two to four hours after, a day and three, a week and two, a month."""
    spans = {one.moment: one for one in list_moments(DOSING, USUAL, BERLIN)}
    start = DOSING.starts_at
    expected = {
        Moment.PREPARE: (-168, -48),
        Moment.CHECKLIST: (-24, 0),
        Moment.CAPTURE: (2, 4),
        Moment.INTEGRATE: (24, 72),
        Moment.INTEGRATE_AGAIN: (72, 168),
        Moment.STAYED: (168, 336),
        Moment.STAYED_AGAIN: (336, 672),
    }
    for moment, (since, until) in expected.items():
        found = spans[moment]
        assert (found.since, found.until) == (start + timedelta(hours=since), start + timedelta(hours=until))
    midnight = datetime(2026, 12, 1, tzinfo=BERLIN)
    for moment, day in ((Moment.NEXT_DAY, 1), (Moment.DAY_7, 7), (Moment.DAY_14, 14), (Moment.DAY_30, 30)):
        assert spans[moment].since == midnight + timedelta(days=day)
    assert list(spans) == list(Moment)


def test_what_comes_after_follows_the_start_that_was_said() -> None:
    """A session that began two hours late has its moments two hours later; what comes before follows the plan."""
    late = msgspec.structs.replace(DOSING, status=Status.INTEGRATING, started_at="2026-12-01T15:00:00+00:00")
    usual = {one.moment: one for one in list_moments(DOSING, USUAL, BERLIN)}
    for one in list_moments(late, USUAL, BERLIN):
        moved = one.moment in (Moment.CAPTURE, Moment.INTEGRATE, Moment.INTEGRATE_AGAIN, Moment.STAYED)
        assert one.since - usual[one.moment].since == timedelta(
            hours=2 if moved or "stayed" in one.moment else 0
        )


def test_a_week_is_a_week_on_the_wall() -> None:
    """Where the clocks go back in between, a week before nine is nine, and an hour stays an hour."""
    after_change = msgspec.structs.replace(DOSING, local="2026-10-28T09:00")
    spans = {one.moment: one for one in list_moments(after_change, USUAL, BERLIN)}
    assert spans[Moment.PREPARE].since.astimezone(BERLIN).replace(tzinfo=None) == datetime(2026, 10, 21, 9)
    assert after_change.starts_at - spans[Moment.PREPARE].since == timedelta(days=7, hours=1)
    assert after_change.starts_at - spans[Moment.CHECKLIST].since == timedelta(hours=24)


@given(
    st.dates(date(2026, 3, 20), date(2026, 11, 10)),
    st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
    any_offsets(),
)
def test_each_lasts_and_makes_room_for_the_next(
    day: date, clock: time, there: str, here: str, offsets: Offsets
) -> None:
    """In any zone and over any change of the clocks none is empty, and two of a kind have no gap and no overlap."""
    session = msgspec.structs.replace(DOSING, local=f"{day}T{clock:%H:%M}", zone=there)
    spans = list_moments(session, offsets, ZoneInfo(here))
    assert [one.moment for one in spans] == list(Moment)
    assert all(one.since < one.until for one in spans)
    found = {one.moment: one for one in spans}
    assert found[Moment.INTEGRATE].until == found[Moment.INTEGRATE_AGAIN].since
    assert found[Moment.STAYED].until == found[Moment.STAYED_AGAIN].since
    assert found[Moment.PREPARE].until <= session.starts_at == found[Moment.CHECKLIST].until
    days = (Moment.NEXT_DAY, Moment.DAY_7, Moment.DAY_14, Moment.DAY_30)
    for one, after in pairwise(days):
        assert found[one].until == found[after].since
    assert spans == list_moments(session, offsets, ZoneInfo(here))


def test_the_usual_ones_can_be_kept_and_each_bound_as_well() -> None:
    """Each is refused outside its bounds, in a sentence beside it, and nothing else is said."""
    assert check_offsets(USUAL) == {}
    for name, (least, most) in OFFSET_BOUNDS.items():
        assert least <= getattr(USUAL, name) <= most
        for number in (least - 1, most + 1):
            assert check_offsets(msgspec.structs.replace(USUAL, **{name: number}))[name] == NOT_OFFERED


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"prepare_days": 3, "prepare_until_days": 3}, "prepare_until_days", NOT_BEFORE),
        ({"capture_hours": 4}, "capture_until_hours", NOT_LATER),
        ({"integrate_hours": 96}, "integrate_again_hours", NOT_LATER),
        ({"integrate_again_hours": 168}, "stayed_days", NOT_LATER),
        ({"stayed_days": 14}, "stayed_again_days", NOT_LATER),
    ],
)
def test_what_comes_again_comes_later(changes: dict[str, int], field: str, sentence: str) -> None:
    """The second of two is refused where it does not come after the first."""
    assert check_offsets(msgspec.structs.replace(USUAL, **changes)) == {field: sentence}


def test_days_of_check_ins_follow_each_other() -> None:
    """Each is offered until the day before the next one, and the last for a month."""
    assert list(get_check_in_days(USUAL).values()) == [(1, 6), (7, 13), (14, 29), (30, 59)]
    assert get_check_in_days(Offsets(week_days=5))[Moment.NEXT_DAY] == (1, 4)


def test_a_text_of_before_has_the_usual_ones() -> None:
    """What was written and signed before there were offsets reads as it did, and what has some keeps them."""
    old = msgspec.json.encode({"fasting": "As told.", "acute_hours": 6, "check_minutes": 20})
    assert msgspec.json.decode(old, type=InstructionsDetails).offsets == USUAL
    new = InstructionsDetails("As told.", offsets=Offsets(prepare_days=10))
    assert msgspec.json.decode(msgspec.json.encode(new), type=InstructionsDetails) == new


def test_what_is_still_there_is_asked_for_by_the_hours_of_the_course() -> None:
    """Only from and until its hours, and only of a session that has begun."""
    begun = msgspec.structs.replace(
        DOSING, status=Status.IN_SESSION, started_at=DOSING.starts_at.isoformat(timespec="seconds")
    )
    offsets = Offsets(capture_hours=3, capture_until_hours=6)
    for minutes, usual, own in (
        (119, False, False),
        (120, True, False),
        (180, True, True),
        (240, False, True),
    ):
        now = DOSING.starts_at + timedelta(minutes=minutes)
        assert (is_capture_time(begun, now), is_capture_time(begun, now, offsets)) == (usual, own)
        assert not is_capture_time(DOSING, now.astimezone(UTC))
