"""
Every column that is sealed under a care link's key: drawing another key for a link seals all of them anew.

A column that is missing here would no longer open afterwards. A test goes through every column of bytes, and fails
until each is listed here, among those of an account, or among those that other keys seal. The list of copies is not
here: it is sealed anew at once, as the key is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.models import Model
from tortoise.queryset import QuerySet

from crypto import Context
from journal.care import tables
from journal.care.documents import (
    clinician_head_context,
    given_back_context,
    patient_head_context,
    share_context,
)
from journal.care_notes.notes import care_note_context
from journal.coming_talk.documents import item_context, mark_context, word_context
from journal.notices.documents import done_context, notice_context, policy_context
from journal.replies.documents import reply_context
from journal.sessions.plan_key import key_copy_context
from journal.sharing.talked import filed_context, talked_context
from journal.store.rows import DamagedRow, NonNegative, Row, fetch_rows


class LinkedRow(Row, frozen=True):
    """A record's id and its sealed value."""

    id: UUID
    value: bytes


class RevisedRow(LinkedRow, frozen=True):
    """The same with a revision."""

    revision: NonNegative


class VersionRow(LinkedRow, frozen=True):
    """The same of a version of a note."""

    note: UUID
    version: NonNegative


@dataclass(frozen=True, slots=True)
class LinkColumn:
    """
    One column.

    Attributes:
        name: Table and column.
        link_field: The field that names a row's care link.
        context: Returns the seal context from the link and a row.
        row_type: What has to be read to open a row.
    """

    name: str
    model: type[Model]
    link_field: str
    context: Callable[[UUID, Any], Context]
    row_type: type[LinkedRow] = LinkedRow

    @property
    def column(self) -> str:
        """Return the name of the column alone."""
        return self.name.partition(".")[2]

    def query_rows(self, link: UUID) -> QuerySet[Any]:
        """Return a query for the link's rows."""
        wanted: dict[str, Any] = {self.link_field: link, f"{self.column}__isnull": False}
        return self.model.filter(**wanted)

    async def load_rows(self, query: QuerySet[Any]) -> list[LinkedRow | DamagedRow]:
        """Read the rows of *query*, as far as they have to be opened."""
        own = set(LinkedRow.__struct_fields__)
        more = [name for name in self.row_type.__struct_fields__ if name not in own]
        return await fetch_rows(self.row_type, query, ("id", self.column, *more))

    async def replace(self, row: LinkedRow, sealed: bytes) -> bool:
        """Replace what was read with *sealed*, unless it was saved meanwhile."""
        unchanged: dict[str, Any] = {"id": row.id, self.column: row.value}
        return bool(await self.model.filter(**unchanged).update(**{self.column: sealed}))


def _share(link: UUID, row: RevisedRow) -> Context:
    return share_context(link, row.id, row.revision)


def _reply(link: UUID, row: RevisedRow) -> Context:
    return reply_context(link, row.id, row.revision)


def _policy(link: UUID, row: RevisedRow) -> Context:
    return policy_context(link, row.revision)


def _note(link: UUID, row: VersionRow) -> Context:
    return care_note_context(link, row.note, row.version)


def _patient_head(link: UUID, _: LinkedRow) -> Context:
    return patient_head_context(link)


def _clinician_head(link: UUID, _: LinkedRow) -> Context:
    return clinician_head_context(link)


def _plan_copy(link: UUID, _: LinkedRow) -> Context:
    return key_copy_context(link)


def _by_id(context: Callable[[UUID, UUID], Context]) -> Callable[[UUID, LinkedRow], Context]:
    return lambda link, row: context(link, row.id)


SHARES = LinkColumn("share.sealed", tables.Share, "link_id", _share, RevisedRow)
LINK_COLUMNS = (
    SHARES,
    LinkColumn("share.talked", tables.Share, "link_id", _by_id(talked_context)),
    LinkColumn("share.filed", tables.Share, "link_id", _by_id(filed_context)),
    LinkColumn("reply.sealed", tables.Reply, "link_id", _reply, RevisedRow),
    LinkColumn("care_note.sealed", tables.CareNote, "link_id", _note, VersionRow),
    LinkColumn("talk_item.sealed", tables.TalkItem, "link_id", _by_id(item_context)),
    LinkColumn("talk_item.said", tables.TalkItem, "link_id", _by_id(word_context)),
    LinkColumn("talk_item.mark", tables.TalkItem, "link_id", _by_id(mark_context)),
    LinkColumn("notice_policy.sealed", tables.NoticePolicy, "id", _policy, RevisedRow),
    LinkColumn("patient_notice.sealed", tables.PatientNotice, "link_id", _by_id(notice_context)),
    LinkColumn("patient_notice.backup_sealed", tables.PatientNotice, "backup_id", _by_id(notice_context)),
    LinkColumn("patient_notice.done", tables.PatientNotice, "acknowledged_by", _by_id(done_context)),
    LinkColumn("link_head.patient_head", tables.LinkHead, "id", _patient_head),
    LinkColumn("link_head.clinician_head", tables.LinkHead, "id", _clinician_head),
    LinkColumn("care_link.plan_copy", tables.CareLink, "id", _plan_copy),
    LinkColumn("given_back.sealed", tables.GivenBack, "link_id", _by_id(given_back_context)),
)
