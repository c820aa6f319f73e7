"""Enter a total of another scale, as somebody was told it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import HeldUntilRested, InvalidInput
from journal.measures import records, scores
from journal.sessions import holds
from portal.access.session_cookie import get_actor
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

SCORE_FIELDS = ("name", "day", "number", "taken_by")


@dataclass(frozen=True, slots=True)
class ScorePage:
    """Context of the form for a total from elsewhere; `typed` is what was not taken."""

    id: UUID
    typed: Mapping[str, str]
    errors: Mapping[str, str]
    is_held: bool


async def enter_score(request: Request) -> Response:
    """Enter a total of another scale."""
    actor = get_actor(request)
    if request.method == "GET":
        typed = {"day": records.get_today(actor).isoformat()}
        held = await holds.load_hold(actor) is not None
        return render_page(request, "measures/score.html", ScorePage(uuid4(), typed, {}, held))
    form = await Form.read(request)
    wanted, typed = parse_uuid(form["measure"]) or uuid4(), {name: form[name] for name in SCORE_FIELDS}
    try:
        await scores.save_score(actor, wanted, *typed.values())
    except InvalidInput as error:
        context = ScorePage(wanted, typed, error.fields, is_held=False)
        return render_page(request, "measures/score.html", context, status=422)
    except HeldUntilRested as error:
        context = ScorePage(wanted, typed, {"name": str(error)}, is_held=False)
        return render_page(request, "measures/score.html", context, status=409)
    return redirect(request, f"/journal/{wanted}")
