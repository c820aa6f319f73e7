"""Notices by mail about changes of an account."""

from __future__ import annotations

from uuid import UUID

from journal.accounts.profiles import load_profile
from journal.installation.installation import Installation
from journal.mail.messages import Message, Notice, queue_message


async def queue_notice(installation: Installation, account: UUID, kind: Notice) -> None:
    """
    Queue a notice to the account's address; call it in the transaction of the act. Does nothing without a mail server.

    The message goes to the address that the account has now: call it before the address is changed.
    """
    if installation.mail is None:
        return
    profile = await load_profile(installation, account)
    message = Message(profile.email, kind.value, language=profile.language)
    await queue_message(installation, message, installation.clock())
