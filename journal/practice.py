"""The practice of this installation, and how its staff open their accounts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from crypto import Context
from journal import setup_links, tables
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import ProfileRow, open_profile
from journal.authentication import registration, web_sessions
from journal.authentication.registration import NewAccount
from journal.demo_texts import demo_practice
from journal.documents import PracticeDetails
from journal.errors import Damaged, JournalError, Refused
from journal.i18n import N_
from journal.installation.installation import House
from journal.roles import THERAPIST, Position
from journal.sealing import open_document, seal_document
from journal.store.database import transaction
from journal.store.progress import repeated
from journal.store.rows import Row, open_each, read, read_one
from journal.typed import clean_name

THE_ONE = 1
SOME = 50  # accounts
CONTEXT = Context("practice", bytes(16), bytes(16))


class PracticeRow(Row, frozen=True):
    """The practice's row. What it says of a demonstration in the clear is not believed."""

    sealed: bytes


@dataclass(frozen=True, slots=True)
class PracticeView:
    """The practice as every page names it; without a name where its row is `damaged`."""

    name: str
    is_demo: bool
    damaged: bool = False


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
    row = await read_one(PracticeRow, tables.Practice.filter(id=THE_ONE))
    if row is None:
        return None
    details = open_document(house.server, row.sealed, CONTEXT, PracticeDetails)
    demo = await _holds_the_invented(house) if details.demo is None else details.demo
    return PracticeView(details.name, demo)


async def shown(house: House) -> PracticeView | None:
    """
    Return the practice for every page, also where its own row is damaged; None while nobody has set it up.

    Raises:
        WrongServerKey: If nothing else opens either: then this is another installation's database.
    """
    try:
        return await the_practice(house)
    except Damaged:
        if not await opens_anything(house):
            raise WrongServerKey from None
        return PracticeView("", False, damaged=True)


async def opens_anything(house: House) -> bool:
    """Return whether the server key opens the profile of one of the first accounts."""
    rows = await read(ProfileRow, accounts_tables.Account.all().order_by("created_at").limit(SOME))
    return bool(open_each(rows, partial(open_profile, house)))


async def _holds_the_invented(house: House) -> bool:
    """Return whether the people of the demonstration have accounts, which only the server key can make it seem."""
    demo = demo_practice()
    people = (demo.clinician, *demo.patients)
    indexes = [one.hex() for person in people for one in house.server.blind_indexes(person.email)]
    return await accounts_tables.Account.filter(email_index__in=indexes).count() == len(people)


async def found(house: House, name: str, *, demo: bool = False) -> None:
    """Write down the practice's name and, for good, whether it is a demonstration."""
    await tables.Practice.create(
        id=THE_ONE,
        demo=demo,
        sealed=seal_document(house.server, PracticeDetails(name, demo), CONTEXT),
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
