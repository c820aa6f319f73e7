"""Which session a brief is for, which dosing session it is about, and which copies belong to that one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from journal.entries.assignment import SessionAssignment
from journal.errors import NotFound
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind
from journal.sharing.reading import Folder, IncomingShare

EARLIEST = datetime.min.replace(tzinfo=UTC)


def find_session(plan: Iterable[Session], wanted: UUID | None, now: datetime) -> Session | None:
    """
    Return the session *wanted*, else the talk that is under way or comes next, whatever its kind.

    Raises:
        NotFound: If *wanted* is no session of the plan.
    """
    if wanted is None:
        return next((one for one in schedule.list_upcoming(plan, now) if not _is_dosing(one)), None)
    for one in plan:
        if one.id == wanted:
            return one
    raise NotFound


def _is_dosing(one: Session) -> bool:
    return one.details.kind is SessionKind.DOSING


def is_ahead(session: Session | None, about: Session | None, now: datetime) -> bool:
    """Return whether the session looks ahead to its dosing session, so that preparation is what counts."""
    if session is not None and session.kind is SessionKind.PREPARATION:
        return True
    return about is None or about.begins_at > now


def find_subject(plan: tuple[Session, ...], session: Session | None, now: datetime) -> Session | None:
    """Return the dosing session in question: that of *session*, else the last one, else the first."""
    if session is not None:
        return _find_dosing_session(session, schedule.list_uncancelled(plan))
    dosing = [one for one in plan if _is_dosing(one)]
    before = [one for one in dosing if one.begins_at <= now]
    return before[-1] if before else next(iter(dosing), None)


def _find_dosing_session(one: Session, lasting: tuple[Session, ...]) -> Session | None:
    """Return the dosing session that *one* is about: as planned, else the one that it looks ahead to or back at."""
    if (planned := schedule.find_dosing_session(one, lasting)) is not None:
        return planned
    dosing = [other for other in lasting if other.kind is SessionKind.DOSING]
    before = [other for other in dosing if other.begins_at <= one.begins_at]
    after = [other for other in dosing if other.begins_at > one.begins_at]
    if after and (not before or one.kind is SessionKind.PREPARATION):
        return after[0]
    return before[-1] if before else None


def get_last_talk(plan: tuple[Session, ...], session: Session | None, now: datetime) -> datetime:
    """Return when the last talk before *session* began; `EARLIEST` without one."""
    end = min(now, session.begins_at) if session else now
    talks = [one.begins_at for one in plan if not _is_dosing(one) and one != session]
    return max((began for began in talks if began <= end), default=EARLIEST)


def select_related(
    found: Folder, session: Session | None, about: Session | None
) -> tuple[IncomingShare, ...]:
    """Return the copies that belong to *about*, to a talk about it or to *session*."""
    if about is None:
        return found.shared
    plan: Sequence[Session] = tuple(found.sessions)
    lasting = schedule.list_uncancelled(plan)
    dosing = [one for one in lasting if one.kind is SessionKind.DOSING]
    assignment = SessionAssignment(plan)
    # Worked out once a session, and not once a copy.
    related = {one.id for one in plan if one == session or _find_dosing_session(one, lasting) == about}

    def is_related(one: IncomingShare) -> bool:
        at = assignment.find_session(one.document.kind, one.document.session_id, one.written_at)
        return about == dosing[0] if at is None else at.id in related  # None: written before all sessions

    return tuple(one for one in found.shared if is_related(one))
