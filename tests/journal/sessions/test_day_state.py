"""Which state a dosing day is in: every status at every hour, with and without a start, rested or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from journal.roles import Role
from journal.sessions import schedule
from journal.sessions.day_state import DayState, Progress, find_current_day, get_day_state, get_progress
from journal.sessions.rows import Session
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.store.rows import OpenedRows
from tests.cast import Cast

PLANNED = SessionDetails(SessionKind.DOSING, "2026-11-22T14:00", "Europe/Berlin", 120, Setting.HOME)
STARTED_EARLY = "2026-11-22T09:00:00+00:00"
RESTED = "2026-11-23"
MOMENTS = {
    "two days before": datetime(2026, 11, 20, 12, tzinfo=UTC),
    "four hours before": datetime(2026, 11, 22, 9, tzinfo=UTC),
    "at the planned time": datetime(2026, 11, 22, 13, tzinfo=UTC),
    "ten minutes past it": datetime(2026, 11, 22, 13, 10, tzinfo=UTC),
    "after the planned end": datetime(2026, 11, 22, 18, tzinfo=UTC),
    "the next morning": datetime(2026, 11, 23, 8, tzinfo=UTC),
    "three days after": datetime(2026, 11, 25, 12, tzinfo=UTC),
    "two weeks after": datetime(2026, 12, 6, 12, tzinfo=UTC),
}

# One letter for each of the moments above. A start that lies ahead was stored while the clock ran ahead.
LETTERS = {
    "a": DayState.AHEAD,
    "r": DayState.READY,
    "?": DayState.UNREPORTED,
    "u": DayState.UNDER_WAY,
    "z": DayState.RESTING,
    "m": DayState.MORNING_AFTER,
    "i": DayState.INTEGRATING,
    ".": DayState.OVER,
}
TABLE = {
    # Its status, whether its start was said, and whether the rest was.
    (Status.PLANNED, False, False): "arrr????",
    (Status.PLANNED, False, True): "arrr????",
    (Status.PLANNED, True, False): "arrr????",
    (Status.PLANNED, True, True): "arrr????",
    (Status.PREPARING, False, False): "arrr????",
    (Status.PREPARING, False, True): "arrr????",
    (Status.PREPARING, True, False): "arrr????",
    (Status.PREPARING, True, True): "arrr????",
    (Status.DAY_OF, False, False): "arrr????",
    (Status.DAY_OF, False, True): "arrr????",
    (Status.DAY_OF, True, False): "arrr????",
    (Status.DAY_OF, True, True): "arrr????",
    (Status.IN_SESSION, False, False): "uuuuummm",
    (Status.IN_SESSION, False, True): "..iiiii.",
    (Status.IN_SESSION, True, False): "muuuummm",
    (Status.IN_SESSION, True, True): ".iiiiii.",
    (Status.RECOVERING, False, False): "zzzzzmmm",
    (Status.RECOVERING, False, True): "..iiiii.",
    (Status.RECOVERING, True, False): "mzzzzmmm",
    (Status.RECOVERING, True, True): ".iiiiii.",
    (Status.STOPPED_EARLY, False, False): "zzzzzmmm",
    (Status.STOPPED_EARLY, False, True): "..iiiii.",
    (Status.STOPPED_EARLY, True, False): "mzzzzmmm",
    (Status.STOPPED_EARLY, True, True): ".iiiiii.",
    (Status.INTEGRATING, False, False): "..iiiii.",
    (Status.INTEGRATING, False, True): "..iiiii.",
    (Status.INTEGRATING, True, False): ".zzzzii.",
    (Status.INTEGRATING, True, True): ".iiiiii.",
    (Status.CLOSED, False, False): "..iiiii.",
    (Status.CLOSED, False, True): "..iiiii.",
    (Status.CLOSED, True, False): ".zzzzii.",
    (Status.CLOSED, True, True): ".iiiiii.",
    (Status.CANCELLED, False, False): "........",
    (Status.CANCELLED, False, True): "........",
    (Status.CANCELLED, True, False): "........",
    (Status.CANCELLED, True, True): "........",
}

PROGRESS_LETTERS = {
    "p": Progress.PLANNED,
    "u": Progress.UNDER_WAY,
    "?": Progress.UNCONFIRMED,
    "d": Progress.DONE,
    "x": Progress.CANCELLED,
}
PROGRESS_TABLE = {
    # Its status and whether its start was said; of a dosing session, then of a talk.
    (Status.PLANNED, False): ("pppp????", "ppppdddd"),
    (Status.PLANNED, True): ("pppp????", "ppppdddd"),
    (Status.PREPARING, False): ("pppp????", "ppppdddd"),
    (Status.PREPARING, True): ("pppp????", "ppppdddd"),
    (Status.DAY_OF, False): ("pppp????", "ppppdddd"),
    (Status.DAY_OF, True): ("pppp????", "ppppdddd"),
    (Status.IN_SESSION, False): ("uuuuuddd", "uuuudddd"),
    (Status.IN_SESSION, True): ("duuuuddd", "uuuudddd"),
    (Status.RECOVERING, False): ("dddddddd", "dddddddd"),
    (Status.RECOVERING, True): ("dddddddd", "dddddddd"),
    (Status.STOPPED_EARLY, False): ("dddddddd", "dddddddd"),
    (Status.STOPPED_EARLY, True): ("dddddddd", "dddddddd"),
    (Status.INTEGRATING, False): ("dddddddd", "dddddddd"),
    (Status.INTEGRATING, True): ("dddddddd", "dddddddd"),
    (Status.CLOSED, False): ("dddddddd", "dddddddd"),
    (Status.CLOSED, True): ("dddddddd", "dddddddd"),
    (Status.CANCELLED, False): ("xxxxxxxx", "xxxxxxxx"),
    (Status.CANCELLED, True): ("xxxxxxxx", "xxxxxxxx"),
}


def test_the_table_is_whole() -> None:
    """Every status stands in it with every combination of start and rest, and every state is somewhere."""
    assert len(TABLE) == 4 * len(Status)
    assert set("".join(TABLE.values())) == set(LETTERS)
    assert set(LETTERS.values()) == set(DayState)
    assert len(PROGRESS_TABLE) == 2 * len(Status)
    assert set(PROGRESS_LETTERS.values()) == set(Progress)


def session(details: SessionDetails, number: int = 1) -> Session:
    """A session of a plan."""
    return Session(UUID(int=number), UUID(int=9), None, 1, details, details.starts_at, details.ends_at)


@pytest.mark.parametrize("setting", list(Setting))
@pytest.mark.parametrize(("status", "started", "rested"), list(TABLE))
def test_every_combination_has_its_state(
    status: Status, started: bool, rested: bool, setting: Setting
) -> None:
    """The status says it, then the start and the rest; the hour only says what is not said, wherever it takes place."""
    details = msgspec.structs.replace(
        PLANNED,
        status=status,
        setting=setting,
        started_at=STARTED_EARLY if started else None,
        rested_on=RESTED if rested else None,
    )
    found = {moment: get_day_state(details, now) for moment, now in MOMENTS.items()}
    wanted = (LETTERS[letter] for letter in TABLE[status, started, rested])
    assert found == dict(zip(MOMENTS, wanted, strict=True))


@pytest.mark.parametrize("kind", list(SessionKind))
@pytest.mark.parametrize(("status", "started"), list(PROGRESS_TABLE))
def test_every_combination_has_its_progress(status: Status, started: bool, kind: SessionKind) -> None:
    """A list of sessions tells what was said; the hour decides only where nothing was."""
    details = msgspec.structs.replace(
        PLANNED, kind=kind, status=status, started_at=STARTED_EARLY if started else None
    )
    found = {moment: get_progress(session(details), now) for moment, now in MOMENTS.items()}
    letters = PROGRESS_TABLE[status, started][kind is not SessionKind.DOSING]
    assert found == dict(zip(MOMENTS, (PROGRESS_LETTERS[letter] for letter in letters), strict=True))


def test_a_session_under_way_comes_first() -> None:
    """One that was started early stands before a talk that is due before its planned time."""
    talk = session(
        msgspec.structs.replace(PLANNED, kind=SessionKind.PREPARATION, local="2026-11-22T11:00"), 1
    )
    begun = session(msgspec.structs.replace(PLANNED, status=Status.IN_SESSION, started_at=STARTED_EARLY), 2)
    now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert schedule.list_upcoming((talk, begun), now) == (begun, talk)
    assert schedule.list_past((talk, begun), now) == ()


def test_a_session_that_ended_early_is_behind() -> None:
    """Before its planned time a session that is over stands with those that took place, by when it began."""
    talk = session(
        msgspec.structs.replace(PLANNED, kind=SessionKind.PREPARATION, local="2026-11-22T09:00"), 1
    )
    over = session(msgspec.structs.replace(PLANNED, status=Status.RECOVERING, started_at=STARTED_EARLY), 2)
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert schedule.list_upcoming((talk, over), now) == ()
    assert schedule.list_past((talk, over), now) == (over, talk)


@pytest.mark.parametrize("kind", [kind for kind in SessionKind if kind is not SessionKind.DOSING])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_talk_makes_no_dosing_day(kind: SessionKind, moment: str) -> None:
    """A talk is neither started nor rested after."""
    assert get_day_state(msgspec.structs.replace(PLANNED, kind=kind), MOMENTS[moment]) is DayState.OVER


@pytest.mark.parametrize(
    "status", [Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY, Status.CLOSED]
)
async def test_a_clinician_sees_no_state_of_a_day_at_home(cast: Cast, status: Status) -> None:
    """On the patient's own day at home, the state that a clinician's page can tell is that of the plan."""
    bob = await cast.actor("bob")
    assert bob.role is Role.CLINICIAN
    details = msgspec.structs.replace(PLANNED, status=status, started_at=STARTED_EARLY)
    for now in list(MOMENTS.values())[1:5]:
        (seen,) = schedule.get_visible_plan(replace(bob, now=now), OpenedRows([session(details)]))
        assert get_day_state(seen.details, now) is get_day_state(PLANNED, now)


@pytest.mark.parametrize("moment", list(MOMENTS)[1:5])
@pytest.mark.parametrize(
    ("other", "status", "days"),
    [
        (DayState.READY, Status.PLANNED, 0),
        (DayState.AHEAD, Status.PLANNED, 7),
        (DayState.INTEGRATING, Status.CLOSED, -5),
        (DayState.MORNING_AFTER, Status.RECOVERING, -5),
    ],
)
def test_a_session_under_way_comes_before_every_other(
    moment: str, other: DayState, status: Status, days: int
) -> None:
    """With another session in the plan, the day is that of the one under way."""
    local = f"{PLANNED.starts_at + timedelta(days=days):%Y-%m-%d}T14:00"
    begun = msgspec.structs.replace(PLANNED, status=Status.IN_SESSION, started_at=STARTED_EARLY)
    beside = msgspec.structs.replace(PLANNED, status=status, local=local)
    plan = sorted((session(begun, 1), session(beside, 2)), key=lambda one: one.starts_at)
    state, found = find_current_day(plan, MOMENTS[moment])
    assert found is not None
    assert (state, found.id) == (DayState.UNDER_WAY, UUID(int=1))


def test_without_a_dosing_day_there_is_nothing_to_do() -> None:
    """An empty plan, and one of what is long past, are about no session."""
    long_past = msgspec.structs.replace(PLANNED, status=Status.CLOSED)
    for plan in ((), (session(long_past),)):
        assert find_current_day(plan, MOMENTS["two weeks after"]) == (DayState.OVER, None)
