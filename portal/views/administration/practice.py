"""The practice as its administrators set it: name, phone numbers and default region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue import crisis_contacts
from journal.catalogue.crisis_contacts import Region
from journal.errors import InvalidInput
from journal.practice import practice
from journal.practice.practice import PracticeSettings
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class PracticePage:
    """Context of the practice's page."""

    settings: PracticeSettings
    regions: tuple[Region, ...]
    done: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


async def edit_practice(request: Request) -> Response:
    """Show or save the practice's name, phone numbers and default region."""
    actor, regions = get_actor(request), crisis_contacts.list_regions()
    if request.method == "GET":
        settings = await practice.load_settings(actor)
        context = PracticePage(settings, regions, done="done" in request.query_params)
        return render_page(request, "people/practice.html", context)
    form = await Form.read(request)
    typed = PracticeSettings(form["practice_name"], form["phone"], form["after_hours"], form["region"])
    try:
        await practice.change_practice(actor, typed)
    except InvalidInput as error:
        again = PracticePage(typed, regions, errors=error.fields)
        return render_page(request, "people/practice.html", again, status=422)
    # Other processes do so within seconds.
    await request.app.state.practice.reload(request.app.state.installation)
    return redirect(request, "/people/practice?done")
