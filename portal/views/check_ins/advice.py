"""Whom a check-in says to call: the care team's own numbers, a poison line, and one page for when it is urgent."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.check_ins.advice import Advice
from journal.clinic.call_contacts import CallRole
from portal.access.session_cookie import get_actor
from portal.web.care_team import CallLine, load_my_call_lines
from portal.web.pages import get_translator, render_page

MEDICAL = frozenset({CallRole.NURSE, CallRole.PRESCRIBER})


@dataclass(frozen=True, slots=True)
class AdvicePanel:
    """What is said under a check-in, and numbers: of `prescribers` and the on-call nurse, and of `therapists`."""

    said: tuple[Advice, ...] = ()
    prescribers: tuple[CallLine, ...] = ()
    therapists: tuple[CallLine, ...] = ()


@dataclass(frozen=True, slots=True)
class CallNowPage:
    """Context of the page for when it is urgent."""

    call_lines: tuple[CallLine, ...]


async def show_call_now(request: Request) -> Response:
    """Show the emergency number and whom the care team named, and nothing else."""
    actor = get_actor(request)
    context = CallNowPage(await load_my_call_lines(actor, get_translator(request)))
    return render_page(request, "check_ins/call_now.html", context)


async def build_advice(actor: Actor, said: Collection[Advice], translate: Callable[..., str]) -> AdvicePanel:
    """Return what is said under a check-in, with the numbers that it needs."""
    if not said:
        return AdvicePanel()
    lines = await load_my_call_lines(actor, translate)
    return AdvicePanel(
        tuple(said),
        tuple(one for one in lines if one.contact.details.role in MEDICAL),
        tuple(one for one in lines if one.contact.details.role is CallRole.THERAPIST),
    )
