"""
A sitter's link: made by the patient for one session, found by its secret, and ended by a tap or by itself.

The secret stands in the link's address only. The row holds its look-up hash, and the copy that the secret opens.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from crypto import (
    CryptoError,
    PublicIdentity,
    Sealer,
    new_sitter_secret,
    sitter_copy_sealer,
    sitter_link_id,
    sitter_note_key,
    wrap_key,
)
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care.invitations import format_token, parse_token
from journal.errors import Damaged, HeldUntilRested, InvalidInput, JournalError, LinkExpired, NotFound
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sealing import encode_document, open_document
from journal.sessions.holds import HELD_TODAY, find_hold
from journal.sessions.rows import (
    SELECT_SESSION,
    Plan,
    Session,
    SessionRow,
    load_my_sessions,
    load_sessions,
    open_session,
)
from journal.sessions.session import SessionKind
from journal.sitter import tables
from journal.sitter.copies import CopiedPart, SitterCopy, copy_context, note_key_context
from journal.sitter.ends import get_end, is_before_start, is_over
from journal.store.database import fetch_raw, flush_deleted, transaction
from journal.store.rows import (
    Row,
    Timestamp,
    fetch_row,
    fetch_rows,
    filter_undamaged,
    parse_first_row,
)
from journal.vault import record_state

MAX_LINKS = 30  # of one session
WORDS_TOO_LATE = N_(
    "This session’s time has come, so a new link shares nothing of yours. Make one without your words: it shows who "
    "to call."
)
TOO_MANY = N_("This session has had as many links as it can. Print the sheet, or use the link that you have.")
NO_LINK = N_("A sitter’s link is for a dosing session that is still to come or under way.")


class SitterLinkRow(Row, frozen=True):
    """A row of a link."""

    id: UUID
    patient_id: UUID
    session_id: UUID
    sealed: bytes | None
    created_at: Timestamp
    ended_at: Timestamp | None


class SitterLinkEnded(JournalError):
    """The link was made, and has ended."""

    message = N_("This link has ended. If you need help, call.")


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A new link; `token` stands in its address, and is shown this once."""

    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A patient's own link that has not ended, and until when it lasts at most."""

    id: UUID
    created_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Sitting:
    """
    What the holder of a link may see: its session, and the copy for them, or None where that does not open.

    `copies` is the cipher of what the secret opens, `made_at` when the link was made.
    """

    link: UUID
    patient: UUID
    session: Session
    copy: SitterCopy | None
    copies: Sealer
    note_key: bytes
    made_at: datetime


async def load_session(actor: Actor, wanted: UUID) -> tuple[Session, Plan]:
    """Return one of the patient's own dosing sessions, and their plan; any other is not found."""
    plan = await load_my_sessions(actor)
    for one in plan:
        if one.id == wanted and one.kind is SessionKind.DOSING:
            return one, plan
    raise NotFound


async def make_link(
    actor: Actor, session: UUID, parts: Sequence[CopiedPart] = (), *, writes_down: bool = False
) -> MadeLink:
    """
    Make a link for whoever sits with the patient in a session; the one before it ends.

    Args:
        parts: What the patient chose from their words; with any, it has to be before the start.
        writes_down: Whether they agreed that somebody writes down what they say; likewise.

    Raises:
        NotFound: If it is no session of theirs.
        InvalidInput: If it is a talk, cancelled or over, or had too many links.
        HeldUntilRested: If it carries words, and the session's time has come or something is held.
    """
    actor.require_role(Role.PATIENT)
    secret, ident = new_sitter_secret(), uuid4()
    keys = actor.open_identity().public()  # those held, not those that storage shows
    copy = SitterCopy(keys.encode(), tuple(parts), writes_down)
    place = copy_context(actor.id, session, ident)
    sealed = sitter_copy_sealer(secret).seal(encode_document(copy), context=place)
    note_key = wrap_key(
        actor.keyring.vault, sitter_note_key(secret), context=note_key_context(actor.id, ident)
    )
    async with transaction():
        await record_state.lock_state(actor)
        await _require_possible(actor, session, has_words=bool(parts) or writes_down)
        theirs = tables.SitterLink.filter(patient_id=actor.id, session_id=session)
        if await theirs.count() >= MAX_LINKS:
            raise InvalidInput({"link": TOO_MANY})
        await _end_open(actor, session)
        await tables.SitterLink.create(
            id=ident,
            patient_id=actor.id,
            session_id=session,
            lookup=sitter_link_id(secret).hex(),
            sealed=sealed,
            note_key=note_key,
            created_at=actor.now,
        )
        await audit_log.record_event(actor, Act.SITTER_LINK_MADE, patient=actor.id, about=ident)
    await flush_deleted()
    return MadeLink(ident, format_token(secret))


async def load_open_link(actor: Actor, one: Session) -> OpenLink | None:
    """Return the link of a patient's own session, or None where there is none that has not ended."""
    actor.require_role(Role.PATIENT)
    if is_over(one.details, actor.now):
        return None
    mine = tables.SitterLink.filter(patient_id=actor.id, session_id=one.id, ended_at=None)
    # One that is not what was saved is as good as none: the next one ends it as well.
    rows = filter_undamaged(await fetch_rows(SitterLinkRow, mine.order_by("-created_at")))
    return OpenLink(rows[0].id, rows[0].created_at, get_end(one.details, actor.now)) if rows else None


async def end_link(actor: Actor, session: UUID) -> None:
    """End the link of a session, and erase its copy and its marks. Never held; nothing is opened for it."""
    actor.require_role(Role.PATIENT)
    async with transaction():
        await record_state.lock_state(actor)
        await _end_open(actor, session)
    await flush_deleted()


async def end_links_of(patient: UUID, now: datetime) -> None:
    """End every link of a patient whose account is begun anew, in the transaction that does so."""
    await _end_links(patient, now, [])


async def end_renewable_links(actor: Actor) -> None:
    """
    End the links of a patient who renews their keys, in the transaction that does so, where they can make them anew.

    Once its session's time has come no new link carries words, and somebody may be alone with their sitter: that link
    goes on until the rest. Its notes are sealed to the keys of now (`notes`).
    """
    kept = [
        one.id
        for one in await load_my_sessions(actor)
        if not is_over(one.details, actor.now) and not is_before_start(one.details, actor.now)
    ]
    await _end_links(actor.id, actor.now, kept)


async def _end_links(patient: UUID, now: datetime, kept: Collection[UUID]) -> None:
    """End a patient's links, but those of the sessions *kept*."""
    open_ones = tables.SitterLink.filter(patient_id=patient, ended_at=None)
    rows = filter_undamaged(await fetch_rows(SitterLinkRow, open_ones.filter(session_id__in=list(kept))))
    last = [row.id for row in rows]
    await open_ones.exclude(id__in=last).update(ended_at=now, sealed=None)
    await tables.SitterNote.filter(patient_id=patient).exclude(link_id__in=last).update(mark=None)


async def end_passed_links(installation: Installation, now: datetime) -> None:
    """Erase the copies and marks of links that have ended by themselves."""
    open_ones = tables.SitterLink.filter(ended_at=None)
    rows = filter_undamaged(await fetch_rows(SitterLinkRow, open_ones))
    theirs = await load_sessions(installation, {row.session_id for row in rows})
    over = {(one.id, one.patient) for one in theirs if is_over(one.details, now)}
    passed = [row.id for row in rows if (row.session_id, row.patient_id) in over]
    if passed:
        await open_ones.filter(id__in=passed).update(ended_at=now, sealed=None)
        await tables.SitterNote.filter(link_id__in=passed).update(mark=None)
        await flush_deleted()


async def open_sitting(installation: Installation, token: str) -> Sitting:
    """
    Return what the holder of a link may see.

    Raises:
        LinkExpired: If there was never such a link.
        SitterLinkEnded: If it has ended.
    """
    secret, lookup = _parse_token(token)
    row = await fetch_row(SitterLinkRow, tables.SitterLink.filter(lookup=lookup))
    if row is None:
        raise LinkExpired
    one = await _load_session_of(installation, row)
    if row.ended_at is not None or is_over(one.details, installation.clock()):
        raise SitterLinkEnded
    sealer = sitter_copy_sealer(secret)
    copy: SitterCopy | None = None
    try:
        place = copy_context(row.patient_id, row.session_id, row.id)
        copy = open_document(sealer, row.sealed or b"", place, SitterCopy)
        PublicIdentity.decode(copy.keys)
    except (Damaged, CryptoError):
        copy = None  # whom to call is shown all the same
    return Sitting(row.id, row.patient_id, one, copy, sealer, sitter_note_key(secret), row.created_at)


async def is_still_open(installation: Installation, sitting: Sitting) -> bool:
    """Return whether a link has not ended; in a transaction, in which no other one ends it from here on."""
    there = tables.SitterLink.filter(id=sitting.link, ended_at=None)
    if not await there.update(ended_at=None):
        return False
    row = await fetch_row(SitterLinkRow, there)
    if row is None:
        return False
    try:
        one = await _load_session_of(installation, row)
    except Damaged:
        return False
    return not is_over(one.details, installation.clock())


async def _require_possible(actor: Actor, session: UUID, *, has_words: bool) -> None:
    """Refuse a link that cannot be made now; in a transaction that has locked the account."""
    plan = await load_my_sessions(actor)
    one = next((other for other in plan if other.id == session), None)
    if one is None:
        raise NotFound
    if is_over(one.details, actor.now):
        raise InvalidInput({"link": NO_LINK})
    if not has_words:
        return
    if not is_before_start(one.details, actor.now):
        raise HeldUntilRested(WORDS_TOO_LATE)
    hold, asked = find_hold([other.details for other in plan], actor.now), Asked(HeldAct.SITTER, session)
    if hold is not None:
        raise HeldUntilRested(hold.sentence or HELD_TODAY, asked)
    actor.passed_acts.append(asked)


async def _end_open(actor: Actor, session: UUID) -> None:
    open_ones = tables.SitterLink.filter(patient_id=actor.id, session_id=session, ended_at=None)
    found = filter_undamaged(await fetch_rows(SitterLinkRow, open_ones))
    for row in found:
        await audit_log.record_event(actor, Act.SITTER_LINK_ENDED, patient=actor.id, about=row.id)
    await open_ones.update(ended_at=actor.now, sealed=None)
    await tables.SitterNote.filter(link_id__in=[row.id for row in found]).update(mark=None)


async def _load_session_of(installation: Installation, row: SitterLinkRow) -> Session:
    found = parse_first_row(SessionRow, await fetch_raw(SELECT_SESSION, row.session_id))
    if found is None or found.patient_id != row.patient_id:
        raise Damaged
    return open_session(installation, found)


def _parse_token(token: str) -> tuple[bytes, str]:
    secret = parse_token(token)
    try:
        return secret, sitter_link_id(secret).hex()
    except CryptoError as error:
        raise LinkExpired from error
