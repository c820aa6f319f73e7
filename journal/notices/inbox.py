"""A clinician's open notices: on top of their page until they acknowledge each with what was done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from tortoise.expressions import Q

from crypto import Sealer
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care import tables
from journal.care.link_keys import SharingPaused, open_shared_key
from journal.care.links import Link, require_cared_for
from journal.errors import Damaged, InvalidInput, NotFound, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.notices.documents import DoneDocument, NoticeDocument, done_context, notice_context
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import transaction
from journal.store.rows import DamagedRow, Row, Timestamp, fetch_rows, get_column
from journal.user_input import clean_text

MAX_DONE_LENGTH = 500
NO_WORDS = N_("Please write what was done, in up to 500 letters. What you wrote is still here.")
ANSWERED = N_("Somebody acknowledged this in the meantime. Nothing was changed here.")


class InboxRow(Row, frozen=True):
    """A notice that went and is open."""

    id: UUID
    link_id: UUID
    backup_id: UUID | None
    sealed: bytes | None
    backup_sealed: bytes | None
    released_at: Timestamp
    backup_released_at: Timestamp | None


@dataclass(frozen=True, slots=True)
class OpenNotice:
    """
    A notice to one clinician that nobody acknowledged yet; `at` is when it went to them.

    `first` is whom it went to before, where they are the backup. `is_damaged`: it is not what was sealed.
    """

    id: UUID
    link: Link
    at: datetime
    first: str = ""
    is_backup: bool = False
    is_damaged: bool = False


async def list_open(actor: Actor, team: Iterable[Link] | None = None) -> tuple[OpenNotice, ...]:
    """Return the open notices of a clinician's patients, the oldest first; those of a paused link stay closed."""
    actor.require_role(Role.CLINICIAN)
    links = {one.id: one for one in (await care_links.load_my_links(actor) if team is None else team)}
    if not links:
        return ()
    ids = list(links)
    mine = tables.PatientNotice.filter(
        Q(link_id__in=ids, released_at__isnull=False, sealed__isnull=False)
        | Q(backup_id__in=ids, backup_released_at__isnull=False, backup_sealed__isnull=False),
        acknowledged_at=None,
    )
    found = [await _open(actor, row, links) for row in await fetch_rows(InboxRow, mine)]
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.at, one.id.hex)))


async def list_open_of(actor: Actor, link: Link) -> tuple[OpenNotice, ...]:
    """Return the open notices of one patient."""
    return await list_open(actor, [link])


async def acknowledge(actor: Actor, patient: UUID, wanted: Sequence[UUID], words: str) -> None:
    """
    Acknowledge a patient's notices with what was done: the patient reads who did, when and the words.

    Raises:
        InvalidInput: If nothing is written, or too much.
        NotFound: If there is no such notice to them.
        StaleRevision: If somebody acknowledged it meanwhile, or care ended.
    """
    link = await care_links.load_link_with(actor, patient)
    done = clean_text(words[: MAX_DONE_LENGTH * 2]).strip()
    if not 0 < len(done) <= MAX_DONE_LENGTH:
        raise InvalidInput({"done": NO_WORDS})
    key = await open_shared_key(actor, link)
    at, language = actor.now.astimezone(UTC).isoformat(timespec="seconds"), actor.language
    document = DoneDocument(actor.name, at, done, language)
    async with transaction():
        await require_cared_for(link)
        for one in wanted:
            mine = tables.PatientNotice.filter(
                Q(link_id=link.id, released_at__isnull=False, sealed__isnull=False)
                | Q(backup_id=link.id, backup_released_at__isnull=False, backup_sealed__isnull=False),
                id=one,
                patient_id=patient,
            )
            if not await mine.exists():
                raise NotFound
            sealed = seal_document(key, document, done_context(link.id, one))
            there = tables.PatientNotice.filter(id=one, acknowledged_at=None)
            if not await there.update(acknowledged_at=actor.now, acknowledged_by=link.id, done=sealed):
                raise StaleRevision(ANSWERED)
            await audit_log.record_event(actor, Act.NOTICE_ACKNOWLEDGED, patient=patient, about=link.id)


async def _open(actor: Actor, row: InboxRow | DamagedRow, links: dict[UUID, Link]) -> OpenNotice | None:
    if isinstance(row, DamagedRow):
        link = links.get(get_column(row, "link_id")) or links.get(get_column(row, "backup_id"))
        at = get_column(row, "released_at") or actor.now
        ident = row.id or UUID(int=0)
        return OpenNotice(ident, link, at, is_damaged=True) if link else None
    is_first = row.link_id in links and row.sealed is not None
    link = links[row.link_id] if is_first else links.get(row.backup_id) if row.backup_id else None
    if link is None:
        return None
    at = row.released_at if is_first else row.backup_released_at or row.released_at
    sealed = row.sealed if is_first else row.backup_sealed
    try:
        key: Sealer = await open_shared_key(actor, link)
        document = open_document(key, sealed or b"", notice_context(link.id, row.id), NoticeDocument)
    except SharingPaused:
        return None
    except (Damaged, TrustBroken):
        return OpenNotice(row.id, link, at, is_backup=not is_first, is_damaged=True)
    return OpenNotice(row.id, link, at, document.clinician, not is_first)
