"""Home shows the one next step; somebody who is not signed in is asked to sign in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.catalogue.fields import EntryKind
from journal.entries.listing import Listed
from journal.roles import Role
from journal.scheduling.next_step import fitting
from journal.sessions import holds, schedule
from journal.sessions.holds import Hold
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status
from journal.sharing import handover_offers
from journal.sharing.handover_offers import Offer
from journal.sharing.recipients import Readers
from journal.sharing.timeline import load_page
from journal.store.rows import Opened
from portal.access.session_cookie import RECOVERY_KEY, SignIn
from portal.views.administration.people import desk_of
from portal.views.sessions.session_lines import SessionLine, lines_of
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class Home:
    """
    Context of a patient's home: what is next, and the entry that fits it.

    `invites` is the kind of entry that fits the moment; `about` is the session it would be tied to. `next` is
    not the one under way. `readers` are those who can read each of the `latest`. `stopped` are those with whom
    sharing has stopped because of their keys, and `strange` are false links. `offers` wait for an answer,
    `damaged` are sessions that do not open. Without `as_left`, the journal is not as its owner left it.
    """

    next: SessionLine | None
    about: Session | None
    invites: EntryKind
    under_way: Session | None
    waiting: Hold | None
    latest: Sequence[Listed]
    readers: Readers
    connected: bool
    stopped: tuple[Link, ...]
    strange: tuple[UUID | None, ...]
    offers: Opened[Offer]
    damaged: tuple[UUID | None, ...]
    as_left: bool


async def home(request: Request) -> Response:
    """Show the person's own home."""
    actor: Actor | None = request.state.actor
    if actor is None:
        if request.state.trouble:
            raise request.state.trouble
        return page(request, "sign_in.html", SignIn())
    if not actor.recovery_ready:
        return see_other(request, RECOVERY_KEY)
    if actor.role is Role.CLINICIAN:
        return see_other(request, "/patients")
    if actor.role is Role.ADMINISTRATOR:
        return page(request, "people/home.html", await desk_of(actor))
    return page(request, "home.html", await home_of(actor))


async def home_of(actor: Actor) -> Home:
    """Return the home of a patient, with the one next step."""
    shown = await load_page(actor, limit=3)
    plan = shown.plan
    dosing = [one for one in plan if one.details.kind is SessionKind.DOSING]
    under_way = next(
        (one for one in dosing if one.details.status in (Status.IN_SESSION, Status.RECOVERING)), None
    )
    ahead = {one.id for one in schedule.ahead(schedule.lasting(plan), actor.now) if one is not under_way}
    invites, about = fitting(plan, actor.now)
    there = await links.found(actor)
    return Home(
        next((line for line in lines_of(actor, plan) if line.session.id in ahead), None),
        about,
        invites,
        under_way,
        holds.held_by(actor, plan),
        shown.listing.entries,
        shown.readers,
        bool(there.links),
        tuple(link for link in there.links if not link.trusted),
        there.strange,
        await handover_offers.offers(actor, there.links),
        plan.damaged,
        shown.listing.as_left,
    )
