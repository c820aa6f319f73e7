"""Manage one's second factor: enable it, renew its recovery codes, remove it."""

from __future__ import annotations

from dataclasses import dataclass, field

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import second_factor, totp_enrolment
from journal.authentication.totp_enrolment import EnrolmentOffer
from journal.errors import InvalidInput
from portal.access.session_cookie import get_actor
from portal.web.errors import build_refusal_arguments
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

SECOND_FACTOR_PATH = "/account/second-factor"
DONE = frozenset({"added", "codes", "removed"})


@dataclass(frozen=True, slots=True)
class SecondFactorPage:
    """Context of the overview: `codes_left`, how many recovery codes there are, and what was just `done`."""

    is_enabled: bool
    codes_left: int
    done: str = ""


@dataclass(frozen=True, slots=True)
class AppPage:
    """Context of the page that brings the secret into an app. `picture` is a data: address."""

    offer: EnrolmentOffer
    picture: str
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecoveryCodesPage:
    """Context of the page that shows recovery codes, this once. `first`: they come with a new second factor."""

    offer: EnrolmentOffer
    first: bool
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecondFactorRemovalPage:
    """Context of the page that removes the second factor."""

    errors: dict[str, str] = field(default_factory=dict)


async def show_second_factor(request: Request) -> Response:
    """Show whether there is a second factor, and what can be done about it."""
    actor, done = get_actor(request), request.query_params.get("done", "")
    factor, _ = await second_factor.load_second_factor(actor.id, actor.vault)
    context = SecondFactorPage(factor.is_enabled, len(factor.codes), done if done in DONE else "")
    return render_page(request, "account/second_factor.html", context)


async def show_new_secret(request: Request) -> Response:
    """Show a new secret, as a picture and as text."""
    return _render_app_page(request, await totp_enrolment.offer_enrolment(get_actor(request)))


async def verify_app(request: Request) -> Response:
    """Verify a code of the app; show the recovery codes when it fits, else the same secret again."""
    form, actor = await Form.read(request), get_actor(request)
    try:
        proven = await totp_enrolment.verify_app(actor, form["offer"], form["code"])
    except InvalidInput as error:
        return _render_app_page(request, await totp_enrolment.reopen_offer(actor, form["offer"]), error)
    return render_page(request, "account/recovery_codes.html", RecoveryCodesPage(proven, first=True))


async def show_new_codes(request: Request) -> Response:
    """Show new recovery codes."""
    offer = await totp_enrolment.offer_new_codes(get_actor(request))
    return render_page(request, "account/recovery_codes.html", RecoveryCodesPage(offer, first=False))


async def confirm_codes(request: Request) -> Response:
    """Enable it once the person says that they keep the codes."""
    form, actor = await Form.read(request), get_actor(request)
    offer = await totp_enrolment.reopen_offer(actor, form["offer"])
    try:
        await totp_enrolment.accept_offer(actor, form["offer"], "kept" in form)
    except InvalidInput as error:
        again = RecoveryCodesPage(offer, bool(offer.formatted_secret), dict(error.fields))
        return render_page(request, "account/recovery_codes.html", again, status=422)
    return redirect(request, f"{SECOND_FACTOR_PATH}?done={'added' if offer.formatted_secret else 'codes'}")


async def remove_second_factor(request: Request) -> Response:
    """Show the form, or remove the second factor, with the password."""
    if request.method == "GET":
        return render_page(request, "account/second_factor_removal.html", SecondFactorRemovalPage())
    form = await Form.read(request)
    try:
        await totp_enrolment.remove_second_factor(get_actor(request), form["current"])
    except InvalidInput as error:
        again = SecondFactorRemovalPage(dict(error.fields))
        return render_page(
            request, "account/second_factor_removal.html", again, **build_refusal_arguments(error)
        )
    return redirect(request, f"{SECOND_FACTOR_PATH}?done=removed")


def _render_app_page(
    request: Request, offer: EnrolmentOffer, refused: InvalidInput | None = None
) -> Response:
    picture = segno.make(offer.provisioning_uri, error="m", micro=False).svg_data_uri(border=4, omitsize=True)
    context = AppPage(offer, picture, dict(refused.fields) if refused else {})
    return render_page(request, "account/second_factor_app.html", context, status=422 if refused else 200)
