"""The profile of an account, as it stands in its row."""

from __future__ import annotations

from uuid import UUID

from tortoise.queryset import QuerySet

from journal import tables
from journal.documents import Profile, profile_context
from journal.errors import Damaged
from journal.installation.installation import House
from journal.sealing import open_document
from journal.store.rows import Row, read_one


class ProfileRow(Row, frozen=True):
    """An account's id and profile."""

    id: UUID
    sealed: bytes


async def load_profile(house: House, account: UUID) -> Profile:
    """Open an account's profile; raises `Damaged`."""
    found = await find_profile(house, tables.Account.filter(id=account))
    if found is None:
        raise Damaged
    return found


async def find_profile(house: House, accounts: QuerySet[tables.Account]) -> Profile | None:
    """Open the profile of the first of *accounts*, or give None where there is none; raises `Damaged`."""
    row = await read_one(ProfileRow, accounts)
    return open_profile(house, row) if row else None


def known_profile(house: House, account: UUID, sealed: bytes) -> Profile:
    """
    Open an account's profile for a page; the very same bytes are opened once. Raises `Damaged`.

    What changes a profile, or goes through all of them, opens it by `open_profile`.
    """
    memory = house.server.opened
    key = (Profile, account, sealed)
    found: Profile | None = memory.get(key)
    if found is None:
        found = open_document(house.server, sealed, profile_context(account), Profile)
        memory.keep(key, found)
    return found


def open_profile(house: House, row: ProfileRow) -> Profile:
    """Open a row; raises `Damaged`."""
    return open_document(house.server, row.sealed, profile_context(row.id), Profile)
