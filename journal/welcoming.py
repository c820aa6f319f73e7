"""Open a patient's account by an invitation: both happen, or neither does."""

from __future__ import annotations

from journal.authentication import registration, web_sessions
from journal.authentication.registration import NewAccount
from journal.care import invitations
from journal.errors import LinkExpired
from journal.installation.installation import House
from journal.roles import Role
from journal.store.database import transaction
from journal.store.progress import repeated


async def open_and_accept(house: House, token: str, new: NewAccount) -> bytes:
    """
    Open an account for *new*, who was invited, and begin care.

    Returns:
        A session token.

    Raises:
        LinkExpired: If the link does not work, or somebody used it first.
        Refused: If the address has an account here; the link stays good.
    """
    readied = await registration.ready(house, new)

    async def write() -> bytes:
        async with transaction():
            await registration.open_account(house, Role.PATIENT, readied)
            session = await web_sessions.start(house, readied.id, readied.account_key)
            patient = await web_sessions.actor_for(house, session)
            if patient is None:
                raise LinkExpired
            await invitations.accept(patient, token)
        return session

    return await repeated(write)
