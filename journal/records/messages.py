"""What goes between a patient and a clinician, as an export holds it: notices, what was agreed about them, replies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from journal.notices.history import NoticeState
from journal.roles import Role


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
