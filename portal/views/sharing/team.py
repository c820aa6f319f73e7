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
from journal.errors import TrustBroken
from journal.replies import endings
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import Session, load_my_sessions
from journal.sharing import handover_offers, shares
from journal.sharing.handover_offers import HandoverOffer
from journal.standing.lines import Standing
from journal.standing.standing import StandingList, load_standing
from journal.store.rows import OpenedRows
from portal.access.session_cookie import get_actor
from portal.views.sharing.shared_items import SharedItem, load_shared_items
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class TeamMember:
    """
    One clinician of the team; `trusted` is False when their keys are not the pinned ones.

    `missing`: a copy that they were given was removed by something else. `standing` is what they read as it is
    completed, `before` what they did over an earlier care link, and do no more.
    """

    link: Link
    trusted: bool
    items: tuple[SharedItem, ...]
    missing: bool
    returned: int = 0
    standing: tuple[Standing, ...] = ()
    before: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamPage:
    """Context of the care team's page; `unagreed` are false links, and `past` those that have ended."""

    members: tuple[TeamMember, ...]
    unagreed: tuple[UUID | None, ...]
    offers: OpenedRows[HandoverOffer]
    past: tuple[Link, ...]
    can_pause: bool
    awaiting_renewal: tuple[UUID, ...] = ()
    past_damaged: int = 0
    done: str = ""


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Context of one clinician's page; `code` is the safety code, empty when their keys have changed."""

    member: TeamMember
    code: str
    waiting: Hold | None
    done: str = ""


@dataclass(frozen=True, slots=True)
class EndCarePage:
    """Context of the page that asks before care is ended."""

    member: TeamMember
    waiting: Hold | None


async def show_team(request: Request) -> Response:
    """Show who can read something, and what."""
    actor = get_actor(request)
    found = await links.load_care_team(actor, ended=True)
    lasting = [one for one in found.links if not one.ended_at]
    members = await _build_members(
        actor, lasting, lasting, ended=[one for one in found.links if one.ended_at]
    )
    there = {member.link.peer for member in members}
    past = tuple(one for one in found.links if one.ended_at and one.peer not in there)
    can_pause = any(member.link.paused_at is None for member in members)
    offers = await handover_offers.list_offers(actor, [member.link for member in members])
    done = request.query_params.get("done", "")
    context = TeamPage(
        members, found.unagreed, offers, past, can_pause, found.awaiting_renewal, found.damaged, done
    )
    return render_page(request, "sharing/team.html", context)


async def show_member(request: Request) -> Response:
    """Show one clinician: the safety code, and all that they can read."""
    return await _render_member(request, get_actor(request))


async def pause_all_sharing(request: Request) -> Response:
    """Pause sharing with everybody. Never held back, and nothing is asked first."""
    await care_lifecycle.pause_sharing(get_actor(request))
    return redirect(request, "/sharing?done=paused")


async def pause_sharing(request: Request) -> Response:
    """Pause sharing with one clinician."""
    wanted = request.path_params["id"]
    await care_lifecycle.pause_sharing(get_actor(request), wanted)
    return redirect(request, f"/sharing/{wanted}?done=paused")


async def resume_sharing(request: Request) -> Response:
    """Resume sharing with one clinician."""
    actor, wanted = get_actor(request), request.path_params["id"]
    try:
        await care_lifecycle.resume_sharing(actor, wanted)
    except TrustBroken:
        return await _render_member(request, actor, status=409)
    return redirect(request, f"/sharing/{wanted}?done=resumed")


async def end_care(request: Request) -> Response:
    """Show what the clinician has read already, then end care with them."""
    actor, wanted = get_actor(request), request.path_params["id"]
    if request.method == "POST":
        await endings.end_care(actor, wanted)
        return redirect(request, "/sharing?done=ended")
    team, plan = await links.load_care_team(actor), await load_my_sessions(actor)
    (member,) = await _build_members(actor, [team.get_link(wanted)], team.links, plan)
    context = EndCarePage(member, holds.get_hold(actor, plan))
    return render_page(request, "sharing/end.html", context)


async def _render_member(request: Request, actor: Actor, *, status: int = 200) -> Response:
    team = await links.load_care_team(actor)
    one, plan = team.get_link(request.path_params["id"]), await load_my_sessions(actor)
    (member,) = await _build_members(actor, [one], team.links, plan)
    code = await link_keys.derive_safety_code(actor, one) if member.trusted else ""
    context = MemberPage(member, code, holds.get_hold(actor, plan), request.query_params.get("done", ""))
    return render_page(request, "sharing/link.html", context, status=status)


async def _build_members(
    actor: Actor,
    those: Sequence[Link],
    team: Sequence[Link],
    plan: Sequence[Session] | None = None,
    *,
    ended: Sequence[Link] = (),
) -> tuple[TeamMember, ...]:
    """Return *those* of the patient's *team*, all of whom are loaded already; so are the plan and *ended*, if given."""
    copies, missing = await shares.list_shares_and_missing(actor, team)
    shared = await load_shared_items(actor, copies, plan)
    back = await returned_shares.count_returned_by_link(actor)
    standing = await load_standing(actor)
    given: dict[UUID, list[SharedItem]] = {one.id: [] for one in those}
    for item in shared:
        given.setdefault(item.share.link.id, []).append(item)
    return tuple(
        TeamMember(
            one,
            one.trusted,
            tuple(given[one.id]),
            one.id in missing,
            back.get(one.id, 0),
            standing.select_in_force(link=one.id),
            _list_before(standing, one, ended),
        )
        for one in those
    )


def _list_before(standing: StandingList, link: Link, ended: Sequence[Link]) -> tuple[Standing, ...]:
    """Return what was given over earlier links with the same clinician, and over this one not anew."""
    old, anew = {one.id for one in ended if one.peer == link.peer}, standing.select_in_force(link=link.id)
    kinds = {one.kind for one in anew}
    return tuple(one for one in standing.select_in_force() if one.link in old and one.kind not in kinds)
