"""The practice of this installation, and the set-up links of its staff."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial

import msgspec

from crypto import Context
from journal.accounts import tables as accounts_tables
from journal.accounts.names import parse_phones
from journal.accounts.profiles import ProfileRow, open_profile
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.catalogue.crisis_contacts import find_region_problems
from journal.errors import Damaged, InvalidInput, JournalError, NotFound
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.practice import setup_links, tables
from journal.roles import THERAPIST, Position, Role
from journal.sealing import open_document, seal_document
from journal.store.database import execute, fetch_raw, transaction
from journal.store.rows import Row, fetch_row, fetch_rows, open_rows, parse_first_row
from journal.user_input import build_phone_link, clean_name


class PracticeDetails(msgspec.Struct, frozen=True):
    """The practice as people see it, and whether it is the demonstration; server key."""

    name: str
    demo: bool | None = None  # None in rows that were written before it was sealed
    phone: str = ""
    after_hours: str = ""
    region: str = ""
    closing_on: str = ""  # the last day on which records can be taken, ISO 8601; empty while no end is known
    closing_notice: str = ""  # names what people are told of that day
    restored_at: str = (
        ""  # when a backup was restored last, ISO 8601 with its zone; empty while none was announced
    )
    restored_to: str = ""  # the last moment that was in that backup


PRACTICE_ID = 1
SELECT_PRACTICE = "SELECT sealed FROM practice WHERE id = 1"
LOCK_PRACTICE = "UPDATE practice SET demo = demo WHERE id = $1"
BATCH_SIZE = 50  # accounts
MAX_NAME_LENGTH = 100
DEMO_ADDRESSES = ("bob@example.org", "alice@example.org", "dana@example.org", "femi@example.org")
"""The accounts of the demonstration in `journal/data`, by which a practice of before it was sealed is recognised."""
PRACTICE_CONTEXT = Context("practice", bytes(16), bytes(16))


class PracticeRow(Row, frozen=True):
    """The practice's row. Its unsealed column `demo` is not trusted."""

    sealed: bytes


@dataclass(frozen=True, slots=True)
class PracticePhone:
    """A phone number of the practice, as it is shown, and when it is for."""

    label: str
    number: str

    @property
    def href(self) -> str:
        """Return the link that calls it: it dials the digits that are shown."""
        return build_phone_link(self.number)


@dataclass(frozen=True, slots=True)
class Restoration:
    """A backup that was restored: when that was, and the last moment that was in it; both in UTC."""

    at: datetime
    until: datetime

    @property
    def name(self) -> str:
        """Return what it is called where it stands that somebody was told of it."""
        return self.at.isoformat()


@dataclass(frozen=True, slots=True)
class PracticeView:
    """The practice as every page names it; without a name where its row is `damaged`."""

    name: str
    is_demo: bool
    damaged: bool = False
    phones: tuple[PracticePhone, ...] = ()
    region: str = ""
    closing_on: date | None = None
    restoration: Restoration | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """Until when records can be taken, None while no end is known, and the name of the notice that tells it."""

    on: date | None
    notice: str


@dataclass(frozen=True, slots=True)
class PracticeSettings:
    """What an administrator sets: name, phone numbers and the region whose crisis contacts are shown first."""

    name: str
    phone: str = ""
    after_hours: str = ""
    region: str = ""


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


async def fetch_sealed_practice() -> object:
    """Return what stands in the practice's row, unopened; None while nobody has set it up."""
    rows = await fetch_raw(SELECT_PRACTICE)
    return rows[0][0] if rows else None


async def open_practice(installation: Installation, sealed: object) -> PracticeView | None:
    """Open what stands in the practice's row, or return None when there is no row; raises `Damaged`."""
    row = parse_first_row(PracticeRow, [] if sealed is None else [(sealed,)])
    if row is None:
        return None
    details = _open_details(installation, row)
    demo = await _has_demo_accounts(installation) if details.demo is None else details.demo
    phones = tuple(
        PracticePhone(label, number)
        for label, number in (
            (N_("Your practice"), details.phone),
            (N_("Your practice, after hours"), details.after_hours),
        )
        if number
    )
    return PracticeView(
        details.name,
        demo,
        phones=phones,
        region=details.region,
        closing_on=_build_closing(details).on,
        restoration=_build_restoration(details),
    )


async def load_practice(installation: Installation) -> PracticeView | None:
    """Return the practice, or None while nobody has set it up."""
    return await open_practice(installation, await fetch_sealed_practice())


async def load_settings(actor: Actor) -> PracticeSettings:
    """Return what an administrator can change about the practice."""
    actor.require_role(Role.ADMINISTRATOR)
    details = await _load_details(actor.installation)
    return PracticeSettings(details.name, details.phone, details.after_hours, details.region)


async def change_practice(actor: Actor, typed: PracticeSettings) -> None:
    """
    Change the practice's name, phone numbers and region.

    Raises:
        InvalidInput: With a sentence for each field that needs another look.
    """
    actor.require_role(Role.ADMINISTRATOR)
    settings = _validate(typed)
    async with transaction():
        await execute(LOCK_PRACTICE, PRACTICE_ID)
        before = await _load_details(actor.installation)
        after = msgspec.structs.replace(before, **asdict(settings))
        if after == before:
            return
        sealed = seal_document(actor.installation.server_keys, after, PRACTICE_CONTEXT)
        await tables.Practice.filter(id=PRACTICE_ID).update(sealed=sealed)
        await audit_log.record_event(actor, Act.PRACTICE_CHANGED)


async def load_closing(installation: Installation) -> Closing:
    """Return until when records can be taken, as it stands now; raises `NotFound` while there is no practice."""
    return _build_closing(await _load_details(installation))


async def set_closing(installation: Installation, day: date | None, notice: str) -> str:
    """
    Set until when records can be taken, from the command line; None takes it off the pages.

    Args:
        notice: What the day's notice is called, if it is another day than before.

    Returns:
        What the notice of that day is called.
    """
    async with transaction():
        await execute(LOCK_PRACTICE, PRACTICE_ID)
        before = await _load_details(installation)
        day_then = day.isoformat() if day else ""
        if before.closing_on == day_then:
            return before.closing_notice
        after = msgspec.structs.replace(before, closing_on=day_then, closing_notice=notice)
        sealed = seal_document(installation.server_keys, after, PRACTICE_CONTEXT)
        await tables.Practice.filter(id=PRACTICE_ID).update(sealed=sealed)
        await audit_log.record_unauthenticated_event(installation, None, Act.CLOSING_CHANGED)
    return notice


async def set_restoration(installation: Installation, at: datetime, until: datetime) -> None:
    """Announce, from the command line, that a backup was restored *at* which ends at *until*."""
    async with transaction():
        await execute(LOCK_PRACTICE, PRACTICE_ID)
        before = await _load_details(installation)
        after = msgspec.structs.replace(before, restored_at=at.isoformat(), restored_to=until.isoformat())
        sealed = seal_document(installation.server_keys, after, PRACTICE_CONTEXT)
        await tables.Practice.filter(id=PRACTICE_ID).update(sealed=sealed)
        await audit_log.record_unauthenticated_event(installation, None, Act.BACKUP_RESTORED)


def _build_restoration(details: PracticeDetails) -> Restoration | None:
    try:
        at, until = map(datetime.fromisoformat, (details.restored_at, details.restored_to))
    except ValueError:
        return None
    return Restoration(at, until) if at.tzinfo and until.tzinfo else None


def _build_closing(details: PracticeDetails) -> Closing:
    try:
        return Closing(date.fromisoformat(details.closing_on), details.closing_notice)
    except ValueError:
        return Closing(None, "")


def find_practice_name_problems(name: str) -> dict[str, str]:
    """Return the problem with a practice's name, by field."""
    if 1 <= len(name) <= MAX_NAME_LENGTH:
        return {}
    return {"practice_name": N_("Write the practice's name, up to 100 characters.")}


def _validate(typed: PracticeSettings) -> PracticeSettings:
    name, region = clean_name(typed.name), typed.region
    problems = find_practice_name_problems(name) | find_region_problems(region)
    numbers, wrong = parse_phones({"phone": typed.phone, "after_hours": typed.after_hours})
    if problems := problems | wrong:
        raise InvalidInput(problems)
    return PracticeSettings(name, **numbers, region=region)


async def _load_details(installation: Installation) -> PracticeDetails:
    row = await fetch_row(PracticeRow, tables.Practice.filter(id=PRACTICE_ID))
    if row is None:
        raise NotFound
    return _open_details(installation, row)


def _open_details(installation: Installation, row: PracticeRow) -> PracticeDetails:
    return open_document(installation.server_keys, row.sealed, PRACTICE_CONTEXT, PracticeDetails)


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
