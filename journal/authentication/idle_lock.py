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

from crypto import KeySlot, session_id
from journal.accounts.profiles import LOCK_CHOICES, Profile, load_profile, profile_context
from journal.actor import Actor
from journal.ages import build_alive_filter, compute_age, is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, sign_in, tables, web_sessions
from journal.authentication.tables import KEPT_LIFETIME, KeptDevice
from journal.authentication.web_sessions import (
    LIFETIME,
    ROLES,
    USE_INTERVAL,
    Stage,
    WebSessionRow,
)
from journal.errors import Damaged, InvalidInput, NotFound
from journal.i18n import N_
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
    """
    The owner of a locked session, unnamed: whoever holds the device is not known.

    `needs_passkey`: its twelve hours are over, and only a passkey opens it. `time_zone` is by which they read a clock.
    """

    account: UUID
    role: Role
    needs_passkey: bool = False
    time_zone: str = "UTC"


NEEDS_PASSKEY = N_("Use your passkey, or sign in again.")


async def find_locked_session(installation: Installation, token: bytes) -> LockedSession | None:
    """Return the owner of the locked session of *token*, or None when there is none."""
    found = await _load_locked_row(installation, token)
    if found is None:
        return None
    row, kept = found
    profile = await load_profile(installation, row.account_id)
    if profile.role not in ROLES:
        raise Damaged
    return LockedSession(row.account_id, Role(profile.role), kept is not None, profile.time_zone)


async def unlock_session(
    installation: Installation, token: bytes, password: str, kept_keys: bytes = b""
) -> bytes:
    """
    Open a locked session with its owner's password, and the secret key that the browser keeps where it is needed.

    Returns:
        A new token; the old one opens nothing any more.

    Raises:
        NotFound: If no session is locked under *token*.
        TooManyAttempts: If passwords were guessed too often at this session.
        InvalidInput: If the password is not theirs, or only a passkey opens it.
    """
    owner = await find_locked_session(installation, token)
    if owner is None:
        raise NotFound
    if owner.needs_passkey:
        raise InvalidInput({"current": NEEDS_PASSKEY})
    patient = owner.account if owner.role is Role.PATIENT else None
    counts = attempts.build_confirmation_counts(installation, owner.account, session_id(token).hex())
    opened = await sign_in.unlock_account(installation, owner.account, password, patient, counts, kept_keys)
    return await run_with_retry(lambda: reopen_session(installation, token, opened.account_key))


async def reopen_session(
    installation: Installation, token: bytes, account_key: bytes, passkey_slot: KeySlot | None = None
) -> bytes:
    """
    Open a locked session whose owner was authenticated; *account_key* is the key that this opened.

    Returns:
        A new token.

    Raises:
        NotFound: If no session is locked under *token*, or it needs a passkey and *passkey_slot* is None.
        AccessRevoked: If it needs a passkey and *passkey_slot* opens the account no more.
    """
    found = await _load_locked_row(installation, token)
    if found is None:
        raise NotFound
    row, kept = found
    ends, browser = row.expires_at, None
    async with transaction():
        if kept:
            if passkey_slot is None:
                raise NotFound
            if await key_slots.verify_entry(row.account_id, account_key, passkey_slot) != kept.epoch:
                raise NotFound
            ends = min(installation.clock() + LIFETIME, kept.until)
            kept = msgspec.structs.replace(kept, open_until=ends)
            browser = msgspec.structs.replace(web_sessions.open_browser(installation, row), kept=kept)
        fresh = await web_sessions.rotate_token(installation, row, account_key, ends, browser)
        await audit_log.record_unauthenticated_event(installation, row.account_id, Act.UNLOCKED)
    return fresh


async def lock_session(actor: Actor) -> None:
    """Lock the actor's session."""
    await tables.WebSession.filter(id=actor.session).update(wrapped=None)
    await flush_deleted()


async def lock_unused_sessions(installation: Installation, now: datetime) -> None:
    """Lock sessions that were idle for as long as their owners chose, and delete expired ones."""
    ended = tables.WebSession.filter(~Q(**build_alive_filter(now, LIFETIME)))
    rows = filter_undamaged(await fetch_rows(WebSessionRow, ended))
    kept = [row.id for row in rows if _find_kept(installation, row, now)]
    over = (
        await tables.WebSession.filter(id__in=kept, wrapped__isnull=False).update(wrapped=None) if kept else 0
    )
    over += await (ended.exclude(id__in=kept) if kept else ended).delete()
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


async def _load_locked_row(
    installation: Installation, token: bytes
) -> tuple[WebSessionRow, KeptDevice | None] | None:
    """Return a locked session, and what was chosen for its device once its twelve hours are over."""
    now = installation.clock()
    mine = tables.WebSession.filter(
        id=session_id(token).hex(), stage=Stage.OPEN.value, account__status="active"
    )
    row = await fetch_row(WebSessionRow, mine)
    if row is None:
        return None
    is_open = is_alive(row.expires_at, now, LIFETIME)
    if is_open and row.wrapped is not None:
        return None
    # Opened in any case, else whoever writes the database could learn of anybody's day.
    kept = web_sessions.open_browser(installation, row).kept
    if is_open and (kept is None or now < kept.open_until):
        return row, None
    kept = _find_kept(installation, row, now)
    if kept is None or not await mine.filter(account__epoch=kept.epoch).exists():
        return None
    if await mine.filter(wrapped__isnull=False).update(wrapped=None):
        await flush_deleted()
    return row, kept


def _find_kept(installation: Installation, row: WebSessionRow, now: datetime) -> KeptDevice | None:
    """Return what was chosen for a session's device, if it still holds."""
    try:
        kept = web_sessions.open_browser(installation, row).kept
    except Damaged:
        return None
    return kept if kept and row.stage == Stage.OPEN and is_alive(kept.until, now, KEPT_LIFETIME) else None
