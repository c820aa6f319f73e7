"""Remember the kinds of browser that somebody signed in with, to notify them of a new one."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from journal.accounts import current_keys
from journal.accounts import tables as accounts_tables
from journal.accounts.notices import notice
from journal.accounts.profiles import load_profile, profile_context
from journal.installation.installation import House
from journal.mail.messages import Notice
from journal.sealing import seal_document

REMEMBERED = 20


async def greet(house: House, account: UUID, device: str) -> None:
    """
    Remember the kind of browser that just signed in, and notify its owner when it is new, but for the first one.

    Call it inside the sign-in's transaction, which holds the row.
    """
    await current_keys.hold(account)
    profile = await load_profile(house, account)
    if device in profile.devices:
        return
    if profile.devices:
        await notice(house, account, Notice.NEW_DEVICE)
    known = replace(profile, devices=(*profile.devices, device)[-REMEMBERED:])
    sealed = seal_document(house.server, known, profile_context(account))
    await accounts_tables.Account.filter(id=account).update(sealed=sealed)
