"""When a sitter's link ends by itself: a day after the start, at rest, or with its session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sitter.ends import LIFE, get_end, is_before_start, is_over

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC"]
PLANNED = SessionDetails(SessionKind.DOSING, "2026-11-22T14:00", "Europe/Berlin", 120, Setting.HOME)
START = PLANNED.starts_at


def begun(details: SessionDetails, at: datetime) -> SessionDetails:
    """Return a session that began."""
    moment = at.isoformat(timespec="seconds")
    return msgspec.structs.replace(details, status=Status.IN_SESSION, started_at=moment)


@given(
    local=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    zone=st.sampled_from(ZONES),
    late=st.integers(-12 * 60, 24 * 60),
    passed=st.integers(0, 48 * 60),
)
def test_it_lasts_24_hours_on_no_clock_on_the_wall(
    local: datetime, zone: str, late: int, passed: int
) -> None:
    """From the start that was said, else from the planned one; a change of the clocks makes it no longer."""
    planned = msgspec.structs.replace(PLANNED, local=local.strftime("%Y-%m-%dT%H:%M"), zone=zone)
    start = planned.starts_at + timedelta(minutes=late)
    for details, began in ((planned, planned.starts_at), (begun(planned, start), start)):
        now = began + timedelta(minutes=passed)
        assert is_over(details, now) == (now >= began + LIFE)
        assert get_end(details, now) == began + LIFE
        assert not is_over(details, began - timedelta(days=300)) or details is not planned


@given(status=st.sampled_from(Status), passed=st.integers(-48 * 60, 48 * 60), begins=st.booleans())
def test_words_are_given_before_the_start_alone(status: Status, passed: int, begins: bool) -> None:
    """Never once its time has come or somebody said that it began, whatever its status."""
    details = msgspec.structs.replace(
        PLANNED, status=status, started_at=START.isoformat() if begins else None
    )
    if is_before_start(details, START + timedelta(minutes=passed)):
        assert passed < 0
        assert not begins
        assert status in (Status.PLANNED, Status.PREPARING, Status.DAY_OF)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.INTEGRATING, Status.CLOSED])
def test_it_ends_with_its_session(status: Status) -> None:
    """Also before a day has passed."""
    assert is_over(msgspec.structs.replace(begun(PLANNED, START), status=status), START)


@pytest.mark.parametrize("status", [Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY])
def test_it_lasts_until_they_rested(status: Status) -> None:
    """Stopping early ends it not; saying that one has slept does."""
    details = msgspec.structs.replace(begun(PLANNED, START), status=status)
    now = START + timedelta(hours=16)
    assert not is_over(details, now)
    assert is_over(msgspec.structs.replace(details, rested_on="2026-11-23"), now)


@pytest.mark.parametrize("kind", [one for one in SessionKind if one is not SessionKind.DOSING])
def test_nobody_sits_in_a_talk(kind: SessionKind) -> None:
    """There is no link for one."""
    assert is_over(msgspec.structs.replace(PLANNED, kind=kind), START - timedelta(days=1))


def test_a_clock_that_ran_ahead_makes_it_no_longer() -> None:
    """A start that lies years ahead is not believed: the planned one counts."""
    details = begun(PLANNED, datetime(2036, 1, 1, tzinfo=UTC))
    assert get_end(details, START) == START + LIFE
    assert is_over(details, START + LIFE)
