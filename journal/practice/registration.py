"""Open an account by a link: for a patient by an invitation, for one of the staff by a set-up link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from journal.authentication import registration, web_sessions
from journal.authentication.registration import NewAccount
from journal.care import invitations
from journal.errors import InvalidInput, LinkExpired
from journal.installation.installation import Installation
from journal.practice import setup_links
from journal.practice.practice import create_practice, find_practice_name_problems, load_practice
from journal.roles import Position, Role
from journal.store.database import transaction
from journal.store.progress import run_with_retry
from journal.user_input import clean_name


@dataclass(frozen=True, slots=True)
class SetupRequirements:
    """The position that a set-up link grants, and whether the practice has no name yet."""

    position: Position
    needs_name: bool


async def register_patient(installation: Installation, token: str, new: NewAccount) -> bytes:
    """
    Open an account for *new*, who was invited, and begin care.

    Returns:
        A session token.

    Raises:
        LinkExpired: If the link does not work, or somebody used it first.
        InvalidInput: If the address has an account here; the link stays valid.
    """
    prepared = await registration.prepare_account(installation, new)

    async def write() -> bytes:
        async with transaction():
            await registration.create_account(installation, Role.PATIENT, prepared)
            session = await web_sessions.start_session(installation, prepared.id, prepared.account_key)
            patient = await web_sessions.load_actor(installation, session)
            if patient is None:
                raise LinkExpired
            await invitations.accept_invitation(patient, token)
        return session

    return await run_with_retry(write)


async def load_setup_requirements(installation: Installation, token: str) -> SetupRequirements:
    """
    Return what the page of a set-up link shows and asks for.

    Raises:
        LinkExpired: If the link does not work.
    """
    position = await setup_links.load_position(installation, token)
    return SetupRequirements(position, await load_practice(installation) is None)


async def register_staff(
    installation: Installation, token: str, practice_name: str, new: NewAccount
) -> bytes:
    """
    Open an account for one of the staff; the first one also sets up the practice.

    Returns:
        A session token.

    Raises:
        LinkExpired: If the link does not work, or somebody used it first.
        InvalidInput: If a field is not valid; the link stays valid.
    """
    position = await setup_links.load_position(installation, token)
    practice = await load_practice(installation)
    name = practice.name if practice else clean_name(practice_name)
    problems = {} if practice else find_practice_name_problems(name)
    try:
        new = await installation.run_password_hash(
            partial(new.validate, name, mails=installation.mail is not None)
        )
    except InvalidInput as error:
        problems |= error.fields
    if problems:
        raise InvalidInput(problems)
    prepared = await registration.prepare_account(installation, new)

    async def write() -> bytes:
        async with transaction():
            await setup_links.mark_used(installation, token)
            if practice is None:
                await create_practice(installation, name)
            await registration.create_account(
                installation, position.role, prepared, profession=position.profession or ""
            )
            return await web_sessions.start_session(installation, prepared.id, prepared.account_key)

    return await run_with_retry(write)
