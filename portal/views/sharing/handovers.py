"""A clinician who leaves suggests a colleague; the patient accepts or declines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.invitations import AlreadyLinked
from journal.care.links import Link
from journal.errors import HeldUntilRested, NotFound, Refused, TrustBroken
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import my_sessions
from journal.sharing import handover_answers, handover_offers, shares
from journal.sharing.handover_answers import NotNow
from journal.sharing.handover_offers import Colleague, Offer
from portal.access.session_cookie import actor_of
from portal.views.sharing.shared_items import Item, items
from portal.web.forms import Form
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class Suggesting:
    """Context of the clinician's page: who could take over, and the last suggestion."""

    link: Link
    colleagues: tuple[Colleague, ...]
    latest: Offer | None
    damaged: tuple[UUID | None, ...]
    chosen: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answering:
    """Context of the patient's page: who is suggested, and what the one who leaves can read now."""

    offer: Offer
    items: tuple[Item, ...]
    waiting: Hold | None
    chosen: frozenset[str] = frozenset()
    end_care: bool = False
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


async def suggestion(request: Request) -> Response:
    """Show colleagues, or suggest one; nothing changes, and they are told nothing, until the patient agrees."""
    actor, patient = actor_of(request), request.path_params["id"]
    if request.method == "GET":
        return page(request, "patients/handover.html", await _suggesting(actor, patient))
    form = await Form.read(request)
    try:
        await handover_offers.suggest_to(actor, patient, form["successor"])
    except Refused as error:
        again = await _suggesting(actor, patient, form["successor"], error.fields)
        return page(request, "patients/handover.html", again, status=422)
    return see_other(request, f"/patients/{patient}/handover")


async def withdrawal(request: Request) -> Response:
    """Withdraw the suggestion."""
    patient = request.path_params["id"]
    await handover_offers.withdraw(actor_of(request), patient)
    return see_other(request, f"/patients/{patient}/handover")


async def answer(request: Request) -> Response:
    """Show a handover, or accept it; what is chosen is passed on and nothing else."""
    actor, wanted = actor_of(request), request.path_params["id"]
    found = await handover_offers.offer(actor, wanted)
    if request.method == "GET":
        return page(request, "sharing/handover.html", await _answering(actor, found))
    form = await Form.read(request)
    chosen, end_care, fields, status = form.all("shares"), form["end_care"] == "yes", {}, 409
    try:
        made = await handover_answers.accept(actor, wanted, _ids(chosen), end_care=end_care)
        return see_other(request, f"/sharing/{made}?done=began")
    except Refused as error:
        problem, fields, status = "", dict(error.fields), 422
    except (HeldUntilRested, TrustBroken, NotNow, AlreadyLinked) as error:
        problem = error.message
    again = await _answering(actor, found, frozenset(chosen), end_care, problem, fields)
    return page(request, "sharing/handover.html", again, status=status)


async def refusal(request: Request) -> Response:
    """Decline a handover; only the clinician who asked is told."""
    await handover_answers.decline(actor_of(request), request.path_params["id"])
    return see_other(request, "/sharing?done=declined")


async def _suggesting(
    actor: Actor, patient: UUID, chosen: str = "", errors: Mapping[str, str] | None = None
) -> Suggesting:
    link = await links.link_with(actor, patient)
    others, last = await handover_offers.colleagues(actor), await handover_offers.latest(actor, link)
    return Suggesting(link, others, next(iter(last), None), last.damaged, chosen, errors or {})


async def _answering(
    actor: Actor,
    offer: Offer,
    chosen: frozenset[str] = frozenset(),
    end_care: bool = False,
    problem: str = "",
    errors: Mapping[str, str] | None = None,
) -> Answering:
    given = [one for one in await shares.given(actor, team=[offer.link]) if not one.damaged]
    plan = await my_sessions(actor)
    waiting, listed = holds.held_by(actor, plan), await items(actor, given, plan)
    return Answering(offer, listed, waiting, chosen, end_care, problem, errors or {})


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise NotFound from error
