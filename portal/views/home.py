"""Home shows the one next thing; somebody who is not signed in is asked to sign in, or to open what is locked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
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
from journal.clinic import carrying
from journal.entries.listing import EntrySummary
from journal.entries.naming import EntryName, EntryNamer
from journal.key_rotation import waiting
from journal.replies.unread import UnreadReply, list_unread
from journal.roles import Role
from journal.scheduling.next_step import suggest_kind
from journal.sessions import schedule
from journal.sessions.day_state import DayState
from journal.sessions.holds import Hold
from journal.sessions.moments import USUAL, is_capture_time
from journal.sessions.rows import Session
from journal.sharing import handover_offers
from journal.sharing.handover_offers import HandoverOffer
from journal.sharing.recipients import Readers
from journal.sharing.timeline import build_timeline_queries, load_timeline_page
from journal.store.database import fetch_each
from journal.store.rows import OpenedRows
from journal.today import today
from journal.today.things import ThingKind, Today
from portal.access.guard import ask_to_unlock
from portal.access.session_cookie import RECOVERY_KEY, SignInPage
from portal.views.administration.people import load_administrator_home
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.views.today import ThingLine, build_thing, list_rest
from portal.web.errors import UNAVAILABLE_ERRORS
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class HomePage:
    """
    Context of a patient's home: the one next thing, what has to be said, and room to write.

    `has_rest`: there is more than `first`, on a page of its own. `about` is the session that the day is about,
    `invites` the kind of entry that fits the moment and is tied to it, and `next` the session to come, which is not
    one that has begun. `question` is a session of which nobody said whether it took place, where it is time to ask.
    `readers` are those who can read each of the `latest`. `stopped` are those with whom sharing has stopped because
    of their keys, `ended` are clinicians who ended care lately, and `unagreed` are false links. `offers` wait for an
    answer, `damaged` are sessions that do not open. Without `is_intact`, the journal is not as its owner left it.
    `has_reframes`: a moment can be about one. `is_capture_time`: on a session's day, hours after its start.
    `reply` is one of a clinician's that was not opened. `followed` are clinicians whose keys were renewed lately.
    `is_resealing`: what is shared is being encrypted again after that.
    """

    day: DayState
    first: ThingLine
    has_rest: bool
    about: SessionLine | None
    is_acute: bool
    invites: EntryKind
    next: SessionLine | None
    waiting: Hold | None
    question: SessionLine | None
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
    is_capture_time: bool
    reply: UnreadReply | None
    followed: tuple[Link, ...] = ()
    is_resealing: bool = False


RECENT = 3  # entries
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
    """
    Return the latest that a person wrote: what only says what waits or was agreed to has places of its own.

    One without a readable time comes in addition: storage alone says where it stands, and it would hide another.
    """
    written = [one for one in found if one.kind in SHAREABLE_KINDS]
    kept = {one.id for one in [one for one in written if one.is_dated][:RECENT]}
    return [one for one in written if one.id in kept or not one.is_dated]


async def load_home(actor: Actor) -> HomePage:
    """Return the home of a patient, with the one next thing."""
    rows = await fetch_each(*build_timeline_queries(actor.id, limit=RECENT + 1))
    shown = await load_timeline_page(actor, limit=RECENT + 1, rows=rows)
    plan, namer = shown.plan, EntryNamer(shown.plan)
    lines = {line.session.id: line for line in build_lines(actor, plan)}
    there = await links.load_care_team(actor, ended=True)
    lasting = tuple(link for link in there.links if link.ended_at is None)
    loaded = await today.load_today(actor, plan, lasting, rows[0])
    if not actor.is_head_request:
        with suppress(*UNAVAILABLE_ERRORS):  # on a full disk, people can still read
            await today.renew_reminders(actor, plan, loaded)
    is_resealing = False
    with suppress(*UNAVAILABLE_ERRORS):
        is_resealing = await waiting.continue_renewals(actor, lasting)
        await carrying.settle(actor, there.links, plan.everything)
    found = loaded.today
    about, coming = found.about, _find_coming(plan, found, actor.now)
    asked = next((one for one in (found.first, *found.rest) if one.kind is ThingKind.TOOK_PLACE), None)
    return HomePage(
        found.day,
        build_thing(found.first, loaded.due, lines, namer),
        bool(list_rest(loaded)),
        lines[about.id] if about else None,
        found.is_acute,
        suggest_kind(about.details, actor.now) if about else EntryKind.FREE,
        lines[coming] if coming else None,
        found.hold,
        lines[asked.session.id] if asked and asked.session else None,
        [(one, namer.name_entry(one)) for one in _select_recent(shown.listing.entries)],
        shown.readers,
        bool(lasting),
        tuple(link for link in lasting if not link.trusted),
        tuple(link for link in there.links if _is_news(link, actor.now)),
        there.unagreed,
        await handover_offers.list_offers(actor, lasting),
        plan.damaged,
        shown.listing.is_intact,
        loaded.has_reframes,
        about is None
        or found.day not in (DayState.UNDER_WAY, DayState.RESTING)
        or is_capture_time(about.details, actor.now, loaded.offsets.get(about.course, USUAL)),
        next(iter(await list_unread(actor, lasting, plan)), None),
        waiting.list_followed(actor, lasting),
        is_resealing,
    )


def _find_coming(plan: Sequence[Session], found: Today, now: datetime) -> UUID | None:
    """Return the session to come, and not one that is under way or of which nobody said that it began."""
    about, is_open = found.about, found.day in (DayState.AHEAD, DayState.READY)
    if about is not None and found.day is DayState.READY:
        return about.id
    upcoming = schedule.list_upcoming(schedule.list_uncancelled(plan), now)
    return next((one.id for one in upcoming if one is not about or is_open), None)


def _is_news(link: Link, now: datetime) -> bool:
    by_clinician = link.ended_by == Role.CLINICIAN.value
    return by_clinician and link.ended_at is not None and now - link.ended_at < END_OF_CARE_SHOWN
