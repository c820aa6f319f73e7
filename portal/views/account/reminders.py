"""Of what somebody wants to be reminded by mail, and in which hours never."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import InvalidInput, NotFound
from journal.mail.mail_addresses import is_deliverable
from journal.reminders import settings
from journal.reminders.kinds import OFFERED
from journal.roles import Role
from journal.today.today import load_and_renew_reminders
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

MAX_KINDS = 20


@dataclass(frozen=True, slots=True)
class RemindersPage:
    """
    Context of the form; `chosen` are the values of what is ticked.

    `mails`: this site sends messages; `is_reachable`: they can reach the person's address."""

    options: tuple[tuple[str, str], ...]
    chosen: Collection[str]
    quiet_from: str
    quiet_until: str
    time_zone: str
    mails: bool
    is_reachable: bool
    errors: Mapping[str, str] = field(default_factory=dict)


async def edit_reminders(request: Request) -> Response:
    """Show or save the reminders of the person who asks."""
    actor = get_actor(request)
    if not OFFERED[actor.role]:
        raise NotFound
    if request.method == "GET":
        choices = await settings.load_choices(actor)
        return _render(request, choices.kinds, choices.quiet_from, choices.quiet_until)
    form = await Form.read(request)
    kinds = tuple(dict.fromkeys(form.get_all("kind")))[:MAX_KINDS]
    try:
        await settings.save_choices(actor, kinds, form["quiet_from"], form["quiet_until"])
    except InvalidInput as error:
        return _render(request, kinds, form["quiet_from"], form["quiet_until"], error.fields)
    if kinds and actor.role is Role.PATIENT:
        await load_and_renew_reminders(actor)
    return redirect(request, "/account?done=reminders" if kinds else "/account?done=no-reminders")


def _render(
    request: Request,
    chosen: Collection[str],
    quiet_from: str,
    quiet_until: str,
    errors: Mapping[str, str] | None = None,
) -> Response:
    actor = get_actor(request)
    context = RemindersPage(
        tuple((kind.value, get_translator(request)(kind.label)) for kind in OFFERED[actor.role]),
        chosen,
        quiet_from,
        quiet_until,
        actor.time_zone,
        actor.installation.mail is not None,
        is_deliverable(actor.email),
        errors or {},
    )
    return render_page(request, "account/reminders.html", context, status=422 if errors else 200)
