"""
Open what a choice asks for: the lines of a list, and the entries that were chosen, and no others.

A patient chooses among their own entries, a clinician among the copies that are shared with them now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from journal.actor import Actor
from journal.care import links as care_links
from journal.catalogue.fields import EntryKind
from journal.entries import by_kind, entries
from journal.errors import StaleRevision
from journal.i18n import N_
from journal.packets import shared
from journal.packets.choice import build_test, list_past_sessions
from journal.packets.composing import BY_PATIENT, Content, PacketConsent, PacketMaker, compose
from journal.packets.documents import OFFERED_KINDS, Choice, Part
from journal.packets.drafts import Packet
from journal.sessions.rows import Session, load_my_sessions
from journal.sharing import reading
from journal.sharing.copies import list_shareable_parts
from journal.sharing.reading import Folder
from journal.store.rows import OpenedRows
from journal.time_zones import parse_zone
from journal.vault import record_state
from journal.vault.contents import ContentsLine, from_microseconds
from journal.vault.entry_rows import Entry

_T = TypeVar("_T")
_Line = tuple[str, str | None, datetime, str]
"""Of an entry its kind, the session it is tied to, when it was begun, and its hex id."""

PAGE_LENGTH = 10
"""Entries on a page of which parts are chosen."""
SAVED_MEANWHILE = N_("Your journal was changed on another page at this moment. Look at the packet once more.")


@dataclass(frozen=True, slots=True)
class Source:
    """
    What a packet can be chosen from: the plan of its patient in their `zone`, and with a `folder` what is shared in it.

    Without one it is the actor's own journal.
    """

    plan: OpenedRows[Session]
    zone: ZoneInfo
    folder: Folder | None = None

    @property
    def damaged(self) -> int:
        """Return how many shared copies are not what was shared, or are missing."""
        return len(self.folder.damaged) + self.folder.missing if self.folder else 0


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many entries of one kind lie in the time of a choice, and how many of them are chosen."""

    kind: EntryKind
    there: int
    chosen: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What there is to choose from. `outside` counts chosen entries that lie outside the time, or are gone."""

    kinds: tuple[KindCount, ...]
    outside: int
    is_intact: bool


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One page of the entries of a kind, the newest first; how many there are, and how many of them are chosen."""

    entries: tuple[Entry, ...]
    page: int
    pages: int
    total: int
    chosen: int
    is_intact: bool


async def load_source(actor: Actor, packet: Packet) -> Source:
    """
    Return what a packet can be chosen from.

    Raises:
        SharingPaused: While the patient has paused sharing with a clinician.
        TrustBroken: If the patient's keys are not the pinned ones.
    """
    if packet.link is None:
        return Source(await load_my_sessions(actor), actor.zone)
    folder = await shared.load_folder(actor, packet.link)
    return Source(folder.sessions, parse_zone(packet.link.peer_zone), folder)


async def count_entries(actor: Actor, choice: Choice, source: Source) -> Counts:
    """Count what lies in the time of a choice, by the table of contents alone: no entry of the actor's is opened."""
    lies = build_test(choice, source.plan, source.zone)
    there: Counter[str] = Counter()
    chosen: Counter[str] = Counter()

    def count(lines: Iterable[_Line]) -> Sequence[ContentsLine]:
        there.clear()
        chosen.clear()
        for kind, session, at, ident in lines:
            if lies(kind, session, at):
                there[kind] += 1
                chosen[kind] += ident in choice.pieces
        return []

    is_intact = True
    if source.folder is None:
        is_intact, _ = await by_kind.load_entries_of_kinds(
            actor, OFFERED_KINDS, lambda lines: count(map(_read_line, lines))
        )
    else:
        count(map(_read_entry, shared.list_entries(source.folder)))
    kinds = tuple(KindCount(kind, there[kind], chosen[kind]) for kind in OFFERED_KINDS if there[kind])
    return Counts(kinds, len(choice.pieces) - chosen.total(), is_intact)


async def load_entry_page(
    actor: Actor, choice: Choice, kind: EntryKind, page: int, source: Source
) -> EntryPage:
    """Open a page of the entries of *kind* that lie in the time of a choice; the last one for a number beyond it."""
    lies, told = build_test(choice, source.plan, source.zone), [1, 1, 0, 0]

    def select(lines: Sequence[_T], read: Callable[[_T], _Line]) -> Sequence[_T]:
        newest = [one for one in reversed(lines) if lies(*read(one)[:3])]
        pages = max(1, -(-len(newest) // PAGE_LENGTH))
        number = min(max(1, page), pages)
        told[:] = number, pages, len(newest), sum(read(one)[3] in choice.pieces for one in newest)
        return newest[(number - 1) * PAGE_LENGTH : number * PAGE_LENGTH]

    if source.folder is None:
        is_intact, found = await by_kind.load_entries_of_kinds(
            actor, {kind}, lambda lines: select(lines, _read_line)
        )
        newest = found[::-1]
    else:
        of_kind = [one for one in shared.list_entries(source.folder) if one.document.kind == kind]
        is_intact, newest = True, tuple(select(of_kind, _read_entry))
    number, pages, total, chosen = told
    return EntryPage(newest, number, pages, total, chosen, is_intact)


async def load_all_parts(
    actor: Actor, choice: Choice, kind: EntryKind, source: Source
) -> Mapping[str, tuple[str, ...]]:
    """Return all entries of *kind* that lie in the time of a choice, by their hex ids, with all of their parts."""
    lies = build_test(choice, source.plan, source.zone)
    if source.folder is None:
        _, found = await by_kind.load_entries_of_kinds(actor, {kind})
    else:
        found = tuple(one for one in shared.list_entries(source.folder) if one.document.kind == kind)
    return {
        one.id.hex: list_shareable_parts(one)
        for one in found
        if not one.damaged and lies(one.document.kind, one.document.session_id, one.created_at)
    }


async def load_shown(actor: Actor, idents: Sequence[UUID], source: Source) -> Mapping[UUID, Entry]:
    """Return those of some entries that can be chosen from, by their ids."""
    if source.folder is None:
        return await entries.load_entries_by_id(actor, idents)
    return {one.id: one for one in shared.list_entries(source.folder) if one.id in idents}


async def load_content(
    actor: Actor, packet: Packet, source: Source, *, leaves: bool = False
) -> tuple[bool, Content]:
    """
    Return whether the journal is as it was left, and what the packet holds.

    Of another's records nothing counts as opened yet: `mark_quoted`.

    Args:
        leaves: It is about to leave: everything is compared first.

    Raises:
        RollbackDetected: If it leaves, and the journal is not as it was left.
        StaleRevision: If it leaves, and another page saved meanwhile.
    """
    choice, link = packet.choice, packet.link
    is_intact, found = await _open_chosen(actor, choice, source, leaves=leaves)
    content = compose(
        choice,
        found,
        space=uuid5(packet.id, str(packet.revision)),
        name=link.peer_name if link else actor.name,
        now=actor.now.astimezone(source.zone),
        zone_name=source.zone.key,
        sessions=list_past_sessions(choice, source.plan, source.zone, actor.now),
        consents=await _load_consents(actor, source.zone)
        if Part.CONSENT in choice.parts and link is None
        else (),
        made_by=PacketMaker(actor.role, actor.name, actor.profession) if link else BY_PATIENT,
    )
    return is_intact, content


async def mark_quoted(actor: Actor, packet: Packet, content: Content) -> None:
    """Record that each copy of another's records that a packet quotes was opened, and no other."""
    if packet.link is not None:
        await reading.mark_opened(actor, packet.link.patient, [one.id for one in content.pieces])


async def _open_chosen(
    actor: Actor, choice: Choice, source: Source, *, leaves: bool
) -> tuple[bool, Sequence[Entry]]:
    lies = build_test(choice, source.plan, source.zone)
    if source.folder is not None:
        copies = shared.list_entries(source.folder)
        return True, [one for one in copies if one.id.hex in choice.pieces and lies(*_read_entry(one)[:3])]

    def select(lines: Sequence[ContentsLine]) -> Sequence[ContentsLine]:
        return [one for one in lines if one.id in choice.pieces and lies(*_read_line(one)[:3])]

    seen = await record_state.require_intact(actor) if leaves else None
    is_intact, found = True, tuple[Entry, ...]()
    if choice.pieces:
        is_intact, found = await by_kind.load_entries_of_kinds(actor, OFFERED_KINDS, select)
    if seen is not None and not (is_intact and all(map(seen.has_entry, found))):
        raise StaleRevision(SAVED_MEANWHILE)
    return is_intact, found


def _read_line(one: ContentsLine) -> _Line:
    return one.form, one.session, from_microseconds(one.created), one.id


def _read_entry(one: Entry) -> _Line:
    return one.document.kind, one.document.session_id, one.created_at, one.id.hex


async def _load_consents(actor: Actor, zone: ZoneInfo) -> tuple[PacketConsent, ...]:
    """Return whom the patient shares with at present."""
    return tuple(
        PacketConsent(
            one.peer_name,
            one.peer_profession,
            one.since.astimezone(zone).date(),
            one.paused_at is not None,
        )
        for one in await care_links.load_my_links(actor)
    )


def parse_kind(code: str) -> EntryKind | None:
    """Return a kind that packets can hold, by its code."""
    return next((kind for kind in OFFERED_KINDS if kind.value == code), None)
