"""Signed-in browsers: the cookie is the only holder of the key that unwraps the account key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import msgspec
from tortoise.exceptions import OperationalError

from crypto import (
    Context,
    CryptoError,
    Keyring,
    KeySlot,
    SeenState,
    SessionToken,
    new_session_token,
    session_id,
    unwrap_account_key,
    wrap_account_key,
)
from journal.accounts import current_keys
from journal.accounts.profiles import get_dosing_day, open_cached_profile
from journal.actor import Actor
from journal.ages import compute_age, is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, known_devices, tables
from journal.errors import Damaged, NotFound
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import (
    Statement,
    ensure_transaction,
    execute,
    fetch_each,
    flush_deleted,
    transaction,
)
from journal.store.rows import (
    Flag,
    NonNegative,
    Row,
    Timestamp,
    fetch_row,
    fetch_rows,
    get_column,
    parse_first_row,
)
from journal.store.statements import Subquery


class BrowserDocument(msgspec.Struct, frozen=True):
    """A signed-in browser, its row's id and its stage; server key. So a row made up or moved names nobody."""

    device: str
    session: str
    stage: str
    kept: tables.KeptDevice | None = None


LIFETIME = timedelta(hours=12)
WAITING_LIFETIME = timedelta(minutes=10)  # for the second factor
USE_INTERVAL = timedelta(minutes=1)  # the shortest time between stored uses; a session locks no sooner for it
ROLES = frozenset(Role)
SELECT_SIGNED_IN = """
    SELECT account.id, wrapped, web_session.epoch, expires_at, used_at, confirmed_at,
        role, account.sealed, public_identity, identity, account.epoch, access, recovery_ready, retired, before,
        account.created_at, root.revision, substr(root.sealed, length(root.sealed) - 6), factor.revision,
        (SELECT MAX(id) FROM audit_event), (SELECT revision FROM witness WHERE witness.id = account.id)
    FROM web_session JOIN account ON account.id = web_session.account_id
        LEFT JOIN key_renewal ON key_renewal.id = account.id LEFT JOIN record_state AS root ON root.id = account.id
        LEFT JOIN second_factor AS factor ON factor.account_id = account.id
    WHERE web_session.id = $1 AND stage = 'open' AND status = 'active' AND wrapped IS NOT NULL
"""
SELECT_ACCOUNT_ID = "SELECT account_id FROM web_session WHERE id = $1"
Prefetch = Callable[[Subquery], Sequence[Statement]]
"""What a page asks about the account of its session, put into one statement with the question whose session it is."""
LOCK_SESSION = "UPDATE web_session SET wrapped = NULL WHERE id = $1 AND used_at <= $2"
UPDATE_TOKEN = """
    UPDATE web_session SET id = $1, stage = $2, wrapped = $3, device = $4, expires_at = $5, used_at = $6,
    confirmed_at = $7 WHERE id = $8
"""


class SignedInRow(Row, frozen=True):
    """A web session and its account, as `SELECT_SIGNED_IN` asks for them."""

    account_id: UUID
    wrapped: bytes
    session_epoch: NonNegative = msgspec.field(name="web_session.epoch")
    expires_at: Timestamp
    used_at: Timestamp
    confirmed_at: Timestamp | None
    role: str
    sealed: bytes
    public_identity: bytes
    identity: bytes
    epoch: NonNegative
    access: bytes | None
    recovery_ready: Flag
    retired: bytes | None
    before: bytes | None
    opened_at: Timestamp
    revision: Any  # of its records; a damaged one closes no page but the journal
    tag: Any
    factor: Any
    events: Any
    memory: Any


class WebSessionRow(Row, frozen=True):
    """A web session by itself."""

    id: str
    handle: UUID
    account_id: UUID
    stage: str
    epoch: NonNegative
    wrapped: bytes | None
    device: bytes
    created_at: Timestamp
    expires_at: Timestamp


class Stage(StrEnum):
    """How far a sign-in has come."""

    OPEN = "open"
    SECOND_FACTOR = "second-factor"


async def start_session(
    installation: Installation,
    account: UUID,
    account_key: bytes,
    *,
    slot: KeySlot | None = None,
    device: str = "",
    stage: Stage = Stage.OPEN,
    expires_at: datetime | None = None,
) -> bytes:
    """
    Start a session, which counts as a confirmation; in the transaction of the sign-in, and first in it.

    Args:
        slot: The slot that was opened; None for keys that the same transaction gave the account.
        device: What kind of browser it is, in a few words; for the person's own list.
        stage: With `SECOND_FACTOR` it opens nothing before `promote_session`.
        expires_at: In UTC; 12 hours from now unless given, 10 minutes for one that waits.

    Returns:
        The token for the cookie, 32 bytes, which is stored nowhere.

    Raises:
        AccessRevoked: If the slot or the key no longer opens the account.
    """
    token, now, handle = new_session_token(), installation.clock(), uuid4()
    waiting, session = stage is Stage.SECOND_FACTOR, session_id(token).hex()
    async with ensure_transaction():
        epoch = await key_slots.verify_entry(account, account_key, slot)
        await tables.WebSession.create(
            id=session,
            handle=handle,
            account_id=account,
            stage=stage.value,
            wrapped=wrap_account_key(token, account_key, account=account.bytes, epoch=epoch, waiting=waiting),
            epoch=epoch,
            device=_seal_browser(
                installation, account, handle, epoch, BrowserDocument(device, session, stage.value)
            ),
            created_at=now,
            expires_at=expires_at or now + (WAITING_LIFETIME if waiting else LIFETIME),
            used_at=now,
            confirmed_at=None if waiting else now,
        )
    return token


async def load_actor(
    installation: Installation, token: bytes, prefetch: Prefetch | None = None
) -> Actor | None:
    """
    Return the actor that *token* signs in, or None when it is unknown, expired, waiting, locked or suspended.

    To ask is to use the session, which `record_use` stores; one unused for as long as its owner chose is locked.

    Args:
        prefetch: Statements to run beside; their rows are the actor's `prefetched`.
    """
    now, opener = installation.clock(), SessionToken(token)
    at, session = now.timestamp(), opener.id.hex()
    more = prefetch(Subquery(SELECT_ACCOUNT_ID, session)) if prefetch else ()
    rows, *prefetched = await fetch_each((SELECT_SIGNED_IN, (session,)), *more)
    row = parse_first_row(SignedInRow, rows)
    if row is None or not is_alive(row.expires_at, now, LIFETIME):
        return None
    account, epoch = row.account_id, row.session_epoch
    try:
        key = opener.unwrap_account_key(row.wrapped, account=account.bytes, epoch=epoch)
        keyring = Keyring.from_account_key(key)
        if row.retired is not None:
            keyring = keyring.with_retired(row.retired, account=account.bytes)
    except CryptoError as error:
        raise Damaged from error
    vault = keyring.vault_sealer()
    allowed = key_slots.open_access(vault, account, row.epoch, row.access or b"")
    if not key_slots.is_session_valid(allowed, epoch):
        return None
    profile = open_cached_profile(installation, account, row.sealed)
    if row.role != profile.role or row.role not in ROLES:  # the column is for queries, the sealed role counts
        raise Damaged
    unused = compute_age(row.used_at, now)
    if unused >= timedelta(minutes=profile.lock_minutes) + USE_INTERVAL:
        await execute(LOCK_SESSION, session, row.used_at)
        await flush_deleted()
        return None
    return Actor(
        id=account,
        role=Role(row.role),
        name=profile.name,
        email=profile.email,
        time_zone=profile.time_zone,
        now=now,
        installation=installation,
        keyring=keyring,
        vault=vault,
        sealed_identity=row.identity,
        public_keys=row.public_identity,
        session=session,
        recovery_ready=bool(row.recovery_ready),
        confirmed_at=row.confirmed_at,
        profession=profile.profession,
        lock_minutes=profile.lock_minutes,
        region=profile.region,
        language=profile.language,
        is_neutral=profile.is_neutral,
        hides_numbers=profile.hides_numbers,
        has_day_lines=profile.has_day_lines,
        wants_no_offers=profile.wants_no_offers,
        is_reminded=bool(profile.reminders.kinds),
        dosing_day=get_dosing_day(profile, now),
        is_use_due=unused >= USE_INTERVAL,
        seen=SeenState.from_row(row.epoch, row.revision, at, row.tag, row.factor, row.events, row.memory),
        remembers_log=allowed.remembers_log,
        told_restoration=profile.told_restoration,
        opened_at=row.opened_at,
        prefetched=prefetched,
        former_identity=row.before,
    )


async def record_use(session: str, now: datetime) -> None:
    """Store that a session was used at *now*: due for each actor whose `is_use_due` says so."""
    with suppress(OperationalError):  # on a full disk, people can still read
        await execute("UPDATE web_session SET used_at = $1 WHERE id = $2", now, session)


async def find_waiting_session(installation: Installation, token: bytes) -> tuple[UUID, bytes] | None:
    """Return account and account key of a session that waits for its second factor, or None."""
    row = await _load_waiting_row(installation, token)
    return None if row is None else (row.account_id, _unwrap(row, token, waiting=True))


async def promote_session(installation: Installation, token: bytes) -> bytes:
    """
    Open a session whose second factor was accepted.

    Returns:
        A new token; the old one opens nothing any more.

    Raises:
        NotFound: If no session waits under *token*.
    """
    row = await _load_waiting_row(installation, token)
    if row is None:
        raise NotFound
    account_key = _unwrap(row, token, waiting=True)
    async with transaction():
        await current_keys.lock_account(row.account_id)
        fresh = await rotate_token(installation, row, account_key, row.created_at + LIFETIME)
        await known_devices.remember_device(installation, row.account_id, open_device(installation, row))
        await audit_log.record_unauthenticated_event(installation, row.account_id, Act.SIGNED_IN)
    return fresh


def open_device(installation: Installation, row: WebSessionRow) -> str:
    """Return the kind of browser of a session."""
    return open_browser(installation, row).device


def open_browser(installation: Installation, row: WebSessionRow) -> BrowserDocument:
    """
    Open the document of a session's browser.

    Raises:
        Damaged: If the row is not the one that it was written for: another account's, session's or stage's.
    """
    context = device_context(row.account_id, row.handle, row.epoch)
    found = open_document(installation.server_keys, row.device, context, BrowserDocument)
    if (found.session, found.stage) != (row.id, row.stage):
        raise Damaged
    return found


async def confirm_session(actor: Actor, token: bytes) -> bytes:
    """
    Record that the actor has confirmed who they are, by password or passkey. The session's expiry stays.

    Returns:
        A new token; the old one opens nothing any more.
    """
    row, account_key = await load_own(actor, token)
    async with transaction():
        fresh = await rotate_token(actor.installation, row, account_key, row.expires_at)
        await audit_log.record_event(actor, Act.CONFIRMED)
    return fresh


async def load_account_key(actor: Actor, token: bytes) -> bytes:
    """Return the account key once more, to wrap it for another slot."""
    return (await load_own(actor, token))[1]


async def end_session(installation: Installation, token: bytes) -> None:
    """Sign the browser out: delete the row, and with it the only way to the keys."""
    here = tables.WebSession.filter(id=session_id(token).hex())
    owners = [get_column(row, "account_id") for row in await fetch_rows(WebSessionRow, here)]
    async with transaction():
        if await here.delete():
            owner = owners[0] if owners else None
            await audit_log.record_unauthenticated_event(installation, owner, Act.SIGNED_OUT)


async def load_own(actor: Actor, token: bytes) -> tuple[WebSessionRow, bytes]:
    """Return the actor's session with the account key."""
    row = await fetch_row(WebSessionRow, tables.WebSession.filter(id=actor.session))
    if row is None:
        raise NotFound
    return row, _unwrap(row, token, waiting=False)


async def _load_waiting_row(installation: Installation, token: bytes) -> WebSessionRow | None:
    now = installation.clock()
    waits = tables.WebSession.filter(
        id=session_id(token).hex(),
        stage=Stage.SECOND_FACTOR.value,
        account__status__in=key_slots.USABLE_STATUSES,  # signing in past this keeps an account that was to be deleted
        expires_at__gt=now,
        created_at__gt=now - WAITING_LIFETIME,
        created_at__lt=now + WAITING_LIFETIME,
    )
    return await fetch_row(WebSessionRow, waits)


def _unwrap(row: WebSessionRow, token: bytes, *, waiting: bool) -> bytes:
    wrapped, account = row.wrapped or b"", row.account_id.bytes
    try:
        return unwrap_account_key(token, wrapped, account=account, epoch=row.epoch, waiting=waiting)
    except CryptoError as error:
        raise Damaged from error


async def rotate_token(
    installation: Installation,
    row: WebSessionRow,
    account_key: bytes,
    expires_at: datetime,
    browser: BrowserDocument | None = None,
) -> bytes:
    """Store a session, open and confirmed, under a new token; raises `NotFound` for the second of two at once."""
    if browser is None:
        browser = open_browser(installation, row)
        if browser.kept:  # the column is for queries
            expires_at = min(expires_at, browser.kept.open_until)
    token, now = new_session_token(), installation.clock()
    session, stage = session_id(token).hex(), Stage.OPEN.value
    wrapped = wrap_account_key(token, account_key, account=row.account_id.bytes, epoch=row.epoch)
    browser = msgspec.structs.replace(browser, session=session, stage=stage)
    sealed = _seal_browser(installation, row.account_id, row.handle, row.epoch, browser)
    if not await execute(UPDATE_TOKEN, session, stage, wrapped, sealed, expires_at, now, now, row.id):
        raise NotFound
    return token


def _seal_browser(
    installation: Installation, account: UUID, handle: UUID, epoch: int, browser: BrowserDocument
) -> bytes:
    return seal_document(installation.server_keys, browser, device_context(account, handle, epoch))


def device_context(account: UUID, handle: UUID, epoch: int) -> Context:
    """Return the context of a web session's browser."""
    return Context("device", account.bytes, handle.bytes, epoch)
