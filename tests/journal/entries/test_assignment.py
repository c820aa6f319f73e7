"""Which session an entry belongs to: one rule, by what it is and when it was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.fields import EntryKind
from journal.entries.assignment import SessionAssignment
from journal.sessions.session import SessionKind, Status

LENGTH = timedelta(hours=2)
MONDAY = datetime(2031, 3, 3, 12, tzinfo=UTC)
NAMES = ("check-in", "talk before", "first dose", "talk after", "second dose", "last talk")
KINDS = (
    SessionKind.MEDICAL_CHECKIN,
    SessionKind.PREPARATION,
    SessionKind.DOSING,
    SessionKind.INTEGRATION,
    SessionKind.DOSING,
    SessionKind.INTEGRATION,
)


@dataclass(frozen=True)
class Planned:
    """A session of the plan."""

    id: UUID
    starts_at: datetime
    kind: SessionKind
    status: Status = Status.PLANNED
    began_at: datetime | None = None

    @property
    def begins_at(self) -> datetime:
        """When it began, or is planned to."""
        return self.began_at or self.starts_at

    @property
    def ends_at(self) -> datetime:
        """Two hours later."""
        return self.starts_at + LENGTH


def plan(
    *, cancelled: str = "", moved: dict[str, float] | None = None, began: dict[str, float] | None = None
) -> list[Planned]:
    """
    Return six sessions, a day apart from Monday noon on, unless one was moved to another day.

    Args:
        began: How many hours after their planned time some began.
    """
    late = began or {}
    days = {name: float(day) for day, name in enumerate(NAMES)} | (moved or {})
    made = [
        Planned(
            UUID(int=number),
            MONDAY + timedelta(days=days[name]),
            kind,
            Status.CANCELLED if name == cancelled else Status.PLANNED,
            MONDAY + timedelta(days=days[name], hours=late[name]) if name in late else None,
        )
        for number, (name, kind) in enumerate(zip(NAMES, KINDS, strict=True))
    ]
    return sorted(made, key=lambda one: one.starts_at)


def name_of(found: Planned | None) -> str | None:
    """The name of a session."""
    return NAMES[found.id.int] if found else None


# For each day, half a day before the session of that day: where an entry of each kind belongs.
BEFORE_EACH = {
    EntryKind.PREPARATION: (
        "talk before",
        "talk before",
        "first dose",
        "second dose",
        "second dose",
        "last talk",  # nothing more is coming: with what came last
        "last talk",
    ),
    EntryKind.CAPTURE: (
        None,
        None,
        "talk before",
        "first dose",
        "first dose",
        "second dose",
        "second dose",
    ),
    EntryKind.INTEGRATION: (
        None,
        None,
        "talk before",
        "first dose",
        "talk after",
        "second dose",
        "last talk",
    ),
} | dict.fromkeys(
    (EntryKind.REFRAME, EntryKind.GROUNDING, EntryKind.FREE),
    (None, None, "talk before", "first dose", "talk after", "second dose", "last talk"),
)


@pytest.mark.parametrize(
    ("kind", "day", "wanted"),
    [(kind, day, name) for kind, row in BEFORE_EACH.items() for day, name in enumerate(row)],
)
def test_what_is_tied_to_nothing(kind: EntryKind, day: int, wanted: str | None) -> None:
    """Before, between and after sessions, each kind belongs to the session that it looks ahead to or back at."""
    if kind is EntryKind.PREPARATION and day == 5:
        wanted = "second dose"  # the last before, since the last talk is still to come
    written = MONDAY + timedelta(days=day - 0.5)
    assert name_of(SessionAssignment(plan()).find_session(kind, None, written)) == wanted


@pytest.mark.parametrize("kind", EntryKind)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cancelled", [False, True])
def test_what_its_writer_tied(kind: EntryKind, name: str, cancelled: bool) -> None:
    """A tie holds whenever the entry was written, and whatever became of the session."""
    made = plan(cancelled=name if cancelled else "")
    tied = UUID(int=NAMES.index(name)).hex
    for day in (-9, 2.5, 30):
        found = SessionAssignment(made).find_session(kind, tied, MONDAY + timedelta(days=day))
        assert name_of(found) == name


@pytest.mark.parametrize(
    ("kind", "day", "cancelled", "wanted"),
    [
        (EntryKind.PREPARATION, 1.5, "first dose", "second dose"),
        (EntryKind.PREPARATION, 3.5, "second dose", "talk after"),
        (EntryKind.CAPTURE, 2.5, "first dose", "talk before"),
        (EntryKind.CAPTURE, 4.5, "second dose", "first dose"),
        (EntryKind.INTEGRATION, 3.5, "talk after", "first dose"),
        (EntryKind.FREE, 3.5, "talk after", "first dose"),
        (EntryKind.FREE, 1.5, "talk before", None),
    ],
)
def test_a_cancelled_session_holds_nothing_of_itself(
    kind: EntryKind, day: float, cancelled: str, wanted: str | None
) -> None:
    """What is tied to nothing passes a cancelled session by."""
    written = MONDAY + timedelta(days=day)
    assert name_of(SessionAssignment(plan(cancelled=cancelled)).find_session(kind, None, written)) == wanted


@pytest.mark.parametrize(
    ("kind", "day", "moved", "wanted"),
    [
        (EntryKind.PREPARATION, 1.5, {"first dose": 6.0}, "second dose"),
        (EntryKind.PREPARATION, 3.5, {"first dose": 3.75}, "first dose"),
        (EntryKind.CAPTURE, 2.5, {"first dose": 6.0}, "talk before"),
        (EntryKind.CAPTURE, 6.5, {"first dose": 6.0}, "first dose"),
        (EntryKind.INTEGRATION, 3.5, {"talk after": 7.0}, "first dose"),
    ],
)
def test_a_moved_session_counts_where_it_stands_now(
    kind: EntryKind, day: float, moved: dict[str, float], wanted: str
) -> None:
    """What is tied to nothing follows the plan as it is."""
    written = MONDAY + timedelta(days=day)
    assert name_of(SessionAssignment(plan(moved=moved)).find_session(kind, None, written)) == wanted


@pytest.mark.parametrize(
    ("kind", "hours", "began", "wanted"),
    [
        (
            EntryKind.PREPARATION,
            0.5,
            {},
            "first dose",
        ),  # not said to have begun: it can still be prepared for
        (EntryKind.PREPARATION, 2.5, {}, "second dose"),
        (EntryKind.PREPARATION, 0.5, {"first dose": 1}, "first dose"),
        (EntryKind.PREPARATION, 2.5, {"first dose": 3}, "first dose"),
        (EntryKind.PREPARATION, 1.5, {"first dose": 1}, "second dose"),
        (EntryKind.PREPARATION, -0.5, {"first dose": -1}, "second dose"),
        (EntryKind.CAPTURE, -0.5, {}, "talk before"),
        (EntryKind.CAPTURE, -0.5, {"first dose": -1}, "first dose"),
        (EntryKind.CAPTURE, 0.5, {}, "first dose"),
        (EntryKind.CAPTURE, 0.5, {"first dose": 1}, "talk before"),
        (EntryKind.CAPTURE, 1.5, {"first dose": 1}, "first dose"),
        (EntryKind.INTEGRATION, -0.5, {"first dose": -1}, "first dose"),
        (EntryKind.FREE, -0.5, {"first dose": -1}, "first dose"),
        (EntryKind.FREE, 25, {"first dose": 23.5, "talk after": 0.5}, "talk after"),
        (
            EntryKind.FREE,
            25,
            {"first dose": 23.5, "talk after": -1},
            "first dose",
        ),  # the order in which they began
    ],
)
def test_a_session_begins_when_its_patient_says_so(
    kind: EntryKind, hours: float, began: dict[str, float], wanted: str
) -> None:
    """One that began early or late takes what was written since, and what prepared for it."""
    written = MONDAY + timedelta(days=2, hours=hours)
    assert name_of(SessionAssignment(plan(began=began)).find_session(kind, None, written)) == wanted


def test_an_unknown_tie_is_none() -> None:
    """A tie to a session that is not in the plan counts for nothing, and an empty plan holds nothing."""
    written = MONDAY + timedelta(days=2.5)
    for tie in (UUID(int=77).hex, "", "bent"):
        assert name_of(SessionAssignment(plan()).find_session("free", tie, written)) == "first dose"
        assert SessionAssignment([]).find_session("preparation", tie, written) is None


Some = list[tuple[int, SessionKind, bool, int | None]]
SOME = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from(SessionKind),
        st.booleans(),
        st.none() | st.integers(-720, 1440),
    ),
    max_size=12,
)


def planned(kinds: Some) -> list[Planned]:
    """Return sessions in the order of their planned times: minutes, kind, cancelled, and begun so many minutes late."""
    return [
        Planned(
            UUID(int=number),
            MONDAY + timedelta(minutes=at),
            what,
            Status.CANCELLED if gone else Status.PLANNED,
            None if late is None else MONDAY + timedelta(minutes=at + late),
        )
        for number, (at, what, gone, late) in enumerate(sorted(kinds, key=lambda one: one[0]))
    ]


@given(minutes=st.lists(st.integers(-10_000, 20_000), min_size=1), kinds=SOME, on_time=st.booleans())
def test_what_is_untied_is_found_within_its_stretch(minutes: list[int], kinds: Some, on_time: bool) -> None:
    """Whatever belongs to a session without being tied to it was written in the stretch that the rule names."""
    sessions = planned([(at, what, gone, None if on_time else late) for at, what, gone, late in kinds])
    assignment = SessionAssignment(sessions)
    edges = [one.begins_at for one in sessions] + [one.ends_at for one in sessions]
    for written in [*edges, *(MONDAY + timedelta(minutes=one) for one in minutes)]:
        for kind in EntryKind:
            found = assignment.find_session(kind.value, None, written)
            if found is not None:
                since, until = assignment.find_period({found.id})
                assert since <= written < until


@given(
    kind=st.sampled_from([kind.value for kind in EntryKind]),
    minutes=st.integers(-10_000, 20_000),
    kinds=SOME,
)
def test_nothing_looks_the_wrong_way(kind: str, minutes: int, kinds: Some) -> None:
    """What looks back never belongs to a later session; a preparation does as soon as there is one to prepare for."""
    sessions = planned(kinds)
    written = MONDAY + timedelta(minutes=minutes)
    found = SessionAssignment(sessions).find_session(kind, None, written)
    lasting = [one for one in sessions if one.status is not Status.CANCELLED]
    if found is not None:
        assert found in lasting
        assert found.kind is not SessionKind.MEDICAL_CHECKIN
    if kind == EntryKind.PREPARATION:
        coming = [
            one
            for one in lasting
            if (one.began_at or one.starts_at) > written
            and one.kind in (SessionKind.PREPARATION, SessionKind.DOSING)
        ]
        assert not coming or (found is not None and (found.began_at or found.ends_at) > written)
    else:
        assert found is None or (found.began_at or found.starts_at) <= written
