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
from journal.accounts.notices import notice
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, tables, web_sessions
from journal.errors import Damaged, JournalError, Refused
from journal.i18n import N_
from journal.mail.messages import Notice
from journal.sealing import open_bytes
from journal.store.database import transaction
from journal.store.rows import Named, read_one

NO_KEY = UUID(int=0)
ID_SIZE = 16


class OfferOver(JournalError):
    """The offered key was confirmed, or a newer one was."""

    message = N_("This page is no longer good for making a recovery key. Begin again to get a new one.")


@dataclass(frozen=True, slots=True)
class Offer:
    """An offered recovery key: what the person sees, and the sealed copy that comes back with their answer."""

    words: str
    sealed: str


async def offer(actor: Actor) -> Offer:
    """Draw a new recovery key for the page; nothing is stored yet."""
    key = new_recovery_key()
    sealed = actor.vault.seal((await _present(actor)).bytes + key, context=_context(actor))
    return Offer(format_recovery_key(key), urlsafe_b64encode(sealed).decode())


async def reopen(actor: Actor, sealed: str) -> Offer:
    """
    Open an offer again, to show or print the same key.

    Raises:
        OfferOver: If the key has been confirmed, or a newer one was.
    """
    return Offer(format_recovery_key(await _standing(actor, sealed)), sealed)


async def confirm(actor: Actor, token: bytes, sealed: str, typed: str) -> None:
    """
    Store the offered key as the account's recovery key, in the place of any older one.

    Args:
        token: The session token, which unwraps the account key once more.
        sealed: The offer as it came back.
        typed: The last group of the key, or all of it.

    Raises:
        Refused: If what was typed is not from this key; the offer stands.
        OfferOver: As `reopen`.
    """
    before = await key_slots.of(actor)
    key = await _standing(actor, sealed)
    if not _fits(key, typed):
        raise Refused(
            {"typed": N_("That is not the last group of this key. Look at your copy and type it again.")}
        )
    account_key = await web_sessions.account_key(actor, token)
    slot = recovery_slot(account_key, key, account=actor.id.bytes, epoch=before.next)
    async with transaction():
        await key_slots.swap(before, actor.vault, before.with_slot(slot))
        await require_session(actor)
        await key_slots.put(actor.id, slot, actor.now)
        await accounts_tables.Account.filter(id=actor.id).update(recovery_ready=True)
        if actor.recovery_ready:  # no notice of an account's first key, nor of the one after recovering
            await notice(actor.house, actor.id, Notice.RECOVERY_KEY_MADE)
        await audit_log.note(actor, Act.RECOVERY_KEY_MADE)


def _fits(key: bytes, typed: str) -> bool:
    try:
        return is_last_group(typed, key) or parse_recovery_key(typed) == key
    except CryptoError:
        return False


async def _standing(actor: Actor, sealed: str) -> bytes:
    """Return the offered key; raises `OfferOver` when the key that it replaces is not the present one."""
    try:
        opened = open_bytes(actor.vault, urlsafe_b64decode(sealed.encode()), _context(actor))
    except (ValueError, Damaged) as error:  # it comes from the page, where it can be altered
        raise OfferOver from error
    if opened[:ID_SIZE] != (await _present(actor)).bytes:
        raise OfferOver
    return opened[ID_SIZE:]


async def _present(actor: Actor) -> UUID:
    """Return the id of the slot of the present recovery key."""
    row = await read_one(Named, tables.KeySlot.filter(account_id=actor.id, kind="recovery"))
    return row.id if row else NO_KEY


def _context(actor: Actor) -> Context:
    return Context("recovery-offer", actor.id.bytes, actor.id.bytes)
