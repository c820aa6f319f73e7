"""
What a patient shares with one clinician: a sealed copy of chosen sections.

The entry's own key never leaves the patient. A later edit is not shared until they share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
from tortoise.queryset import QuerySet

from crypto import Sealer
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care import share_list
from journal.care import tables as care_tables
from journal.care.documents import ShareDocument, share_context
from journal.care.link_keys import SharingPaused, link_key, peer_identity
from journal.care.links import Link, require_lasting
from journal.care.share_list import LinkOf, Lists, ShareList
from journal.catalogue.fields import EntryKind, Field
from journal.catalogue.forms import form_of
from journal.entries import entries
from journal.errors import Damaged, JournalError, NotFound, Refused, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.sessions.holds import refuse_while_held
from journal.store.database import fetch, scrub, transaction
from journal.store.rows import (
    Counted,
    DamagedRow,
    Joined,
    Moment,
    Named,
    Row,
    known,
    read,
    sound,
    typed,
    whole,
)
from journal.vault import entry_rows, record_state
from journal.vault import tables as vault_tables
from journal.vault.entry_rows import NO_TIME, NOWHERE, Entry, EntryRow

TITLE = "title"  # the entry's own title is a section like any other
NOTE = "note"  # and so is the content note before it

CHANGED = N_("This entry has changed. Look at it again as it is now; nothing new is shared.")

GIVEN = """
    SELECT share.id, share.link_id, share.entry_id, share.revision, share.sealed, share.updated_at, share.opened_at,
        entry.revision, entry.sealed, entry.created_at, entry.updated_at, entry.deleted_at
    FROM share JOIN care_link ON care_link.id = share.link_id LEFT JOIN entry ON entry.id = share.entry_id
    WHERE care_link.patient_id = $1 AND share.link_id IN (%s)
"""
LATEST_FIRST = " ORDER BY share.updated_at DESC"


class GivenRow(Row, frozen=True):
    """A row of `GIVEN`: a copy, and the entry that it was made from."""

    id: UUID
    link_id: UUID
    entry_id: UUID
    revision: Counted
    sealed: bytes
    updated_at: Moment
    opened_at: Moment | None
    entry_revision: Joined = msgspec.field(name="entry__revision")
    entry_sealed: Joined = msgspec.field(name="entry__sealed")
    entry_created_at: Joined = msgspec.field(name="entry__created_at")
    entry_updated_at: Joined = msgspec.field(name="entry__updated_at")
    entry_deleted_at: Joined = msgspec.field(name="entry__deleted_at")


GivenRows = list[GivenRow | DamagedRow]


class CopyRow(Row, frozen=True):
    """A copy that is about to be replaced."""

    id: UUID
    revision: Counted


class ConsentRequired(JournalError):
    """The preview has not been confirmed."""

    message = N_("Nothing is shared yet. Look at the preview and confirm it first.")


@dataclass(frozen=True, slots=True)
class Given:
    """
    One copy that a clinician can read, as its patient sees it.

    `revision` is the entry's present one; `changed`: the chosen sections read differently now.
    A copy that does not open is `damaged`: its document is empty, and it can only be revoked. Its `id` and `entry` are
    `NOWHERE` where they cannot be read.
    """

    id: UUID
    entry: UUID
    link: Link
    document: ShareDocument
    updated_at: datetime
    opened_at: datetime | None
    changed: bool
    revision: int
    damaged: bool = False

    @property
    def has_address(self) -> bool:
        """Return whether its id is known."""
        return self.id != NOWHERE

    @property
    def has_entry(self) -> bool:
        """Return whether it is known which entry it was made from."""
        return self.entry != NOWHERE

    @property
    def is_dated(self) -> bool:
        """Return whether it is known when it was shared."""
        return self.updated_at is not NO_TIME


def sections(entry: Entry) -> tuple[Field, ...]:
    """Return the answered questions of an entry that may be shared, in the form's order."""
    return tuple(
        field
        for field in form_of(EntryKind(entry.document.kind)).fields
        if field.shareable and field.id in entry.document.answers
    )


def copy_of(entry: Entry, fields: Iterable[str], now: datetime) -> ShareDocument:
    """
    Build the copy that a clinician will read: the chosen sections and nothing else.

    Raises:
        Refused: If nothing is chosen that can be shared.
    """
    chosen = set(fields)
    heads = {TITLE: entry.document.title, NOTE: entry.document.note}
    able = [head for head, words in heads.items() if words] + [field.id for field in sections(entry)]
    kept = [field for field in able if field in chosen]
    if not kept:
        raise Refused({"sections": N_("Choose at least one part to share, or keep the entry to yourself.")})
    return ShareDocument(
        kind=entry.document.kind,
        title=entry.document.title if TITLE in kept else "",
        session_id=entry.document.session_id,
        answers={field: entry.document.answers[field] for field in kept if field not in heads},
        fields=kept,
        written_at=entry.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        shared_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        entry_revision=entry.revision,
        note=entry.document.note if NOTE in kept else "",
        entry_id=entry.id.hex,
    )


async def share(actor: Actor, wanted: UUID, to: UUID, fields: Iterable[str], *, previewed: int) -> UUID:
    """
    Share the chosen sections with the clinician of care link *to*; a replaced copy counts as unread again.

    Args:
        previewed: The entry's revision that the person saw in the preview and confirmed.

    Raises:
        StaleRevision: If the entry changed since the preview: what is shared is what was seen.
        HeldUntilRested: Too soon after a dosing session.
        SharingPaused: While sharing with this clinician is paused.
    """
    await refuse_while_held(actor)
    entry, link = await entries.entry(actor, wanted), await care_links.my_link(actor, to)
    if entry.revision != previewed:
        raise StaleRevision(CHANGED)
    if link.paused_at:
        raise SharingPaused(N_("Sharing with this person is paused. Resume it first; nothing was shared."))
    await peer_identity(actor, link)  # a changed key stops sharing
    seen = await record_state.require_as_left(actor)  # and so does a journal that is not as its owner left it
    if not seen.holds(entry):  # it was read at another moment
        raise StaleRevision(CHANGED)
    document = copy_of(entry, fields, actor.now)
    return await _put(actor, link, entry, document, await link_key(actor, link))


async def revoke(actor: Actor, wanted: UUID) -> None:
    """
    Delete a copy: the clinician can no longer open it.

    Nothing is opened for it, so that a damaged copy can be revoked too.
    """
    actor.must_be(Role.PATIENT)
    await refuse_while_held(actor)
    async with transaction():
        await record_state.lock(actor)
        mine = care_tables.Share.filter(id=wanted, link__patient_id=actor.id)
        links = whole(await read(LinkOf, mine))
        if not await mine.delete():
            raise NotFound
        for one in links:
            await share_list.forget(actor, one.link_id, [wanted])
        await audit_log.note(actor, Act.SHARE_REVOKED, patient=actor.id, about=wanted)
    await scrub()


async def given(
    actor: Actor, *, entry: UUID | None = None, team: Iterable[Link] | None = None
) -> tuple[Given, ...]:
    """
    Return every copy that others can read, of one entry or of all, newest first.

    Args:
        team: The patient's care links, where they are loaded already; others are left out.
    """
    links = await _lasting(actor, team)
    rows = await _rows(actor, links, entry)
    return await _open_each(actor, links, rows, await _lists(actor, links) if rows else {})


async def given_and_missing(
    actor: Actor, team: Iterable[Link] | None = None
) -> tuple[tuple[Given, ...], frozenset[UUID]]:
    """Return every copy as `given` does, and the care links from which a copy or their list is missing."""
    links = await _lasting(actor, team)
    rows = await _rows(actor, links)
    lists = await _lists(actor, links)
    return await _open_each(actor, links, rows, lists), await _missing(actor, links, lists)


async def _lasting(actor: Actor, team: Iterable[Link] | None) -> dict[UUID, Link]:
    actor.must_be(Role.PATIENT)
    mine = await care_links.my_links(actor) if team is None else team
    return {link.id: link for link in mine if link.ended_at is None}


async def _rows(actor: Actor, links: Mapping[UUID, Link], entry: UUID | None = None) -> GivenRows:
    if not links:
        return []
    sql = GIVEN % ", ".join(f"${place}" for place in range(2, len(links) + 2))
    if entry is None:
        return typed(GivenRow, await fetch(sql + LATEST_FIRST, actor.id, *links))
    sql += f" AND share.entry_id = ${len(links) + 2}"
    return typed(GivenRow, await fetch(sql + LATEST_FIRST, actor.id, *links, entry))


async def _lists(actor: Actor, links: Mapping[UUID, Link]) -> Lists:
    return await share_list.mine(actor, {link.id: link.row.patient_key for link in links.values()})


async def _open_each(
    actor: Actor, links: Mapping[UUID, Link], rows: GivenRows, lists: Lists
) -> tuple[Given, ...]:
    keys: dict[UUID, Sealer] = {}
    # The link of a copy is readable, since the query matched it.
    found = [(row, links[known(row, "link_id")]) for row in rows]
    return tuple([await _opened(actor, row, link, keys, lists.get(link.id)) for row, link in found])


async def the_given(actor: Actor, wanted: UUID) -> Given:
    """Return one copy that the actor shared."""
    for one in await given(actor):
        if one.id == wanted:
            return one
    raise NotFound


async def _missing(actor: Actor, links: Mapping[UUID, Link], lists: Lists) -> frozenset[UUID]:
    rows = care_tables.Share.filter(link__patient_id=actor.id, link__ended_at=None)
    there = {one.id.hex for one in whole(await read(Named, rows))}
    listed = {link: lists.get(link) for link in links}
    return frozenset(link for link, one in listed.items() if one is None or not one.copies.keys() <= there)


async def _opened(
    actor: Actor, row: GivenRow | DamagedRow, link: Link, keys: dict[UUID, Sealer], listed: ShareList | None
) -> Given:
    try:
        copy = sound(row)
        if not share_list.is_on(listed, (copy.id, copy.revision, copy.sealed)):
            raise Damaged
        if link.id not in keys:
            keys[link.id] = await link_key(actor, link)
        where = share_context(link.id, copy.id, copy.revision)
        document = open_document(keys[link.id], copy.sealed, where, ShareDocument)
        if document.entry_id != copy.entry_id.hex:
            raise Damaged
        edited = copy.entry_revision != document.entry_revision
        changed, damaged = edited and _differs(_source(actor, copy), document), False
    except (Damaged, TrustBroken):
        # A damaged copy hides neither the journal nor other copies, and is not hidden itself.
        moment = (known(row, "updated_at") or NO_TIME).isoformat(timespec="seconds")
        document = ShareDocument(EntryKind.FREE, "", None, {}, [], moment, moment, 0)
        changed, damaged = False, True
    return Given(
        id=known(row, "id") or NOWHERE,
        entry=known(row, "entry_id") or NOWHERE,
        link=link,
        document=document,
        updated_at=known(row, "updated_at") or NO_TIME,
        opened_at=known(row, "opened_at"),
        changed=changed,
        revision=known(row, "entry_revision"),
        damaged=damaged,
    )


def _source(actor: Actor, copy: GivenRow) -> Entry:
    """Open the entry that a copy was made from."""
    raw = (copy.entry_id, copy.entry_revision, copy.entry_sealed)
    times = (copy.entry_created_at, copy.entry_updated_at, copy.entry_deleted_at)
    (row,) = typed(EntryRow, [(*raw, *times)])
    return entry_rows.opened(actor, sound(row))


def _differs(entry: Entry, document: ShareDocument) -> bool:
    try:
        now = copy_of(entry, document.fields, entry.updated_at)
    except Refused:
        return True
    same = msgspec.structs.replace(now, shared_at=document.shared_at, entry_revision=document.entry_revision)
    return same != document


async def _replaced(actor: Actor, link: Link, there: QuerySet[care_tables.Share]) -> CopyRow | None:
    """Return the copy that a new one replaces; delete a damaged one, since no revision can follow it."""
    for row in await read(CopyRow, there):
        if not isinstance(row, DamagedRow):
            return row
        await there.delete()
        await share_list.forget(actor, link.id, [row.id] if row.id else [])
    return None


async def _put(actor: Actor, link: Link, entry: Entry, document: ShareDocument, key: Sealer) -> UUID:
    async with transaction():
        await record_state.lock(actor)
        await require_lasting(link)
        await require_as_read(actor, [(entry.id, entry.revision)])
        await refuse_while_held(actor)
        row = await _replaced(actor, link, care_tables.Share.filter(link_id=link.id, entry_id=entry.id))
        ident, revision = (row.id, row.revision + 1) if row else (uuid4(), 1)
        sealed = seal_document(key, document, share_context(link.id, ident, revision))
        if row:
            await care_tables.Share.filter(id=ident, revision=row.revision).update(
                revision=revision, sealed=sealed, updated_at=actor.now, opened_at=None
            )
        else:
            await care_tables.Share.create(
                id=ident,
                link_id=link.id,
                entry_id=entry.id,
                revision=revision,
                sealed=sealed,
                created_at=actor.now,
                updated_at=actor.now,
            )
        await share_list.put(actor, link.id, (ident, revision, sealed))
        act = Act.SHARE_UPDATED if row else Act.SHARED
        await audit_log.note(actor, act, patient=actor.id, about=ident, recipient=link.clinician)
    return ident


async def require_as_read(actor: Actor, seen: Iterable[tuple[UUID, int]]) -> None:
    """
    Verify entries in the transaction that shares copies of them; `record_state.lock` keeps them as they are.

    Raises:
        StaleRevision: If one was changed or deleted since the revision that was *seen*.
    """
    wanted = dict(seen)
    mine = vault_tables.Entry.filter(id__in=list(wanted), owner_id=actor.id, deleted_at=None)
    there = {one.id: one.revision for one in whole(await read(CopyRow, mine))}
    if there != wanted:
        raise StaleRevision(CHANGED)
