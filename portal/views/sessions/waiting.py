"""What a patient asked for while it was held: listed until they have rested, and then each asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from journal.account_reset import returned_shares
from journal.actor import Actor
from journal.care import invitations, links
from journal.care.links import Link
from journal.catalogue.fields import EntryKind
from journal.clinic import ended_care
from journal.dosing_day import requests
from journal.dosing_day.requests import PendingRequest
from journal.entries import entries, only_entry
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import NotFound
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.notices import agreements
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import Session, load_my_sessions
from journal.sharing import handover_offers, shares
from journal.sitter.ends import is_before_start
from journal.vault import record_state
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

PAGE = "/sessions/waiting"
NOT_KEPT = N_("This could not be kept. Nothing was done; do it yourself once you have rested.")
NOT_YET = N_("This still waits until you have rested. Nothing was done.")
WENT = N_("This cannot be done any more: it has changed or is not there. Nothing was done.")
BY_LINK = N_("To do it, open their link once more: it is kept nowhere here, and still works.")

ADDRESSES: Mapping[HeldAct, str] = {
    HeldAct.SHARE: "/journal/{target}/shares",
    HeldAct.REPLY: "/journal/{target}/replies/{whom}",
    HeldAct.TICK: "/journal/{target}#later",
    HeldAct.ADDITIONS: "/journal/{target}#later",
    HeldAct.STANDING: "/sharing/{target}/standing",
    HeldAct.NOTICE: "/journal/{target}#notice",
    HeldAct.NOTICES: "/sharing/notices",
    HeldAct.RESUME: "/sharing/{target}",
    HeldAct.COPY: "/safety-plan#copies",
    HeldAct.END_CARE: "/sharing/{target}/end",
    HeldAct.HANDOVER: "/sharing/handovers/{target}",
    HeldAct.CONNECT: "/sharing",
    HeldAct.SITTER: "/sessions/{target}/sitter",
    HeldAct.DELETE: "/journal/{target}/deletion",
    HeldAct.ERASE: "/journal/{target}/erasure",
    HeldAct.DISCARD: "/sharing/{target}/returned",
    HeldAct.ACCEPT: "/journal/comparison",
    HeldAct.EXPORT: "/records",
    HeldAct.DISCLOSURES: "/sharing/disclosures",
    HeldAct.CONTACT: "/clinic/contacts/{target}/removal",
    HeldAct.TEXT: "/clinic/texts/{target}/hidden",
    HeldAct.OWN_CONTACT: "/account/contact",
    HeldAct.CALENDAR: "/account/calendar",
    HeldAct.ACCOUNT: "/account/deletion",
}
"""The page of each act, where it is asked as at any time, with all its checks."""
_TO_LINKS = frozenset({HeldAct.SHARE, HeldAct.REPLY, HeldAct.NOTICE})
_OF_ENTRIES = _TO_LINKS | {HeldAct.TICK, HeldAct.ADDITIONS, HeldAct.DELETE, HeldAct.ERASE}
_OF_ENDED_CARE = frozenset({HeldAct.CONTACT, HeldAct.TEXT})


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """
    One request, with the names of the entry and of the person that it is about, where there are such.

    `is_gone`: what it is about went, or is such that it cannot be done any more. `is_changed`: the entry was changed
    since it was asked for, or the comfort plan that a sitter's link takes words from. `by_link`: it is done by opening
    a link again, whose secret is kept nowhere here.
    """

    request: PendingRequest
    entry: EntryName | None = None
    person: str = ""
    is_gone: bool = False
    is_changed: bool = False
    by_link: bool = False

    @property
    def address(self) -> str:
        """Return the page of the act itself."""
        return ADDRESSES[self.request.asked.act].format_map(asdict(self.request.asked))


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """Context of the page: what is still held, all that waits, and why the step before was refused."""

    waiting: Hold | None
    lines: tuple[WaitingLine, ...]
    back: str = "/"
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Targets:
    """What requests can be about, as it is now."""

    team: Mapping[UUID, Link]
    unagreed: frozenset[UUID | None]
    given: Mapping[UUID, Link]
    written: Mapping[UUID, Entry]
    deleted: Mapping[UUID, Entry]
    offers: Mapping[UUID, str]
    inviters: Mapping[UUID, str]
    returned: Mapping[UUID, int]
    plan: Mapping[UUID, Session]
    left: frozenset[UUID]
    is_intact: bool
    comfort: Entry | None
    is_agreed: bool


async def show_waiting(request: Request) -> Response:
    """Show what waits; keep one more request, leave one, or go to the page of its act once nothing is held."""
    actor = get_actor(request)
    if request.method == "GET":
        return await _render(request, actor)
    form = await Form.read(request)
    asked = requests.parse_key(form["request"], form.get_all("sections"))
    if asked is None:
        raise NotFound
    if form["go"] == "ask":
        if await requests.keep_request(actor, asked):
            return redirect(request, PAGE)
        return await _render(request, actor, NOT_KEPT)
    if form["go"] == "leave":
        await requests.remove_request(actor, requests.format_key(asked))
        return redirect(request, PAGE)
    if form["go"] == "do":
        return await _open_act(request, actor, asked)
    raise NotFound


async def _open_act(request: Request, actor: Actor, asked: Asked) -> Response:
    """Go to the page of an act, which asks and checks as at any time; it stays on the list until it is done."""
    key, plan = requests.format_key(asked), await load_my_sessions(actor)
    if holds.get_hold(actor, plan) is not None:
        return await _render(request, actor, NOT_YET)
    found = [one for one in await requests.load_requests(actor) if one.key == key]
    lines = await build_lines(actor, found, plan)
    if not lines:
        return redirect(request, PAGE)  # it was answered from another page
    if lines[0].is_gone or lines[0].by_link:
        return await _render(request, actor, WENT if lines[0].is_gone else BY_LINK)
    # The form of a share goes along: who and which parts stand on its page as they were chosen.
    if asked.act is HeldAct.SHARE:
        return RedirectResponse(lines[0].address, 307)
    return redirect(request, lines[0].address)


async def load_lines(actor: Actor, plan: Sequence[Session]) -> tuple[WaitingLine, ...]:
    """Return all that waits; *plan* is the patient's."""
    return await build_lines(actor, await requests.load_requests(actor), plan)


async def build_lines(
    actor: Actor, found: Iterable[PendingRequest], plan: Sequence[Session]
) -> tuple[WaitingLine, ...]:
    """Return requests with what they are about, as it is now."""
    every = tuple(found)
    if not every:
        return ()
    targets, namer = await _load_targets(actor, every, plan), EntryNamer(plan)
    return tuple(_build_line(actor, one, targets, namer) for one in every)


async def _load_targets(actor: Actor, found: Sequence[PendingRequest], plan: Sequence[Session]) -> _Targets:
    acts = {one.asked.act for one in found}
    team = await links.load_care_team(actor)
    current = {link.id: link for link in team.links if link.ended_at is None}
    wanted = [one.asked.target for one in found if one.asked.act in _OF_ENTRIES and one.asked.target]
    invited = [one.asked.target for one in found if one.asked.act is HeldAct.CONNECT and one.asked.target]
    deleted = await entries.list_deleted_entries(actor) if HeldAct.ERASE in acts else ()
    offers = await handover_offers.list_offers(actor, current.values()) if HeldAct.HANDOVER in acts else ()
    return _Targets(
        current,
        frozenset(team.unagreed),
        {one.id: one.link for one in await shares.list_shares(actor, team=current.values())},
        await entries.load_entries_by_id(actor, wanted),
        {one.id: one for one in deleted},
        {one.id: one.successor.name for one in offers},
        await invitations.list_inviters(actor, invited) if invited else {},
        await returned_shares.count_returned_by_link(actor) if HeldAct.DISCARD in acts else {},
        {one.id: one for one in plan},
        await ended_care.list_left(actor) if acts & _OF_ENDED_CARE else frozenset(),
        HeldAct.ACCEPT in acts and (await record_state.compare_records(actor, earlier=True)).is_intact,
        await only_entry.load_only_entry(actor, EntryKind.COMFORT) if HeldAct.SITTER in acts else None,
        HeldAct.NOTICES in acts and await agreements.load_policy(actor, team) is not None,
    )


def _build_line(actor: Actor, one: PendingRequest, now: _Targets, namer: EntryNamer) -> WaitingLine:
    asked = one.asked
    act, target, whom = asked.act, asked.target or UUID(int=0), asked.whom or UUID(int=0)
    if act in _OF_ENTRIES:
        entry = (now.deleted if act is HeldAct.ERASE else now.written).get(target)
        link = now.team.get(whom) if act in _TO_LINKS else now.given.get(whom)
        is_shared = act in (HeldAct.DELETE, HeldAct.ERASE) or link is not None
        return WaitingLine(
            one,
            namer.name_entry(entry) if entry else None,
            link.peer_name if link else "",
            entry is None or not is_shared,
            entry is not None and entry.updated_at > one.at,
        )
    if act in (HeldAct.STANDING, HeldAct.RESUME, HeldAct.END_CARE, HeldAct.DISCARD):
        link = now.team.get(target)
        is_gone = link is None and (act is not HeldAct.END_CARE or target not in now.unagreed)
        if act is HeldAct.RESUME and link is not None:
            is_gone = link.paused_at is None
        if act is HeldAct.DISCARD:
            is_gone = target not in now.returned
        return WaitingLine(one, person=link.peer_name if link else "", is_gone=is_gone)
    if act is HeldAct.HANDOVER:
        return WaitingLine(one, person=now.offers.get(target, ""), is_gone=target not in now.offers)
    if act is HeldAct.CONNECT:
        return WaitingLine(
            one, person=now.inviters.get(target, ""), is_gone=target not in now.inviters, by_link=True
        )
    if act is HeldAct.SITTER:
        session, comfort = now.plan.get(target), now.comfort
        is_gone = session is None or not is_before_start(session.details, actor.now)
        is_changed = comfort is not None and comfort.updated_at > one.at
        return WaitingLine(one, is_gone=is_gone, is_changed=is_changed)
    if act in _OF_ENDED_CARE:
        return WaitingLine(one, is_gone=target not in now.left)
    is_gone = (act is HeldAct.NOTICES and not now.is_agreed) or (act is HeldAct.ACCEPT and now.is_intact)
    return WaitingLine(one, is_gone=is_gone)


async def _render(request: Request, actor: Actor, problem: str = "") -> Response:
    plan = await load_my_sessions(actor)
    lines = await build_lines(actor, await requests.remove_lapsed(actor), plan)
    context = WaitingPage(holds.get_hold(actor, plan), lines, problem=problem)
    return render_page(request, "sessions/waiting.html", context, status=409 if problem else 200)
