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
from journal.installation.installation import Installation
from journal.practice import setup_links, tables
from journal.roles import THERAPIST, Position
from journal.sealing import open_document, seal_document
from journal.store.rows import Row, fetch_row, fetch_rows, open_rows


class PracticeDetails(msgspec.Struct, frozen=True):
    """The practice as people see it, and whether it is the demonstration; server key."""

    name: str
    demo: bool | None = None  # None in rows that were written before it was sealed


PRACTICE_ID = 1
BATCH_SIZE = 50  # accounts
DEMO_ADDRESSES = ("bob@example.org", "alice@example.org", "dana@example.org", "femi@example.org")
"""The accounts of the demonstration in `journal/data`, by which a practice of before it was sealed is recognised."""
PRACTICE_CONTEXT = Context("practice", bytes(16), bytes(16))


class PracticeRow(Row, frozen=True):
    """The practice's row. Its unsealed column `demo` is not trusted."""

    sealed: bytes


@dataclass(frozen=True, slots=True)
class PracticeView:
    """The practice as every page names it; without a name where its row is `damaged`."""

    name: str
    is_demo: bool
    damaged: bool = False


class DemoConflict(JournalError):
    """A demonstration is never loaded into a real practice, nor the other way round."""

    message = N_(
        "This installation already holds a practice. Use an empty data folder for the demonstration."
    )


class WrongServerKey(JournalError):
    """The server key of this installation does not open its database. This is for whoever runs the program."""

    message = (
        "The server key is not the one of this database. Name the right one: HEARTHSIDE_SERVER_KEY_FILE."
    )


async def load_practice(installation: Installation) -> PracticeView | None:
    """Return the practice, or None while nobody has set it up."""
    row = await fetch_row(PracticeRow, tables.Practice.filter(id=PRACTICE_ID))
    if row is None:
        return None
    details = open_document(installation.server_keys, row.sealed, PRACTICE_CONTEXT, PracticeDetails)
    demo = await _has_demo_accounts(installation) if details.demo is None else details.demo
    return PracticeView(details.name, demo)


async def load_practice_view(installation: Installation) -> PracticeView | None:
    """
    Return the practice for every page, also where its own row is damaged; None while nobody has set it up.

    Raises:
        WrongServerKey: If nothing else opens either: then this is another installation's database.
    """
    try:
        return await load_practice(installation)
    except Damaged:
        if not await can_open_any_profile(installation):
            raise WrongServerKey from None
        return PracticeView("", False, damaged=True)


async def can_open_any_profile(installation: Installation) -> bool:
    """Return whether the server key opens the profile of one of the first accounts."""
    rows = await fetch_rows(
        ProfileRow, accounts_tables.Account.all().order_by("created_at").limit(BATCH_SIZE)
    )
    return bool(open_rows(rows, partial(open_profile, installation)))


async def _has_demo_accounts(installation: Installation) -> bool:
    """Return whether the people of the demonstration have accounts, which only the server key can fake."""
    indexes = [
        one.hex() for address in DEMO_ADDRESSES for one in installation.server_keys.blind_indexes(address)
    ]
    return await accounts_tables.Account.filter(email_index__in=indexes).count() == len(DEMO_ADDRESSES)


async def create_practice(installation: Installation, name: str, *, demo: bool = False) -> None:
    """Store the practice's name and, for good, whether it is a demonstration."""
    await tables.Practice.create(
        id=PRACTICE_ID,
        demo=demo,
        sealed=seal_document(installation.server_keys, PracticeDetails(name, demo), PRACTICE_CONTEXT),
        created_at=installation.clock(),
    )


async def create_setup_link(installation: Installation, position: Position = THERAPIST) -> str:
    """
    Create a one-time token with which one of the staff opens an account, valid for seven days.

    Raises:
        DemoConflict: If this is a demonstration, which real people must not enter.
    """
    await refuse_demo(installation)
    return await setup_links.create_setup_link(installation, position)


async def refuse_demo(installation: Installation) -> None:
    """Raise `DemoConflict` in a demonstration, which real people must not enter."""
    practice = await load_practice(installation)
    if practice is not None and practice.is_demo:
        raise DemoConflict(N_("This is a demonstration. Start an empty installation for a real practice."))
