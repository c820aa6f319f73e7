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
from journal.errors import InvalidInput, NotFound, TrustBroken
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import load_my_sessions
from journal.sharing import handover_answers, handover_offers, shares
from journal.sharing.handover_answers import ClinicianUnavailable
from journal.sharing.handover_offers import Colleague, HandoverOffer
from portal.access.session_cookie import get_actor
from portal.views.sharing.shared_items import SharedItem, load_shared_items
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class HandoverSuggestionPage:
    """Context of the clinician's page: who could take over, and the last suggestion."""

    link: Link
    colleagues: tuple[Colleague, ...]
    latest: HandoverOffer | None
    damaged: tuple[UUID | None, ...]
    chosen: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandoverAnswerPage:
    """Context of the patient's page: who is suggested, and what the one who leaves can read now."""

    offer: HandoverOffer
    items: tuple[SharedItem, ...]
    waiting: Hold | None
    chosen: frozenset[str] = frozenset()
    end_care: bool = False
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


async def suggest_colleague(request: Request) -> Response:
    """Show colleagues, or suggest one; nothing changes, and they are told nothing, until the patient agrees."""
    actor, patient = get_actor(request), request.path_params["id"]
    if request.method == "GET":
        return render_page(request, "patients/handover.html", await _build_suggestion_page(actor, patient))
    form = await Form.read(request)
    try:
        await handover_offers.suggest_colleague(actor, patient, form["successor"])
    except InvalidInput as error:
        again = await _build_suggestion_page(actor, patient, form["successor"], error.fields)
        return render_page(request, "patients/handover.html", again, status=422)
    return redirect(request, f"/patients/{patient}/handover")


async def withdraw_suggestion(request: Request) -> Response:
    """Withdraw the suggestion."""
    patient = request.path_params["id"]
    await handover_offers.withdraw_offer(get_actor(request), patient)
    return redirect(request, f"/patients/{patient}/handover")


async def answer_handover(request: Request) -> Response:
    """Show a handover, or accept it; what is chosen is passed on and nothing else."""
    actor, wanted = get_actor(request), request.path_params["id"]
    found = await handover_offers.load_offer(actor, wanted)
    if request.method == "GET":
        return render_page(request, "sharing/handover.html", await _build_answer_page(actor, found))
    form = await Form.read(request)
    chosen, end_care, fields, status = form.get_all("shares"), form["end_care"] == "yes", {}, 409
    try:
        made = await handover_answers.accept_handover(actor, wanted, _parse_ids(chosen), end_care=end_care)
        return redirect(request, f"/sharing/{made}?done=began")
    except InvalidInput as error:
        problem, fields, status = "", dict(error.fields), 422
    except (TrustBroken, ClinicianUnavailable, AlreadyLinked) as error:
        problem = error.message
    again = await _build_answer_page(actor, found, frozenset(chosen), end_care, problem, fields)
    return render_page(request, "sharing/handover.html", again, status=status)


async def decline_handover(request: Request) -> Response:
    """Decline a handover; only the clinician who asked is told."""
    await handover_answers.decline_handover(get_actor(request), request.path_params["id"])
    return redirect(request, "/sharing?done=declined")


async def _build_suggestion_page(
    actor: Actor, patient: UUID, chosen: str = "", errors: Mapping[str, str] | None = None
) -> HandoverSuggestionPage:
    link = await links.load_link_with(actor, patient)
    others, last = (
        await handover_offers.list_colleagues(actor),
        await handover_offers.load_latest_offer(actor, link),
    )
    return HandoverSuggestionPage(link, others, next(iter(last), None), last.damaged, chosen, errors or {})


async def _build_answer_page(
    actor: Actor,
    offer: HandoverOffer,
    chosen: frozenset[str] = frozenset(),
    end_care: bool = False,
    problem: str = "",
    errors: Mapping[str, str] | None = None,
) -> HandoverAnswerPage:
    given = [one for one in await shares.list_shares(actor, team=[offer.link]) if not one.damaged]
    plan = await load_my_sessions(actor)
    waiting, listed = holds.get_hold(actor, plan), await load_shared_items(actor, given, plan)
    return HandoverAnswerPage(offer, listed, waiting, chosen, end_care, problem, errors or {})


def _parse_ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise NotFound from error
