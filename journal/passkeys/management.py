"""
A person's passkeys: list, add, rename, remove.

A passkey whose device can evaluate a PRF gets a key slot and opens the journal by itself. One whose device cannot
authenticates its owner, and unlocks nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Any
from uuid import UUID, uuid4

import msgspec
from tortoise.exceptions import IntegrityError

from crypto import passkey_slot
from journal.accounts.current_keys import require_session
from journal.accounts.notices import queue_notice
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, web_sessions
from journal.authentication import tables as authentication_tables
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.mail.messages import Notice
from journal.passkeys import challenges, rows, webauthn
from journal.passkeys.challenges import PasskeyRequest, Purpose
from journal.passkeys.rows import Passkey, PasskeyDocument
from journal.passkeys.webauthn import Site, UserEntity, VerificationFailed
from journal.store.database import flush_deleted, transaction
from journal.store.progress import run_with_retry
from journal.store.rows import OpenedRows
from journal.user_input import clean_name

MAX_PASSKEYS = 20
LONGEST_NAME = 60

NOT_VERIFIED = N_("Your device’s answer could not be used. Nothing was changed. Please try once more.")
TOO_MANY = N_("You have 20 passkeys. Remove one that you no longer use first.")
KNOWN_ALREADY = N_("This passkey is on your list already.")
NAMELESS = N_("Give it a name, so that you know it again.")
TOO_LONG = N_("Please use at most 60 characters.")


async def list_passkeys(actor: Actor) -> OpenedRows[Passkey]:
    """Return the actor's own passkeys, oldest first."""
    return await rows.load_passkeys(actor.installation, actor.id)


async def has_passkey(account: UUID) -> bool:
    """Return whether an account has a passkey."""
    return await authentication_tables.Passkey.exists(account_id=account)


async def has_unlocking_passkey(account: UUID) -> bool:
    """Return whether an account has a passkey that opens it."""
    return await authentication_tables.KeySlot.exists(account_id=account, kind="passkey")


async def load_passkey(actor: Actor, passkey: UUID) -> Passkey:
    """Return one of the actor's own; raises `NotFound`."""
    found = await rows.find_passkey(
        actor.installation, authentication_tables.Passkey.filter(id=passkey, account_id=actor.id)
    )
    if found is None:
        raise NotFound
    return found


async def build_creation_options(actor: Actor, site: Site) -> dict[str, Any]:
    """Return the options to make a new passkey; a device that has one already makes none."""
    challenge = challenges.issue_challenge(actor.installation, PasskeyRequest(Purpose.ADD, actor.id))
    known = [passkey.descriptor for passkey in await list_passkeys(actor)]
    return webauthn.build_creation_options(site, challenge, UserEntity(actor.id.bytes, actor.email), known)


async def add_passkey(actor: Actor, token: bytes, site: Site, name: str, answer: str, prf: str) -> Passkey:
    """
    Store a passkey that the browser has made.

    Args:
        token: The session token, which unwraps the account key once more.
        name: What the person calls it.
        answer: The browser's answer, as JSON.
        prf: The output of the device's PRF, as base64url; empty where it has none.

    Raises:
        InvalidInput: If answer or name is not valid, the answer was used, or the passkey is known or one too many.
    """
    named = _clean_passkey_name(name)
    try:
        claim = webauthn.parse_claim(answer)
        challenges.verify_challenge(
            actor.installation, claim.challenge, PasskeyRequest(Purpose.ADD, actor.id)
        )
        made = webauthn.verify_registration(site, answer, claim.challenge)
    except VerificationFailed as error:
        raise InvalidInput({"passkey": NOT_VERIFIED}) from error
    await challenges.spend_challenge(claim.challenge)
    output, ident = parse_prf_output(prf), uuid4()
    document = PasskeyDocument(
        named, made.credential, made.public_key, made.sign_count, list(made.transports), made.backed_up,
        opens=output is not None,
        vouched=rows.seal_fingerprint(actor.vault, actor.id, ident, made.credential, made.public_key),
    )  # fmt: skip
    before = await key_slots.load_own_access(actor)
    account_key = await web_sessions.load_account_key(actor, token)
    slot = (
        passkey_slot(account_key, output, account=actor.id.bytes, epoch=before.next_epoch) if output else None
    )
    ways = before.with_slot(slot, passkey=ident) if slot else None
    passkey = Passkey(ident, actor.id, 1, document, actor.now, None)

    async def write() -> None:
        async with transaction():
            await key_slots.advance_epoch(
                before, actor.vault, ways
            )  # it locks the account: two at once count each other
            await require_session(actor)
            if await authentication_tables.Passkey.filter(account_id=actor.id).count() >= MAX_PASSKEYS:
                raise InvalidInput({"passkey": TOO_MANY})
            await authentication_tables.Passkey.create(
                id=passkey.id,
                account_id=actor.id,
                lookup=rows.hash_credential_id(made.credential),
                revision=passkey.revision,
                sealed=rows.seal_passkey(actor.installation, passkey),
                created_at=actor.now,
            )
            if slot is not None:
                await key_slots.replace_slot(actor.id, slot, actor.now, passkey=passkey.id)
            await queue_notice(actor.installation, actor.id, Notice.PASSKEY_ADDED)
            await audit_log.record_event(actor, Act.PASSKEY_ADDED, about=passkey.id)

    try:
        await run_with_retry(write)
    except IntegrityError as error:
        raise InvalidInput({"passkey": KNOWN_ALREADY}) from error
    return passkey


async def rename_passkey(actor: Actor, passkey: UUID, name: str) -> None:
    """Rename a passkey; raises `InvalidInput` for a name that is not valid, `NotFound` for somebody else's passkey."""
    named = _clean_passkey_name(name)
    found = await load_passkey(actor, passkey)
    await rows.save_passkey(actor.installation, found, msgspec.structs.replace(found.document, name=named))


async def remove_passkey(actor: Actor, passkey: UUID) -> None:
    """Delete a passkey with its key slot: it opens nothing from now on."""
    before = await key_slots.load_own_access(actor)
    async with transaction():
        await key_slots.advance_epoch(before, actor.vault, before.without_passkey(passkey))
        await require_session(actor)
        if not await authentication_tables.Passkey.filter(id=passkey, account_id=actor.id).delete():
            raise NotFound
        await queue_notice(actor.installation, actor.id, Notice.PASSKEY_REMOVED)
        await audit_log.record_event(actor, Act.PASSKEY_REMOVED, about=passkey)
    await flush_deleted()


def parse_prf_output(prf: str) -> bytes | None:
    """Return the output of a device's PRF; None when there is none, or it is not 32 bytes long."""
    try:
        output = urlsafe_b64decode(prf + "=" * (-len(prf) % 4))
    except ValueError:
        return None
    return output if len(output) == 32 else None


def _clean_passkey_name(name: str) -> str:
    named = clean_name(name)
    if not named:
        raise InvalidInput({"name": NAMELESS})
    if len(named) > LONGEST_NAME:
        raise InvalidInput({"name": TOO_LONG})
    return named
