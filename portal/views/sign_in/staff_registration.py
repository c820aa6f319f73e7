"""One of the staff opens an account with a one-time link; the first one also sets up the practice."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication.passwords import suggest_passphrase
from journal.authentication.registration import NewAccount
from journal.errors import Refused
from journal.practice import registration as staff_registration
from journal.roles import LABELS
from journal.time_zones import common_zones
from portal.access import known_browser, session_cookie
from portal.web.forms import Form
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class SetupPage:
    """Context of the page that opens an account for one of the staff, as *position* in the practice."""

    position: str
    ask_practice: bool
    passphrase: str
    zones: tuple[str, ...]
    practice_name: str = ""
    name: str = ""
    email: str = ""
    time_zone: str = "UTC"
    errors: dict[str, str] = field(default_factory=dict)


def new_account(form: Form) -> NewAccount:
    """Parse what a person typed to open an account."""
    return NewAccount(form["name"], form["email"], form["password"], form["repeated"], form["time_zone"])


async def set_up(request: Request) -> Response:
    """Show the form, or open the account; the link works once."""
    house, token = request.app.state.house, request.path_params["token"]
    async with known_browser.counted(request):
        found = await staff_registration.setting_up(house, token)
    position, ask = LABELS[found.position.key], found.needs_name
    if request.method == "GET":
        return page(
            request, "account/setup.html", SetupPage(position, ask, suggest_passphrase(), common_zones())
        )
    form = await Form.read(request)
    try:
        session = await staff_registration.set_up(house, token, form["practice_name"], new_account(form))
    except Refused as error:
        again = SetupPage(
            position,
            ask,
            form["suggested"] or suggest_passphrase(),
            common_zones(),
            form["practice_name"],
            form["name"],
            form["email"],
            form["time_zone"],
            dict(error.fields),
        )
        return page(request, "account/setup.html", again, status=422)
    await request.app.state.practice.look(house)
    return session_cookie.set_token(request, see_other(request, session_cookie.RECOVERY_KEY), session)
