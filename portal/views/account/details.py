"""Change one's name, language, time zone, e-mail address, and the region of the help numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import Response

from journal.accounts import details as account_details
from journal.catalogue import crisis_contacts
from journal.catalogue.crisis_contacts import Region
from journal.errors import InvalidInput
from journal.i18n import LANGUAGES, N_
from journal.mail.mail_addresses import is_deliverable
from journal.reminders.following import change_with_reminders
from journal.time_zones import ZoneChoice
from portal.access.session_cookie import get_actor
from portal.web.dates import list_zones
from portal.web.device_cookies import keep_neutral, set_help_region
from portal.web.forms import Form
from portal.web.pages import redirect, render_page
from portal.web.translation import get_language

NOT_ONE_OF_THESE = N_("Please choose one of these.")


@dataclass(frozen=True, slots=True)
class DetailsPage:
    """Context of the page for name, language and time zone."""

    name: str
    time_zone: str
    zones: tuple[ZoneChoice, ...]
    language: str
    languages: tuple[tuple[str, str], ...] = tuple(LANGUAGES.items())
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EmailPage:
    """Context of the page for the e-mail address; `old_address_notified`: the old one gets a message."""

    email: str
    old_address_notified: bool
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HelpNumbersPage:
    """Context of the page for the region whose help numbers are shown first; `default` is the practice's."""

    region: str
    regions: tuple[Region, ...]
    default: Region | None
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TitlePage:
    """Context of the page that asks whether title and icon say what the pages are."""

    neutral: bool
    errors: dict[str, str] = field(default_factory=dict)


async def edit_details(request: Request) -> Response:
    """Show or save name, language and time zone."""
    actor = get_actor(request)
    zones = list_zones(actor.now, actor.time_zone)
    if request.method == "GET":
        return render_page(
            request, "account/details.html", DetailsPage(actor.name, actor.time_zone, zones, get_language())
        )
    form = await Form.read(request)
    try:
        async with change_with_reminders(actor.installation, actor.id, actor.now):
            await account_details.change_details(actor, form["name"], form["time_zone"], form["language"])
    except InvalidInput as error:
        again = DetailsPage(
            form["name"], form["time_zone"], zones, form["language"], errors=dict(error.fields)
        )
        return render_page(request, "account/details.html", again, status=422)
    return redirect(request, "/account?done=details")


async def edit_email(request: Request) -> Response:
    """Show or save the e-mail address."""
    actor = get_actor(request)
    told = actor.installation.mail is not None and is_deliverable(actor.email)
    if request.method == "GET":
        return render_page(request, "account/email.html", EmailPage(actor.email, told))
    form = await Form.read(request)
    try:
        await account_details.change_email(actor, form["email"])
    except InvalidInput as error:
        again = EmailPage(form["email"], told, dict(error.fields))
        return render_page(request, "account/email.html", again, status=422)
    return redirect(request, "/account?done=email")


async def edit_help_numbers(request: Request) -> Response:
    """Show or save the region whose help numbers are shown first, on this device too."""
    actor = get_actor(request)
    default = crisis_contacts.find_region(request.app.state.practice.current.region)
    context = HelpNumbersPage(actor.region, crisis_contacts.list_regions(), default)
    if request.method == "GET":
        return render_page(request, "account/help_numbers.html", context)
    code = (await Form.read(request))["region"]
    try:
        await account_details.set_region(actor, code)
    except InvalidInput as error:
        again = replace(context, errors=dict(error.fields))
        return render_page(request, "account/help_numbers.html", again, status=422)
    return set_help_region(request, redirect(request, "/account?done=help"), code)


async def edit_title(request: Request) -> Response:
    """Show or save whether title and icon say what the pages are, in this browser also while nobody is signed in."""
    actor = get_actor(request)
    if request.method == "GET":
        return render_page(request, "account/title.html", TitlePage(actor.is_neutral))
    wanted = (await Form.read(request))["neutral"]
    if wanted not in ("yes", "no"):
        again = TitlePage(actor.is_neutral, {"neutral": NOT_ONE_OF_THESE})
        return render_page(request, "account/title.html", again, status=422)
    await account_details.set_neutral(actor, wanted == "yes")
    return keep_neutral(request, redirect(request, "/account?done=title"), wanted == "yes")
