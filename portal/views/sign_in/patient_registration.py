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
from journal.care.invitations import InvitationPreview
from journal.errors import InvalidInput, NotFound
from journal.practice import registration as staff_registration
from journal.roles import Role
from journal.store.progress import run_with_retry
from journal.time_zones import ZoneChoice
from portal.access import known_browser, session_cookie
from portal.views.sign_in.staff_registration import parse_new_account
from portal.web.dates import list_zones
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class PatientRegistrationPage:
    """Context of the invitation's page. Somebody signed in only accepts; everybody else opens an account."""

    preview: InvitationPreview
    passphrase: str
    zones: tuple[ZoneChoice, ...]
    name: str = ""
    email: str = ""
    time_zone: str = "UTC"
    adult: bool = False
    errors: dict[str, str] = field(default_factory=dict)


async def register_patient(request: Request) -> Response:
    """Show the invitation, or accept it."""
    installation, token = request.app.state.installation, request.path_params["token"]
    actor: Actor | None = request.state.actor
    async with known_browser.count_link_attempt(request):
        found = await invitations.preview_invitation(installation, token)
    await request.app.state.practice.reload(installation)  # the page says whose invitation it is
    if request.method == "GET":
        context = PatientRegistrationPage(
            found, suggest_passphrase(), list_zones(installation.clock()), name=found.invited_as
        )
        return render_page(request, "account/welcome.html", context)
    if actor is not None:
        if actor.role is not Role.PATIENT:
            raise NotFound
        await run_with_retry(partial(invitations.accept_invitation, actor, token))
        return redirect(request, "/sharing")
    form = await Form.read(request)
    new = parse_new_account(form)
    try:
        new = await _validate(request, new, adult="adult" in form)
        session = await staff_registration.register_patient(installation, token, new)
    except InvalidInput as error:
        again = PatientRegistrationPage(
            found,
            form["suggested"] or suggest_passphrase(),
            list_zones(installation.clock(), form["time_zone"]),
            form["name"],
            form["email"],
            form["time_zone"],
            "adult" in form,
            dict(error.fields),
        )
        return render_page(request, "account/welcome.html", again, status=422)
    return await session_cookie.set_token(request, redirect(request, session_cookie.RECOVERY_KEY), session)


async def _validate(request: Request, new: NewAccount, *, adult: bool) -> NewAccount:
    """Return *new* if it is valid; else raise with all problems at once."""
    installation, problems = (
        request.app.state.installation,
        {} if adult else {"adult": invitations.ADULTS_ONLY},
    )
    try:
        name, mails = request.app.state.practice.current.name, installation.mail is not None
        new = await installation.run_password_hash(partial(new.validate, name, mails=mails))
    except InvalidInput as error:
        problems |= error.fields
    if problems:
        raise InvalidInput(problems)
    return new
