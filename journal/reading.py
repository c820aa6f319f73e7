"""What a clinician can read: the copies that were sealed for them, and nothing that hints at anything else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal import audit, care, sessions, tables
from journal.actors import Actor, Role
from journal.care import Link, SharingPaused
from journal.documents import ShareDocument, open_document, share_context
from journal.errors import NotFound, TrustBroken
from journal.planning import Status
from journal.sessions import Session
from journal.store import transaction


@dataclass(frozen=True, slots=True)
class Shared:
    """One shared copy as its clinician sees it; `unread` until they open it, and again after an update."""

    id: UUID
    document: ShareDocument
    updated_at: datetime
    unread: bool

    @property
    def written_at(self) -> datetime:
        """Give when the patient began the entry, UTC."""
        return datetime.fromisoformat(self.document.written_at)

    @property
    def shared_at(self) -> datetime:
        """Give when the patient shared this copy, UTC."""
        return datetime.fromisoformat(self.document.shared_at)


@dataclass(frozen=True, slots=True)
class Folder:
    """What one patient shares with one clinician; empty while sharing is paused."""

    link: Link
    shared: tuple[Shared, ...]
    sessions: tuple[Session, ...]
    paused: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a clinician's caseload."""

    patient: UUID
    name: str
    since: datetime
    next: Session | None
    last: Session | None
    unread: int
    latest_at: datetime | None
    paused: bool


async def folder(actor: Actor, patient: UUID) -> Folder:
    """Open what *patient* shares with the clinician, newest entry first, beside the session dates."""
    link = await care.link_with(actor, patient)
    plan = await sessions.sessions_of(actor, patient)
    try:
        key = await care.link_key(actor, link)
    except SharingPaused:
        return Folder(link, (), plan, True)
    rows = await tables.Share.filter(link_id=link.id).order_by("-updated_at")
    shared = [
        Shared(
            row.id,
            open_document(key, bytes(row.sealed), share_context(link.id, row.id, row.revision), ShareDocument),
            row.updated_at,
            row.opened_at is None,
        )
        for row in rows
    ]
    shared.sort(key=lambda one: one.written_at, reverse=True)
    return Folder(link, tuple(shared), plan, False)


async def read(actor: Actor, patient: UUID, wanted: UUID) -> tuple[Link, Shared]:
    """Open one shared copy; the patient sees in their log that it was opened, by whom and when."""
    found = await folder(actor, patient)
    for one in found.shared:
        if one.id == wanted:
            await mark_opened(actor, patient, [one.id])
            return found.link, one
    raise NotFound


async def mark_opened(actor: Actor, patient: UUID, shares: Iterable[UUID]) -> None:
    """Write down that these copies were opened: the patient is shown it."""
    ids = list(shares)
    if not ids:
        return
    async with transaction():
        await tables.Share.filter(id__in=ids, opened_at=None).update(opened_at=actor.now)
        await audit.note_opened(actor, patient, ids)


async def caseload(actor: Actor) -> tuple[Case, ...]:
    """Give the clinician's patients: those with something next first, in the order of its date."""
    actor.must_be(Role.CLINICIAN)
    links = await care.my_links(actor)
    plans = await sessions.of_patients(actor, [link.patient for link in links])
    rows = await tables.Share.filter(link_id__in=[link.id for link in links]).values_list(
        "link_id", "updated_at", "opened_at"
    )
    cases = []
    for link in links:
        mine = [] if link.paused_at else [row for row in rows if str(row[0]) == str(link.id)]
        plan = [one for one in plans[link.patient] if one.details.status is not Status.CANCELLED]
        ahead = [one for one in plan if one.details.ends_at > actor.now]
        past = [one for one in plan if one.details.ends_at <= actor.now]
        cases.append(
            Case(
                link.patient,
                link.peer_name,
                link.since,
                ahead[0] if ahead else None,
                past[-1] if past else None,
                sum(1 for row in mine if row[2] is None),
                max((row[1] for row in mine), default=None),
                link.paused_at is not None,
            )
        )
    return tuple(sorted(cases, key=lambda case: (case.next is None, case.next and case.next.starts_at, case.name)))


async def trusted(actor: Actor, link: Link) -> bool:
    """Tell whether the other person's keys are still the pinned ones."""
    try:
        await care.peer_identity(actor, link)
    except TrustBroken:
        return False
    return True
