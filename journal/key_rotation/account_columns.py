"""
Every column that is sealed under an account's own keys: a rotation of those keys reseals all of them.

A column that is missing here would no longer open after a rotation. A test goes through every column of bytes, and
fails until each is listed either here or among those that other keys seal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise.models import Model
from tortoise.queryset import QuerySet

from crypto import Context, Keyring, open_sealed, seal, unwrap_key, wrap_key
from journal.care import tables as care_tables
from journal.care.documents import link_key_context, secret_context
from journal.practice import setup_links
from journal.practice import tables as practice_tables
from journal.store.rows import Counted, DamagedRow, Row, read
from journal.vault import tables as vault_tables
from journal.vault.contents import page_context, root_context
from journal.vault.documents import entry_context, revision_context


class Under(StrEnum):
    """Which of the account's keys seals a column, and how."""

    VAULT = "vault"
    WRAPPED = "vault, as a wrapped key"
    PINS = "pins"


class OwnRow(Row, frozen=True):
    """A record's id and its sealed value."""

    id: UUID
    value: bytes


class RevisedRow(OwnRow, frozen=True):
    """A row with a revision."""

    revision: Counted


class PageRow(RevisedRow, frozen=True):
    """A page of a table of contents, identified by its number."""

    number: Counted


@dataclass(frozen=True, slots=True)
class Own:
    """
    One column.

    Attributes:
        name: Table and column.
        whose: The field, or path of relations, from a row to its account.
        revision: The field that counts a record's revisions, where it has one.
        row: What has to be read to open a row, where it is more than its id, the sealed value and its revision.
    """

    name: str
    model: type[Model]
    under: Under
    whose: str
    context: Callable[[UUID, UUID, int], Context]
    revision: str = ""
    row: type[OwnRow] | None = None

    @property
    def column(self) -> str:
        """Return the name of the column alone."""
        return self.name.partition(".")[2]

    def of(self, account: UUID) -> QuerySet[Any]:
        """Return a query for the account's rows."""
        wanted: dict[str, Any] = {self.whose: account, f"{self.column}__isnull": False}
        return self.model.filter(**wanted)

    async def read(self, query: QuerySet[Any]) -> list[OwnRow | DamagedRow]:
        """Read the rows of *query*, as far as they have to be opened."""
        shape = self.row or (RevisedRow if self.revision else OwnRow)
        return await read(shape, query, self.fields)

    async def replace(self, row: OwnRow, sealed: bytes) -> bool:
        """Replace what was read with *sealed*, unless it was saved meanwhile."""
        unchanged: dict[str, Any] = {"id": row.id, self.column: row.value}
        return bool(await self.model.filter(**unchanged).update(**{self.column: sealed}))

    @property
    def fields(self) -> Sequence[str]:
        """Return the columns needed to open a row: its id, the sealed value and what its context needs."""
        number = ["number"] if self.row is PageRow else []
        return ("id", self.column, *([self.revision] if self.revision else []), *number)

    def opened(self, keyring: Keyring, account: UUID, row: OwnRow) -> bytes:
        """Open a row's value with these keys, not the retired ones; raises `CryptoError` if they do not fit."""
        sealed, place = row.value, self._place(account, row)
        match self.under:
            case Under.WRAPPED:
                return unwrap_key(keyring.vault, sealed, context=place)
            case Under.PINS:
                return open_sealed(keyring.pins, sealed, context=place)
            case Under.VAULT:
                return open_sealed(keyring.vault, sealed, context=place)

    def sealed(self, keyring: Keyring, account: UUID, row: OwnRow, value: bytes) -> bytes:
        """Seal what `opened` returned with these keys, for the same context."""
        place = self._place(account, row)
        match self.under:
            case Under.WRAPPED:
                return wrap_key(keyring.vault, value, context=place)
            case Under.PINS:
                return seal(keyring.pins, value, context=place)
            case Under.VAULT:
                return seal(keyring.vault, value, context=place)

    def _place(self, account: UUID, row: OwnRow) -> Context:
        ident = UUID(int=row.number) if isinstance(row, PageRow) else row.id
        return self.context(account, ident, revision_of(row))


def revision_of(row: OwnRow) -> int:
    """Return a record's revision, or 0 where it counts none."""
    return row.revision if isinstance(row, RevisedRow) else 0


def _pin(account: UUID, link: UUID, _: int) -> Context:
    return Context("pin", account.bytes, link.bytes)


def _link_key(account: UUID, link: UUID, _: int) -> Context:
    return link_key_context(account, link)


def _earlier(account: UUID, revision: UUID, _: int) -> Context:
    return revision_context(account, revision)


def _secret(account: UUID, invitation: UUID, _: int) -> Context:
    return secret_context(account, invitation)


def _token(maker: UUID, link: UUID, _: int) -> Context:
    return setup_links.secret_context(maker, link)


def _page(account: UUID, number: UUID, revision: int) -> Context:
    return page_context(account, number.int, revision)


def _state(account: UUID, _: UUID, revision: int) -> Context:
    return root_context(account, revision)


OWN = (
    Own("entry.sealed", vault_tables.Entry, Under.VAULT, "owner_id", entry_context, "revision"),
    Own("entry_revision.sealed", vault_tables.EntryRevision, Under.VAULT, "entry__owner_id", _earlier),
    Own("contents.sealed", vault_tables.ContentsPage, Under.VAULT, "owner_id", _page, "revision", PageRow),
    Own("record_state.sealed", vault_tables.RecordState, Under.VAULT, "id", _state, "revision"),
    Own("care_link.patient_key", care_tables.CareLink, Under.WRAPPED, "patient_id", _link_key),
    Own("care_link.patient_pin", care_tables.CareLink, Under.PINS, "patient_id", _pin),
    Own("care_link.clinician_pin", care_tables.CareLink, Under.PINS, "clinician_id", _pin),
    Own("invitation.secret", care_tables.Invitation, Under.VAULT, "clinician_id", _secret),
    Own("setup_link.secret", practice_tables.SetupLink, Under.VAULT, "maker_id", _token),
)
