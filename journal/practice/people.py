"""
The people of a practice, for its administrator: who they are, and whether they can sign in.

An administrator has no key to anything that patients write, and these services open nothing but profiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from journal.accounts import tables as accounts_tables
from journal.accounts.notices import queue_notice
from journal.accounts.profiles import Profile, profile_context
from journal.accounts.status import ACTIVE, SUSPENDED
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import tables as authentication_tables
from journal.care import tables as care_tables
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.i18n import N_
from journal.mail.messages import Notice
from journal.roles import POSITIONS, Position, Role
from journal.sealing import open_document
from journal.store.database import execute, transaction
from journal.store.rows import OpenedRows, Row, Timestamp, fetch_row, fetch_rows, open_rows

BEING_DELETED = N_(
    "This account is to be deleted, at its owner’s wish, and nobody is signed in to it. Nothing was changed."
)
LAST_ADMINISTRATOR = N_(
    "You are the only administrator who can sign in. Let somebody else in as administrator first."
)


class PersonRow(Row, frozen=True):
    """The columns of an account that an administrator may see."""

    id: UUID
    sealed: bytes
    created_at: Timestamp
    status: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    id: UUID
    name: str
    email: str
    position: Position
    since: datetime
    suspended: bool


@dataclass(frozen=True, slots=True)
class SuspensionImpact:
    """What a clinician's suspension would leave behind: how many people are in their care."""

    in_care: int


async def list_people(actor: Actor) -> OpenedRows[Person]:
    """Return everybody, by name."""
    actor.require_role(Role.ADMINISTRATOR)
    found = open_rows(
        await fetch_rows(PersonRow, accounts_tables.Account.all()), partial(_open_person, actor)
    )
    return OpenedRows(sorted(found, key=lambda one: (one.name.casefold(), one.id)), found.damaged)


async def load_person(actor: Actor, wanted: UUID) -> Person:
    """Return one person."""
    actor.require_role(Role.ADMINISTRATOR)
    row = await fetch_row(PersonRow, accounts_tables.Account.filter(id=wanted))
    if row is None:
        raise NotFound
    return _open_person(actor, row)


async def load_suspension_impact(actor: Actor, wanted: UUID) -> SuspensionImpact:
    """Count what a clinician's suspension would leave behind; numbers only, and nobody's name."""
    actor.require_role(Role.ADMINISTRATOR)
    return SuspensionImpact(await care_tables.CareLink.filter(clinician_id=wanted, ended_at=None).count())


async def suspend_person(actor: Actor, wanted: UUID) -> None:
    """
    Suspend somebody: they cannot sign in, and every browser is signed out. Nothing of theirs is deleted.

    Raises:
        InvalidInput: If nobody would be left who can undo it (`person`).
        StaleRevision: If the account is about to be deleted: nobody is signed in to it.
    """
    one = await load_person(actor, wanted)
    async with transaction():
        # Administrators who suspend each other take turns: the practice's row is the lock.
        await execute("UPDATE practice SET demo = demo WHERE id = $1", 1)
        if not await accounts_tables.Account.filter(id=one.id, status=ACTIVE).update(status=SUSPENDED):
            if await accounts_tables.Account.exists(id=one.id, status=SUSPENDED):
                return
            raise StaleRevision(BEING_DELETED)
        if not await accounts_tables.Account.filter(role=Role.ADMINISTRATOR.value, status=ACTIVE).exists():
            raise InvalidInput({"person": LAST_ADMINISTRATOR})
        await authentication_tables.WebSession.filter(account_id=one.id).delete()
        await queue_notice(actor.installation, one.id, Notice.SUSPENDED)
        await audit_log.record_event(actor, Act.SUSPENDED, patient=_get_record_owner(one), about=one.id)


async def unsuspend_person(actor: Actor, wanted: UUID) -> None:
    """End a suspension: the person signs in again with their password."""
    one = await load_person(actor, wanted)
    async with transaction():
        if await accounts_tables.Account.filter(id=one.id, status=SUSPENDED).update(status=ACTIVE):
            await audit_log.record_event(actor, Act.UNSUSPENDED, patient=_get_record_owner(one), about=one.id)


def _get_record_owner(one: Person) -> UUID | None:
    """Return whose record an event is in: patients read in their own log what was done about them."""
    return one.id if one.position.role is Role.PATIENT else None


def _open_person(actor: Actor, row: PersonRow) -> Person:
    profile = open_document(actor.installation.server_keys, row.sealed, profile_context(row.id), Profile)
    position = POSITIONS.get(profile.profession or profile.role) or Position(Role(profile.role))
    return Person(row.id, profile.name, profile.email, position, row.created_at, row.status != ACTIVE)
