"""Open an account by a link: for a patient by an invitation, for one of the staff by a set-up link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from journal.authentication import registration, web_sessions
from journal.authentication.registration import NewAccount
from journal.care import invitations
from journal.errors import LinkExpired, Refused
from journal.i18n import N_
from journal.installation.installation import House
from journal.practice import setup_links
from journal.practice.practice import found, the_practice
from journal.roles import Position, Role
from journal.store.database import transaction
from journal.store.progress import repeated
from journal.typed import clean_name


@dataclass(frozen=True, slots=True)
class SettingUp:
    """The position that a set-up link grants, and whether the practice has no name yet."""

    position: Position
    needs_name: bool


async def open_and_accept(house: House, token: str, new: NewAccount) -> bytes:
    """
    Open an account for *new*, who was invited, and begin care.

    Returns:
        A session token.

    Raises:
        LinkExpired: If the link does not work, or somebody used it first.
        Refused: If the address has an account here; the link stays valid.
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


async def setting_up(house: House, token: str) -> SettingUp:
    """
    Return what the page of a set-up link shows and asks for.

    Raises:
        LinkExpired: If the link does not work.
    """
    position = await setup_links.position_of(house, token)
    return SettingUp(position, await the_practice(house) is None)


async def set_up(house: House, token: str, practice_name: str, new: NewAccount) -> bytes:
    """
    Open an account for one of the staff; the first one also sets up the practice.

    Returns:
        A session token.

    Raises:
        LinkExpired: If the link does not work, or somebody used it first.
        Refused: If a field is not valid; the link stays valid.
    """
    position = await setup_links.position_of(house, token)
    practice = await the_practice(house)
    name = practice.name if practice else clean_name(practice_name)
    problems: dict[str, str] = {}
    if not 1 <= len(name) <= 100:
        problems["practice_name"] = N_("Write the practice's name, up to 100 characters.")
    try:
        new = await house.stretch(partial(new.checked, name, mails=house.mail is not None))
    except Refused as error:
        problems |= error.fields
    if problems:
        raise Refused(problems)
    readied = await registration.ready(house, new)

    async def write() -> bytes:
        async with transaction():
            await setup_links.use(house, token)
            if practice is None:
                await found(house, name)
            await registration.open_account(
                house, position.role, readied, profession=position.profession or ""
            )
            return await web_sessions.start(house, readied.id, readied.account_key)

    return await repeated(write)
