"""The way out, in steps: what to take, who reads what, what stays where, and the account. None is forced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.records import last_exports
from journal.records.last_exports import Taken
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import load_my_sessions
from journal.sharing import handover_offers, shares
from journal.sharing.handover_offers import HandoverOffer
from journal.standing.standing import load_standing
from journal.store.rows import OpenedRows
from portal.access.session_cookie import get_actor
from portal.web.pages import render_page


@dataclass(frozen=True, slots=True)
class Reader:
    """
    One clinician of the team: how many copies they were given, and how many kinds go to them as completed.

    `filed` is how many of the copies they filed in the practice's record.
    """

    link: Link
    copies: int
    filed: int
    standing: int


@dataclass(frozen=True, slots=True)
class LeavingPage:
    """
    Context of the page.

    `past` are connections that have ended, `unknown` is how many rows pass for one and are none. `waiting` is the hold
    after a dosing session. `backup_days` is how long backups are kept, None where nobody said so; `contact` is who
    runs this site, as configured.
    """

    taken: Taken
    readers: tuple[Reader, ...]
    past: tuple[Link, ...]
    unknown: int
    offers: OpenedRows[HandoverOffer]
    waiting: Hold | None
    backup_days: int | None
    contact: str


async def show_leaving(request: Request) -> Response:
    """Show each step with how far it is."""
    actor, config = get_actor(request), request.app.state.config
    team = await links.load_care_team(actor, ended=True)
    lasting = [one for one in team.links if one.ended_at is None]
    there = {one.peer for one in lasting}
    context = LeavingPage(
        await last_exports.load_taken(actor),
        await _load_readers(actor, lasting),
        tuple(one for one in team.links if one.ended_at is not None and one.peer not in there),
        len(team.unagreed) + len(team.awaiting_renewal),
        await handover_offers.list_offers(actor, lasting),
        holds.get_hold(actor, await load_my_sessions(actor)),
        config.backup_days,
        config.contact,
    )
    return render_page(request, "records/leaving.html", context)


async def _load_readers(actor: Actor, lasting: Sequence[Link]) -> tuple[Reader, ...]:
    copies = await shares.list_shares(actor, team=lasting)
    given = Counter[UUID](one.link.id for one in copies)
    filed = Counter[UUID](one.link.id for one in copies if one.filings)
    standing = await load_standing(actor)
    return tuple(
        Reader(one, given[one.id], filed[one.id], len(standing.select_in_force(link=one.id)))
        for one in lasting
    )
