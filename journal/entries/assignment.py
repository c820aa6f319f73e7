"""
Which session an entry belongs to: the one rule of the timeline, the therapist's page, the brief and the archive.

An entry belongs to the session that its writer tied it to, whatever became of that one. One that is tied to nothing
belongs by its kind, among the sessions that were not cancelled and are no medical check-in:

- a preparation to the next dosing session, or talk before one, that had not begun when it was written; to the last
  session before when none is planned;
- a capture to the last dosing session that had begun, and an integration entry to the last dosing or integration
  session; to the last session of any kind when there was none;
- everything else to the last session that had begun.

What was written before all of these belongs to none. A session begins when its patient says so. One of which nobody
said so begins when it was planned, except that a dosing session can be prepared for until its planned end: many begin
late. So entries follow a session that is rescheduled, and everybody sees the same; only on a dosing day at home does a
clinician see it as planned (`schedule.get_visible_plan`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from journal.catalogue.fields import EntryKind
from journal.sessions.session import SessionKind, Status
from journal.vault.contents import to_microseconds

PREPARATION = EntryKind.PREPARATION.value
PREPARED_KINDS = (SessionKind.PREPARATION, SessionKind.DOSING)
"""What a preparation prepares for. Of a few, a tuple is looked through sooner than a kind is hashed."""
REVIEWED_KINDS: Mapping[str, Collection[SessionKind]] = MappingProxyType(
    {
        EntryKind.CAPTURE.value: (SessionKind.DOSING,),
        EntryKind.INTEGRATION.value: (SessionKind.DOSING, SessionKind.INTEGRATION),
    }
)
"""What an entry of this kind looks back at."""
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class SessionLike(Protocol):
    """What the rule needs to know of a session."""

    @property
    def id(self) -> UUID:
        """Return its id."""

    @property
    def starts_at(self) -> datetime:
        """Return its planned start."""

    @property
    def ends_at(self) -> datetime:
        """Return its planned end."""

    @property
    def began_at(self) -> datetime | None:
        """Return the start that its patient reported, if any."""

    @property
    def kind(self) -> SessionKind:
        """Return its kind."""

    @property
    def status(self) -> Status:
        """Return its status."""


S = TypeVar("S", bound=SessionLike)
_SortedSessions = tuple[list[int], list[S]]
"""Sort keys in microseconds since 1970, and the sessions in their order."""


class SessionAssignment(Generic[S]):
    """The rule for one plan: built once for a page, asked for each entry."""

    __slots__ = ("_by_id", "_candidates", "_preparable", "_reviewed")

    def __init__(self, plan: Iterable[S]) -> None:
        """
        Prepare to place entries among the sessions of one patient.

        Args:
            plan: All of them, in the order of their planned times.
        """
        sessions = tuple(plan)
        self._by_id = {one.id.hex: one for one in sessions}
        posts = [
            one
            for one in sessions
            if one.status is not Status.CANCELLED and one.kind is not SessionKind.MEDICAL_CHECKIN
        ]
        self._candidates = _sort_sessions(posts, _get_start)
        self._preparable = _sort_sessions(
            [one for one in posts if one.kind in PREPARED_KINDS], _get_preparation_end
        )
        self._reviewed = {
            kind: _select_kinds(self._candidates, kinds) for kind, kinds in REVIEWED_KINDS.items()
        }

    def find_session(self, kind: str, session_id: str | None, written_at: datetime) -> S | None:
        """
        Return the session that an entry belongs to, or None for what was written before all of them.

        Args:
            kind: The entry's kind.
            session_id: The hex id of the session that its writer tied it to, if any.
            written_at: When it was begun.
        """
        return self.find_session_of(kind, session_id, to_microseconds(written_at))

    def find_session_of(self, kind: str, session_id: str | None, written: int) -> S | None:
        """Return the same for a line of a list, which has its time as microseconds since 1970."""
        if session_id and (chosen := self._by_id.get(session_id)) is not None:
            return chosen
        if kind == PREPARATION:
            coming = _find_first_after(self._preparable, written)
            return coming or _find_last_before(self._candidates, written)
        behind = self._reviewed.get(kind)
        return (behind and _find_last_before(behind, written)) or _find_last_before(self._candidates, written)

    def find_period(self, wanted: Collection[UUID]) -> tuple[datetime, datetime]:
        """
        Return a period that contains every untied entry of these sessions, as start and exclusive end.

        It may be longer than necessary.
        """
        since, until = LATEST, EARLIEST
        end = EARLIEST
        for one in self._preparable[1]:
            before, end = end, _get_preparation_end(one)
            if one.id in wanted:
                since, until = min(since, before), max(until, end)
        dosing = [_get_start(one) for one in self._reviewed[EntryKind.CAPTURE.value][1]]
        for one in self._candidates[1]:
            if one.id in wanted:
                begin = _get_start(one)
                since = min(since, begin)
                until = max(until, next((later for later in dosing if later > begin), LATEST))
        return since, until


def _sort_sessions(sessions: Sequence[S], key: Callable[[S], datetime]) -> _SortedSessions[S]:
    keys = sorted((to_microseconds(key(one)), place) for place, one in enumerate(sessions))
    return [moment for moment, _ in keys], [sessions[place] for _, place in keys]


def _select_kinds(row: _SortedSessions[S], kinds: Collection[SessionKind]) -> _SortedSessions[S]:
    found = [(moment, one) for moment, one in zip(*row, strict=True) if one.kind in kinds]
    return [moment for moment, _ in found], [one for _, one in found]


def _find_last_before(row: _SortedSessions[S], moment: int) -> S | None:
    place = bisect_right(row[0], moment)
    return row[1][place - 1] if place else None


def _find_first_after(row: _SortedSessions[S], moment: int) -> S | None:
    place = bisect_right(row[0], moment)
    return row[1][place] if place < len(row[1]) else None


def _get_start(one: SessionLike) -> datetime:
    return one.began_at or one.starts_at


def _get_preparation_end(one: SessionLike) -> datetime:
    return one.began_at or (one.ends_at if one.kind is SessionKind.DOSING else one.starts_at)
