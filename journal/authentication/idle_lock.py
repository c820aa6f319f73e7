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

from crypto import session_id
from journal.accounts.profiles import LOCK_CHOICES, Profile, load_profile, profile_context
from journal.actor import Actor
from journal.ages import build_alive_filter, compute_age
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import sign_in, tables, web_sessions
from journal.authentication.web_sessions import LIFETIME, ROLES, USE_INTERVAL, Stage, WebSessionRow
from journal.errors import Damaged, NotFound
from journal.installation.installation import Installation
from journal.rate_limiting import attempts
from journal.roles import Role
from journal.sealing import open_document
from journal.store.database import flush_deleted, transaction
from journal.store.progress import run_with_retry
from journal.store.rows import JoinedValue, Row, Timestamp, as_bytes, fetch_row, fetch_rows, filter_undamaged


class UnusedRow(Row, frozen=True):
    """An idle web session."""

    id: str
    account_id: UUID
    used_at: Timestamp
    profile: JoinedValue = msgspec.field(name="account__sealed")


@dataclass(frozen=True, slots=True)
class LockedSession:
    """The owner of a locked session, unnamed: whoever holds the device is not known."""

    account: UUID
    role: Role


async def find_locked_session(installation: Installation, token: bytes) -> LockedSession | None:
    """Return the owner of the locked session of *token*, or None when there is none."""
    row = await _load_locked_row(installation, token)
    if row is None:
        return None
    web_sessions.open_browser(
        installation, row
    )  # else whoever writes the database could learn of anybody's day
    profile = await load_profile(installation, row.account_id)
    if profile.role not in ROLES:
        raise Damaged
    return LockedSession(row.account_id, Role(profile.role))


async def unlock_session(installation: Installation, token: bytes, password: str) -> bytes:
    """
    Open a locked session with its owner's password.

    Returns:
        A new token; the old one opens nothing any more.

    Raises:
        NotFound: If no session is locked under *token*.
        TooManyAttempts: If passwords were guessed too often at this session.
        InvalidInput: If the password is not theirs.
    """
    owner = await find_locked_session(installation, token)
    if owner is None:
        raise NotFound
    patient = owner.account if owner.role is Role.PATIENT else None
    counts = attempts.build_confirmation_counts(installation, owner.account, session_id(token).hex())
    key = await sign_in.unlock_account(installation, owner.account, password, patient, counts)
    return await run_with_retry(lambda: reopen_session(installation, token, key))


async def reopen_session(installation: Installation, token: bytes, account_key: bytes) -> bytes:
    """
    Open a locked session whose owner was authenticated; *account_key* is the key that this opened.

    Returns:
        A new token.

    Raises:
        NotFound: If no session is locked under *token*.
    """
    row = await _load_locked_row(installation, token)
    if row is None:
        raise NotFound
    async with transaction():
        fresh = await web_sessions.rotate_token(installation, row, account_key, row.expires_at)
        await audit_log.record_unauthenticated_event(installation, row.account_id, Act.UNLOCKED)
    return fresh


async def lock_session(actor: Actor) -> None:
    """Lock the actor's session."""
    await tables.WebSession.filter(id=actor.session).update(wrapped=None)
    await flush_deleted()


async def lock_unused_sessions(installation: Installation, now: datetime) -> None:
    """Lock sessions that were idle for as long as their owners chose, and delete expired ones."""
    over = await tables.WebSession.filter(~Q(**build_alive_filter(now, LIFETIME))).delete()
    minutes = timedelta(minutes=LOCK_CHOICES[0])
    lately = Q(used_at__gt=now - minutes, used_at__lt=now + minutes)
    unused = tables.WebSession.filter(~lately, wrapped__isnull=False)
    for row in filter_undamaged(await fetch_rows(UnusedRow, unused)):
        try:
            place = profile_context(row.account_id)
            profile = open_document(installation.server_keys, as_bytes(row.profile), place, Profile)
            limit = timedelta(minutes=profile.lock_minutes)
        except Damaged:
            limit = minutes  # its owner is told when they come; until then the shortest limit holds
        if compute_age(row.used_at, now) >= limit + USE_INTERVAL:
            over += await tables.WebSession.filter(id=row.id, used_at=row.used_at).update(wrapped=None)
    if over:
        await flush_deleted()


async def _load_locked_row(installation: Installation, token: bytes) -> WebSessionRow | None:
    locked = tables.WebSession.filter(
        id=session_id(token).hex(),
        stage=Stage.OPEN.value,
        wrapped__isnull=True,
        account__status="active",
        **build_alive_filter(installation.clock(), LIFETIME),
    )
    return await fetch_row(WebSessionRow, locked)
