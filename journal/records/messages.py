"""What goes between a patient and a clinician, as an export holds it: notices, what was agreed about them, replies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from journal.i18n import get_known_language
from journal.notices.history import NoticeState, PastNotice, ReceivedNotice
from journal.notices.policy import Agreement
from journal.replies.rows import SentReply
from journal.roles import Role

if TYPE_CHECKING:
    from journal.notices.documents import Terms


class AgreementRecord(msgspec.Struct, frozen=True):
    """What a patient and one clinician agreed on about notices, or what one of them proposed."""

    link_id: UUID
    is_agreed: bool
    hours: int
    backup_link_id: UUID | None
    backup_name: str
    looks: str
    proposed_by: Role
    proposed_at: datetime
    agreed_at: datetime | None
    language: str


class NoticeRecord(msgspec.Struct, frozen=True):
    """A notice that was written with an answer, with what became of it; or why none was."""

    id: UUID | None
    entry_id: UUID | None
    state: NoticeState
    at: datetime
    link_id: UUID | None
    name: str
    backup_link_id: UUID | None
    backup_name: str
    release_at: datetime | None
    sent_at: datetime | None
    backup_at: datetime | None
    backup_sent_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    acknowledged_name: str
    done: str
    language: str


class ReceivedNoticeRecord(msgspec.Struct, frozen=True):
    """A notice that went to the clinician who takes it away."""

    id: UUID
    sent_at: datetime
    is_backup: bool
    first_name: str
    acknowledged_at: datetime | None
    acknowledged_by_me: bool
    done: str
    language: str


class ReplyRecord(msgspec.Struct, frozen=True):
    """A reply to a copy that a clinician can read: `read_at` is when the other person opened it."""

    id: UUID
    share_id: UUID
    author: Role
    name: str
    written_at: datetime
    read_at: datetime | None
    text: str
    language: str = ""


def build_reply_record(one: SentReply) -> ReplyRecord:
    """Return a reply as a clinician's export has it."""
    document = one.document
    return ReplyRecord(
        one.id,
        one.share,
        one.author,
        document.written_by,
        document.at,
        one.read_at,
        document.text,
        get_known_language(document.language),
    )


def build_agreement_records(found: Iterable[Agreement]) -> list[AgreementRecord]:
    """Return what is in force over each care link, and what is proposed there."""
    return [
        _build_agreement_record(one.link.id, terms, is_agreed)
        for one in found
        for terms, is_agreed in ((one.agreed, True), (one.proposed, False))
        if terms is not None
    ]


def _build_agreement_record(link: UUID, terms: Terms, is_agreed: bool) -> AgreementRecord:
    return AgreementRecord(
        link,
        is_agreed,
        terms.hours,
        UUID(terms.backup) if terms.backup else None,
        terms.backup_name,
        terms.looks,
        Role(terms.by),
        datetime.fromisoformat(terms.at),
        terms.agreed_on,
        get_known_language(terms.language),
    )


def build_notice_record(one: PastNotice) -> NoticeRecord:
    """Return what became of one notice."""
    return NoticeRecord(
        one.id,
        one.entry,
        one.state,
        one.at,
        one.link,
        one.name,
        one.backup,
        one.backup_name,
        one.release_at,
        one.sent_at,
        one.backup_at,
        one.backup_sent_at,
        one.acknowledged_at,
        one.acknowledged_by,
        one.acknowledged_name,
        one.done,
        get_known_language(one.language),
    )


def build_received_notice_record(one: ReceivedNotice) -> ReceivedNoticeRecord:
    """Return a notice for the clinician whom it went to."""
    return ReceivedNoticeRecord(
        one.id,
        one.at,
        one.is_backup,
        one.first,
        one.acknowledged_at,
        one.is_mine,
        one.done,
        get_known_language(one.language),
    )
