"""The check list of a session: one tap for each state, lines of one's own, and the care team's text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.clinic import instructions
from journal.clinic.instructions import ItemGroup
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.i18n import N_
from journal.preparing import checklist
from journal.preparing.checklist import CheckLine, Checklist, CheckState
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line with its number on the page, by which its own address calls it."""

    number: int
    line: CheckLine


@dataclass(frozen=True, slots=True)
class ChecklistPage:
    """
    Context of the page. `groups` are the care team's lines by the parts of their text.

    `typed` are words that were not taken: a new line, or with `changing` those of the line of this text. If that line
    has gone meanwhile, they stand as a new one.
    """

    session: SessionLine
    seen: Checklist
    groups: tuple[tuple[ItemGroup, tuple[NumberedLine, ...]], ...]
    own: tuple[NumberedLine, ...]
    states: tuple[CheckState, ...] = tuple(CheckState)
    typed: str = ""
    changing: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


async def show_checklist(request: Request) -> Response:
    """Show a session's check list, or add a line to it; while the session lasts, there is the calm screen alone."""
    actor, wanted = get_actor(request), request.path_params["id"]
    if request.method == "POST":
        form = await Form.read(request)
        if form["go"] == "earlier":
            await checklist.take_over_lines(actor, wanted)
            return redirect(request, f"{_build_address(wanted)}#own")
        try:
            await checklist.add_lines(actor, wanted, [form["text"]])
        except InvalidInput as error:
            return await _render(request, actor, wanted, form["text"], errors=error.fields)
        return redirect(request, f"{_build_address(wanted)}#own")
    page = await _render(request, actor, wanted)
    return await print_page(request, actor, page, N_("Check list"), "check-list.pdf", has_notes=True)


async def change_state(request: Request) -> Response:
    """Change the state of a line."""
    actor, wanted, form = get_actor(request), request.path_params["id"], await Form.read(request)
    state = next((one for one in CheckState if one.value == form["state"]), None)
    if state is None:
        raise NotFound
    await checklist.change_state(actor, wanted, form["line"], state)
    number = form.get_whole_number("number") or 0
    return redirect(request, f"{_build_address(wanted)}#line-{number}")


async def change_line(request: Request) -> Response:
    """Change the words of a line of one's own, or remove it."""
    actor, wanted, form = get_actor(request), request.path_params["id"], await Form.read(request)
    if form["go"] == "remove":
        await checklist.remove_line(actor, wanted, form["line"])
        return redirect(request, f"{_build_address(wanted)}#own")
    try:
        await checklist.change_line(actor, wanted, form["line"], form["text"])
    except InvalidInput as error:
        return await _render(request, actor, wanted, form["text"], changing=form["line"], errors=error.fields)
    except StaleRevision:
        gone = {"text": checklist.CHANGED_MEANWHILE}
        return await _render(request, actor, wanted, form["text"], errors=gone, status=409)
    return redirect(request, f"{_build_address(wanted)}#own")


async def _render(
    request: Request,
    actor: Actor,
    wanted: UUID,
    typed: str = "",
    *,
    changing: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = 422,
) -> Response:
    seen = await checklist.load_checklist(actor, wanted)
    if await instructions.is_acute(actor, seen.session):
        return redirect(request, f"/sessions/{wanted}")
    lines = build_lines(actor, seen.plan)
    numbered = tuple(NumberedLine(number, line) for number, line in enumerate((*seen.clinic, *seen.own), 1))
    of_clinic = numbered[: len(seen.clinic)]
    groups = ((group, tuple(one for one in of_clinic if one.line.group is group)) for group in ItemGroup)
    context = ChecklistPage(
        next(one for one in lines if one.session.id == wanted),
        seen,
        tuple(groups) if seen.instructions else (),
        numbered[len(seen.clinic) :],
        typed=typed,
        changing=changing if any(one.text == changing for one in seen.own) else "",
        errors=errors or {},
    )
    return render_page(request, "preparing/checklist.html", context, status=status if errors else 200)


def _build_address(session: UUID) -> str:
    return f"/sessions/{session}/checklist"
