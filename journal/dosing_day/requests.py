"""
What a patient asked for while it was held, kept to be asked again once they have rested.

All of it stands in one entry of its own kind, a line for each request, so it is sealed, proven, taken away and erased
as every entry is. It is offered to nobody, it lapses after a week, and the entry goes with its last line. Keeping a
request does nothing of what it asks for, and nothing here ever does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.ages import compute_age
from journal.catalogue.fields import EntryKind
from journal.entries import by_kind, entries, only_entry, removal
from journal.errors import JournalError
from journal.held_acts import Asked, HeldAct
from journal.roles import Role
from journal.sessions.session import SessionDetails, SessionKind, Status
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry

REQUESTS = "waiting.requests"
LIFETIME = timedelta(days=7)
"""How long a request is asked again; then it lapses, and nothing of it is shown."""
MAX_REQUESTS = 50
"""How many wait at a time; a further one is refused and not kept."""
MAX_SECTIONS = 100
ATTEMPTS = 5  # one more for each change by another page meanwhile
SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A held act that its patient asked for, and when. The same act about the same thing for the same person is one."""

    asked: Asked
    at: datetime

    @property
    def key(self) -> str:
        """Return what tells it from others, as forms send it."""
        return format_key(self.asked)

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        at = self.at.astimezone(UTC).isoformat(timespec="seconds")
        return SEPARATOR.join((*self.key.split("."), at, ",".join(self.asked.sections))).rstrip()

    def is_alive(self, now: datetime) -> bool:
        """Return whether it is still asked again."""
        return compute_age(self.at, now) < LIFETIME


def format_key(asked: Asked) -> str:
    """Return an act, its target and for whom it is, as forms send them."""
    return ".".join(
        (asked.act.value, *("" if one is None else one.hex for one in (asked.target, asked.whom)))
    )


def parse_key(typed: str, sections: Iterable[str] = ()) -> Asked | None:
    """Return what was asked for by what a form sent; None for what is none of ours."""
    found = re.fullmatch(r"([a-z_]{1,20})\.([0-9a-f]{32})?\.([0-9a-f]{32})?", typed)
    act = next((one for one in HeldAct if found and one.value == found[1]), None)
    if found is None or act is None:
        return None
    chosen = tuple(one for one in sections if re.fullmatch(r"[a-z0-9_.]{1,60}", one))
    return Asked(act, _parse_id(found[2]), _parse_id(found[3]), chosen[:MAX_SECTIONS])


def parse_requests(lines: object) -> tuple[PendingRequest, ...]:
    """Read stored lines back, the oldest first; what is no line of ours is left out."""
    found = map(_parse_line, lines) if isinstance(lines, list) else ()
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.at))


def can_be_there(sessions: Iterable[SessionDetails], now: datetime) -> bool:
    """Return whether a hold may have ended so lately that something of it waits; nothing is read for that."""
    lately = now - LIFETIME - timedelta(days=2)  # the days of rest are those of other clocks
    dosing = (one for one in sessions if one.kind is SessionKind.DOSING and one.begins_at <= now)
    return any(
        one.status is Status.CANCELLED
        or one.begins_at >= lately
        or (one.rested_on or "") >= lately.date().isoformat()
        for one in dosing
    )


async def load_requests(actor: Actor) -> tuple[PendingRequest, ...]:
    """Return what waits to be asked again, the oldest first, without what has lapsed."""
    return _select_alive(actor, await _load_records(actor))


def select_requests(actor: Actor, found: Iterable[Entry]) -> tuple[PendingRequest, ...]:
    """Return the same out of entries that were opened already."""
    there = (one for one in found if not one.damaged and one.document.kind == EntryKind.WAITING)
    return _select_alive(actor, there)


async def keep_request(actor: Actor, asked: Asked | None) -> bool:
    """
    Keep what was refused while it was held, for its patient alone; return whether it will be asked again.

    What cannot be kept, since a journal is not as it was left or there is too much of it, is only refused.
    """
    if asked is None or actor.role is not Role.PATIENT:
        return False
    try:
        return await add_request(actor, asked)
    except JournalError:
        return False


async def add_request(actor: Actor, asked: Asked) -> bool:
    """Add a request, in place of the same one of before; return False if there are as many as fit, or others saved."""
    new = PendingRequest(asked, actor.now)

    def add(kept: dict[str, PendingRequest]) -> bool:
        kept.pop(new.key, None)
        kept[new.key] = new
        return len(kept) <= MAX_REQUESTS

    return await _change(actor, add)


async def remove_request(actor: Actor, key: str) -> bool:
    """Remove a request for good; return whether it was there, and is not any more."""

    def remove(kept: dict[str, PendingRequest]) -> bool:
        return kept.pop(key, None) is not None

    return await _change(actor, remove)


async def remove_done(actor: Actor) -> None:
    """Remove the request for the act that the actor has done now: the first that was asked about, and not held."""
    if not actor.passed_acts or actor.role is not Role.PATIENT:
        return
    with suppress(JournalError):  # it is asked again, and says that it cannot be done
        await remove_request(actor, format_key(actor.passed_acts[0]))


async def remove_lapsed(actor: Actor) -> tuple[PendingRequest, ...]:
    """Remove what has lapsed, if anything has; return what waits to be asked again, as `load_requests` does."""
    records = await _load_records(actor)
    read = [_read(entry) for entry in records]
    if any(not there or not all(one.is_alive(actor.now) for one in there) for there in read):
        await _change(actor, lambda _: True)
    return _select_alive(actor, records)


async def _change(actor: Actor, change: Callable[[dict[str, PendingRequest]], bool]) -> bool:
    """
    Change the requests that have not lapsed; *change* returns whether there is anything to save.

    One record is left, or none. A change by another page meanwhile is never overwritten.
    """
    for _ in range(ATTEMPTS):
        records = await _load_records(actor)
        kept = {one.key: one for one in _select_alive(actor, records)}
        if not change(kept):
            return False
        lines = [one.line for one in kept.values()]
        if await _save(actor, records, lines):
            return True
    return False


async def _save(actor: Actor, records: tuple[Entry, ...], lines: list[str]) -> bool:
    if not records:
        if not lines:
            return True
        document = EntryDocument(EntryKind.WAITING.value, answers={REQUESTS: lines})
        return await only_entry.begin_only_entry(actor, document)
    # A second one is there where a deleted one was restored: all of them are one list.
    left = records[-1] if lines else None
    if left is not None:
        document = msgspec.structs.replace(left.document, answers={REQUESTS: lines})
        if not await entries.replace_document(actor, left, document, keep=None):
            return False
    for entry in records:
        if entry is not left and not await removal.discard_entry(actor, entry.id, entry.revision):
            return False
    return True


async def _load_records(actor: Actor) -> tuple[Entry, ...]:
    _, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.WAITING})
    return tuple(one for one in found if not one.damaged)


def _select_alive(actor: Actor, records: Iterable[Entry]) -> tuple[PendingRequest, ...]:
    every = sorted((one for entry in records for one in _read(entry)), key=lambda one: one.at)
    return tuple({one.key: one for one in every if one.is_alive(actor.now)}.values())


def _read(entry: Entry) -> tuple[PendingRequest, ...]:
    return parse_requests(entry.document.answers.get(REQUESTS))


def _parse_line(line: object) -> PendingRequest | None:
    cells = [cell.strip() for cell in str(line).split("|", 4)]
    asked = parse_key(".".join(cells[:3]), (cells[4] if len(cells) > 4 else "").split(","))
    try:
        at = datetime.fromisoformat(cells[3])
    except (IndexError, ValueError):
        return None
    return PendingRequest(asked, at) if asked is not None and at.tzinfo is not None else None


def _parse_id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
