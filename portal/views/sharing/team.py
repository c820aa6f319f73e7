"""The patient's care team: who can read what; pause, resume, compare codes, end care."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.account_reset import returned_shares
from journal.actor import Actor
from journal.care import lifecycle as care_lifecycle
from journal.care import link_keys, links
from journal.care.links import Link
from journal.errors import HeldUntilRested, TrustBroken
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import Session, my_sessions
from journal.sharing import handover_offers, shares
from journal.sharing.handover_offers import Offer
from journal.store.rows import Opened
from portal.access.session_cookie import actor_of
from portal.views.sharing.shared_items import Item, items
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class Member:
    """
    One clinician of the team; `trusted` is False when their keys are not the pinned ones.

    `missing`: a copy that they were given was removed by something else.
    """

    link: Link
    trusted: bool
    items: tuple[Item, ...]
    missing: bool
    returned: int = 0


@dataclass(frozen=True, slots=True)
class Team:
    """Context of the care team's page; `strange` are false links, and `past` those that have ended."""

    members: tuple[Member, ...]
    strange: tuple[UUID | None, ...]
    offers: Opened[Offer]
    past: tuple[Link, ...]
    can_pause: bool
    before: tuple[UUID, ...] = ()
    past_damaged: int = 0
    done: str = ""


@dataclass(frozen=True, slots=True)
class One:
    """Context of one clinician's page; `code` is the safety code, empty when their keys have changed."""

    member: Member
    code: str
    waiting: Hold | None
    done: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Context of the page that asks before care is ended."""

    member: Member
    waiting: Hold | None


async def team(request: Request) -> Response:
    """Show who can read something, and what."""
    actor = actor_of(request)
    found = await links.found(actor, ended=True)
    lasting = [one for one in found.links if not one.ended_at]
    members = await _members(actor, lasting, lasting)
    there = {member.link.peer for member in members}
    past = tuple(one for one in found.links if one.ended_at and one.peer not in there)
    can_pause = any(member.link.paused_at is None for member in members)
    offers = await handover_offers.offers(actor, [member.link for member in members])
    done = request.query_params.get("done", "")
    context = Team(members, found.strange, offers, past, can_pause, found.before, found.damaged, done)
    return page(request, "sharing/team.html", context)


async def link(request: Request) -> Response:
    """Show one clinician: the safety code, and all that they can read."""
    return await _one(request, actor_of(request))


async def pause_all(request: Request) -> Response:
    """Pause sharing with everybody. Never held back, and nothing is asked first."""
    await care_lifecycle.pause(actor_of(request))
    return see_other(request, "/sharing?done=paused")


async def pause(request: Request) -> Response:
    """Pause sharing with one clinician."""
    wanted = request.path_params["id"]
    await care_lifecycle.pause(actor_of(request), wanted)
    return see_other(request, f"/sharing/{wanted}?done=paused")


async def resumption(request: Request) -> Response:
    """Resume sharing with one clinician."""
    actor, wanted = actor_of(request), request.path_params["id"]
    try:
        await care_lifecycle.resume(actor, wanted)
    except (HeldUntilRested, TrustBroken):
        return await _one(request, actor, status=409)  # the page says which of the two it is
    return see_other(request, f"/sharing/{wanted}?done=resumed")


async def end(request: Request) -> Response:
    """Show what the clinician has read already, then end care with them."""
    actor, wanted = actor_of(request), request.path_params["id"]
    status = 200
    if request.method == "POST":
        try:
            await care_lifecycle.end(actor, wanted)
            return see_other(request, "/sharing?done=ended")
        except HeldUntilRested:
            status = 409
    team, plan = await links.found(actor), await my_sessions(actor)
    (member,) = await _members(actor, [team.link(wanted)], team.links, plan)
    context = Ending(member, holds.held_by(actor, plan))
    return page(request, "sharing/end.html", context, status=status)


async def _one(request: Request, actor: Actor, *, status: int = 200) -> Response:
    team = await links.found(actor)
    one, plan = team.link(request.path_params["id"]), await my_sessions(actor)
    (member,) = await _members(actor, [one], team.links, plan)
    code = await link_keys.code_for(actor, one) if member.trusted else ""
    context = One(member, code, holds.held_by(actor, plan), request.query_params.get("done", ""))
    return page(request, "sharing/link.html", context, status=status)


async def _members(
    actor: Actor, those: Sequence[Link], team: Sequence[Link], plan: Sequence[Session] | None = None
) -> tuple[Member, ...]:
    """Return *those* of the patient's *team*, all of whom are loaded already; so is the plan, if given."""
    copies, missing = await shares.given_and_missing(actor, team)
    shared = await items(actor, copies, plan)
    back = await returned_shares.how_many(actor)
    given: dict[UUID, list[Item]] = {one.id: [] for one in those}
    for item in shared:
        given.setdefault(item.given.link.id, []).append(item)
    return tuple(
        Member(one, one.trusted, tuple(given[one.id]), one.id in missing, back.get(one.id, 0))
        for one in those
    )
