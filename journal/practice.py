"""The practice of this installation, and the one-time links with which its clinicians begin."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256

from crypto import Context
from journal import audit, new_accounts, tables, websessions
from journal.actors import Role
from journal.audit import Act
from journal.documents import PracticeDetails, open_document, seal_document
from journal.errors import JournalError, LinkExpired, Refused
from journal.house import House
from journal.new_accounts import NewAccount
from journal.store import transaction
from journal.words import N_

THE_ONE = 1
SETUP_LIFETIME = timedelta(days=7)
CONTEXT = Context("practice", bytes(16), bytes(16))


@dataclass(frozen=True, slots=True)
class PracticeView:
    """The practice as every page names it."""

    name: str
    is_demo: bool


class RealPractice(JournalError):
    """A demonstration is never loaded into a real practice, nor the other way round."""

    message = N_(
        "This installation already holds a practice. Use an empty data folder for the demonstration."
    )


async def the_practice(house: House) -> PracticeView | None:
    """Give the practice, or None while nobody has set it up."""
    row = await tables.Practice.get_or_none(id=THE_ONE)
    if row is None:
        return None
    return PracticeView(
        open_document(house.server, bytes(row.sealed), CONTEXT, PracticeDetails).name, row.demo
    )


async def found(house: House, name: str, *, demo: bool = False) -> None:
    """Write down the practice's name and, for good, whether it is a demonstration."""
    await tables.Practice.create(
        id=THE_ONE,
        demo=demo,
        sealed=seal_document(house.server, PracticeDetails(name), CONTEXT),
        created_at=house.clock(),
    )


async def new_setup_link(house: House) -> str:
    """
    Make a one-time token with which a clinician opens an account, valid for seven days.

    Raises:
        RealPractice: If this is a demonstration, which real people must not enter.
    """
    practice = await the_practice(house)
    if practice is not None and practice.is_demo:
        raise RealPractice(N_("This is a demonstration. Start an empty installation for a real practice."))
    token = secrets.token_bytes(32)
    now = house.clock()
    async with transaction():
        await tables.SetupLink.create(lookup=_lookup(token), created_at=now, expires_at=now + SETUP_LIFETIME)
        await audit.note_unsigned(house, None, Act.SETUP_LINK_MADE)
    return urlsafe_b64encode(token).rstrip(b"=").decode()


async def setup_needs_name(house: House, token: str) -> bool:
    """
    Tell whether the practice has no name yet, so that the page asks for one.

    Raises:
        LinkExpired: If the link does not work.
    """
    used = await tables.SetupLink.filter(
        lookup=_lookup(_token(token)), used_at=None, expires_at__gt=house.clock()
    ).exists()
    if not used:
        raise LinkExpired
    return await the_practice(house) is None


async def set_up(house: House, token: str, practice_name: str, new: NewAccount) -> bytes:
    """
    Open the clinician's account, and the practice when they are its first.

    Returns:
        A session token.

    Raises:
        LinkExpired: If the link does not work, or somebody used it first.
        Refused: If a field needs another look; the link stays good.
    """
    practice = await the_practice(house)
    name = practice.name if practice else " ".join(practice_name.split())
    problems: dict[str, str] = {}
    if not 1 <= len(name) <= 100:
        problems["practice_name"] = N_("Write the practice's name, up to 100 characters.")
    try:
        new = await house.stretch(partial(new.checked, name))
    except Refused as error:
        problems |= error.fields
    if problems:
        raise Refused(problems)
    readied, now = await new_accounts.ready(house, new), house.clock()
    async with transaction():
        won = await tables.SetupLink.filter(
            lookup=_lookup(_token(token)), used_at=None, expires_at__gt=now
        ).update(used_at=now)
        if not won:
            raise LinkExpired
        if practice is None:
            await found(house, name)
        await new_accounts.open_account(house, Role.CLINICIAN, readied)
        return await websessions.start(house, readied.id, readied.account_key)


def _token(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise LinkExpired from error


def _lookup(token: bytes) -> str:
    return sha256(b"hearthside/v1/setup-link" + token).hexdigest()
