"""
Lock idle sessions: the wrapped key is deleted from the row, and the password restores it.

A locked session keeps its owner, so that the page which was open continues after the password, and its expiry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from tortoise.expressions import Q

from crypto import session_id as id_of
from journal.accounts.profiles import CHOICES, Profile, load_profile, profile_context
from journal.actor import Actor
from journal.ages import age, alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import sign_in, tables, web_sessions
from journal.authentication.web_sessions import LIFETIME, NOTED_EVERY, SessionRow, Stage
from journal.errors import Damaged, NotFound
from journal.installation.installation import House
from journal.rate_limiting import attempts
from journal.roles import Role
from journal.sealing import open_document
from journal.store.database import scrub, transaction
from journal.store.progress import repeated
from journal.store.rows import Joined, Moment, Row, bytes_of, read, read_one, whole


class UnusedRow(Row, frozen=True):
    """An idle web session."""

    id: str
    account_id: UUID
    used_at: Moment
    profile: Joined = msgspec.field(name="account__sealed")


@dataclass(frozen=True, slots=True)
class Locked:
    """The owner of a locked session."""

    account: UUID
    name: str
    role: str


async def locked(house: House, token: bytes) -> Locked | None:
    """Return the owner of the locked session of *token*, or None when there is none."""
    row = await _row(house, token)
    if row is None:
        return None
    web_sessions.browser_of(house, row)  # else whoever writes the database could learn anybody's name
    profile = await load_profile(house, row.account_id)
    return Locked(row.account_id, profile.name, profile.role)


async def unlock(house: House, token: bytes, password: str) -> bytes:
    """
    Open a locked session with its owner's password.

    Returns:
        A new token; the old one opens nothing any more.

    Raises:
        NotFound: If no session is locked under *token*.
        TooManyTries: If passwords were guessed too often at this session.
        Refused: If the password is not theirs.
    """
    owner = await locked(house, token)
    if owner is None:
        raise NotFound
    patient = owner.account if owner.role == Role.PATIENT.value else None
    counts = attempts.of_confirmation(house, owner.account, id_of(token).hex())
    key = await sign_in.opened_again(house, owner.account, password, patient, counts)
    return await repeated(lambda: reopen(house, token, key))


async def reopen(house: House, token: bytes, account_key: bytes) -> bytes:
    """
    Open a locked session whose owner was authenticated; *account_key* is the key that this opened.

    Returns:
        A new token.

    Raises:
        NotFound: If no session is locked under *token*.
    """
    row = await _row(house, token)
    if row is None:
        raise NotFound
    async with transaction():
        fresh = await web_sessions.turn(house, row, account_key, row.expires_at)
        await audit_log.note_unsigned(house, row.account_id, Act.UNLOCKED)
    return fresh


async def lock(actor: Actor) -> None:
    """Lock the actor's session."""
    await tables.WebSession.filter(id=actor.session).update(wrapped=None)
    await scrub()


async def lock_unused(house: House, now: datetime) -> None:
    """Lock sessions that were idle for as long as their owners chose, and delete expired ones."""
    over = await tables.WebSession.filter(~Q(**alive(now, LIFETIME))).delete()
    minutes = timedelta(minutes=CHOICES[0])
    lately = Q(used_at__gt=now - minutes, used_at__lt=now + minutes)
    unused = tables.WebSession.filter(~lately, wrapped__isnull=False)
    for row in whole(await read(UnusedRow, unused)):
        try:
            place = profile_context(row.account_id)
            profile = open_document(house.server, bytes_of(row.profile), place, Profile)
            limit = timedelta(minutes=profile.lock_minutes)
        except Damaged:
            limit = minutes  # its owner is told when they come; until then the shortest limit holds
        if age(row.used_at, now) >= limit + NOTED_EVERY:
            over += await tables.WebSession.filter(id=row.id, used_at=row.used_at).update(wrapped=None)
    if over:
        await scrub()


async def _row(house: House, token: bytes) -> SessionRow | None:
    locked = tables.WebSession.filter(
        id=id_of(token).hex(),
        stage=Stage.OPEN.value,
        wrapped__isnull=True,
        account__status="active",
        **alive(house.clock(), LIFETIME),
    )
    return await read_one(SessionRow, locked)
