"""
When a reframe is offered to be looked at again, and what its patient answered to that.

An offer follows the dosing session that the reframe is about, else the day on which it was begun. It stands until a
newer one takes its place or somebody answers; nothing is overdue and nothing is counted. What was answered is
remembered beside the entry's words, so that restoring an older version brings no offer back; that no offers are wanted
is remembered with the account, so that deleting an entry brings none back either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from journal.accounts import details
from journal.actor import Actor
from journal.ages import CLOCK_TOLERANCE
from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.reframing.reframes import STATUS, get_today, list_reframes, require_reframe
from journal.reframing.steps import choose_step, find_step_day
from journal.sessions import holds, schedule
from journal.sessions.rows import Session
from journal.sessions.session import Status
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry

OFFSETS = (
    timedelta(hours=24),
    timedelta(hours=72),
    timedelta(days=7),
    timedelta(days=14),
    timedelta(days=30),
    timedelta(days=90),
)
"""How long after what it follows a reframe is offered."""

LAST_STANDS = timedelta(days=30)
"""How long the last offer stands, since no newer one takes its place."""

SENTENCES = ("reframe.old_meaning", "reframe.new_meaning")


class OfferAnswer(StrEnum):
    """What can be answered to an offer; none weighs more than another."""

    YES = "yes"
    """Look at it now. The offer is answered when something is added."""

    NOT_NOW = "not_now"
    """Not this time: the next one comes at its own time."""

    NOT_AGAIN = "not_again"
    """This reframe is not offered any more."""

    NO_OFFERS = "no_offers"
    """No reframe is offered any more."""

    OFFERS_AGAIN = "offers_again"
    """This one, and all, are offered again."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A reframe that is offered since `due_at`."""

    entry: Entry
    due_at: datetime


def find_beginning(entry: Entry, plan: Iterable[Session]) -> datetime:
    """Return what the offers of a reframe follow: the start of the dosing session that it is about, else its own."""
    plan = tuple(plan)
    about = next((one for one in plan if one.id.hex == entry.document.session_id), None)
    dosing = schedule.find_dosing_session(about, plan) if about else None
    if dosing is None or dosing.details.status is Status.CANCELLED:
        return entry.created_at
    return dosing.begins_at


def find_offer(
    entry: Entry, plan: Iterable[Session], now: datetime, *, today: datetime | None = None
) -> Offer | None:
    """
    Return the offer of one reframe that stands at *now*: the newest that came since it was begun.

    Args:
        today: When the day began; the last offer lapses between two days and never within one.
    """
    answers, beside = entry.document.answers, get_beside(entry.document)
    if beside.stopped or answers.get(STATUS) == "closed" or not any(name in answers for name in SENTENCES):
        return None
    begun = find_beginning(entry, plan)
    due = [begun + offset for offset in OFFSETS if begun + offset <= now]
    if not due or due[-1] <= entry.created_at:
        return None
    if len(due) == len(OFFSETS) and (today or now) - due[-1] >= LAST_STANDS:
        return None
    answered = get_answered_at(entry.document, now)
    return None if answered is not None and due[-1] <= answered else Offer(entry, due[-1])


def choose_offer(actor: Actor, reframes: Sequence[Entry], plan: Sequence[Session]) -> Offer | None:
    """
    Return the one offer of the actor's today, if there is one.

    One that stood when the day began stays for the day; else the first of the day does. So no day brings two.
    """
    if are_offers_off(actor, reframes) or holds.get_hold(actor, plan) is not None:
        return None
    midnight = _get_midnight(actor)
    moments = [get_answered_at(one.document, actor.now) for one in reframes]
    if any(moment is not None and moment >= midnight for moment in moments):
        return None
    if any(_was_closed_while_offered(one, plan, midnight) for one in reframes):
        return None
    found = [find_offer(one, plan, actor.now, today=midnight) for one in reframes]
    offered = [one for one in found if one is not None]
    # A newer offer of the same reframe takes the place of the one that stood, and is the same question.
    stood = {one.entry.id: then.due_at for one in offered if (then := find_offer(one.entry, plan, midnight))}
    if stood:
        return max(
            (one for one in offered if one.entry.id in stood),
            key=lambda one: (stood[one.entry.id], one.entry.id),
        )
    return min(offered, key=lambda one: (one.due_at, one.entry.id), default=None)


async def choose_for_home(
    actor: Actor, reframes: Sequence[Entry], plan: Sequence[Session]
) -> tuple[Entry | None, Offer | None]:
    """
    Return the reframe whose small step home asks about, or the offer that it makes: never both, and neither in a hold.

    What came later takes the place of what came before, from the next day on: a step that nobody answers for two weeks
    keeps no offer back, and on its own day nothing stands before it.
    """
    if holds.get_hold(actor, plan) is not None:
        return None, None
    step, offer = choose_step(actor, reframes), choose_offer(actor, reframes, plan)
    if offer is not None and await _was_one_deleted_today(actor, plan):
        offer = None
    if offer is not None and await details.load_offered_on(actor) == get_today(actor).isoformat():
        offer = None
    if step is None or offer is None:
        return step, offer
    came_back, stood = find_step_day(step), find_offer(offer.entry, plan, _get_midnight(actor))
    if came_back and stood and came_back < stood.due_at.astimezone(actor.zone).date():
        return None, offer
    return step, None


async def remember_erased(actor: Actor, wanted: UUID, plan: Sequence[Session]) -> None:
    """Remember that today had its offer, where that reframe is erased next; call it before that."""
    if await _was_one_deleted_today(actor, plan, wanted):
        await details.set_offered_on(actor, get_today(actor).isoformat())


async def _was_one_deleted_today(actor: Actor, plan: Sequence[Session], wanted: UUID | None = None) -> bool:
    """Return whether today a reframe, or that one, was deleted that had been offered or answered for today."""
    midnight = _get_midnight(actor)
    for one in await entries.list_deleted_entries(actor):
        if wanted not in (None, one.id):
            continue
        if one.damaged or one.document.kind != EntryKind.REFRAME or one.deleted_at is None:
            continue
        answered = get_answered_at(one.document, actor.now)
        if one.deleted_at >= midnight and (
            (answered is not None and answered >= midnight)
            or find_offer(one, plan, one.deleted_at, today=midnight) is not None
        ):
            return True
    return False


def are_offers_off(actor: Actor, reframes: Iterable[Entry]) -> bool:
    """Return whether the patient wants no offers at all; of before the account knew it, each reframe remembers it."""
    return actor.wants_no_offers or any(get_beside(one.document).off for one in reframes)


async def answer_offer(actor: Actor, wanted: UUID, answer: OfferAnswer) -> None:
    """Remember what was answered to an offer. It is never held: an answer can be given again."""
    require_reframe(await entries.load_entry(actor, wanted))
    if answer is OfferAnswer.YES:
        return
    if answer is OfferAnswer.OFFERS_AGAIN:
        await details.set_no_offers(actor, False)
        off = {one.id for one in await list_reframes(actor) if get_beside(one.document).off}
        for one in off - {wanted}:
            await _change_beside(actor, one, off=False)
        await _change_beside(actor, wanted, off=False, stopped=False)
        return
    if answer is OfferAnswer.NO_OFFERS:
        await details.set_no_offers(actor, True)
    marks = {"stopped": True} if answer is OfferAnswer.NOT_AGAIN else {}
    await _change_beside(actor, wanted, answered_at=format_moment(actor.now), **marks)


def get_beside(document: EntryDocument) -> Beside:
    """Return what is remembered beside the words of an entry."""
    return document.beside or Beside()


def format_moment(moment: datetime) -> str:
    """Return a moment as it is remembered beside an entry."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def get_answered_at(document: EntryDocument, now: datetime) -> datetime | None:
    """Return when an offer was answered last; a moment to come is from a clock that ran ahead, and is none."""
    kept = get_beside(document).answered_at
    if not kept:
        return None
    moment = datetime.fromisoformat(kept)
    return moment if moment <= now + CLOCK_TOLERANCE else None


def _get_midnight(actor: Actor) -> datetime:
    return datetime.combine(get_today(actor), time(), actor.zone).astimezone(UTC)


def _was_closed_while_offered(entry: Entry, plan: Iterable[Session], midnight: datetime) -> bool:
    """Return whether an offer may have stood today until its reframe was closed: another would be the day's second."""
    answers = entry.document.answers
    if answers.get(STATUS) != "closed" or entry.updated_at < midnight:
        return False
    open_again = msgspec.structs.replace(
        entry.document, answers={name: answer for name, answer in answers.items() if name != STATUS}
    )
    return (
        find_offer(
            msgspec.structs.replace(entry, document=open_again), plan, entry.updated_at, today=midnight
        )
        is not None
    )


async def _change_beside(actor: Actor, wanted: UUID, **changes: object) -> None:
    def change(entry: Entry) -> EntryDocument:
        require_reframe(entry)
        return msgspec.structs.replace(
            entry.document, beside=msgspec.structs.replace(get_beside(entry.document), **changes)
        )

    await entries.change_entry(actor, wanted, change)
