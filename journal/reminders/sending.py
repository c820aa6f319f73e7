"""
Send what waits, with as many processes as there are: each message is under way in one of them at a time.

Every slot is opened each time, since no time stands beside it. Before a message goes, the plan is read again in the
transaction that claims it: what was cancelled, moved or turned off meanwhile is not told, and nothing goes in quiet
hours or on the day of a dosing session, however long a mail server was away. Where a process ends between sending and
noting it, the same message goes once more under the same Message-ID.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from journal.accounts.current_keys import lock_account
from journal.accounts.status import is_active
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.installation.mail_server import MailServer
from journal.mail.letters import ENGLISH, ChooseVoice, compose_letter
from journal.mail.mail_addresses import Undeliverable
from journal.mail.messages import Message, Notice
from journal.mail.outbox import CLAIM_DURATION, RETRY_DELAYS, DeliveryOutcome, send_letter
from journal.reminders import tables
from journal.reminders.following import Known, get_kinds, load_known
from journal.reminders.kinds import ReminderKind
from journal.reminders.waiting import (
    Moment,
    SlotRow,
    Waiting,
    clear_letter,
    from_seconds,
    keep_planned,
    load_waiting,
    open_slot,
    save_waiting,
    schedule,
    to_seconds,
)
from journal.store.database import flush_deleted, transaction
from journal.store.rows import fetch_rows, filter_undamaged

BATCH_SIZE = 200
UNREADABLE_WAITS = timedelta(days=1)
"""After how long somebody is looked at again who cannot be told: suspended, or with a row that does not open."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this process sends: to whom, what waits with it, and the moments that it tells of first."""

    account: UUID
    known: Known
    waiting: Waiting
    moments: tuple[Moment, ...]


async def deliver_reminders(installation: Installation, choose: ChooseVoice = lambda _: ENGLISH) -> int:
    """Send every reminder that is due; return how many were sent. Does nothing without a mail server."""
    if installation.mail is None:
        return 0
    sent = 0
    async for account in _find_due(installation):
        claim = await _claim(installation, account)
        if claim is not None:
            outcome = await _send(installation.mail, claim, choose)
            await _finish(installation, claim, outcome)
            sent += outcome is DeliveryOutcome.SENT
    if sent:
        await flush_deleted()
    return sent


async def _find_due(installation: Installation) -> AsyncIterator[UUID]:
    """Yield for whom it is time to look again, in batches, so that a thousand slots hold up no page."""
    last, seed = None, uuid4().int  # each process goes through a batch in an order of its own
    while True:
        query = tables.ReminderSlot.all() if last is None else tables.ReminderSlot.filter(id__gt=last)
        rows = filter_undamaged(await fetch_rows(SlotRow, query.order_by("id").limit(BATCH_SIZE)))
        now = to_seconds(installation.clock())
        for row in sorted(rows, key=lambda one: one.id.int ^ seed):
            with suppress(Damaged):
                if _is_due(open_slot(installation, row), now):
                    yield row.id
        if not rows:
            return
        last = rows[-1].id


def _is_due(waiting: Waiting | None, now: int) -> bool:
    return waiting is not None and 0 < waiting.next_at <= now


async def _claim(installation: Installation, account: UUID) -> Claim | None:
    """Claim the message that is due for somebody, or note when the next one is; nothing where another was first."""
    now = installation.clock()
    if not _is_due(await load_waiting(installation, account), to_seconds(now)):
        return None  # another has it, most likely; what counts is asked once more below
    async with transaction():
        await lock_account(account)
        waiting = await load_waiting(installation, account)
        if waiting is None or not _is_due(waiting, to_seconds(now)):
            return None
        known = await _load_known(installation, account, now)
        if known is None:
            later = to_seconds(now + UNREADABLE_WAITS)
            await save_waiting(installation, account, replace(waiting, next_at=later))
            return None
        waiting = verify(waiting, known)
        is_early = waiting.letter and to_seconds(now) < waiting.try_at
        at = waiting.find_next(known.calendar, now)
        if at is None or at > now or is_early:
            await save_waiting(installation, account, schedule(waiting, known.calendar, now))
            return None
        waiting, moments = begin_letter(waiting, now)
        await save_waiting(installation, account, waiting)
    return Claim(account, known, waiting, moments)


def verify(waiting: Waiting, known: Known) -> Waiting:
    """Return what still waits by what the server reads now; a measure's time, as long as measures are wanted."""
    kept = keep_planned(waiting, known.due.values())
    if ReminderKind.MEASURES in get_kinds(known.profile):
        return kept
    moments, told = (tuple(one for one in found if one.is_planned) for found in (kept.moments, kept.told))
    return replace(kept, moments=moments, told=told)


def begin_letter(waiting: Waiting, now: datetime) -> tuple[Waiting, tuple[Moment, ...]]:
    """Return what waits with a message under way, which keeps its id for as long as it is tried; and what is new."""
    at, moments = to_seconds(now), waiting.list_new(now)
    try_at = to_seconds(now + CLAIM_DURATION)
    begun = replace(
        waiting,
        letter=waiting.letter or uuid4().hex,
        made_at=waiting.made_at or at,
        attempts=waiting.attempts + 1,
        is_repeat=not moments,
        told_at=at,
        try_at=try_at,
        next_at=try_at,
    )
    return begun, moments


def end_letter(
    waiting: Waiting, letter: str, moments: tuple[Moment, ...], outcome: DeliveryOutcome, now: datetime
) -> Waiting:
    """Return what waits once a message was sent, refused or put off; after a repeat nothing is repeated."""
    if outcome is DeliveryOutcome.RETRY:
        if waiting.letter != letter:
            return waiting
        pause = RETRY_DELAYS[min(waiting.attempts, len(RETRY_DELAYS)) - 1]
        return replace(waiting, try_at=to_seconds(now + pause))
    gone = frozenset(moments)
    ended = replace(waiting, moments=tuple(one for one in waiting.moments if one not in gone))
    if outcome is DeliveryOutcome.SENT:
        ended = replace(ended, told_at=to_seconds(now), told=moments)
    else:
        ended = replace(ended, told=())
    return clear_letter(ended) if ended.letter == letter else ended


async def _load_known(installation: Installation, account: UUID, now: datetime) -> Known | None:
    """Return what the server knows; None for who cannot be told: a session that does not open may be today."""
    try:
        known = await load_known(installation, account, now) if await is_active(account) else None
    except Damaged:
        return None
    return known if known is not None and known.is_whole else None


async def _send(server: MailServer, claim: Claim, choose: ChooseVoice) -> DeliveryOutcome:
    message, waiting = Message(claim.known.profile.email, Notice.REMINDER.value), claim.waiting
    ident, made_at = UUID(waiting.letter), from_seconds(waiting.made_at)
    try:
        letter = compose_letter(server, message, ident, made_at, choose(claim.known.profile.language))
    except Undeliverable:
        return DeliveryOutcome.FAILED
    return await send_letter(server, letter)


async def _finish(installation: Installation, claim: Claim, outcome: DeliveryOutcome) -> None:
    """Note how an attempt ended, on what waits by now: its person may have changed it meanwhile."""
    now = installation.clock()
    async with transaction():
        await lock_account(claim.account)
        waiting = await load_waiting(installation, claim.account)
        if waiting is None:
            return
        ended = end_letter(waiting, claim.waiting.letter, claim.moments, outcome, now)
        known: Known | None = claim.known
        if waiting != claim.waiting:
            known = await _load_known(installation, claim.account, now)
        if known is not None:
            ended = schedule(ended, known.calendar, now)
        await save_waiting(installation, claim.account, ended)
