"""Replies as their two people read them: what was sent is marked as read, and what a patient read is kept for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from uuid import UUID

from crypto import Sealer
from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care import tables
from journal.care.link_keys import SharingPaused, get_peer_identity, open_shared_key
from journal.care.links import CareTeam, Link
from journal.clinic.instructions import is_acute
from journal.entries import entries
from journal.errors import Damaged, NotFound, TrustBroken
from journal.replies import drafts
from journal.replies.documents import MAX_REPLIES
from journal.replies.keeping import Place, Record, build_place, keep_replies, load_record
from journal.replies.lines import KeptReply
from journal.replies.rows import (
    SENT,
    Copy,
    CopyEnded,
    CopyName,
    SentReply,
    has_gap,
    load_all_rows,
    load_copy,
    load_list,
    load_rows,
)
from journal.roles import Role
from journal.sessions import holds
from journal.sessions.day_state import find_current_day
from journal.sessions.holds import Hold
from journal.sessions.rows import Session, load_my_sessions
from journal.store.database import transaction
from journal.store.rows import OpenedRows
from journal.vault import record_state
from journal.vault.entry_rows import Entry


class Closed(Enum):
    """Why nothing can be sent."""

    SESSION = "session"
    """The patient is in a dosing session, or its effects may last: replies are not shown."""
    ENDED = "ended"
    PAUSED = "paused"
    KEYS = "keys"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    RAN_OUT = "ran-out"
    """The share ended by itself, on the day that its patient had chosen."""
    DAMAGED = "damaged"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Reply:
    """
    A reply as one of its two people sees it. `read_at` is when the other one opened it, or the reader did.

    `is_kept_only`: it is in the patient's journal, and not with the clinician any more. `can_withdraw`: it is the
    reader's, and unread.
    """

    id: UUID
    is_mine: bool
    name: str
    at: datetime
    text: str
    read_at: datetime | None = None
    is_kept_only: bool = False
    is_new: bool = False
    language: str = ""

    @property
    def can_withdraw(self) -> bool:
        """Return whether it can still be withdrawn."""
        return self.is_mine and self.read_at is None and not self.is_kept_only


@dataclass(frozen=True, slots=True)
class Conversation:
    """
    The replies about one copy, the oldest first, and the reader's own draft in its language. Without `closed` one can
    be sent.

    `damaged` cannot be verified: they are nobody's words. `missing`: one is gone between others. `hold` is why a
    patient's reply waits. `copy` is None where nothing is shared, `link` where care has ended.
    """

    replies: tuple[Reply, ...] = ()
    damaged: int = 0
    missing: bool = False
    closed: Closed | None = None
    draft: str = ""
    hold: Hold | None = None
    link: Link | None = None
    copy: Copy | None = None
    name: str = ""
    draft_language: str = ""

    @property
    def seen(self) -> str:
        """Return by which its page says which draft it showed."""
        return drafts.get_digest(self.draft)


@dataclass(frozen=True, slots=True)
class Mine:
    """
    What a patient's conversation is about, and what they keep of it; `link` is None for what only passes for one.

    `entry` is None where it was deleted; `plan` is the patient's.
    """

    place: Place
    link: Link | None
    record: Record
    is_strange: bool = False
    entry: Entry | None = None
    plan: tuple[Session, ...] = ()


async def find_mine(actor: Actor, entry: UUID, link: UUID, team: CareTeam | None = None) -> Mine:
    """
    Return a patient's conversation about an entry with somebody who cares for them, or did.

    Raises:
        NotFound: If it is neither.
    """
    actor.require_role(Role.PATIENT)
    team = team or await care_links.load_care_team(actor, ended=True)
    theirs = next((one for one in team.links if one.id == link), None)
    record = await load_record(actor, entry, link)
    if theirs is None and record.entry is None:
        raise NotFound
    written = await entries.load_entries_by_id(actor, [entry])
    if entry in written and theirs is not None:
        place = build_place(written[entry], theirs)
        return Mine(place, theirs, record, entry=written[entry])
    if record.entry is None:
        raise NotFound
    document = record.entry.document
    name = theirs.peer_name if theirs else str(document.answers.get("replies.with", ""))
    place = Place(entry, link, name, document.title, document.session_id, document.title_language)
    return Mine(place, theirs, record, link in team.unagreed, written.get(entry))


async def read_mine(actor: Actor, entry: UUID, link: UUID) -> tuple[Mine, Conversation]:
    """Return a patient's conversation; what was new is marked as read, and kept in their journal."""
    mine = await find_mine(actor, entry, link)
    plan = await load_my_sessions(actor)
    mine = replace(mine, plan=tuple(plan))
    about = find_current_day(plan, actor.now)[1]
    hold, name = holds.get_hold(actor, plan), mine.place.name
    if about is not None and await is_acute(actor, about):
        return mine, Conversation(closed=Closed.SESSION, hold=hold, link=mine.link, name=name)
    new: frozenset[UUID] = frozenset()
    found, copy, closed = OpenedRows[SentReply](), None, find_reason(mine)
    if mine.link is not None and mine.link.ended_at is None:
        try:
            key = await open_shared_key(actor, mine.link)
            place, copy = await load_about(actor, mine.link, key, entry)
            closed = closed or (Closed.RAN_OUT if copy is None else None)
            found = await load_rows(actor, mine.link, key, place)
            unread = [one for one in found if _is_unread(one, Role.CLINICIAN)]
            if unread and not actor.is_head_request:
                found = await _mark_mine(actor, mine, mine.link, key, place)
                new = frozenset(one.id for one in unread)
                mine = replace(mine, record=await load_record(actor, entry, link))
        except NotFound:
            closed = closed or Closed.REVOKED
        except (Damaged, TrustBroken):
            closed = closed or Closed.DAMAGED
    if closed is None and len(found) + len(found.damaged) >= MAX_REPLIES:
        closed = Closed.FULL
    kept = mine.record.replies
    gone = copy is not None and any(
        one.share == copy.id and one.id not in {each.id for each in found} for one in kept
    )
    return mine, Conversation(
        _merge(actor, found, kept, new),
        len(found.damaged),
        has_gap(found) or gone,
        closed,
        mine.record.draft,
        hold,
        mine.link,
        copy,
        name,
        mine.record.language,
    )


def find_reason(mine: Mine) -> Closed | None:
    """Return why a patient's reply could not go, by their care link alone."""
    link = mine.link
    if link is None:
        return Closed.KEYS if mine.is_strange else Closed.ENDED
    if link.ended_at is not None:
        return Closed.ENDED
    if not link.trusted:
        return Closed.KEYS
    if link.paused_at is not None:
        return Closed.PAUSED
    return Closed.SUSPENDED if link.peer_suspended else None


async def load_about(actor: Actor, link: Link, key: Sealer, entry: UUID) -> tuple[CopyName, Copy | None]:
    """Return what a patient's replies hang on, and the copy itself unless it ended: what was replied stays theirs."""
    try:
        copy = await load_copy(link, key, actor.now, entry=entry)
    except CopyEnded as ended:
        return ended.copy, None
    return copy, copy


async def _mark_mine(
    actor: Actor, mine: Mine, link: Link, key: Sealer, copy: CopyName
) -> OpenedRows[SentReply]:
    """Mark a clinician's replies as read, and keep them in the same transaction; return all as they are then."""
    async with transaction():
        await record_state.lock_state(actor)
        found = await load_rows(actor, link, key, copy)
        unread = [one for one in found if _is_unread(one, Role.CLINICIAN)]
        await _mark(actor, link, unread)
        await keep_replies(actor, mine.place, [one.build_kept() for one in unread])
    return found


async def read_of_copy(actor: Actor, patient: UUID, share: UUID) -> Conversation:
    """
    Return a clinician's conversation about a copy; what was new is marked as read, and their patient sees that.

    Raises:
        NotFound: If nothing is shared with them, and they have no draft about it.
    """
    draft = await drafts.load_of_copy(actor, share)
    mine = draft if draft and draft.patient == patient else None
    alone = _add_draft(Conversation(name=mine.to if mine else ""), mine)
    try:
        link = await care_links.load_link_with(actor, patient)
    except TrustBroken:
        return replace(alone, closed=Closed.KEYS)
    except NotFound:
        if not alone.draft:
            raise
        return replace(alone, closed=Closed.ENDED)
    alone = replace(alone, link=link, name=link.peer_name)
    try:
        key, copy = await open_copy(actor, link, share)
    except SharingPaused:
        return replace(alone, closed=Closed.PAUSED)
    except TrustBroken:
        return replace(alone, closed=Closed.KEYS)
    except NotFound:
        if not alone.draft:
            raise
        return replace(alone, closed=Closed.REVOKED)
    return _add_draft(await _read_replies(actor, link, copy, key), mine)


async def read_beside(actor: Actor, link: Link, copy: Copy) -> Conversation:
    """Return a clinician's conversation about a copy that was opened already; as `read_of_copy`."""
    found = await _read_replies(actor, link, copy, await open_shared_key(actor, link))
    return _add_draft(found, await drafts.load_of_copy(actor, copy.id))


def _add_draft(found: Conversation, draft: drafts.Draft | None) -> Conversation:
    return replace(found, draft=draft.text, draft_language=draft.language) if draft else found


async def _read_replies(actor: Actor, link: Link, copy: Copy, key: Sealer) -> Conversation:
    found = await load_rows(actor, link, key, copy)
    unread = frozenset(one.id for one in found if _is_unread(one, Role.PATIENT))
    if unread and not actor.is_head_request:
        async with transaction():
            await lock_account(link.patient)
            found = await load_rows(actor, link, key, copy)
            await _mark(actor, link, [one for one in found if _is_unread(one, Role.PATIENT)])
    closed = Closed.FULL if len(found) + len(found.damaged) >= MAX_REPLIES else None
    if link.peer_suspended:
        closed = Closed.SUSPENDED
    return Conversation(
        _merge(actor, found, (), unread),
        len(found.damaged),
        has_gap(found),
        closed,
        link=link,
        copy=copy,
        name=link.peer_name,
    )


async def read_all(actor: Actor, link: Link) -> OpenedRows[SentReply]:
    """Return every reply that a clinician can read over a care link; what was new counts as read."""
    key = await open_shared_key(actor, link)
    listed = await load_list(link, key)
    async with transaction():
        await lock_account(link.patient)
        found = await load_all_rows(actor, link, key, listed)
        await _mark(actor, link, [one for one in found if _is_unread(one, Role.PATIENT)])
    return found


async def open_copy(actor: Actor, link: Link, share: UUID) -> tuple[Sealer, Copy]:
    """
    Open a copy for its clinician, without marking it as read.

    Raises:
        SharingPaused: While the patient has paused sharing.
        TrustBroken: While the patient's keys are not the pinned ones.
        NotFound: If it is not shared.
    """
    await get_peer_identity(actor, link)
    key = await open_shared_key(actor, link)
    listed = await load_list(link, key)
    if listed is not None and listed.paused:
        raise SharingPaused
    return key, await load_copy(link, key, actor.now, share=share, listed=listed)


async def _mark(actor: Actor, link: Link, unread: Iterable[SentReply]) -> None:
    ids = [one.id for one in unread]
    if ids:
        rows = tables.Reply.filter(id__in=ids, link_id=link.id, revision=SENT, read_at=None)
        await rows.update(read_at=actor.now)
        await audit_log.record_events(actor, Act.REPLY_READ, link.patient, ids)


def _is_unread(one: SentReply, author: Role) -> bool:
    return one.author is author and one.read_at is None and not one.document.withdrawn


def _merge(
    actor: Actor, found: Iterable[SentReply], kept: Iterable[KeptReply], new: frozenset[UUID]
) -> tuple[Reply, ...]:
    sent = [one for one in found if not one.document.withdrawn]
    there = {one.id for one in sent}
    replies = [
        Reply(
            one.id,
            one.author is actor.role,
            one.document.written_by,
            one.document.at,
            one.document.text,
            one.read_at,
            is_new=one.id in new,
            language=one.document.language,
        )
        for one in sent
    ]
    replies += [
        Reply(
            one.id,
            one.author == actor.role.value,
            one.name,
            one.at,
            one.words,
            is_kept_only=True,
            language=one.language,
        )
        for one in kept
        if one.id not in there
    ]
    return tuple(sorted(replies, key=lambda one: (one.at, one.id.hex)))
