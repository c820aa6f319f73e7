"""Home shows the one next step; somebody who is not signed in is asked to sign in, or to open what is locked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.catalogue.fields import EntryKind
from journal.catalogue.forms import SHAREABLE_KINDS
from journal.catalogue.tracked import CheckIn
from journal.check_ins import offers as check_in_offers
from journal.check_ins.records import list_made
from journal.clinic import instructions
from journal.day_lines import records as day_lines
from journal.dosing_day import requests
from journal.entries import by_kind
from journal.entries.listing import EntrySummary
from journal.entries.naming import EntryName, EntryNamer
from journal.evaluation import reviewing
from journal.evaluation.records import build_evaluation
from journal.measures import records as measure_records
from journal.measures.instruments import Instrument
from journal.notices import proposals
from journal.reframing import offers as reframe_offers
from journal.reframing import reframes
from journal.replies.unread import UnreadReply, list_unread
from journal.roles import Role
from journal.scheduling.next_step import suggest_kind
from journal.sessions import holds, schedule
from journal.sessions.day_state import DayState, find_current_day, is_capture_time
from journal.sessions.holds import Hold
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind
from journal.sharing import handover_offers
from journal.sharing.handover_offers import HandoverOffer
from journal.sharing.recipients import Readers
from journal.sharing.timeline import load_timeline_page
from journal.store.rows import OpenedRows
from journal.vault.entry_rows import Entry
from portal.access.guard import ask_to_unlock
from portal.access.session_cookie import RECOVERY_KEY, SignInPage
from portal.views.administration.people import load_administrator_home
from portal.views.check_ins.form_page import get_address
from portal.views.reframing.offers import OfferLine
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class CheckInOffer:
    """The check-in that fits the day, and where it is."""

    moment: CheckIn
    address: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """
    Context of a patient's home: the state of the day, what is next, and the entry that fits it.

    `invites` is the kind of entry that fits the moment; `about` is the session that the day is about, and the
    entry would be tied to. `next` is not one that has begun. `readers` are those who can read each of the
    `latest`. `stopped` are those with whom sharing has stopped because of their keys, `ended` are clinicians who
    ended care lately, and `unagreed` are false links. `offers` wait for an answer, `damaged` are sessions that do
    not open. Without `is_intact`, the journal is not as its owner left it. `has_reframes`: a moment can be about one.
    `again` is the reframe that is offered today to be looked at again, `step` one whose small step has come back.
    `is_near`: the next session is a dosing session, and is today or tomorrow. `is_asked_again`: something that the
    patient asked for while it was held waits for their answer, and nothing is held any more. `question` is a session of
    which nobody said whether it took place. `due_measure`: one that was answered before,
    and whose usual time has come again. `check_in`: the one that fits the day.
    `is_day_line_open`: its patient wants to be offered the line of today, and has not written it.
    `asked_by`: a prescriber who asks for an evaluation.
    `reply` is one of a clinician's that was not opened.
    `proposed_by`: a clinician whose proposal about notices waits for an answer.
    `is_capture_time`: on a session's day, hours after its start.
    """

    day: DayState
    about: SessionLine | None
    is_acute: bool
    invites: EntryKind
    next: SessionLine | None
    waiting: Hold | None
    latest: Sequence[tuple[EntrySummary, EntryName]]
    readers: Readers
    connected: bool
    stopped: tuple[Link, ...]
    ended: tuple[Link, ...]
    unagreed: tuple[UUID | None, ...]
    offers: OpenedRows[HandoverOffer]
    damaged: tuple[UUID | None, ...]
    is_intact: bool
    has_reframes: bool
    again: OfferLine | None
    step: OfferLine | None
    is_near: bool
    is_asked_again: bool
    question: SessionLine | None
    is_capture_time: bool
    due_measure: Instrument | None
    check_in: CheckInOffer | None
    is_day_line_open: bool
    proposed_by: Link | None
    asked_by: Link | None
    reply: UnreadReply | None


RECENT = 3  # entries
HOME_KINDS = frozenset({EntryKind.REFRAME, EntryKind.MEASURE, EntryKind.CHECK_IN, EntryKind.EVALUATION})
"""The kinds of which home looks at every entry."""
END_OF_CARE_SHOWN = timedelta(days=14)
"""How long home says that a clinician ended care."""


async def show_home(request: Request) -> Response:
    """Show the person's own home."""
    actor: Actor | None = request.state.actor
    if actor is None:
        if request.state.trouble:
            raise request.state.trouble
        if (locked := await ask_to_unlock(request)) is not None:
            return locked
        return render_page(request, "sign_in.html", SignInPage())
    if not actor.recovery_ready:
        return redirect(request, RECOVERY_KEY)
    if actor.role is Role.CLINICIAN:
        return redirect(request, "/patients" + (f"?{query}" if (query := request.url.query) else ""))
    if actor.role is Role.ADMINISTRATOR:
        return render_page(request, "people/home.html", await load_administrator_home(actor))
    return render_page(request, "home.html", await load_home(actor))


def _select_recent(found: Sequence[EntrySummary]) -> list[EntrySummary]:
    """Return the latest that a person wrote: what only says what waits or was agreed to has places of its own."""
    return [one for one in found if one.kind in SHAREABLE_KINDS][:RECENT]


async def load_home(actor: Actor) -> HomePage:
    """Return the home of a patient, with the one next step."""
    shown = await load_timeline_page(actor, limit=RECENT + 1)
    plan, namer = shown.plan, EntryNamer(shown.plan)
    lines = {line.session.id: line for line in build_lines(actor, plan)}
    day, about = find_current_day(plan, actor.now)
    is_intact, found = await by_kind.load_entries_of_kinds(
        actor, HOME_KINDS | ({EntryKind.DAY_LINES} if actor.has_day_lines else set())
    )
    written = reframes.select_reframes(found)
    hold = holds.get_hold(actor, plan)
    step, again = await reframe_offers.choose_for_home(actor, written, plan)
    ahead = (
        one.id
        for one in schedule.list_upcoming(schedule.list_uncancelled(plan), actor.now)
        if one is not about or day in (DayState.AHEAD, DayState.READY)
    )
    coming = about.id if about and day is DayState.READY else next(ahead, None)
    there = await links.load_care_team(actor, ended=True)
    lasting = tuple(link for link in there.links if link.ended_at is None)
    return HomePage(
        day,
        lines[about.id] if about else None,
        about is not None and await instructions.is_acute(actor, about),
        suggest_kind(about.details, actor.now) if about else EntryKind.FREE,
        lines[coming] if coming else None,
        hold,
        [(one, namer.name_entry(one)) for one in _select_recent(shown.listing.entries)],
        shown.readers,
        bool(lasting),
        tuple(link for link in lasting if not link.trusted),
        tuple(link for link in there.links if _is_news(link, actor.now)),
        there.unagreed,
        await handover_offers.list_offers(actor, lasting),
        plan.damaged,
        shown.listing.is_intact,
        bool(written),
        OfferLine(again.entry, namer.name_entry(again.entry)) if again else None,
        OfferLine(step, namer.name_entry(step)) if step else None,
        coming is not None and _is_near(lines[coming]),
        hold is None and await _is_asked_again(actor, plan),
        next((line for line in lines.values() if holds.is_asked(line.details, actor.now)), None),
        about is None
        or day not in (DayState.UNDER_WAY, DayState.RESTING)
        or is_capture_time(about.details, actor.now),
        await _find_due_measure(actor, plan, is_intact, found) if hold is None else None,
        _find_check_in(actor, plan, found),
        actor.has_day_lines and hold is None and _is_day_line_open(actor, found),
        await proposals.find_proposal(actor, lasting) if hold is None else None,
        await _find_ask(actor, lasting, found) if hold is None else None,
        next(iter(await list_unread(actor, lasting, plan)), None),
    )


async def _find_ask(actor: Actor, lasting: tuple[Link, ...], found: Sequence[Entry]) -> Link | None:
    return await reviewing.find_ask(actor, lasting, build_evaluation(True, found))


def _is_day_line_open(actor: Actor, found: Iterable[Entry]) -> bool:
    return day_lines.build_day_lines(True, found).find_line(day_lines.get_today(actor)) is None


def _find_check_in(actor: Actor, plan: Sequence[Session], found: Iterable[Entry]) -> CheckInOffer | None:
    offer = check_in_offers.find_offer(actor, plan, list_made(found))
    return CheckInOffer(offer[0], get_address(*offer)) if offer else None


async def _find_due_measure(
    actor: Actor, plan: Sequence[Session], is_intact: bool, found: Iterable[Entry]
) -> Instrument | None:
    seen = measure_records.build_measures(actor, is_intact, found)
    if not seen.is_any_whole:
        return None
    course = schedule.find_course(plan, actor.now)
    text = await instructions.load_instructions(actor.installation, actor.id, course)
    return seen.find_due(instructions.get_measure_days(text))


def _is_near(line: SessionLine) -> bool:
    return line.details.kind is SessionKind.DOSING and line.days in (0, 1)


async def _is_asked_again(actor: Actor, plan: Sequence[Session]) -> bool:
    can_be = requests.can_be_there([one.details for one in plan], actor.now)
    return can_be and bool(await requests.load_requests(actor))


def _is_news(link: Link, now: datetime) -> bool:
    by_clinician = link.ended_by == Role.CLINICIAN.value
    return by_clinician and link.ended_at is not None and now - link.ended_at < END_OF_CARE_SHOWN
