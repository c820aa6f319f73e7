"""
Tell people by mail that something about their account changed: no names, no words of anybody, no reason of care.

A message is written down in the transaction of the act that it tells of, and sent after it: nobody hears of what
was undone, and what was done is told also when the mail server is away for a while.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from crypto import Context
from journal.errors import InvalidInput
from journal.i18n import N_, Labelled
from journal.installation.installation import Installation
from journal.mail import tables
from journal.mail.mail_addresses import Undeliverable, format_deliverable
from journal.sealing import seal_document


class Notice(Labelled):
    """The kinds of notice, each with its sentence."""

    NEW_DEVICE = "new-device", N_("Somebody signed in to your account on a device that was not used before.")
    PASSWORD_CHANGED = "password-changed", N_("The password of your account was changed.")
    RECOVERY_USED = "recovery-used", N_("Your recovery key was used to open your account.")
    RECOVERY_KEY_MADE = "recovery-key-made", N_("Your account has a new recovery key.")
    FACTOR_ADDED = "factor-added", N_("Two-step sign-in was turned on.")
    FACTOR_REMOVED = "factor-removed", N_("Two-step sign-in was turned off.")
    SECRET_KEY_ADDED = "secret-key-added", N_("A secret key was turned on for your account.")
    SECRET_KEY_REMOVED = "secret-key-removed", N_("The secret key of your account was turned off.")
    CODE_USED = "code-used", N_("A recovery code was used to sign in to your account.")
    PASSKEY_ADDED = "passkey-added", N_("A passkey was added to your account.")
    PASSKEY_REMOVED = "passkey-removed", N_("A passkey was removed from your account.")
    CALENDAR_MADE = "calendar-made", N_("An address for a calendar was made in your account.")
    EMAIL_CHANGED = "email-changed", N_("The e-mail address of your account was changed.")
    RESTARTED = "restarted", N_("Your account was reset with a link that you were given.")
    ACCOUNT_KEPT = (
        "account-kept",
        N_("Your account was to be deleted. Somebody signed in to it, so it is kept."),
    )
    WAITS = "waits", N_("Something waits for you. You see it when you sign in.")
    REMINDER = (
        "reminder",
        N_("You asked to be reminded. What waits for you, you see when you sign in:"),
    )
    SUSPENDED = "suspended", N_("Your account cannot be used for now.")


INVITATION = "invitation"
CLOSING = "closing"


class Message(msgspec.Struct, frozen=True):
    """
    A message that waits; server key. `kind` is a `Notice`, or `INVITATION`, with its `link`, or `CLOSING`.

    `day` is until when records can be taken, ISO 8601, for the notice of a practice that closes.

    `language` is that of whom it goes to; of an invitation, that of who invites.
    """

    to: str
    kind: str
    link: str = ""
    language: str = ""
    day: str = ""


def parse_invitation_address(installation: Installation, typed: str) -> str:
    """
    Return the address to mail an invitation to; nothing if none was typed.

    Raises:
        InvalidInput: If it is no address, or no mail is sent here.
    """
    if not typed.strip():
        return ""
    if installation.mail is None:
        raise InvalidInput(
            {"email": N_("This site sends no mail. Leave this empty, and give the link yourself.")}
        )
    try:
        return format_deliverable(typed)
    except Undeliverable as error:
        raise InvalidInput({"email": error.sentence}) from error


async def queue_invitation(installation: Installation, to: str, token: str, language: str = "") -> None:
    """Queue the mail with an invitation's link, if there is an address; call it in the transaction of the act."""
    if to and installation.mail is not None:
        await queue_message(
            installation,
            Message(to, INVITATION, f"{installation.mail.origin}/invite/{token}", language),
            installation.clock(),
        )


async def queue_message(installation: Installation, message: Message, now: datetime) -> None:
    """Save a message, to be sent once the transaction is committed."""
    ident = uuid4()
    await tables.Outbox.create(
        id=ident,
        sealed=seal_document(installation.server_keys, message, message_context(ident)),
        created_at=now,
        due_at=now,
        claimed_until=now,
    )


def message_context(message: UUID) -> Context:
    """Return where a message that waits stands."""
    return Context("outbox", bytes(16), message.bytes)
