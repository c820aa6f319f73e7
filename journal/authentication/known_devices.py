"""Remember the kinds of browser that somebody signed in with, to notify them of a new one."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from journal.accounts import current_keys
from journal.accounts import tables as accounts_tables
from journal.accounts.notices import queue_notice
from journal.accounts.profiles import load_profile, profile_context
from journal.installation.installation import Installation
from journal.mail.messages import Notice
from journal.sealing import seal_document

MAX_DEVICES = 20


async def remember_device(installation: Installation, account: UUID, device: str) -> None:
    """
    Remember the kind of browser that just signed in, and notify its owner when it is new, but for the first one.

    Call it inside the sign-in's transaction, which holds the row.
    """
    await current_keys.lock_account(account)
    profile = await load_profile(installation, account)
    if device in profile.devices:
        return
    if profile.devices:
        await queue_notice(installation, account, Notice.NEW_DEVICE)
    known = replace(profile, devices=(*profile.devices, device)[-MAX_DEVICES:])
    sealed = seal_document(installation.server_keys, known, profile_context(account))
    await accounts_tables.Account.filter(id=account).update(sealed=sealed)
