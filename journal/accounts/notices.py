"""Tell somebody by mail what changed about their account, at the address that they have now."""

from __future__ import annotations

from uuid import UUID

from journal.accounts.profiles import load_profile
from journal.installation.installation import House
from journal.mail.messages import Message, Notice, post


async def notice(house: House, account: UUID, kind: Notice) -> None:
    """
    Have a person told; call it inside the transaction of the act. Does nothing where no mail is sent.

    The message goes to the address that the account has now: of a changed address, tell before it is changed.
    """
    if house.mail is None:
        return
    profile = await load_profile(house, account)
    await post(house, Message(profile.email, kind.value), house.clock())
