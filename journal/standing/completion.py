"""
What goes by a standing share: a piece as it is completed, and what did not go, once its patient chose it.

A piece goes in the very act that completes it, as an ordinary copy, or it stays. What stays is listed when nothing is
held, and goes only when it is ticked. Of an entry of which a copy was stopped, the later pieces stay as well: whoever
stopped one finds no new one, unless they give it anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.care import links as care_links
from journal.care import share_list
from journal.care.documents import ShareDocument
from journal.care.link_keys import SharingPaused, open_shared_key
from journal.care.links import Link
from journal.care.share_list import RENEWED
from journal.entries import entries
from journal.errors import InvalidInput, JournalError, NotFound, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.sessions.holds import load_hold, refuse_while_held
from journal.sharing import copies, saving, shares
from journal.sharing.shares import OutgoingShare
from journal.standing.kinds import KINDS, StandingKind, list_lines
from journal.standing.lines import Standing, name_piece
from journal.standing.standing import (
    SUSPENDED,
    StandingList,
    build_asked,
    can_go_at_once,
    load_standing,
    load_with_records,
    note_asked,
    require_kind,
)
from journal.standing.versions import say_changes
from journal.store.database import transaction
from journal.vault import record_state
from journal.vault.entry_rows import Entry

ATTEMPTS = 3  # one more for each change by another page meanwhile


@dataclass(frozen=True, slots=True)
class Unshared:
    """The pieces of one entry that did not go to the clinician of a standing share."""

    entry: Entry
    pieces: tuple[str, ...]
    attention: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who reads pieces of a kind, and whether one that is completed now `goes` to them."""

    link: Link
    goes: bool


Load = Callable[[], Awaitable[Entry | None]]


async def complete(
    actor: Actor, kind: StandingKind, load: Load, add: Callable[[], Awaitable[object]]
) -> None:
    """
    Do *add*, which completes pieces of the entry that *load* returns, and share these with whom they go to, as one.

    What cannot be shared is kept all the same: the words of a patient never depend on somebody else.
    """
    for _ in range(ATTEMPTS if (await load_standing(actor)).select_in_force(kind.id) else 0):
        try:
            await _complete_and_share(actor, kind, load, add)
        except InvalidInput:
            raise
        except StaleRevision:
            continue
        except JournalError:
            break
        return
    await add()


async def save_and_share(
    actor: Actor, kind: StandingKind, wanted: UUID, save: Callable[[], Awaitable[Entry]], *, is_done: bool
) -> Entry:
    """Save the entry of an id by *save*; once its patient is done with it, it goes to whom they chose."""
    saved: list[Entry] = []

    async def load() -> Entry | None:
        return (await entries.load_entries_by_id(actor, [wanted])).get(wanted)

    async def add() -> None:
        saved.append(await save())

    await (complete(actor, kind, load, add) if is_done else add())
    return saved[-1]


async def list_recipients(
    actor: Actor,
    kind: StandingKind,
    mine: StandingList,
    *,
    is_held: bool,
    team: Iterable[Link] | None = None,
    entry: Entry | None = None,
) -> tuple[Recipient, ...]:
    """
    Return who reads pieces of a kind. *team* are the patient's care links, where they are loaded already, and *entry*
    is the one that the next piece would stand in, where it was begun.
    """
    given = mine.select_in_force(kind.id)
    found = team if team is not None else await care_links.load_my_links(actor) if given else ()
    there = {link.id: link for link in found if link.ended_at is None}
    listed = []
    for one in given:
        if (link := there.get(one.link)) is None:
            continue
        goes = _can_go(kind, one, link, is_held=is_held)
        if goes and entry is not None:
            copy = await _find_copy(actor, link, entry)
            goes = await _goes_on(actor, kind, one, link, entry, copy, is_later=True)
        listed.append(Recipient(link, goes))
    return tuple(listed)


async def list_unshared(
    actor: Actor, given: Iterable[Standing], to: Link, found: Iterable[Entry]
) -> dict[str, tuple[Unshared, ...]]:
    """
    Return what did not go to one clinician since it was given, and was not asked about, by the id of its kind.

    Args:
        given: Standing shares of the actor's.
        found: The entries that pieces can stand in.
    """
    mine = [one for one in given if one.link == to.id and one.is_in_force and one.what]
    copied = {one.entry: one for one in await shares.list_shares(actor, team=[to])} if mine else {}
    return {one.kind: tuple(_find_unshared(one, KINDS[one.kind], found, copied)) for one in mine}


async def list_links_with_unshared(actor: Actor) -> tuple[Link, ...]:
    """Return the care links over which something did not go, as what is completed in a hold."""
    mine, found = await load_with_records(actor)
    given = mine.select_in_force()
    links = [one for one in await care_links.load_my_links(actor) if not one.paused_at] if given else []
    unshared = [(one, await list_unshared(actor, given, one, found)) for one in links]
    return tuple(one for one, left in unshared if any(left.values()))


async def share_unshared(
    actor: Actor, to: UUID, wanted: str, chosen: Iterable[str], seen: Sequence[str]
) -> None:
    """
    Share chosen pieces that did not go, and note that their patient was asked about the others.

    Args:
        chosen: What `format_choice` returned for each.
        seen: The same for all that the page listed.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        InvalidInput: If none was chosen, or that clinician cannot sign in at present.
        StaleRevision: If something of it was changed since, or more is listed than was *seen*.
    """
    kind, asked = require_kind(wanted), build_asked(to, wanted)
    await refuse_while_held(actor, asked)
    link, picked = await care_links.load_my_link(actor, to), frozenset(chosen)
    await shares.require_open(actor, link)
    if link.peer_suspended:
        raise InvalidInput({"sections": SUSPENDED})
    if not picked:
        raise InvalidInput({"sections": N_("Choose at least one, or leave them as they are.")})
    compared = await record_state.require_intact(actor)
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, asked)
        listed = await _list_now(actor, link, kind)
        if _format_all(listed) != [*seen] or not picked <= {*seen}:
            raise StaleRevision(saving.ENTRY_CHANGED)
        for one in listed:
            some = [piece for place, piece in enumerate(one.pieces) if format_choice(one, place) in picked]
            if some and not compared.has_entry(one.entry):
                raise StaleRevision(saving.ENTRY_CHANGED)
            if some:
                copy = await _find_copy(actor, link, one.entry)
                await _save_copy(actor, link, kind, one.entry, copy, some, one.attention)
        await note_asked(actor, to, wanted, _name_all(link, kind, listed))


async def leave_unshared(actor: Actor, to: UUID, wanted: str, seen: Sequence[str]) -> None:
    """Leave all that did not go with its patient; raises `StaleRevision` if more is listed than was *seen*."""
    kind, link = require_kind(wanted), await care_links.load_my_link(actor, to)
    async with transaction():
        await record_state.lock_state(actor)
        listed = await _list_now(actor, link, kind)
        if _format_all(listed) != [*seen]:
            raise StaleRevision(saving.ENTRY_CHANGED)
        await note_asked(actor, to, wanted, _name_all(link, kind, listed))


def format_choice(one: Unshared, place: int) -> str:
    """Return a piece as forms send it: its entry, in the revision that was seen, and its place among its pieces."""
    return f"{one.entry.id.hex}.{one.entry.revision}.{place}"


def build_example(actor: Actor, kind: StandingKind, entry: Entry | None) -> ShareDocument:
    """Return what a clinician would read of one piece: of the last that there is, or of one that nobody wrote."""
    pieces = kind.list_pieces(entry.document) if entry else ()
    if entry is not None and pieces:
        return _build_document(actor, kind, entry, None, pieces[-1:])
    moment = actor.now.astimezone(UTC).isoformat(timespec="seconds")
    answers = {**kind.example}
    return ShareDocument(kind.entry_kind.value, "", None, answers, [*answers], moment, moment, 0)


async def _complete_and_share(
    actor: Actor, kind: StandingKind, load: Load, add: Callable[[], Awaitable[object]]
) -> None:
    compared = await record_state.require_intact(actor)
    async with transaction():
        await record_state.lock_state(actor)
        mine, before = await load_standing(actor), await load()
        for entry in (mine.entry, before):
            if entry is not None and not compared.has_entry(entry):
                raise StaleRevision(saving.ENTRY_CHANGED)
        await add()
        after = await load()
        given = mine.select_in_force(kind.id)
        if after is None or not given:
            return
        earlier = kind.list_pieces(before.document if before else None)
        earlier = earlier or kind.list_before(after.document.answers)
        new = _subtract(kind.list_pieces(after.document), earlier)
        is_held = await load_hold(actor) is not None
        team = {link.id: link for link in await care_links.load_my_links(actor)}
        for one in given:
            if new and one.link in team:
                await _carry_along(actor, kind, one, team[one.link], after, earlier, new, is_held=is_held)


async def _carry_along(
    actor: Actor,
    kind: StandingKind,
    one: Standing,
    link: Link,
    entry: Entry,
    earlier: Sequence[str],
    new: Sequence[str],
    *,
    is_held: bool,
) -> None:
    if not _can_go(kind, one, link, is_held=is_held):
        return
    try:
        await shares.require_open(actor, link)
    except (SharingPaused, TrustBroken):
        return
    copy = await _find_copy(actor, link, entry)
    if not await _goes_on(actor, kind, one, link, entry, copy, is_later=bool(earlier)):
        return
    await _save_copy(actor, link, kind, entry, copy, new, one.attention, while_held=is_held)


async def _goes_on(
    actor: Actor,
    kind: StandingKind,
    one: Standing,
    link: Link,
    entry: Entry,
    copy: OutgoingShare | None,
    *,
    is_later: bool,
) -> bool:
    """Return whether a piece of an entry goes: not where its patient took a copy away since they gave it."""
    if copy is None:
        return not await share_list.was_stopped(actor, link.id, link.row.patient_key, entry.id, one.since)
    is_known = bool(_list_copied(kind, copy)) or copy.updated_at < one.since
    return not is_later or (not copy.damaged and is_known)


def _can_go(kind: StandingKind, one: Standing, link: Link, *, is_held: bool) -> bool:
    if link.paused_at or link.ended_at or link.peer_suspended or not link.trusted:
        return False
    return not is_held or (one.at_once and can_go_at_once(kind, link))


async def _list_now(actor: Actor, link: Link, kind: StandingKind) -> tuple[Unshared, ...]:
    mine, found = await load_with_records(actor, kind)
    given = mine.select_in_force(kind.id, link.id)
    if not given:
        raise NotFound
    return (await list_unshared(actor, given, link, found)).get(kind.id, ())


def _find_unshared(
    one: Standing, kind: StandingKind, found: Iterable[Entry], copied: Mapping[UUID, OutgoingShare]
) -> Iterable[Unshared]:
    for entry in found:
        is_new = entry.updated_at >= one.since and (one.asked is None or entry.updated_at > one.asked)
        missing = _find_missing(kind, entry, copied.get(entry.id)) if is_new and not entry.damaged else ()
        left = [piece for piece in missing if name_piece(one.kind, one.link, entry.id, piece) not in one.left]
        if left:
            yield Unshared(entry, tuple(left), one.attention)


def _name_all(link: Link, kind: StandingKind, listed: Iterable[Unshared]) -> list[str]:
    return [name_piece(kind.id, link.id, one.entry.id, piece) for one in listed for piece in one.pieces]


def _format_all(listed: Iterable[Unshared]) -> list[str]:
    return [format_choice(one, place) for one in listed for place in range(len(one.pieces))]


async def _find_copy(actor: Actor, link: Link, entry: Entry) -> OutgoingShare | None:
    found = await shares.list_shares(actor, entry=entry.id, team=[link])
    return found[0] if found else None


def _list_copied(kind: StandingKind, copy: OutgoingShare | None) -> tuple[str, ...]:
    """Return the pieces that a copy holds."""
    if copy is None or copy.damaged:
        return ()
    if kind.part:
        return list_lines(copy.document.answers, kind.part)
    return (kind.find_version(copy.document.answers),)


def _find_missing(kind: StandingKind, entry: Entry, copy: OutgoingShare | None) -> tuple[str, ...]:
    return _subtract(kind.list_pieces(entry.document), _list_copied(kind, copy))


def _subtract(pieces: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Return *pieces* without *others*, each taken away once: two readings can be equal."""
    gone, left = Counter(others), list[str]()
    for piece in pieces:
        if gone[piece]:
            gone[piece] -= 1
        else:
            left.append(piece)
    return tuple(left)


async def _save_copy(
    actor: Actor,
    link: Link,
    kind: StandingKind,
    entry: Entry,
    copy: OutgoingShare | None,
    some: Iterable[str],
    attention: str,
    *,
    while_held: bool = False,
) -> None:
    document = _build_document(actor, kind, entry, copy, some, attention)
    key = await open_shared_key(actor, link)
    await saving.save_copy(actor, link, entry, document, key, while_held=while_held, end=RENEWED)


def _build_document(
    actor: Actor,
    kind: StandingKind,
    entry: Entry,
    copy: OutgoingShare | None,
    some: Iterable[str],
    attention: str = "",
) -> ShareDocument:
    """Return the copy with some more pieces; its other parts stay as they were shared, and are told as changed."""
    parts = (kind.part,) if kind.part else copies.list_shareable_parts(entry)
    old, copied = copy.document if copy and not copy.damaged else None, _list_copied(kind, copy)
    fresh = copies.build_copy(entry, parts, actor.now, actor.zone, old.attention if old else attention)
    if kind.version:
        return say_changes(fresh, old, kind)
    if not kind.part:
        return fresh
    now, wanted = kind.list_pieces(entry.document), (*copied, *some)
    gone = _subtract(copied, now)  # what was corrected or removed since stays as it was shared
    lines = [*_subtract(now, _subtract(now, wanted)), *gone]
    changes = {"answers": {**(old.answers if old else {}), kind.part: lines}, "language": fresh.language}
    fields = [*(old.fields if old else ())]
    if kind.part not in fields:
        order = [*copies.list_shareable_parts(entry)]
        fields = sorted(
            [*fields, kind.part], key=lambda part: order.index(part) if part in order else len(order)
        )
    return msgspec.structs.replace(old or fresh, fields=fields, shared_at=fresh.shared_at, **changes)
