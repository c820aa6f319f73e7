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
from journal.accounts.notices import notice
from journal.accounts.profiles import Profile, profile_context
from journal.accounts.status import ACTIVE, SUSPENDED
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import tables as authentication_tables
from journal.care import tables as care_tables
from journal.errors import NotFound, Refused, StaleRevision
from journal.i18n import N_
from journal.mail.messages import Notice
from journal.roles import POSITIONS, Position, Role
from journal.sealing import open_document
from journal.store.database import change, transaction
from journal.store.rows import Moment, Opened, Row, open_each, read, read_one

ON_ITS_WAY = N_(
    "This account is to be deleted, at its owner’s wish, and nobody is signed in to it. Nothing was changed."
)
LAST = N_("You are the only administrator who can sign in. Let somebody else in as administrator first.")


class PersonRow(Row, frozen=True):
    """The columns of an account that an administrator may see."""

    id: UUID
    sealed: bytes
    created_at: Moment
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
class Leaving:
    """What a clinician's suspension would leave behind: how many people are in their care."""

    in_care: int


async def people(actor: Actor) -> Opened[Person]:
    """Return everybody, by name."""
    actor.must_be(Role.ADMINISTRATOR)
    found = open_each(await read(PersonRow, accounts_tables.Account.all()), partial(_person, actor))
    return Opened(sorted(found, key=lambda one: (one.name.casefold(), one.id)), found.damaged)


async def person(actor: Actor, wanted: UUID) -> Person:
    """Return one person."""
    actor.must_be(Role.ADMINISTRATOR)
    row = await read_one(PersonRow, accounts_tables.Account.filter(id=wanted))
    if row is None:
        raise NotFound
    return _person(actor, row)


async def leaving(actor: Actor, wanted: UUID) -> Leaving:
    """Count what a clinician's suspension would leave behind; numbers only, and nobody's name."""
    actor.must_be(Role.ADMINISTRATOR)
    return Leaving(await care_tables.CareLink.filter(clinician_id=wanted, ended_at=None).count())


async def suspend(actor: Actor, wanted: UUID) -> None:
    """
    Suspend somebody: they cannot sign in, and every browser is signed out. Nothing of theirs is deleted.

    Raises:
        Refused: If nobody would be left who can undo it (`person`).
        StaleRevision: If the account is about to be deleted: nobody is signed in to it.
    """
    one = await person(actor, wanted)
    async with transaction():
        # Administrators who suspend each other take turns: the practice's row is the lock.
        await change("UPDATE practice SET demo = demo WHERE id = $1", 1)
        if not await accounts_tables.Account.filter(id=one.id, status=ACTIVE).update(status=SUSPENDED):
            if await accounts_tables.Account.exists(id=one.id, status=SUSPENDED):
                return
            raise StaleRevision(ON_ITS_WAY)
        if not await accounts_tables.Account.filter(role=Role.ADMINISTRATOR.value, status=ACTIVE).exists():
            raise Refused({"person": LAST})
        await authentication_tables.WebSession.filter(account_id=one.id).delete()
        await notice(actor.house, one.id, Notice.SUSPENDED)
        await audit_log.note(actor, Act.SUSPENDED, patient=_record(one), about=one.id)


async def unsuspend(actor: Actor, wanted: UUID) -> None:
    """End a suspension: the person signs in again with their password."""
    one = await person(actor, wanted)
    async with transaction():
        if await accounts_tables.Account.filter(id=one.id, status=SUSPENDED).update(status=ACTIVE):
            await audit_log.note(actor, Act.UNSUSPENDED, patient=_record(one), about=one.id)


def _record(one: Person) -> UUID | None:
    """Return whose record an event is in: patients read in their own log what was done about them."""
    return one.id if one.position.role is Role.PATIENT else None


def _person(actor: Actor, row: PersonRow) -> Person:
    profile = open_document(actor.house.server, row.sealed, profile_context(row.id), Profile)
    position = POSITIONS.get(profile.profession or profile.role) or Position(Role(profile.role))
    return Person(row.id, profile.name, profile.email, position, row.created_at, row.status != ACTIVE)
