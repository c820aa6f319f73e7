"""A clinician's one next thing: a notice that waits, else the next talk, else what is new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from journal.notices.inbox import OpenNotice
from journal.sessions.rows import Session
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.sharing.caseload import Case
from journal.today.desk import TALK_NEAR, DeskKind, choose_for_desk

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
LINK: Any = SimpleNamespace(patient=UUID(int=1), peer_name="Alice")
NOTICE = OpenNotice(UUID(int=8), LINK, NOW)


def case_of(name: str, hours: int | None = None, unread: int = 0, *, trusted: bool = True) -> Case:
    """Build a line of a caseload with a talk some hours from now."""
    talk = None
    if hours is not None:
        start = NOW + timedelta(hours=hours)
        details = SessionDetails(
            SessionKind.INTEGRATION, start.strftime("%Y-%m-%dT%H:%M"), "UTC", 50, Setting.CLINIC
        )
        ident = UUID(int=int.from_bytes(name.encode()))
        talk = Session(ident, UUID(int=9), None, 1, details, start, start + timedelta(minutes=50))
    return Case(UUID(int=1), name, NOW, None, talk, None, None, unread, False, trusted=trusted, talk=talk)


def test_what_comes_first() -> None:
    """A notice before a talk, a talk of these days before what is new, and that before a talk in a month."""
    soon, late, new = case_of("Alice", 3), case_of("Dana", 24 * 30), case_of("Femi", unread=2)
    assert choose_for_desk([soon, new], [NOTICE], NOW).notice is NOTICE
    first = choose_for_desk([late, new, soon], [], NOW)
    assert (first.kind, first.case) == (DeskKind.TALK, soon)
    first = choose_for_desk([late, new], [], NOW)
    assert (first.kind, first.case) == (DeskKind.NEW, new)
    first = choose_for_desk([late], [], NOW)
    assert (first.kind, first.case) == (DeskKind.LATER_TALK, late)
    assert choose_for_desk([case_of("Alice")], [], NOW).kind is DeskKind.NOTHING
    assert choose_for_desk([], [], NOW).kind is DeskKind.NOTHING


def test_nobody_whose_keys_changed_is_met_first() -> None:
    """What cannot be opened has no brief: the page says above what to do."""
    assert choose_for_desk([case_of("Alice", 3, trusted=False)], [], NOW).kind is DeskKind.NOTHING


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 24 * 40)), st.integers(0, 3)), max_size=6))
def test_it_is_the_same_in_any_order_of_talks(lines: list[tuple[int | None, int]]) -> None:
    """The earliest talk is chosen wherever it stands in the caseload."""
    cases = [case_of(f"P{number}", hours, unread) for number, (hours, unread) in enumerate(lines)]
    first, other = choose_for_desk(cases, [], NOW), choose_for_desk(cases[::-1], [], NOW)
    assert first.kind is other.kind
    if first.kind in (DeskKind.TALK, DeskKind.LATER_TALK):
        assert first.case == other.case
        near = (
            first.case is not None
            and first.case.talk is not None
            and first.case.talk.starts_at - NOW < TALK_NEAR
        )
        assert near is (first.kind is DeskKind.TALK)
