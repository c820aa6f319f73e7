"""Signed-in browsers: the cookie is the only holder of the key that unwraps the account key."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from crypto import CryptoError, Keyring, Sealer, unwrap_account_key, wrap_account_key
from crypto import new_session_token as new_token
from crypto import session_id as id_of
from journal import audit, tables
from journal.actors import Actor, Role
from journal.audit import Act
from journal.documents import Profile, open_document, profile_context
from journal.errors import Damaged
from journal.house import House
from journal.store import fetch, key_of, time_of, transaction

LIFETIME = timedelta(hours=12)
ROLES = frozenset(Role)
SIGNED_IN = """
    SELECT account_id, wrapped, expires_at, role, sealed, public_identity, identity, recovery_ready
    FROM web_session JOIN account ON account.id = account_id
    WHERE web_session.id = $1 AND status = 'active'
"""


async def start(house: House, account: UUID, account_key: bytes) -> bytes:
    """Start a session; gives the token for the cookie, 32 bytes, which is stored nowhere."""
    token, now = new_token(), house.clock()
    await tables.WebSession.create(
        id=id_of(token).hex(),
        account_id=account,
        wrapped=wrap_account_key(token, account_key, account=account.bytes),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return token


async def actor_for(house: House, token: bytes) -> Actor | None:
    """Give the person whom *token* signs in, or None when it is unknown, expired or suspended."""
    now = house.clock()
    session = id_of(token).hex()
    rows = await fetch(SIGNED_IN, session)
    if not rows or time_of(rows[0][2]) <= now:
        return None
    account_id, wrapped, _, role, sealed, public, identity, ready = rows[0]
    account = key_of(account_id)
    try:
        keyring = Keyring.from_account_key(unwrap_account_key(token, bytes(wrapped), account=account.bytes))
    except CryptoError as error:
        raise Damaged from error
    profile = open_document(house.server, bytes(sealed), profile_context(account), Profile)
    if role != profile.role or role not in ROLES:  # the column is for queries, the sealed word counts
        raise Damaged
    return Actor(
        id=account,
        role=Role(role),
        name=profile.name,
        email=profile.email,
        time_zone=profile.time_zone,
        now=now,
        house=house,
        keyring=keyring,
        vault=Sealer(keyring.vault),
        sealed_identity=bytes(identity),
        public_keys=bytes(public),
        session=session,
        recovery_ready=bool(ready),
    )


async def end(house: House, token: bytes) -> None:
    """Sign the browser out: the row goes, and with it the only way to the keys."""
    here = tables.WebSession.filter(id=id_of(token).hex())
    owners = await here.values_list("account_id", flat=True)
    async with transaction():
        if await here.delete():
            await audit.note_unsigned(house, key_of(owners[0]), Act.SIGNED_OUT)
