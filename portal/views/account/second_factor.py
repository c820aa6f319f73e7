"""Manage one's second factor: enable it, renew its recovery codes, remove it."""

from __future__ import annotations

from dataclasses import dataclass, field

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import second_factor, totp_enrolment
from journal.authentication.totp_enrolment import Offer
from journal.errors import Refused
from portal.access.session_cookie import actor_of
from portal.web.errors import refusal
from portal.web.forms import Form
from portal.web.pages import page, see_other

HERE = "/account/second-factor"
DONE = frozenset({"added", "codes", "removed"})


@dataclass(frozen=True, slots=True)
class Overview:
    """Context of the overview: how many recovery codes are `left`, and what was just `done`."""

    on: bool
    left: int
    done: str = ""


@dataclass(frozen=True, slots=True)
class AppPage:
    """Context of the page that brings the secret into an app. `picture` is a data: address."""

    offer: Offer
    picture: str
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodesPage:
    """Context of the page that shows recovery codes, this once. `first`: they come with a new second factor."""

    offer: Offer
    first: bool
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Removal:
    """Context of the page that removes the second factor."""

    errors: dict[str, str] = field(default_factory=dict)


async def overview(request: Request) -> Response:
    """Show whether there is a second factor, and what can be done about it."""
    actor, done = actor_of(request), request.query_params.get("done", "")
    factor, _ = await second_factor.of(actor.id, actor.vault)
    context = Overview(factor.on, len(factor.codes), done if done in DONE else "")
    return page(request, "account/second_factor.html", context)


async def app(request: Request) -> Response:
    """Show a new secret, as a picture and as text."""
    return _app(request, await totp_enrolment.offer(actor_of(request)))


async def proof(request: Request) -> Response:
    """Verify a code of the app; show the recovery codes when it fits, else the same secret again."""
    form, actor = await Form.read(request), actor_of(request)
    try:
        proven = await totp_enrolment.prove(actor, form["offer"], form["code"])
    except Refused as error:
        return _app(request, await totp_enrolment.reopen(actor, form["offer"]), error)
    return page(request, "account/recovery_codes.html", CodesPage(proven, first=True))


async def codes(request: Request) -> Response:
    """Show new recovery codes."""
    offer = await totp_enrolment.new_codes(actor_of(request))
    return page(request, "account/recovery_codes.html", CodesPage(offer, first=False))


async def kept(request: Request) -> Response:
    """Enable it once the person says that they keep the codes."""
    form, actor = await Form.read(request), actor_of(request)
    offer = await totp_enrolment.reopen(actor, form["offer"])
    try:
        await totp_enrolment.keep(actor, form["offer"], "kept" in form)
    except Refused as error:
        again = CodesPage(offer, bool(offer.words), dict(error.fields))
        return page(request, "account/recovery_codes.html", again, status=422)
    return see_other(request, f"{HERE}?done={'added' if offer.words else 'codes'}")


async def removal(request: Request) -> Response:
    """Show the form, or remove the second factor, with the password."""
    if request.method == "GET":
        return page(request, "account/second_factor_removal.html", Removal())
    form = await Form.read(request)
    try:
        await totp_enrolment.give_up(actor_of(request), form["current"])
    except Refused as error:
        again = Removal(dict(error.fields))
        return page(request, "account/second_factor_removal.html", again, **refusal(error))
    return see_other(request, f"{HERE}?done=removed")


def _app(request: Request, offer: Offer, refused: Refused | None = None) -> Response:
    picture = segno.make(offer.address, error="m", micro=False).svg_data_uri(border=4, omitsize=True)
    context = AppPage(offer, picture, dict(refused.fields) if refused else {})
    return page(request, "account/second_factor_app.html", context, status=422 if refused else 200)
