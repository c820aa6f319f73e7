"""The practice of this installation, and how its staff open their accounts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from crypto import Context
from journal import new_accounts, setup_links, tables, websessions
from journal.documents import PracticeDetails, open_document, seal_document
from journal.errors import Damaged, JournalError, Refused
from journal.house import House
from journal.new_accounts import NewAccount
from journal.positions import THERAPIST, Position
from journal.store import transaction
from journal.typed import clean_name
from journal.words import N_

THE_ONE = 1
CONTEXT = Context("practice", bytes(16), bytes(16))


@dataclass(frozen=True, slots=True)
class PracticeView:
    """The practice as every page names it."""

    name: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class SettingUp:
    """What a set-up link makes of whoever uses it, and whether the practice has no name yet."""

    position: Position
    needs_name: bool


class RealPractice(JournalError):
    """A demonstration is never loaded into a real practice, nor the other way round."""

    message = N_(
        "This installation already holds a practice. Use an empty data folder for the demonstration."
    )


class WrongServerKey(JournalError):
    """The server key of this installation does not open its database. This is for whoever runs the program."""

    message = (
        "The server key is not the one of this database. Name the right one: HEARTHSIDE_SERVER_KEY_FILE."
    )


async def the_practice(house: House) -> PracticeView | None:
    """Give the practice, or None while nobody has set it up."""
    row = await tables.Practice.get_or_none(id=THE_ONE)
    if row is None:
        return None
    return PracticeView(
        open_document(house.server, bytes(row.sealed), CONTEXT, PracticeDetails).name, row.demo
    )


async def checked_practice(house: House) -> PracticeView | None:
    """
    Return the practice as `the_practice` does, to a command.

    Raises:
        WrongServerKey: If the server key does not open it.
    """
    try:
        return await the_practice(house)
    except Damaged as error:
        raise WrongServerKey from error


async def found(house: House, name: str, *, demo: bool = False) -> None:
    """Write down the practice's name and, for good, whether it is a demonstration."""
    await tables.Practice.create(
        id=THE_ONE,
        demo=demo,
        sealed=seal_document(house.server, PracticeDetails(name), CONTEXT),
        created_at=house.clock(),
    )


async def new_setup_link(house: House, position: Position = THERAPIST) -> str:
    """
    Make a one-time token with which one of the staff opens an account, valid for seven days.

    Raises:
        RealPractice: If this is a demonstration, which real people must not enter.
    """
    await refuse_demo(house)
    return await setup_links.make(house, position)


async def refuse_demo(house: House) -> None:
    """Raise `RealPractice` in a demonstration: nobody real comes in there."""
    practice = await the_practice(house)
    if practice is not None and practice.is_demo:
        raise RealPractice(N_("This is a demonstration. Start an empty installation for a real practice."))


async def setting_up(house: House, token: str) -> SettingUp:
    """
    Tell what the page of a set-up link has to ask and say.

    Raises:
        LinkExpired: If the link does not work.
    """
    position = await setup_links.position_of(house, token)
    return SettingUp(position, await the_practice(house) is None)


async def set_up(house: House, token: str, practice_name: str, new: NewAccount) -> bytes:
    """
    Open an account for one of the staff, and the practice when they are its first.

    Returns:
        A session token.

    Raises:
        LinkExpired: If the link does not work, or somebody used it first.
        Refused: If a field needs another look; the link stays good.
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
    readied = await new_accounts.ready(house, new)
    async with transaction():
        await setup_links.use(house, token)
        if practice is None:
            await found(house, name)
        await new_accounts.open_account(house, position.role, readied, profession=position.profession or "")
        return await websessions.start(house, readied.id, readied.account_key)
