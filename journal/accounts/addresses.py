"""
The indexes by which accounts are found by their address: renewed after an upgrade, and checked.

An index is made of an address's normal form. What that form is can change with a version, and with the Unicode tables
that it brings; then each account's index is renewed, row by row, while people sign in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from tortoise.exceptions import IntegrityError

from journal.accounts import tables
from journal.accounts.profiles import ProfileRow, open_profile
from journal.errors import Damaged
from journal.installation.installation import House
from journal.mail import tables as mail_tables
from journal.mail.mail_addresses import is_deliverable
from journal.mail.messages import Message, message_context
from journal.sealing import open_document
from journal.store.database import change, fetch
from journal.store.rows import Row, open_each, read, sound, typed

FIRST = "SELECT id, sealed, email_index FROM account ORDER BY id LIMIT $1"
NEXT = "SELECT id, sealed, email_index FROM account WHERE id > $1 ORDER BY id LIMIT $2"
LOCK = "UPDATE practice SET created_at = created_at"
SWAP = "UPDATE account SET email_index = $1 WHERE id = $2 AND email_index = $3 AND sealed = $4"
AT_ONCE = 50
NAMED = 5


class AddressedRow(ProfileRow, frozen=True):
    """An account, as `FIRST` and `NEXT` ask for it."""

    email_index: str


class GivenUpRow(Row, frozen=True):
    """A message that was given up."""

    id: UUID
    sealed: bytes


@dataclass(frozen=True, slots=True)
class _Found:
    """An account as it stands in its row, with the address in it."""

    id: UUID
    sealed: bytes
    index: str
    address: str


async def index_for(house: House, address: str, account: UUID) -> str | None:
    """
    Return the index of an account's new address, or None when another account has that address.

    No other account can take an address until the transaction ends: while the server key is being changed, two
    accounts could have the same address under different keys.
    """
    await change(LOCK)
    index = house.server.blind_index(address).hex()
    every = [one.hex() for one in house.server.blind_indexes(address)]
    taken = await tables.Account.filter(email_index__in=every).exclude(id=account).exists()
    return None if taken else index


async def carry_over(house: House, *, at_once: int = AT_ONCE) -> int:
    """
    Renew the index of every account whose index is not this version's; return how many there were.

    An account whose address another one has, in another spelling, gets the index of its own spelling. Each row is
    compared and swapped on its own, so processes can do this at the same time, and a run that was interrupted can
    be repeated.
    """
    carried = 0
    async for one in _accounts(house, at_once):
        if not _is_found_by_its_address(house, one):
            carried += await _carry_one_over(house, one)
    return carried


async def hand_on(house: House) -> None:
    """
    Renew the index of accounts that had to use their own spelling beside an account that gave up the address.

    Call it at the end of the transaction in which an account changes its address or is deleted: afterwards anybody
    could take the free address.
    """
    await change(LOCK)
    async for one in _accounts(house, AT_ONCE):
        if one.index in _spellings(house, one):
            await _carry_one_over(house, one)


async def _carry_one_over(house: House, one: _Found) -> int:
    spelled = house.server.spelling_index(one.address).hex()
    indexes = [house.server.blind_index(one.address).hex(), spelled]
    if await _is_another_s(house, one):
        if one.index in _spellings(house, one):
            return 0
        indexes = [spelled]
    for index in indexes:
        with suppress(IntegrityError):  # another account took it in the meantime
            return await change(SWAP, index, one.id, one.index, one.sealed)
    return 0


async def _is_another_s(house: House, one: _Found) -> bool:
    """Return whether another account has this address, under the newest key or an older one."""
    every = [index.hex() for index in house.server.blind_indexes(one.address)]
    found = tables.Account.filter(email_index__in=set(every) - _spellings(house, one))
    return await found.exclude(id=one.id).exists()


async def faults(house: House) -> list[str]:
    """Return a sentence for each kind of problem with addresses, with the accounts that have it."""
    twice, unwritable = [], []
    async for one in _accounts(house, AT_ONCE):
        if one.index in _spellings(house, one):
            twice.append(one.id)
        if house.mail is not None and not is_deliverable(one.address):
            unwritable.append(one.id)
    found = []
    if twice:
        found.append(
            f"Another account has the same address, in another spelling, as {_named(twice)}. Each is signed in to with"
            " the spelling it was opened with. Ask one of its owners to change it under Account."
        )
    if unwritable:
        found.append(
            f"No mail can be written to the address of {_named(unwritable)}, whichever server sends it, so its owner is"
            " told nothing. Ask them to change it under Account."
        )
    return found


async def given_up_for_the_address(house: House) -> int:
    """Return how many messages were given up because no mail can be written to their address."""
    messages = open_each(
        await read(GivenUpRow, mail_tables.Outbox.exclude(gave_up_at=None)),
        lambda row: open_document(house.server, row.sealed, message_context(row.id), Message),
    )
    return sum(not is_deliverable(message.to) for message in messages)


def _named(accounts: list[UUID]) -> str:
    """Return the paths of accounts' pages, which administrators can open: an address is shown nowhere else."""
    pages = ", ".join(f"/people/{one}" for one in accounts[:NAMED])
    more = f" and {len(accounts) - NAMED} more" if len(accounts) > NAMED else ""
    return f"{pages}{more}"


def _is_found_by_its_address(house: House, one: _Found) -> bool:
    """Return whether an account has the index of its address, under the newest key or an older one."""
    if one.index == house.server.blind_index(one.address).hex():
        return True
    every = {index.hex() for index in house.server.blind_indexes(one.address)}
    return one.index in every - _spellings(house, one)


def _spellings(house: House, one: _Found) -> set[str]:
    """Return the indexes of an address in this spelling alone."""
    return {index.hex() for index in house.server.spelling_indexes(one.address)}


async def _accounts(house: House, at_once: int) -> AsyncIterator[_Found]:
    """Yield every account whose profile opens; reads *at_once* rows at a time."""
    page = await fetch(FIRST, at_once)
    while page:
        for row in typed(AddressedRow, page):
            try:
                one = sound(row)
                profile = open_profile(house, one)
            except Damaged:
                continue
            yield _Found(one.id, one.sealed, one.email_index, profile.email)
        await asyncio.sleep(0)  # SQLite answers at once: pages that people wait for come in between
        page = await fetch(NEXT, page[-1][0], at_once)
