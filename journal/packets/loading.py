"""Open what a choice asks for: the lines of a list, and the entries that were chosen, and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from journal.actor import Actor
from journal.care import links as care_links
from journal.catalogue.fields import EntryKind
from journal.entries import by_kind
from journal.errors import StaleRevision
from journal.i18n import N_
from journal.packets.choice import build_test, list_past_sessions
from journal.packets.composing import Content, PacketConsent, compose
from journal.packets.documents import OFFERED_KINDS, Choice, Part
from journal.sessions.rows import Plan
from journal.sharing.copies import list_shareable_parts
from journal.vault import record_state
from journal.vault.contents import ContentsLine, from_microseconds
from journal.vault.entry_rows import Entry

PAGE_LENGTH = 10
"""Entries on a page of which parts are chosen."""
SAVED_MEANWHILE = N_("Your journal was changed on another page at this moment. Look at the packet once more.")


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


async def count_entries(actor: Actor, choice: Choice, plan: Plan) -> Counts:
    """Count what lies in the time of a choice, by the table of contents alone: no entry is opened."""
    lies = build_test(choice, plan, actor.zone)
    there: Counter[str] = Counter()
    chosen: Counter[str] = Counter()

    def count(lines: Sequence[ContentsLine]) -> Sequence[ContentsLine]:
        there.clear()
        chosen.clear()
        for line in lines:
            if lies(line.form, line.session, from_microseconds(line.created)):
                there[line.form] += 1
                chosen[line.form] += line.id in choice.pieces
        return []

    is_intact, _ = await by_kind.load_entries_of_kinds(actor, OFFERED_KINDS, count)
    kinds = tuple(KindCount(kind, there[kind], chosen[kind]) for kind in OFFERED_KINDS if there[kind])
    return Counts(kinds, len(choice.pieces) - chosen.total(), is_intact)


async def load_entry_page(actor: Actor, choice: Choice, kind: EntryKind, page: int, plan: Plan) -> EntryPage:
    """Open a page of the entries of *kind* that lie in the time of a choice; the last one for a number beyond it."""
    lies, told = build_test(choice, plan, actor.zone), [1, 1, 0, 0]

    def select(lines: Sequence[ContentsLine]) -> Sequence[ContentsLine]:
        newest = [
            one for one in reversed(lines) if lies(one.form, one.session, from_microseconds(one.created))
        ]
        pages = max(1, -(-len(newest) // PAGE_LENGTH))
        number = min(max(1, page), pages)
        told[:] = number, pages, len(newest), sum(one.id in choice.pieces for one in newest)
        return newest[(number - 1) * PAGE_LENGTH : number * PAGE_LENGTH]

    is_intact, found = await by_kind.load_entries_of_kinds(actor, {kind}, select)
    number, pages, total, chosen = told
    return EntryPage(found[::-1], number, pages, total, chosen, is_intact)


async def load_all_parts(
    actor: Actor, choice: Choice, kind: EntryKind, plan: Plan
) -> Mapping[str, tuple[str, ...]]:
    """Return all entries of *kind* that lie in the time of a choice, by their hex ids, with all of their parts."""
    lies = build_test(choice, plan, actor.zone)
    _, found = await by_kind.load_entries_of_kinds(actor, {kind})
    return {
        one.id.hex: list_shareable_parts(one)
        for one in found
        if not one.damaged and lies(one.document.kind, one.document.session_id, one.created_at)
    }


async def load_content(
    actor: Actor, choice: Choice, plan: Plan, *, leaves: bool = False
) -> tuple[bool, Content]:
    """
    Return whether the journal is as it was left, and what the packet holds.

    Args:
        leaves: It is about to leave: everything is compared first.

    Raises:
        RollbackDetected: If it leaves, and the journal is not as it was left.
        StaleRevision: If it leaves, and another page saved meanwhile.
    """
    lies = build_test(choice, plan, actor.zone)

    def select(lines: Sequence[ContentsLine]) -> Sequence[ContentsLine]:
        return [
            one
            for one in lines
            if one.id in choice.pieces and lies(one.form, one.session, from_microseconds(one.created))
        ]

    seen = await record_state.require_intact(actor) if leaves else None
    is_intact, found = True, tuple[Entry, ...]()
    if choice.pieces:
        is_intact, found = await by_kind.load_entries_of_kinds(actor, OFFERED_KINDS, select)
    if seen is not None and not (is_intact and all(map(seen.has_entry, found))):
        raise StaleRevision(SAVED_MEANWHILE)
    return is_intact, compose(
        choice,
        found,
        name=actor.name,
        now=actor.now.astimezone(actor.zone),
        zone_name=actor.time_zone,
        sessions=list_past_sessions(choice, plan, actor.zone, actor.now),
        consents=await _load_consents(actor) if Part.CONSENT in choice.parts else (),
    )


async def _load_consents(actor: Actor) -> tuple[PacketConsent, ...]:
    """Return whom the patient shares with at present."""
    return tuple(
        PacketConsent(one.peer_name, one.peer_profession, one.since, one.paused_at)
        for one in await care_links.load_my_links(actor)
    )


def parse_kind(code: str) -> EntryKind | None:
    """Return a kind that packets can hold, by its code."""
    return next((kind for kind in OFFERED_KINDS if kind.value == code), None)
