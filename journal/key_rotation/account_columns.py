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
from journal.accounts import tables as accounts_tables
from journal.accounts.log_memory import memory_context
from journal.care import tables as care_tables
from journal.care.documents import invitation_secret_context, link_key_context
from journal.care.link_renewal import held_key_context
from journal.coming_talk.documents import set_context
from journal.importing import documents as importing
from journal.importing import tables as importing_tables
from journal.own_notes.documents import note_context
from journal.packets import documents as packets
from journal.packets import tables as packets_tables
from journal.practice import setup_links
from journal.practice import tables as practice_tables
from journal.replies.documents import draft_context
from journal.sessions import tables as sessions_tables
from journal.sessions.plan_key import own_key_context
from journal.sitter import tables as sitter_tables
from journal.sitter.copies import note_key_context
from journal.store.rows import DamagedRow, NonNegative, Row, fetch_rows
from journal.vault import tables as vault_tables
from journal.vault.contents import page_context, root_context
from journal.vault.documents import entry_context, revision_context


class SealingKey(StrEnum):
    """Which of the account's keys seals a column, and how."""

    VAULT = "vault"
    WRAPPED = "vault, as a wrapped key"
    PINS = "pins"


class SealedRow(Row, frozen=True):
    """A record's id and its sealed value."""

    id: UUID
    value: bytes


class RevisedRow(SealedRow, frozen=True):
    """A row with a revision."""

    revision: NonNegative


class PageRow(RevisedRow, frozen=True):
    """A page of a table of contents, identified by its number."""

    number: NonNegative


@dataclass(frozen=True, slots=True)
class AccountColumn:
    """
    One column.

    Attributes:
        name: Table and column.
        owner_path: The field, or path of relations, from a row to its account.
        revision_field: The field that counts a record's revisions, where it has one.
        row_type: What has to be read to open a row, where it is more than its id, the sealed value and its revision.
        counts_on: Sealing a row anew is a revision of its own, since two states of one revision are told apart from
            outside: by browsers, and by lines that are kept elsewhere.
    """

    name: str
    model: type[Model]
    sealed_with: SealingKey
    owner_path: str
    context: Callable[[UUID, UUID, int], Context]
    revision_field: str = ""
    row_type: type[SealedRow] | None = None
    counts_on: bool = False

    @property
    def column(self) -> str:
        """Return the name of the column alone."""
        return self.name.partition(".")[2]

    def query_rows(self, account: UUID) -> QuerySet[Any]:
        """Return a query for the account's rows."""
        wanted: dict[str, Any] = {self.owner_path: account, f"{self.column}__isnull": False}
        return self.model.filter(**wanted)

    async def load_rows(self, query: QuerySet[Any]) -> list[SealedRow | DamagedRow]:
        """Read the rows of *query*, as far as they have to be opened."""
        shape = self.row_type or (RevisedRow if self.revision_field else SealedRow)
        return await fetch_rows(shape, query, self.fields)

    async def replace(self, row: SealedRow, sealed: bytes) -> bool:
        """Replace what was read with *sealed*, as `seal_value` returned it, unless it was saved meanwhile."""
        unchanged: dict[str, Any] = {"id": row.id, self.column: row.value}
        values: dict[str, Any] = {self.column: sealed}
        if self.counts_on:
            unchanged[self.revision_field] = get_revision(row)
            values[self.revision_field] = self._get_next_revision(row)
        return bool(await self.model.filter(**unchanged).update(**values))

    @property
    def fields(self) -> Sequence[str]:
        """Return the columns needed to open a row: its id, the sealed value and what its context needs."""
        number = ["number"] if self.row_type is PageRow else []
        return ("id", self.column, *([self.revision_field] if self.revision_field else []), *number)

    def open_value(self, keyring: Keyring, account: UUID, row: SealedRow) -> bytes:
        """Open a row's value with these keys, not the retired ones; raises `CryptoError` if they do not fit."""
        sealed, place = row.value, self._get_context(account, row, get_revision(row))
        match self.sealed_with:
            case SealingKey.WRAPPED:
                return unwrap_key(keyring.vault, sealed, context=place)
            case SealingKey.PINS:
                return open_sealed(keyring.pins, sealed, context=place)
            case SealingKey.VAULT:
                return open_sealed(keyring.vault, sealed, context=place)

    def seal_value(self, keyring: Keyring, account: UUID, row: SealedRow, value: bytes) -> bytes:
        """Seal what `open_value` returned with these keys, for the same context; see `counts_on`."""
        place = self._get_context(account, row, self._get_next_revision(row))
        match self.sealed_with:
            case SealingKey.WRAPPED:
                return wrap_key(keyring.vault, value, context=place)
            case SealingKey.PINS:
                return seal(keyring.pins, value, context=place)
            case SealingKey.VAULT:
                return seal(keyring.vault, value, context=place)

    def _get_next_revision(self, row: SealedRow) -> int:
        return get_revision(row) + (1 if self.counts_on else 0)

    def _get_context(self, account: UUID, row: SealedRow, revision: int) -> Context:
        ident = UUID(int=row.number) if isinstance(row, PageRow) else row.id
        return self.context(account, ident, revision)


def get_revision(row: SealedRow) -> int:
    """Return a record's revision, or 0 where it counts none."""
    return row.revision if isinstance(row, RevisedRow) else 0


def _pin_context(account: UUID, link: UUID, _: int) -> Context:
    return Context("pin", account.bytes, link.bytes)


def _link_key_context(account: UUID, link: UUID, _: int) -> Context:
    return link_key_context(account, link)


def _held_key_context(account: UUID, link: UUID, _: int) -> Context:
    return held_key_context(account, link)


def _revision_context(account: UUID, revision: UUID, _: int) -> Context:
    return revision_context(account, revision)


def _note_key_context(account: UUID, link: UUID, _: int) -> Context:
    return note_key_context(account, link)


def _invitation_secret_context(account: UUID, invitation: UUID, _: int) -> Context:
    return invitation_secret_context(account, invitation)


def _talk_set_context(account: UUID, wanted: UUID, _: int) -> Context:
    return set_context(account, wanted)


def _setup_secret_context(maker: UUID, link: UUID, _: int) -> Context:
    return setup_links.setup_secret_context(maker, link)


def _page_context(account: UUID, number: UUID, revision: int) -> Context:
    return page_context(account, number.int, revision)


def _memory_context(account: UUID, _: UUID, revision: int) -> Context:
    return memory_context(account, revision)


def _plan_key_context(account: UUID, _: UUID, __: int) -> Context:
    return own_key_context(account)


def _state_context(account: UUID, _: UUID, revision: int) -> Context:
    return root_context(account, revision)


ACCOUNT_COLUMNS = (
    AccountColumn(
        "entry.sealed", vault_tables.Entry, SealingKey.VAULT, "owner_id", entry_context, "revision"
    ),
    AccountColumn(
        "entry_revision.sealed",
        vault_tables.EntryRevision,
        SealingKey.VAULT,
        "entry__owner_id",
        _revision_context,
    ),
    AccountColumn(
        "contents.sealed",
        vault_tables.ContentsPage,
        SealingKey.VAULT,
        "owner_id",
        _page_context,
        "revision",
        PageRow,
    ),
    AccountColumn(
        "record_state.sealed",
        vault_tables.RecordState,
        SealingKey.VAULT,
        "id",
        _state_context,
        "revision",
        counts_on=True,
    ),
    AccountColumn(
        "care_link.patient_key", care_tables.CareLink, SealingKey.WRAPPED, "patient_id", _link_key_context
    ),
    AccountColumn(
        "care_link.held_key", care_tables.CareLink, SealingKey.WRAPPED, "clinician_id", _held_key_context
    ),
    AccountColumn("care_link.patient_pin", care_tables.CareLink, SealingKey.PINS, "patient_id", _pin_context),
    AccountColumn(
        "care_link.clinician_pin", care_tables.CareLink, SealingKey.PINS, "clinician_id", _pin_context
    ),
    AccountColumn(
        "witness.sealed", accounts_tables.Witness, SealingKey.PINS, "owner_id", _memory_context, "revision"
    ),
    AccountColumn(
        "import_run.sealed",
        importing_tables.ImportRun,
        SealingKey.VAULT,
        "owner_id",
        importing.run_context,
        "revision",
    ),
    AccountColumn(
        "import_part.sealed",
        importing_tables.ImportPart,
        SealingKey.VAULT,
        "run__owner_id",
        importing.part_context,
    ),
    AccountColumn(
        "invitation.secret",
        care_tables.Invitation,
        SealingKey.VAULT,
        "clinician_id",
        _invitation_secret_context,
    ),
    AccountColumn(
        "own_note.sealed",
        care_tables.OwnNote,
        SealingKey.VAULT,
        "owner_id",
        note_context,
        "revision",
    ),
    AccountColumn(
        "packet.sealed",
        packets_tables.Packet,
        SealingKey.VAULT,
        "owner_id",
        packets.choice_context,
        "revision",
    ),
    AccountColumn("packet.told", packets_tables.Packet, SealingKey.VAULT, "owner_id", packets.told_context),
    AccountColumn(
        "packet.layout", packets_tables.Packet, SealingKey.VAULT, "owner_id", packets.layout_context
    ),
    AccountColumn("packet.file", packets_tables.Packet, SealingKey.VAULT, "owner_id", packets.file_context),
    AccountColumn(
        "plan_key.wrapped", sessions_tables.PlanKey, SealingKey.WRAPPED, "patient_id", _plan_key_context
    ),
    AccountColumn(
        "reply_draft.sealed",
        care_tables.ReplyDraft,
        SealingKey.VAULT,
        "owner_id",
        draft_context,
        "revision",
    ),
    AccountColumn(
        "setup_link.secret", practice_tables.SetupLink, SealingKey.VAULT, "maker_id", _setup_secret_context
    ),
    AccountColumn(
        "talk_set.sealed", care_tables.TalkSet, SealingKey.VAULT, "clinician_id", _talk_set_context
    ),
    AccountColumn(
        "sitter_link.note_key", sitter_tables.SitterLink, SealingKey.WRAPPED, "patient_id", _note_key_context
    ),
)
