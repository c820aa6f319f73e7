"""A clinician's own sets: things under a name, to be set again for anybody. Sealed under the clinician's vault key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.care import tables
from journal.coming_talk import library
from journal.coming_talk.documents import SetDetails, Thing, set_context
from journal.coming_talk.items import MAX_FOR_TALK
from journal.errors import Damaged, InvalidInput, NotFound
from journal.i18n import N_, get_known_language
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import flush_deleted, transaction
from journal.store.rows import OpenedRows, Row, fetch_rows, open_rows
from journal.user_input import clean_name

MAX_SETS = 40
NAME_LENGTH = 60

NO_NAME = N_("Name it, in up to 60 characters; leave the names of patients out.")
NOTHING_SET = N_("Set something for this talk first: a set is made of what is set.")
NO_ROOM = N_("You have 40 sets. Delete one before you keep another.")


class SetRow(Row, frozen=True):
    """A row of a set."""

    id: UUID
    sealed: bytes


@dataclass(frozen=True, slots=True)
class OwnSet:
    """One set, opened; `language` is that of its name, where it is known."""

    id: UUID
    name: str
    things: tuple[Thing, ...]
    language: str


async def load_sets(actor: Actor) -> OpenedRows[OwnSet]:
    """Return the actor's own sets, by name."""
    actor.require_role(Role.CLINICIAN)
    rows = await fetch_rows(SetRow, tables.TalkSet.filter(clinician_id=actor.id))
    found = open_rows(rows, lambda row: _open(actor, row))
    return OpenedRows(sorted(found, key=lambda one: (one.name.casefold(), one.id)), found.damaged)


async def load_set(actor: Actor, wanted: UUID) -> OwnSet:
    """Return one of the actor's own sets; raises `NotFound`."""
    for one in await load_sets(actor):
        if one.id == wanted:
            return one
    raise NotFound


async def keep_set(actor: Actor, name: str, things: Sequence[Thing]) -> UUID:
    """
    Keep things under a name; under a name that there is, they take the place of those that were kept.

    Raises:
        InvalidInput: Without a name, without things, or without room.
    """
    actor.require_role(Role.CLINICIAN)
    called = clean_name(name)
    if not called or len(called) > NAME_LENGTH:
        raise InvalidInput({"name": NO_NAME})
    if not things:
        raise InvalidInput({"name": NOTHING_SET})
    details = SetDetails(called, tuple(things[:MAX_FOR_TALK]), actor.language)
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        there = await load_sets(actor)
        same = next((one.id for one in there if one.name == called), None)
        if same is None and len(there) + len(there.damaged) >= MAX_SETS:
            raise InvalidInput({"name": NO_ROOM})
        ident = same or uuid4()
        sealed = seal_document(actor.vault, details, set_context(actor.id, ident))
        if same:
            await tables.TalkSet.filter(id=ident, clinician_id=actor.id).update(sealed=sealed)
        else:
            await tables.TalkSet.create(id=ident, clinician_id=actor.id, sealed=sealed, created_at=actor.now)
    return ident


async def delete_set(actor: Actor, wanted: UUID) -> None:
    """Delete one of the actor's own sets, also one that does not open; what was set from it stays."""
    actor.require_role(Role.CLINICIAN)
    async with transaction():
        await lock_account(actor.id)
        if not await tables.TalkSet.filter(id=wanted, clinician_id=actor.id).delete():
            raise NotFound
    await flush_deleted()


def _open(actor: Actor, row: SetRow) -> OwnSet:
    details = open_document(actor.vault, row.sealed, set_context(actor.id, row.id), SetDetails)
    if len(details.things) > MAX_FOR_TALK or not all(map(library.is_known, details.things)):
        raise Damaged
    return OwnSet(row.id, details.name, details.things, get_known_language(details.language))
