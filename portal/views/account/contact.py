"""A patient's own phone number and emergency contact, for their care team."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from journal.accounts import details as account_details
from journal.accounts.profiles import NO_CONTACT, ContactDetails
from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.errors import InvalidInput
from journal.held_acts import Asked, HeldAct
from journal.sessions import holds
from journal.sessions.holds import Hold
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class ContactPage:
    """
    Context of the page; `team` can see what is stored, `is_stored` whether there is anything to remove.

    `waiting` is what holds a change until its patient has rested.
    """

    contact: ContactDetails
    team: tuple[Link, ...]
    is_stored: bool
    waiting: Hold | None = None
    errors: dict[str, str] = field(default_factory=dict)


async def edit_contact(request: Request) -> Response:
    """Show who can see phone number and emergency contact, and show or save them."""
    actor = get_actor(request)
    if request.method == "GET":
        stored = await account_details.load_contact(actor)
        return render_page(request, "account/contact.html", await _build_page(actor, stored, stored.is_given))
    form = await Form.read(request)
    typed = ContactDetails(
        form["phone"], form["emergency_name"], form["emergency_relation"], form["emergency_phone"]
    )
    try:
        await account_details.change_contact(actor, typed, _hold(actor))
    except InvalidInput as error:
        stored = await account_details.load_contact(actor)
        again = await _build_page(actor, typed, stored.is_given, dict(error.fields))
        return render_page(request, "account/contact.html", again, status=422)
    return redirect(request, "/account?done=contact")


async def remove_contact(request: Request) -> Response:
    """Ask, and remove both."""
    actor = get_actor(request)
    if request.method == "GET":
        await _hold(actor)()
        return render_page(request, "account/contact_removal.html")
    await account_details.change_contact(actor, NO_CONTACT, _hold(actor))
    return redirect(request, "/account?done=contact-removed")


async def _build_page(
    actor: Actor, shown: ContactDetails, is_stored: bool, errors: dict[str, str] | None = None
) -> ContactPage:
    team, waiting = await links.load_my_links(actor), await holds.load_hold(actor)
    return ContactPage(shown, team, is_stored, waiting, errors or {})


def _hold(actor: Actor) -> Callable[[], Awaitable[None]]:
    return partial(holds.refuse_while_held, actor, Asked(HeldAct.OWN_CONTACT))
