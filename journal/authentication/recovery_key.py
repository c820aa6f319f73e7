"""
The recovery key: shown once, and stored only after the person has shown that they have it.

Until it is confirmed it stands on their page only, a second time sealed under their own vault key and with the id of
the key that it will replace. So the server compares what they type without having stored it, and no old page restores
a key that a newer one replaced.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from crypto import (
    Context,
    CryptoError,
    format_recovery_key,
    is_last_group,
    new_recovery_key,
    parse_recovery_key,
    recovery_slot,
)
from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import require_session
from journal.accounts.notices import queue_notice
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, tables, web_sessions
from journal.errors import Damaged, InvalidInput, JournalError
from journal.i18n import N_
from journal.mail.messages import Notice
from journal.sealing import open_bytes
from journal.store.database import transaction
from journal.store.rows import IdRow, fetch_row

NO_KEY = UUID(int=0)
ID_SIZE = 16


class OfferExpired(JournalError):
    """The offered key was confirmed, or a newer one was."""

    message = N_("This page can no longer make a recovery key. Start again to get a new one.")


@dataclass(frozen=True, slots=True)
class RecoveryKeyOffer:
    """An offered recovery key: what the person sees, and the sealed copy that comes back with their answer."""

    formatted_key: str
    sealed: str


async def offer_recovery_key(actor: Actor) -> RecoveryKeyOffer:
    """Draw a new recovery key for the page; nothing is stored yet."""
    key = new_recovery_key()
    sealed = actor.vault.seal((await _load_current_slot(actor)).bytes + key, context=_context(actor))
    return RecoveryKeyOffer(format_recovery_key(key), urlsafe_b64encode(sealed).decode())


async def reopen_offer(actor: Actor, sealed: str) -> RecoveryKeyOffer:
    """
    Open an offer again, to show or print the same key.

    Raises:
        OfferExpired: If the key has been confirmed, or a newer one was.
    """
    return RecoveryKeyOffer(format_recovery_key(await _open_offer(actor, sealed)), sealed)


async def confirm_recovery_key(actor: Actor, token: bytes, sealed: str, typed: str) -> None:
    """
    Store the offered key as the account's recovery key, in the place of any older one.

    Args:
        token: The session token, which unwraps the account key once more.
        sealed: The offer as it came back.
        typed: The last group of the key, or all of it.

    Raises:
        InvalidInput: If what was typed is not from this key; the offer stands.
        OfferExpired: As `reopen`.
    """
    before = await key_slots.load_own_access(actor)
    key = await _open_offer(actor, sealed)
    if not _is_match(key, typed):
        raise InvalidInput(
            {"typed": N_("That is not the last group of this key. Look at your copy and type it again.")}
        )
    account_key = await web_sessions.load_account_key(actor, token)
    slot = recovery_slot(account_key, key, account=actor.id.bytes, epoch=before.next_epoch)
    async with transaction():
        await key_slots.advance_epoch(before, actor.vault, before.with_slot(slot))
        await require_session(actor)
        await key_slots.replace_slot(actor.id, slot, actor.now)
        await accounts_tables.Account.filter(id=actor.id).update(recovery_ready=True)
        if actor.recovery_ready:  # no notice of an account's first key, nor of the one after recovering
            await queue_notice(actor.installation, actor.id, Notice.RECOVERY_KEY_MADE)
        await audit_log.record_event(actor, Act.RECOVERY_KEY_MADE)


def _is_match(key: bytes, typed: str) -> bool:
    try:
        return is_last_group(typed, key) or parse_recovery_key(typed) == key
    except CryptoError:
        return False


async def _open_offer(actor: Actor, sealed: str) -> bytes:
    """Return the offered key; raises `OfferExpired` when the key that it replaces is not the present one."""
    try:
        opened = open_bytes(actor.vault, urlsafe_b64decode(sealed.encode()), _context(actor))
    except (ValueError, Damaged) as error:  # it comes from the page, where it can be altered
        raise OfferExpired from error
    if opened[:ID_SIZE] != (await _load_current_slot(actor)).bytes:
        raise OfferExpired
    return opened[ID_SIZE:]


async def _load_current_slot(actor: Actor) -> UUID:
    """Return the id of the slot of the present recovery key."""
    row = await fetch_row(IdRow, tables.KeySlot.filter(account_id=actor.id, kind="recovery"))
    return row.id if row else NO_KEY


def _context(actor: Actor) -> Context:
    return Context("recovery-offer", actor.id.bytes, actor.id.bytes)
