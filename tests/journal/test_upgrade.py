"""A database of an earlier version, with people in it, is brought to this version's shape; nobody is shut out."""

from __future__ import annotations

from uuid import uuid4

from crypto import Keyring, PrivateIdentity, new_account_key, password_slot, recovery_slot, seal_identity
from journal.accounts.profiles import Profile, profile_context
from journal.authentication import key_slots, sign_in, web_sessions
from journal.authentication.second_factor import SecondFactor
from journal.authentication.second_factor import second_factor_context as factor_context
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sealing import seal_document
from journal.store import database
from journal.store.database import Store, execute
from journal.store.schema_state import MIGRATABLE
from tests.cast import NOON, PASSWORDS, SERVER_KEY, ZONE, Clock
from tests.older import as_first

EMAIL, WORD = "alice@example.org", PASSWORDS["alice"]


async def test_people_of_an_earlier_version_come_in(empty_url: str) -> None:
    """Their password and kit open the account as they did; every browser signs in once more."""
    await as_first(empty_url)
    installation = Installation.with_key(SERVER_KEY, clock=Clock(), quick=True)
    account, key, private = uuid4(), new_account_key(), PrivateIdentity.generate()
    keyring = Keyring.from_account_key(key)
    profile = Profile("Alice", EMAIL, ZONE, Role.PATIENT.value)
    opened = await Store.open(empty_url, allowed=MIGRATABLE)
    with opened.use():
        await execute(
            "INSERT INTO account (id, role, email_index, sealed, public_identity, identity, status, recovery_ready,"
            " created_at) VALUES ($1, 'patient', $2, $3, $4, $5, 'active', $6, $7)",
            account,
            installation.server_keys.blind_index(EMAIL).hex(),
            seal_document(installation.server_keys, profile, profile_context(account)),
            private.public().encode(),
            seal_identity(keyring, private, account=account.bytes),
            True,
            NOON,
        )
        for slot in (
            password_slot(key, WORD, account=account.bytes, parameters=installation.argon2),
            recovery_slot(key, bytes(20), account=account.bytes),
        ):
            await execute(
                "INSERT INTO key_slot (id, account_id, kind, salt, parameters, commitment, wrapped, created_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                uuid4(),
                account,
                slot.kind,
                slot.salt,
                slot.parameters,
                slot.commitment,
                slot.wrapped,
                NOON,
            )
        await execute(
            "INSERT INTO second_factor (account_id, revision, sealed, created_at) VALUES ($1, 1, $2, $3)",
            account,
            seal_document(keyring.vault_sealer(), SecondFactor(), factor_context(account, 1)),
            NOON,
        )
        await execute(
            "INSERT INTO web_session (id, handle, account_id, stage, device, created_at, expires_at, used_at)"
            " VALUES ('x', $1, $2, 'open', $3, $4, $5, $6)",
            uuid4(),
            account,
            b"",
            NOON,
            NOON,
            NOON,
        )
    await opened.close()
    await database.migrate(empty_url)
    opened = await Store.open(empty_url)
    try:
        with opened.use():
            signed = await sign_in.sign_in(installation, EMAIL, WORD)
            alice = await web_sessions.load_actor(installation, signed.token)
            assert alice is not None
            assert {way.kind for way in (await key_slots.load_own_access(alice)).document.ways} == {
                "password",
                "recovery",
            }
    finally:
        await opened.close()
