"""
Turn a secret key on, show it again, turn it off.

The key is in no table: its owner has it on paper, and their browsers keep it sealed (`kept_secret_keys`). Until its
owner has shown that they copied it down, nothing is stored. What was drawn goes to their page, with the password slot
that it makes, and comes back sealed under their own vault key; it is worthless once anything else about how the
account is opened was changed.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from crypto import (
    Context,
    CryptoError,
    Keyring,
    KeySlot,
    format_secret_key,
    is_last_group_of_secret_key,
    new_secret_key,
    parse_secret_key,
    password_slot,
)
from journal.accounts.current_keys import require_session
from journal.accounts.notices import queue_notice
from journal.actor import Actor
from journal.ages import is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, tables
from journal.authentication.key_slots import Access
from journal.authentication.sign_in import open_own_account
from journal.device_copies import copies
from journal.errors import Damaged, InvalidInput, JournalError
from journal.i18n import N_
from journal.installation import kept_secret_keys
from journal.mail.messages import Notice
from journal.sealing import encode_document, open_document
from journal.store.database import flush_deleted, transaction
from journal.store.progress import run_with_retry

LIFETIME = timedelta(minutes=30)
WRONG_GROUP = N_("That is not the last group of this key. Look at your copy and type it again.")


class SecretKeyOfferExpired(JournalError):
    """The offer was confirmed, is too old, or something else about how the account is opened was changed."""

    message = N_(
        "This page can no longer turn on a secret key. Nothing was changed. Start again from your account."
    )


class SecretKeyDraft(msgspec.Struct, frozen=True):
    """
    A secret key for a page, and the password slot that it makes; vault key.

    Without a slot it is one that is on already, shown again. `epoch` is the one at which the slot would count.
    """

    key: bytes
    until: int
    epoch: int = 0
    salt: bytes = b""
    parameters: bytes = b""
    commitment: bytes = b""
    wrapped: bytes = b""


@dataclass(frozen=True, slots=True)
class SecretKeyOffer:
    """A secret key as its owner sees it, and the sealed copy that comes back with their answer."""

    formatted_key: str
    sealed: str


@dataclass(frozen=True, slots=True)
class SecretKeyState:
    """Whether an account needs a secret key, and whether this browser keeps one for it."""

    is_on: bool
    is_kept: bool


async def load_state(actor: Actor) -> SecretKeyState:
    """Return how it is with the actor's own account in this browser."""
    slot = await key_slots.find_slot(actor.id, "password")
    return SecretKeyState(slot is not None and slot.needs_secret_key, is_kept(actor))


def is_kept(actor: Actor) -> bool:
    """Return whether this browser keeps a secret key for the actor's account."""
    server_keys = actor.installation.server_keys
    return kept_secret_keys.find_secret_key(server_keys, actor.kept_keys, actor.id.bytes) is not None


async def offer_secret_key(actor: Actor, password: str) -> SecretKeyOffer:
    """
    Draw a secret key and make the password slot that needs it; nothing is stored yet.

    Raises:
        InvalidInput: If the password is not theirs.
        Damaged: If it opens another key than this browser holds: somebody restored an old slot.
    """
    before = await key_slots.load_own_access(actor)
    account_key = (await open_own_account(actor, password)).account_key
    if Keyring.from_account_key(account_key).vault != actor.keyring.vault:
        raise Damaged
    key = new_secret_key()
    slot = await _make_slot(actor, before, account_key, password, key)
    draft = SecretKeyDraft(
        key, _end(actor), slot.epoch, slot.salt, slot.parameters, slot.commitment, slot.wrapped
    )
    return _build_offer(actor, draft)


async def show_secret_key(actor: Actor, password: str) -> SecretKeyOffer:
    """
    Return the secret key that this browser keeps; the password shows that it is still the right one.

    Raises:
        InvalidInput: If the password is not theirs, or this browser does not keep the key.
        SecretKeyOfferExpired: If there is none.
    """
    key = (await open_own_account(actor, password)).secret_key
    if key is None:
        raise SecretKeyOfferExpired
    return _build_offer(actor, SecretKeyDraft(key, _end(actor)))


def reopen_offer(actor: Actor, sealed: str) -> SecretKeyOffer:
    """Return the same offer again, to show or print it; raises `SecretKeyOfferExpired`."""
    return SecretKeyOffer(format_secret_key(_open_draft(actor, sealed).key), sealed)


async def confirm_secret_key(actor: Actor, sealed: str, typed: str) -> bytes:
    """
    Have the account need the offered key from now on; every other browser is signed out.

    Args:
        sealed: The offer as it came back.
        typed: The last group of the key, or all of it.

    Returns:
        The sealed secret keys that this browser is to keep.

    Raises:
        InvalidInput: If what was typed is not from this key; the offer stands.
        SecretKeyOfferExpired: As `reopen_offer`, or if anything was changed since.
    """
    before = await key_slots.load_own_access(actor)
    draft = _open_draft(actor, sealed)
    if not draft.wrapped or draft.epoch != before.next_epoch:
        raise SecretKeyOfferExpired
    if not _is_match(draft.key, typed):
        raise InvalidInput({"typed": WRONG_GROUP})
    slot = KeySlot("password", draft.salt, draft.parameters, draft.commitment, draft.wrapped, draft.epoch)

    async def write() -> None:
        async with transaction():
            await key_slots.advance_epoch(before, actor.vault, before.with_slot(slot))
            await require_session(actor)
            await key_slots.replace_slot(actor.id, slot, actor.now)
            await copies.end_copies_elsewhere(actor.id, actor.session)
            await tables.WebSession.filter(account_id=actor.id).exclude(id=actor.session).delete()
            await queue_notice(actor.installation, actor.id, Notice.SECRET_KEY_ADDED)
            await audit_log.record_event(actor, Act.SECRET_KEY_ADDED)

    await run_with_retry(write)
    await flush_deleted()  # the slot that the password alone opened
    keys = actor.installation.server_keys
    return kept_secret_keys.add_secret_key(keys, actor.kept_keys, actor.id.bytes, draft.key)


async def remove_secret_key(actor: Actor, password: str) -> bytes:
    """
    Have the account need its password alone from now on.

    Returns:
        The sealed secret keys that this browser is to keep.

    Raises:
        InvalidInput: If the password is not theirs, or this browser does not keep the key.
    """
    before = await key_slots.load_own_access(actor)
    opened = await open_own_account(actor, password)
    if Keyring.from_account_key(opened.account_key).vault != actor.keyring.vault:
        raise Damaged
    if opened.secret_key is not None:
        slot = await _make_slot(actor, before, opened.account_key, password, None)

        async def write() -> None:
            async with transaction():
                await key_slots.advance_epoch(before, actor.vault, before.with_slot(slot))
                await require_session(actor)
                await key_slots.replace_slot(actor.id, slot, actor.now)
                await queue_notice(actor.installation, actor.id, Notice.SECRET_KEY_REMOVED)
                await audit_log.record_event(actor, Act.SECRET_KEY_REMOVED)

        await run_with_retry(write)
    return forget_secret_key(actor)


def forget_secret_key(actor: Actor) -> bytes:
    """Return the sealed secret keys that this browser is to keep without the actor's own."""
    keys = actor.installation.server_keys
    return kept_secret_keys.remove_secret_key(keys, actor.kept_keys, actor.id.bytes)


async def _make_slot(
    actor: Actor, before: Access, account_key: bytes, password: str, secret_key: bytes | None
) -> KeySlot:
    work = partial(
        password_slot,
        account_key,
        password,
        account=actor.id.bytes,
        epoch=before.next_epoch,
        parameters=actor.installation.argon2,
        secret_key=secret_key,
    )
    return await actor.installation.run_password_hash(work, is_returning=True)


def _end(actor: Actor) -> int:
    return int((actor.now + LIFETIME).timestamp())


def _is_match(key: bytes, typed: str) -> bool:
    try:
        return is_last_group_of_secret_key(typed, key) or parse_secret_key(typed) == key
    except CryptoError:
        return False


def _build_offer(actor: Actor, draft: SecretKeyDraft) -> SecretKeyOffer:
    sealed = actor.vault.seal(encode_document(draft), context=_context(actor))
    return SecretKeyOffer(format_secret_key(draft.key), urlsafe_b64encode(sealed).decode())


def _open_draft(actor: Actor, sealed: str) -> SecretKeyDraft:
    try:
        draft = open_document(
            actor.vault, urlsafe_b64decode(sealed.encode()), _context(actor), SecretKeyDraft
        )
    except (ValueError, Damaged) as error:  # it comes from the page, where it can be altered
        raise SecretKeyOfferExpired from error
    if not is_alive(datetime.fromtimestamp(draft.until, UTC), actor.now, LIFETIME):
        raise SecretKeyOfferExpired
    return draft


def _context(actor: Actor) -> Context:
    return Context("secret-key-offer", actor.id.bytes, actor.id.bytes)
