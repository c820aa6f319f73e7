"""An invited person sees who invites them, opens an account or signs in, and accepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.authentication.passwords import suggest_passphrase
from journal.authentication.registration import NewAccount
from journal.care import invitations
from journal.care.invitations import Welcome
from journal.errors import NotFound, Refused
from journal.practice import registration as staff_registration
from journal.roles import Role
from journal.store.progress import repeated
from journal.time_zones import common_zones
from portal.access import known_browser, session_cookie
from portal.views.sign_in.staff_registration import new_account
from portal.web.forms import Form
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class WelcomePage:
    """Context of the invitation's page. Somebody signed in only accepts; everybody else opens an account."""

    welcome: Welcome
    passphrase: str
    zones: tuple[str, ...]
    name: str = ""
    email: str = ""
    time_zone: str = "UTC"
    adult: bool = False
    errors: dict[str, str] = field(default_factory=dict)


async def invitation(request: Request) -> Response:
    """Show the invitation, or accept it."""
    house, token = request.app.state.house, request.path_params["token"]
    actor: Actor | None = request.state.actor
    async with known_browser.counted(request):
        found = await invitations.welcome(house, token)
    if request.method == "GET":
        context = WelcomePage(found, suggest_passphrase(), common_zones(), name=found.invited_as)
        return page(request, "account/welcome.html", context)
    if actor is not None:
        if actor.role is not Role.PATIENT:
            raise NotFound
        await repeated(partial(invitations.accept, actor, token))
        return see_other(request, "/sharing")
    form = await Form.read(request)
    new = new_account(form)
    try:
        new = await _checked(request, new, adult="adult" in form)
        session = await staff_registration.open_and_accept(house, token, new)
    except Refused as error:
        again = WelcomePage(
            found,
            form["suggested"] or suggest_passphrase(),
            common_zones(),
            form["name"],
            form["email"],
            form["time_zone"],
            "adult" in form,
            dict(error.fields),
        )
        return page(request, "account/welcome.html", again, status=422)
    return session_cookie.set_token(request, see_other(request, session_cookie.RECOVERY_KEY), session)


async def _checked(request: Request, new: NewAccount, *, adult: bool) -> NewAccount:
    """Return *new* if it is valid; else raise with all problems at once."""
    house, problems = request.app.state.house, {} if adult else {"adult": invitations.ADULTS_ONLY}
    try:
        name, mails = request.app.state.practice.current.name, house.mail is not None
        new = await house.stretch(partial(new.checked, name, mails=mails))
    except Refused as error:
        problems |= error.fields
    if problems:
        raise Refused(problems)
    return new
