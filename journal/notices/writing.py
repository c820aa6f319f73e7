"""
Write a notice with the answer that asks for it, in one transaction; release it, withdraw it, send one by hand.

What becomes of it is remembered beside the words of the entry, so no earlier version that is restored loses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care import notice_release as releasing
from journal.care import tables
from journal.care.link_keys import get_peer_identity, open_shared_key
from journal.care.links import CareTeam, Link, require_active
from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.errors import Damaged, InvalidInput, NotFound, SavedAsEarlierVersion, StaleRevision, TrustBroken
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.measures import records
from journal.measures.instruments import SAFETY_ITEMS, Instrument
from journal.measures.lines import parse_measure
from journal.notices.agreements import find_reason, load_policy
from journal.notices.documents import DoneDocument, NoticeDocument, done_context, notice_context
from journal.notices.lines import NoticeLine, Outcome, parse_notices
from journal.notices.policy import Policy
from journal.sealing import open_document, seal_document
from journal.sessions.holds import refuse_while_held
from journal.sessions.rows import load_my_sessions
from journal.store.database import transaction
from journal.store.rows import Row, Timestamp, fetch_row
from journal.vault import record_state
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry

MAX_LINES = 20
NOT_SENT = N_("Nothing was sent: this person cannot be sent anything at present. Nobody has been told.")


class NoticeRow(Row, frozen=True):
    """A notice, as its patient sees it."""

    id: UUID
    link_id: UUID
    backup_id: UUID | None
    sealed: bytes | None
    backup_sealed: bytes | None
    created_at: Timestamp
    release_at: Timestamp
    released_at: Timestamp | None
    backup_at: Timestamp | None
    backup_released_at: Timestamp | None
    acknowledged_at: Timestamp | None
    acknowledged_by: UUID | None
    done: bytes | None


@dataclass(frozen=True, slots=True)
class Told:
    """
    What became of the notice about an answer, as it is now.

    `line` is what was remembered last, None where nothing is. `row` is the notice, None where none was written or it is
    not what was sealed; `done` what somebody did about it. `link` and `backup` are the care links as they are now.
    """

    line: NoticeLine | None
    row: NoticeRow | None = None
    done: DoneDocument | None = None
    link: Link | None = None
    backup: Link | None = None
    policy: Policy | None = None
    team: tuple[Link, ...] = ()


async def save_answers(
    actor: Actor,
    instrument: Instrument,
    answers: Mapping[str, int],
    wanted: UUID,
    base: int,
    sitting: str = "",
    *,
    is_done: bool = True,
) -> Entry:
    """Save answers as `records.save_answers` does, and with the first that asks for it the notice: both or neither."""
    item = str(SAFETY_ITEMS.get(instrument.id, ""))
    if answers.get(item, 0) < 1:
        return await records.save_answers(actor, instrument, answers, wanted, base, sitting, is_done=is_done)

    async def note(before: int, beside: Beside) -> Beside:
        if before >= 1:
            return beside
        return _add_line(beside, await _write(actor, await load_policy(actor)))

    try:
        async with transaction():
            await record_state.lock_state(actor)
            return await records.save_answers(
                actor, instrument, answers, wanted, base, sitting, note, is_done=is_done
            )
    except (
        SavedAsEarlierVersion
    ):  # undone with the notice: another page saved first, and this one's words are kept
        return await records.save_answers(actor, instrument, answers, wanted, base, sitting, is_done=is_done)


async def load_told(
    actor: Actor, entry: Entry | None, team: CareTeam | None = None, mine: Iterable[Entry] | None = None
) -> Told:
    """Return what became of the notice about an answer of the actor's own; *team* and *mine* as for `load_policy`."""
    team = team or await care_links.load_care_team(actor)
    there = {link.id: link for link in team.links if link.ended_at is None}
    policy, line = await load_policy(actor, team, mine), find_line(entry)
    able = tuple(link for link in there.values() if not find_reason(link))
    if line is None or line.notice is None:
        link = there.get(line.link) if line and line.link else None
        return Told(line, link=link, policy=policy, team=able)
    try:
        row = await fetch_row(NoticeRow, tables.PatientNotice.filter(id=line.notice, patient_id=actor.id))
    except Damaged:
        row = None
    row = await keep_opening(actor, row, there) if row else None
    if row is None:
        return Told(line, policy=policy, team=able)
    link, backup = there.get(row.link_id), there.get(row.backup_id) if row.backup_id else None
    done = await open_done(actor, row, there)
    return Told(line, row, done, link, backup, policy, able)


def find_line(entry: Entry | None) -> NoticeLine | None:
    """Return what was remembered last about a notice."""
    beside = entry.document.beside if entry else None
    return next(reversed(parse_notices(beside.notices)), None) if beside else None


async def release_now(actor: Actor, wanted: UUID) -> None:
    """Release the notice about an answer, as any button of the panel does; one that went already stays so."""
    line = find_line(await _load_measure(actor, wanted))
    if line is None or line.notice is None or line.outcome is not Outcome.WRITTEN:
        return
    if await tables.PatientNotice.filter(id=line.notice, patient_id=actor.id).exists():
        await releasing.release(actor.installation, actor.now, line.notice)


async def withdraw(actor: Actor, wanted: UUID) -> None:
    """
    Keep beside an answer that its patient did not mean to choose it; its notice is withdrawn if it has not gone.

    Nothing holds it: it reaches nobody.
    """
    async with transaction():
        await record_state.lock_state(actor)
        entry = await _load_measure(actor, wanted)
        line, gone = find_line(entry), False
        if line is not None and line.notice is not None and line.outcome is Outcome.WRITTEN:
            mine = tables.PatientNotice.filter(id=line.notice, patient_id=actor.id, released_at=None)
            gone = bool(await mine.delete())
        if gone and line is not None:
            await audit_log.record_event(
                actor, Act.NOTICE_WITHDRAWN, patient=actor.id, about=line.link or entry.id
            )

        def change(current: Entry) -> EntryDocument:
            document = records.note_unmeant(current.document, actor.now.astimezone(actor.zone))
            if not gone or line is None:
                return document
            over = NoticeLine(Outcome.WITHDRAWN, actor.now, None, line.link, line.name)
            return msgspec.structs.replace(document, beside=_add_line(document.beside or Beside(), over))

        await entries.change_entry(actor, wanted, change, keep=True)


async def send_now(actor: Actor, wanted: UUID, to: UUID | None) -> None:
    """
    Send a notice about an answer to somebody in the care team, because the patient asks for it now.

    Sent twice, it is one.

    Raises:
        HeldUntilRested: From the start of a dosing session until the patient has rested.
        InvalidInput: If that person cannot be sent anything.
    """
    asked = Asked(HeldAct.NOTICE, wanted, to)
    await refuse_while_held(actor, asked, is_noted=False)
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, asked, is_noted=False)
        told = await load_told(actor, await _load_measure(actor, wanted))
        if told.row is not None and told.row.sealed is not None and told.row.link_id == to:
            return  # the page was sent twice, or another one did it: there is one on its way, or it went
        team = await care_links.load_care_team(actor)
        try:
            link = team.get_link(to or UUID(int=0))
        except (NotFound, TrustBroken) as error:
            raise InvalidInput({"to": NOT_SENT}) from error
        line = await _write_for(actor, link, None, None, team, actor.now)
        if line.notice is None:
            raise InvalidInput({"to": NOT_SENT})

        def change(current: Entry) -> EntryDocument:
            beside = current.document.beside or Beside()
            return msgspec.structs.replace(current.document, beside=_add_line(beside, line))

        await entries.change_entry(actor, wanted, change)
    actor.passed_acts.append(asked)  # what was refused above is asked again


async def _load_measure(actor: Actor, wanted: UUID) -> Entry:
    entry = await entries.load_entry(actor, wanted)
    found = parse_measure(entry.document.answers.get(records.FORM))
    if entry.document.kind != EntryKind.MEASURE or not found or found[0].instrument_id not in SAFETY_ITEMS:
        raise NotFound
    return entry


async def _write(actor: Actor, policy: Policy | None) -> NoticeLine:
    if policy is None:
        return NoticeLine(Outcome.NO_POLICY, actor.now)
    line, team = policy.line, await care_links.load_care_team(actor)
    if policy.link is None:
        reason = Outcome(find_reason(None, is_strange=policy.is_strange))
        if policy.backup is None:
            return NoticeLine(reason, actor.now, None, line.link, line.name)
    hours = timedelta(hours=line.hours)
    plan = [one.details for one in await load_my_sessions(actor)]
    release_at = releasing.find_release_time(plan, actor.now)
    return await _write_for(actor, policy.link, policy, hours, team, release_at)


async def _write_for(
    actor: Actor,
    link: Link | None,
    policy: Policy | None,
    hours: timedelta | None,
    team: CareTeam,
    release_at: datetime,
) -> NoticeLine:
    """Seal a notice for whom it can go to, in the transaction that is open; without anybody, return why none can."""
    ident, backup = uuid4(), policy.backup if policy else None
    first = policy.line.link if policy else link.id if link else UUID(int=0)
    name = link.peer_name if link else policy.line.name if policy else ""
    at = actor.now.astimezone(UTC).isoformat(timespec="seconds")
    reason, sealed = await _seal(actor, link, ident, NoticeDocument(at))
    if link is None and (first in team.unagreed or (policy and policy.is_strange)):
        reason = "keys"
    _, backup_sealed = await _seal(actor, backup, ident, NoticeDocument(at, name)) if backup else ("", None)
    if sealed is None and backup_sealed is None:
        return NoticeLine(Outcome(reason), actor.now, None, first, name)
    await tables.PatientNotice.create(
        id=ident,
        patient_id=actor.id,
        link_id=first,
        backup_id=backup.id if backup and backup_sealed else None,
        sealed=sealed,
        backup_sealed=backup_sealed,
        created_at=actor.now,
        release_at=release_at,
        backup_at=release_at + hours if hours and backup_sealed else None,
    )
    if release_at <= actor.now:
        await releasing.release(actor.installation, actor.now, ident)
    to = link.clinician if link and sealed else backup.clinician if backup else None
    await audit_log.record_event(actor, Act.NOTICE_WRITTEN, patient=actor.id, about=first, recipient=to)
    return NoticeLine(Outcome.WRITTEN, actor.now, ident, first, name)


async def _seal(
    actor: Actor, link: Link | None, notice: UUID, document: NoticeDocument
) -> tuple[str, bytes | None]:
    """Return a sealed copy for the clinician of a link, or why there is none."""
    reason = find_reason(link)
    if link is None or reason:
        return reason, None
    try:
        await get_peer_identity(actor, link)
        await require_active(link)
        key = await open_shared_key(actor, link)
    except StaleRevision:
        return "ended", None
    except (TrustBroken, Damaged):
        return "keys", None
    return "", seal_document(key, document, notice_context(link.id, notice))


async def keep_opening(actor: Actor, row: NoticeRow, there: Mapping[UUID, Link]) -> NoticeRow | None:
    """
    Return a row without a backup's copy that does not open for the backup; None where the first copy does not.

    Args:
        there: The care links that did not end. Of any other nothing can be known.
    """
    if not await _is_sealed_for(actor, there.get(row.link_id), row.sealed, row.id):
        return None
    backup = there.get(row.backup_id) if row.backup_id else None
    if not await _is_sealed_for(actor, backup, row.backup_sealed, row.id):
        return msgspec.structs.replace(row, backup_sealed=None)
    return row


async def _is_sealed_for(actor: Actor, link: Link | None, sealed: bytes | None, notice: UUID) -> bool:
    """Return whether a copy opens for whom it is said to be; of one that nobody can open here, nothing is known."""
    if link is None or sealed is None:
        return True
    try:
        open_document(
            await open_shared_key(actor, link), sealed, notice_context(link.id, notice), NoticeDocument
        )
    except TrustBroken:
        return True  # what is said of changed keys says it
    except Damaged:
        return False
    return True


async def open_done(actor: Actor, row: NoticeRow, there: Mapping[UUID, Link]) -> DoneDocument | None:
    """Return what was done about a notice, by whoever of the care links in *there* acknowledged it."""
    link = there.get(row.acknowledged_by) if row.acknowledged_by else None
    if link is None or row.done is None:
        return None
    try:
        key = await open_shared_key(actor, link)
        return open_document(key, row.done, done_context(link.id, row.id), DoneDocument)
    except (Damaged, TrustBroken):
        return None


def _add_line(beside: Beside, line: NoticeLine) -> Beside:
    return msgspec.structs.replace(beside, notices=(*beside.notices, line.line)[-MAX_LINES:])


def get_release_time(row: NoticeRow) -> datetime:
    """Return when a notice goes at the latest, or when it went."""
    return row.released_at or row.release_at
