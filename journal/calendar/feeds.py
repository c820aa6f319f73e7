"""
A calendar's address: made by one person, found by its secret, and ended by a tap.

The plan is under the server key, so what the address leads to is the plan as it is when a calendar asks, whoever
changed it last. What the secret opens is small: whose feed it is, the title that they chose, and for a clinician the
patients whom their own keys know. So a row that storage made, moved or pointed elsewhere opens nobody's times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from uuid import UUID, uuid4

import msgspec

from crypto import CryptoError, feed_id, feed_key, new_feed_secret, unwrap_key, wrap_key
from journal.accounts.current_keys import lock_account, require_session
from journal.accounts.notices import queue_notice
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.calendar import tables
from journal.calendar.documents import (
    FeedDocument,
    FeedRow,
    feed_key_context,
    open_document_of,
    seal_document_of,
)
from journal.care.invitations import format_token
from journal.care.links import Link
from journal.errors import Damaged, InvalidInput, NotFound
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.mail.messages import Notice
from journal.roles import Role
from journal.sessions.holds import refuse_while_held
from journal.store.database import flush_deleted, transaction
from journal.store.rows import IdRow, fetch_rows, filter_undamaged
from journal.user_input import clean_line

MAX_TITLE = 60
MAX_ENDED = 20
"""How many ended addresses of one account are remembered."""
ENDED_FOR = timedelta(days=366)
"""How long an ended address says that it has ended; from then on there is none."""
EVENT_KEY_SIZE = 32
NO_TITLE = N_("Write the title that your appointments have in the calendar.")
TOO_LONG = N_("This is longer than this field can hold. Please shorten it.")


@dataclass(frozen=True, slots=True)
class OwnFeed:
    """
    A person's own address that has not ended, as they chose it.

    `used_on` is the day, in UTC, on which a calendar asked last. One that `is_damaged` is as good as none, and a new
    one takes its place.
    """

    id: UUID
    created_at: datetime
    used_on: str | None
    title: str = ""
    has_initials: bool = False
    is_damaged: bool = False


async def load_own_feed(actor: Actor) -> OwnFeed | None:
    """Return the actor's address, or None where they have none that has not ended."""
    _require_person(actor)
    row = await _fetch_open(actor)
    if row is None:
        return None
    try:
        document, _ = _open_own(actor, row)
    except Damaged:
        return OwnFeed(row.id, row.created_at, row.used_on, is_damaged=True)
    return OwnFeed(row.id, row.created_at, row.used_on, document.title, document.has_initials)


async def make_feed(
    actor: Actor, title: str, links: Iterable[Link] = (), *, has_initials: bool = False
) -> str:
    """
    Make an address for the actor; the one before it ends. Return its token, which is shown this once.

    Args:
        title: What each appointment is called.
        links: A clinician's care links.
        has_initials: Whether the initials of a clinician's patients stand beside the title.

    Raises:
        InvalidInput: If there is no title, or it is too long.
        HeldUntilRested: For a patient, from the start of a dosing session until they have rested.
    """
    _require_person(actor)
    title = _clean_title(title)
    secret, ident = new_feed_secret(), uuid4()
    key = feed_key(secret)
    async with transaction():
        await lock_account(actor.id)
        await require_session(actor)
        await refuse_while_held(actor, Asked(HeldAct.CALENDAR))
        before = await _open_before(actor)
        chosen = _choose(actor, before, title, has_initials=has_initials)
        document = msgspec.structs.replace(chosen, patients=_list_known(links, {}))
        await _end_open(actor)
        await tables.CalendarFeed.create(
            id=ident,
            account_id=actor.id,
            lookup=feed_id(secret).hex(),
            revision=1,
            sealed=seal_document_of(document, key, actor.id, ident, 1),
            key=wrap_key(actor.keyring.vault, key, context=feed_key_context(actor.id, ident)),
            created_at=actor.now,
        )
        await _forget_oldest(actor)
        await queue_notice(actor.installation, actor.id, Notice.CALENDAR_MADE)
        await audit_log.record_event(actor, Act.CALENDAR_MADE, about=ident)
    await flush_deleted()
    return format_token(secret)


async def change_feed(actor: Actor, title: str, *, has_initials: bool = False) -> None:
    """
    Change the title of the actor's address, and whether initials stand beside it; the address stays.

    Raises:
        NotFound: If there is none, or it does not open.
        InvalidInput, HeldUntilRested: As `make_feed`.
    """
    _require_person(actor)
    title = _clean_title(title)
    async with transaction():
        await lock_account(actor.id)
        await require_session(actor)
        await refuse_while_held(actor, Asked(HeldAct.CALENDAR))
        row = await _fetch_open(actor)
        if row is None:
            raise NotFound
        try:
            document, key = _open_own(actor, row)
        except Damaged:
            raise NotFound from None
        await _save(row, _choose(actor, document, title, has_initials=has_initials), key)
        await audit_log.record_event(actor, Act.CALENDAR_CHANGED, about=row.id)


async def end_feed(actor: Actor) -> None:
    """End the actor's address. Never held; nothing is opened for it."""
    _require_person(actor)
    async with transaction():
        await lock_account(actor.id)
        await _end_open(actor)
    await flush_deleted()


async def end_feeds_of(account: UUID, now: datetime) -> None:
    """End the address of an account whose keys are replaced, in the transaction that does so."""
    mine = tables.CalendarFeed.filter(account_id=account, ended_at=None)
    await mine.update(ended_at=now, sealed=None, key=None)


async def delete_expired(now: datetime) -> None:
    """Forget addresses that ended long ago."""
    await tables.CalendarFeed.filter(ended_at__lt=now - ENDED_FOR).delete()


async def remember_patients(actor: Actor, links: Iterable[Link]) -> None:
    """
    Store in a clinician's feed which patients their keys know now, where that has changed.

    Nobody else can: a care link that storage made up is in no such list, and shows nobody's times.
    """
    if actor.role is not Role.CLINICIAN:
        return
    row = await _fetch_open(actor)
    if row is None:
        return
    try:
        document, key = _open_own(actor, row)
    except Damaged:
        return  # the page of the address says so
    known = _list_known(links, document.patients)
    if known != document.patients:
        async with transaction():
            await lock_account(actor.id)
            await require_session(actor)
            await _save(row, msgspec.structs.replace(document, patients=known), key)


def _require_person(actor: Actor) -> None:
    if actor.role not in (Role.PATIENT, Role.CLINICIAN):
        raise NotFound


def _clean_title(typed: str) -> str:
    title = clean_line(typed)
    if not title or len(title) > MAX_TITLE:
        raise InvalidInput({"title": TOO_LONG if title else NO_TITLE})
    return title


def _list_known(links: Iterable[Link], before: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """Return the patients of links that are as agreed, and of those that were when they were listed before."""
    there = [one for one in links if one.ended_at is None and (one.trusted or one.id in before)]
    return {one.id: one.patient for one in sorted(there, key=lambda one: one.id)}


async def _fetch_open(actor: Actor) -> FeedRow | None:
    mine = tables.CalendarFeed.filter(account_id=actor.id, ended_at=None).order_by("-created_at")
    return next(iter(filter_undamaged(await fetch_rows(FeedRow, mine))), None)


def _open_own(actor: Actor, row: FeedRow) -> tuple[FeedDocument, bytes]:
    try:
        key = unwrap_key(
            actor.keyring.vault, row.key or b"", context=feed_key_context(row.account_id, row.id)
        )
    except CryptoError as error:
        raise Damaged from error
    return open_document_of(row, key), key


async def _save(row: FeedRow, document: FeedDocument, key: bytes) -> None:
    revision = row.revision + 1
    there = tables.CalendarFeed.filter(id=row.id, revision=row.revision, ended_at=None)
    await there.update(
        revision=revision, sealed=seal_document_of(document, key, row.account_id, row.id, revision)
    )


async def _open_before(actor: Actor) -> FeedDocument | None:
    row = await _fetch_open(actor)
    try:
        return _open_own(actor, row)[0] if row else None
    except Damaged:
        return None


def _choose(actor: Actor, before: FeedDocument | None, title: str, *, has_initials: bool) -> FeedDocument:
    """Return a document with what was chosen now; a calendar knows the events of the one before again."""
    has_initials = has_initials and actor.role is Role.CLINICIAN
    now = actor.now.astimezone(UTC).replace(microsecond=0)
    if before is None:
        return FeedDocument(actor.role, title, has_initials, token_bytes(EVENT_KEY_SIZE), 0, now)
    return msgspec.structs.replace(
        before,
        title=title,
        has_initials=has_initials,
        changes=before.changes + 1,
        changed_at=max(before.changed_at, now),
    )


async def _end_open(actor: Actor) -> None:
    mine = tables.CalendarFeed.filter(account_id=actor.id, ended_at=None)
    for row in filter_undamaged(await fetch_rows(IdRow, mine)):
        await audit_log.record_event(actor, Act.CALENDAR_ENDED, about=row.id)
    await mine.update(ended_at=actor.now, sealed=None, key=None)


async def _forget_oldest(actor: Actor) -> None:
    ended = tables.CalendarFeed.filter(account_id=actor.id, ended_at__isnull=False)
    latest = filter_undamaged(await fetch_rows(IdRow, ended.order_by("-ended_at", "-id").limit(MAX_ENDED)))
    await ended.exclude(id__in=[row.id for row in latest]).delete()
