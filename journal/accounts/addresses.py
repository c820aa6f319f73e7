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
from journal.installation.installation import Installation
from journal.mail import tables as mail_tables
from journal.mail.mail_addresses import is_deliverable
from journal.mail.messages import Message, message_context
from journal.sealing import open_document
from journal.store.database import execute, fetch_raw
from journal.store.rows import Row, fetch_rows, open_rows, parse_rows, require_undamaged

SELECT_FIRST = "SELECT id, sealed, email_index FROM account ORDER BY id LIMIT $1"
SELECT_NEXT = "SELECT id, sealed, email_index FROM account WHERE id > $1 ORDER BY id LIMIT $2"
LOCK_PRACTICE = "UPDATE practice SET created_at = created_at"
UPDATE_INDEX = "UPDATE account SET email_index = $1 WHERE id = $2 AND email_index = $3 AND sealed = $4"
BATCH_SIZE = 50
MAX_NAMED = 5


class AddressedRow(ProfileRow, frozen=True):
    """An account, as `SELECT_FIRST` and `SELECT_NEXT` ask for it."""

    email_index: str


class GivenUpRow(Row, frozen=True):
    """A message that was given up."""

    id: UUID
    sealed: bytes


@dataclass(frozen=True, slots=True)
class _AddressedAccount:
    """An account as it stands in its row, with the address in it."""

    id: UUID
    sealed: bytes
    index: str
    address: str


async def claim_index(installation: Installation, address: str, account: UUID) -> str | None:
    """
    Return the index of an account's new address, or None when another account has that address.

    No other account can take an address until the transaction ends: while the server key is being changed, two
    accounts could have the same address under different keys.
    """
    await execute(LOCK_PRACTICE)
    index = installation.server_keys.blind_index(address).hex()
    every = [one.hex() for one in installation.server_keys.blind_indexes(address)]
    taken = await tables.Account.filter(email_index__in=every).exclude(id=account).exists()
    return None if taken else index


async def upgrade_indexes(installation: Installation, *, batch_size: int = BATCH_SIZE) -> int:
    """
    Renew the index of every account whose index is not this version's; return how many there were.

    An account whose address another one has, in another spelling, gets the index of its own spelling. Each row is
    compared and swapped on its own, so processes can do this at the same time, and a run that was interrupted can
    be repeated.
    """
    carried = 0
    async for one in _iter_accounts(installation, batch_size):
        if not _has_current_index(installation, one):
            carried += await _upgrade_index(installation, one)
    return carried


async def reassign_indexes(installation: Installation) -> None:
    """
    Renew the index of accounts that had to use their own spelling beside an account that gave up the address.

    Call it at the end of the transaction in which an account changes its address or is deleted: afterwards anybody
    could take the free address.
    """
    await execute(LOCK_PRACTICE)
    async for one in _iter_accounts(installation, BATCH_SIZE):
        if one.index in _list_spelling_indexes(installation, one):
            await _upgrade_index(installation, one)


async def _upgrade_index(installation: Installation, one: _AddressedAccount) -> int:
    spelled = installation.server_keys.spelling_index(one.address).hex()
    indexes = [installation.server_keys.blind_index(one.address).hex(), spelled]
    if await _is_address_taken(installation, one):
        if one.index in _list_spelling_indexes(installation, one):
            return 0
        indexes = [spelled]
    for index in indexes:
        with suppress(IntegrityError):  # another account took it in the meantime
            return await execute(UPDATE_INDEX, index, one.id, one.index, one.sealed)
    return 0


async def _is_address_taken(installation: Installation, one: _AddressedAccount) -> bool:
    """Return whether another account has this address, under the newest key or an older one."""
    every = [index.hex() for index in installation.server_keys.blind_indexes(one.address)]
    found = tables.Account.filter(email_index__in=set(every) - _list_spelling_indexes(installation, one))
    return await found.exclude(id=one.id).exists()


async def list_address_problems(installation: Installation) -> list[str]:
    """Return a sentence for each kind of problem with addresses, with the accounts that have it."""
    twice, unwritable = [], []
    async for one in _iter_accounts(installation, BATCH_SIZE):
        if one.index in _list_spelling_indexes(installation, one):
            twice.append(one.id)
        if installation.mail is not None and not is_deliverable(one.address):
            unwritable.append(one.id)
    found = []
    if twice:
        found.append(
            f"Another account has the same address, in another spelling, as {_format_accounts(twice)}. Each is signed"
            " in to with"
            " the spelling it was opened with. Ask one of its owners to change it under Account."
        )
    if unwritable:
        found.append(
            f"No mail can be written to the address of {_format_accounts(unwritable)}, whichever server sends it, so"
            " its owner is"
            " told nothing. Ask them to change it under Account."
        )
    return found


async def count_undeliverable(installation: Installation) -> int:
    """Return how many messages were given up because no mail can be written to their address."""
    messages = open_rows(
        await fetch_rows(GivenUpRow, mail_tables.Outbox.exclude(gave_up_at=None)),
        lambda row: open_document(installation.server_keys, row.sealed, message_context(row.id), Message),
    )
    return sum(not is_deliverable(message.to) for message in messages)


def _format_accounts(accounts: list[UUID]) -> str:
    """Return the paths of accounts' pages, which administrators can open: an address is shown nowhere else."""
    pages = ", ".join(f"/people/{one}" for one in accounts[:MAX_NAMED])
    more = f" and {len(accounts) - MAX_NAMED} more" if len(accounts) > MAX_NAMED else ""
    return f"{pages}{more}"


def _has_current_index(installation: Installation, one: _AddressedAccount) -> bool:
    """Return whether an account has the index of its address, under the newest key or an older one."""
    if one.index == installation.server_keys.blind_index(one.address).hex():
        return True
    every = {index.hex() for index in installation.server_keys.blind_indexes(one.address)}
    return one.index in every - _list_spelling_indexes(installation, one)


def _list_spelling_indexes(installation: Installation, one: _AddressedAccount) -> set[str]:
    """Return the indexes of an address in this spelling alone."""
    return {index.hex() for index in installation.server_keys.spelling_indexes(one.address)}


async def _iter_accounts(installation: Installation, batch_size: int) -> AsyncIterator[_AddressedAccount]:
    """Yield every account whose profile opens; reads *batch_size* rows at a time."""
    page = await fetch_raw(SELECT_FIRST, batch_size)
    while page:
        for row in parse_rows(AddressedRow, page):
            try:
                one = require_undamaged(row)
                profile = open_profile(installation, one)
            except Damaged:
                continue
            yield _AddressedAccount(one.id, one.sealed, one.email_index, profile.email)
        await asyncio.sleep(0)  # SQLite answers at once: pages that people wait for come in between
        page = await fetch_raw(SELECT_NEXT, page[-1][0], batch_size)
