"""Read all that is compared: what the account remembers, its care links, the log, and what others noted of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from crypto import (
    CryptoError,
    PublicIdentity,
    Sealer,
    find_row,
    list_consistency,
    list_inclusion,
    list_peaks,
    list_places,
    log_label,
    open_pin,
    trace_back,
)
from journal.accounts.key_log import HASH_SIZE, SELECT_SIZE, load_leaves, load_single_leaves, read_nodes
from journal.accounts.log_memory import NOT_IN_LOG, SELECT_MEMORY, Believed, Memory, open_memory, read_row
from journal.accounts.successions import load_statements
from journal.actor import Actor
from journal.care import link_keys, links
from journal.care.documents import clinician_head_context, patient_head_context
from journal.care.link_keys import SharingPaused
from journal.care.links import Link
from journal.errors import Damaged, TrustBroken
from journal.roles import Role
from journal.sealing import open_document
from journal.store.database import fetch_each, fetch_raw
from journal.store.rows import (
    JoinedValue,
    Row,
    as_bytes,
    filter_undamaged,
    parse_rows,
)
from journal.witness.documents import HeadNote
from journal.witness.judging import SeenLink, SeenLog, SeenNotes, View

MOST_NOTES = 20
"""Over how many links notes are read and written at one look; the next look goes on with the others."""
TRIES = 3
MARK_SIZE = 8
SELECT_HEADS = """
    SELECT link_head.id, {me}_head, {peer}_head FROM link_head JOIN care_link ON care_link.id = link_head.id
    WHERE care_link.{me}_id = $1 AND ended_at IS NULL
"""
SELECT_HEADS_OF = {
    Role.PATIENT: SELECT_HEADS.format(me="patient", peer="clinician"),
    Role.CLINICIAN: SELECT_HEADS.format(me="clinician", peer="patient"),
}


class HeadsRow(Row, frozen=True):
    """What two people noted for each other, sealed."""

    id: UUID
    mine: JoinedValue
    theirs: JoinedValue


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read: the view, the row that it remembers in, and the links and their ciphers by the links' ids."""

    view: View
    revision: int
    sealed: bytes
    team: Mapping[UUID, Link]
    sealers: Mapping[UUID, Sealer]


async def read_view(actor: Actor, *, settling: bool = False) -> Seen | None:
    """
    Return all that is compared, as it was at one moment; None where others keep changing it.

    Args:
        settling: Read everything, also over links that are in doubt.
    """
    for _ in range(TRIES):
        memory_rows, sizes, *heads = await fetch_each(
            (SELECT_MEMORY, (actor.id,)),
            (SELECT_SIZE, ()),
            *([(SELECT_HEADS_OF[actor.role], (actor.id,))] if actor.role in SELECT_HEADS_OF else []),
        )
        team = [] if actor.role is Role.ADMINISTRATOR else list(await links.load_my_links(actor))
        size = int(sizes[0][0])
        if int((await fetch_raw(SELECT_SIZE))[0][0]) != size:
            continue  # keys were added between, so these links may have others than this log
        noted = {row.id: row for row in filter_undamaged(parse_rows(HeadsRow, heads[0]))} if heads else {}
        return await _read(actor, read_row(memory_rows), size, team, noted, settling=settling)
    return None


async def _read(
    actor: Actor,
    kept: tuple[int, bytes],
    size: int,
    team: Sequence[Link],
    noted: Mapping[UUID, HeadsRow],
    *,
    settling: bool,
) -> Seen:
    memory, is_lost = None, False
    try:
        memory = open_memory(actor, *kept)
        is_lost = memory is None and actor.remembers_log
    except Damaged:
        is_lost = True
    known = {} if memory is None else memory.links
    pinned = [(one, keys) for one in team if (keys := _get_keys(actor, one, settling=settling))]
    is_whole = settling or memory is None or any(one.id.hex not in known for one, _ in pinned)
    notes, sealers = await _read_notes(
        actor, [one for one, _ in pinned], known, noted, size, settling=settling
    )
    seen = tuple(SeenLink(one.id, one.peer, keys, notes.get(one.id)) for one, keys in pinned)
    start = 0 if is_whole or memory is None else min(memory.size, size)
    log = await _read_log(memory, size, start, [one.theirs for one in notes.values() if one.theirs])
    present = actor.open_identity().public()
    mine = await _load_known(actor, present, log, memory, notes.values())
    lasting = frozenset(one.id.hex for one in team)
    view = View(actor.id, mine, memory, is_lost, log, seen, lasting)
    return Seen(view, *kept, {one.id: one for one in team}, sealers)


def _get_keys(actor: Actor, link: Link, *, settling: bool) -> PublicIdentity | None:
    """Return the other person's keys over a link that is trusted, or in doubt where that is to be settled."""
    with suppress(CryptoError):
        if link.trusted:
            return PublicIdentity.decode(link.peer_keys)
        if settling and link.is_doubted:
            ids = {"owner": actor.id.bytes, "peer": link.peer.bytes, "link": link.id.bytes}
            pinned = open_pin(actor.keyring, link.row.get_pin(actor) or b"", **ids)
            return pinned if pinned.encode() == link.peer_keys else None
    return None


async def _read_notes(
    actor: Actor,
    team: Iterable[Link],
    known: Mapping[str, Believed],
    noted: Mapping[UUID, HeadsRow],
    size: int,
    *,
    settling: bool,
) -> tuple[dict[UUID, SeenNotes], dict[UUID, Sealer]]:
    """Return what is noted over the links where something is new, or is to be told, and the ciphers of these."""
    found: dict[UUID, SeenNotes] = {}
    sealers: dict[UUID, Sealer] = {}
    for link in sorted(team, key=lambda one: known[one.id.hex].size if one.id.hex in known else -1):
        row, before = noted.get(link.id), known.get(link.id.hex)
        mine, theirs = (as_bytes(row.mine), as_bytes(row.theirs)) if row else (b"", b"")
        ends = _mark(mine) + _mark(theirs)
        is_same = before is not None and (before.seen, before.size) == (ends, size)
        if len(found) == MOST_NOTES or (is_same and not settling):
            continue
        try:
            sealers[link.id] = sealer = await link_keys.open_shared_key(actor, link)
        except (Damaged, SharingPaused, TrustBroken):
            continue  # a clinician has no key while sharing is paused
        other = Role.CLINICIAN if actor.role is Role.PATIENT else Role.PATIENT
        (my_note, mine_closed), (their_note, is_closed) = (
            _open_note(sealer, sealed, link.id, role)
            for sealed, role in ((mine, actor.role), (theirs, other))
        )
        found[link.id] = SeenNotes(my_note, their_note, ends, _mark(theirs), mine_closed, is_closed)
    return found, sealers


def _mark(sealed: bytes) -> str:
    return sealed[-MARK_SIZE:].hex() or "-"


def _open_note(sealer: Sealer, sealed: bytes, link: UUID, writer: Role) -> tuple[HeadNote | None, bool]:
    """Return a note, and whether there is one that does not open."""
    if not sealed:
        return None, False
    try:
        if writer is Role.PATIENT:
            return open_document(sealer, sealed, patient_head_context(link), HeadNote), False
        return open_document(sealer, sealed, clinician_head_context(link), HeadNote), False
    except Damaged:
        return None, True


async def _read_log(memory: Memory | None, size: int, start: int, heard: Sequence[HeadNote]) -> SeenLog:
    """Return the log from *start* on, and of what is before that only what proofs are made of."""
    single = {one.leaf for one in heard} | ({memory.own} if memory else set())
    single = {number for number in single if 0 <= number < start}
    wanted = {find_row(place) for place in list_peaks(start)} | single | {0}
    for number in single:
        wanted |= {find_row(place) for place in list_places(list_inclusion(number, size))}
    for one in heard:
        if 0 < one.size <= size:
            wanted |= {find_row(place) for place in list_places(list_consistency(one.size, size))}
    rows = await load_leaves(start, size)
    before = await load_single_leaves({one for one in wanted if one < start}) if start else []
    first = next((one for one in (*before, *rows) if one.number == 0), None)
    key = (first.label if first else b"").ljust(HASH_SIZE, b"\0")
    return SeenLog(size, start, rows, read_nodes(before), {one.number: one for one in before}, key)


async def _load_known(
    actor: Actor, present: PublicIdentity, log: SeenLog, memory: Memory | None, notes: Iterable[SeenNotes]
) -> tuple[PublicIdentity, ...]:
    """Return the actor's public keys, the latest first; those of before only where something may be of them."""
    own = {row.number for row in log.rows if row.label == log_label(log.key, actor.id.bytes)}
    own |= {memory.own} if memory else set()
    told = {one.theirs.leaf for one in notes if one.theirs} - {NOT_IN_LOG}
    if len(own | told) < 2:
        return (present,)
    statements = (await load_statements([actor.id])).get(actor.id, ())
    return (present, *trace_back(statements, present, account=actor.id.bytes))
