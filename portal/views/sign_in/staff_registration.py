"""One of the staff opens an account with a one-time link; the first one also sets up the practice."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication.passwords import suggest_passphrase
from journal.authentication.registration import NewAccount
from journal.errors import InvalidInput
from journal.practice import registration as staff_registration
from journal.roles import LABELS
from journal.time_zones import ZoneChoice
from portal.access import known_browser, session_cookie
from portal.web.dates import list_zones
from portal.web.forms import Form
from portal.web.pages import redirect, render_page
from portal.web.translation import get_language


@dataclass(frozen=True, slots=True)
class StaffRegistrationPage:
    """Context of the page that opens an account for one of the staff, as *position* in the practice."""

    position: str
    ask_practice: bool
    passphrase: str
    zones: tuple[ZoneChoice, ...]
    practice_name: str = ""
    name: str = ""
    email: str = ""
    time_zone: str = "UTC"
    errors: dict[str, str] = field(default_factory=dict)


def parse_new_account(form: Form) -> NewAccount:
    """Parse what a person typed to open an account."""
    return NewAccount(
        form["name"], form["email"], form["password"], form["repeated"], form["time_zone"], get_language()
    )


async def register_staff(request: Request) -> Response:
    """Show the form, or open the account; the link works once."""
    installation, token = request.app.state.installation, request.path_params["token"]
    async with known_browser.count_link_attempt(request):
        found = await staff_registration.load_setup_requirements(installation, token)
    position, ask = LABELS[found.position.key], found.needs_name
    if request.method == "GET":
        return render_page(
            request,
            "account/setup.html",
            StaffRegistrationPage(position, ask, suggest_passphrase(), list_zones(installation.clock())),
        )
    form = await Form.read(request)
    try:
        session = await staff_registration.register_staff(
            installation, token, form["practice_name"], parse_new_account(form)
        )
    except InvalidInput as error:
        again = StaffRegistrationPage(
            position,
            ask,
            form["suggested"] or suggest_passphrase(),
            list_zones(installation.clock(), form["time_zone"]),
            form["practice_name"],
            form["name"],
            form["email"],
            form["time_zone"],
            dict(error.fields),
        )
        return render_page(request, "account/setup.html", again, status=422)
    await request.app.state.practice.reload(installation)
    return await session_cookie.set_token(request, redirect(request, session_cookie.RECOVERY_KEY), session)
