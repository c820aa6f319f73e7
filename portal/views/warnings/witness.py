"""What was noticed about the keys of accounts at a sign-in, the codes to compare, and going on from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.witness import checking
from journal.witness.checking import CodeToCompare
from journal.witness.documents import Finding
from portal.access.session_cookie import get_actor
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class WitnessPage:
    """
    Context of the page: `findings` are kinds with a name, or an empty one where no care link is meant.

    `codes` are of those with whom nothing is shared until they were compared.
    """

    findings: Sequence[tuple[str, str]]
    codes: Sequence[CodeToCompare]


async def show_findings(request: Request) -> Response:
    """Show what was noticed; or go on, since the codes were compared and what was noticed was read."""
    actor = get_actor(request)
    if request.method == "GET":
        return render_page(request, "account/witness.html", await _build_page(actor))
    await checking.accept(actor)
    return redirect(request, "/account?done=witness")


async def _build_page(actor: Actor) -> WitnessPage:
    report = await checking.load_report(actor)
    names = {link.id.hex: link.peer_name for link in report.links}
    found = [
        (kind.value, names.get(one.link, ""))
        for kind in Finding
        for one in report.noticed
        if one.kind == kind and (not one.link or one.link in names)
    ]
    return WitnessPage(found, report.codes)
