"""The practice of this installation, and the set-up links of its staff."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import msgspec

from crypto import Context
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import ProfileRow, open_profile
from journal.errors import Damaged, JournalError
from journal.i18n import N_
from journal.installation.installation import House
from journal.practice import setup_links, tables
from journal.practice.demo_data import demo_practice
from journal.roles import THERAPIST, Position
from journal.sealing import open_document, seal_document
from journal.store.rows import Row, open_each, read, read_one


class PracticeDetails(msgspec.Struct, frozen=True):
    """The practice as people see it, and whether it is the demonstration; server key."""

    name: str
    demo: bool | None = None  # None in rows that were written before it was sealed


THE_ONE = 1
SOME = 50  # accounts
CONTEXT = Context("practice", bytes(16), bytes(16))


class PracticeRow(Row, frozen=True):
    """The practice's row. Its unsealed column `demo` is not trusted."""

    sealed: bytes


@dataclass(frozen=True, slots=True)
class PracticeView:
    """The practice as every page names it; without a name where its row is `damaged`."""

    name: str
    is_demo: bool
    damaged: bool = False


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
    """Return the practice, or None while nobody has set it up."""
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
    """Return whether the people of the demonstration have accounts, which only the server key can fake."""
    demo = demo_practice()
    people = (demo.clinician, *demo.patients)
    indexes = [one.hex() for person in people for one in house.server.blind_indexes(person.email)]
    return await accounts_tables.Account.filter(email_index__in=indexes).count() == len(people)


async def found(house: House, name: str, *, demo: bool = False) -> None:
    """Store the practice's name and, for good, whether it is a demonstration."""
    await tables.Practice.create(
        id=THE_ONE,
        demo=demo,
        sealed=seal_document(house.server, PracticeDetails(name, demo), CONTEXT),
        created_at=house.clock(),
    )


async def new_setup_link(house: House, position: Position = THERAPIST) -> str:
    """
    Create a one-time token with which one of the staff opens an account, valid for seven days.

    Raises:
        RealPractice: If this is a demonstration, which real people must not enter.
    """
    await refuse_demo(house)
    return await setup_links.make(house, position)


async def refuse_demo(house: House) -> None:
    """Raise `RealPractice` in a demonstration, which real people must not enter."""
    practice = await the_practice(house)
    if practice is not None and practice.is_demo:
        raise RealPractice(N_("This is a demonstration. Start an empty installation for a real practice."))
