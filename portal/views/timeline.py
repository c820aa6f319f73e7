"""Entries hung on the dates of sessions: what was written after one, and what was written about one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal import agenda
from journal.actors import Actor
from journal.entries import Entry
from journal.forms import EntryKind
from journal.planning import SessionKind, Status
from journal.readers import Reader
from journal.sessions import Session

NOBODY: tuple[Reader, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in a list: never more of it than its title. `kind` is the form's word."""

    id: UUID
    title: str
    kind: str
    created_at: datetime
    readers: tuple[Reader, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A session on the spine with the entries that hang on it; without one, those from before the first."""

    session: Session | None
    number: int
    state: str
    next: bool
    today: bool
    lines: tuple[Line, ...]


def line_of(entry: Entry, readers: Mapping[UUID, tuple[Reader, ...]]) -> Line:
    """Lay an entry out for a list."""
    document = entry.document
    kind = EntryKind(document.kind).label
    return Line(entry.id, document.title, kind, entry.created_at, readers.get(entry.id, NOBODY))


def hang(
    actor: Actor,
    entries: Sequence[Entry],
    plan: Sequence[Session],
    readers: Mapping[UUID, tuple[Reader, ...]],
    *,
    newest: datetime | None,
    oldest: datetime | None,
) -> tuple[Node, ...]:
    """
    Hang entries on the sessions they are about, or else on the last one before they were written.

    Args:
        newest: Where this page of the timeline begins; None for the present.
        oldest: Where it ends; None when nothing is older.

    Returns:
        The latest session first. One without entries is there when it falls between the two moments; the next
        one is, when the page begins at the present.
    """
    known = {one.id.hex: one for one in plan}
    posts = [one for one in agenda.lasting(plan) if one.details.kind is not SessionKind.MEDICAL_CHECKIN]
    times = [one.starts_at for one in posts]
    coming = next(iter(agenda.ahead(posts, actor.now)), None)
    hung: dict[UUID | None, list[Line]] = {
        one.id: [] for one in posts if _falls_here(one, coming, actor.now, newest, oldest)
    }
    for entry in entries:
        post = known.get(entry.document.session_id or "")
        if post is None and (place := bisect_right(times, entry.created_at)):
            post = posts[place - 1]
        hung.setdefault(post.id if post else None, []).append(line_of(entry, readers))
    numbers = agenda.numbers(plan)
    nodes = [
        _node(actor, one, numbers.get(one.id), one is coming, hung[one.id])
        for one in reversed(plan)
        if one.id in hung
    ]
    if None in hung:
        nodes.append(Node(None, 0, "done", False, False, tuple(hung[None])))
    return tuple(nodes)


def _falls_here(
    one: Session, coming: Session | None, now: datetime, newest: datetime | None, oldest: datetime | None
) -> bool:
    if one is coming:
        return newest is None
    past = one.starts_at <= (newest or now)
    return past and (oldest is None or one.starts_at >= oldest)


def _node(actor: Actor, one: Session, number: agenda.Number | None, coming: bool, lines: list[Line]) -> Node:
    today = one.starts_at.astimezone(actor.zone).date() == actor.now.astimezone(actor.zone).date()
    return Node(one, number.number if number else 0, _state(one, actor.now), coming, today, tuple(lines))


def _state(one: Session, now: datetime) -> str:
    if one.details.status is Status.CANCELLED:
        return "cancelled"
    return "planned" if one.starts_at > now else "done"
