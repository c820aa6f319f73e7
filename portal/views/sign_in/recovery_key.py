"""The recovery key: create one, show it once, and recover an account with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import recovery_key as authentication_recovery_key
from journal.authentication import sign_in
from journal.authentication.recovery_key import RecoveryKeyOffer
from journal.errors import InvalidInput, NotFound
from portal.access import known_browser, session_cookie
from portal.access.session_cookie import get_actor
from portal.documents.printing import build_document, send_pdf
from portal.documents.recovery_kit import FILE_NAME, FOOT, TITLE, build_kit
from portal.web.dates import format_short_day
from portal.web.errors import build_refusal_arguments
from portal.web.forms import Form
from portal.web.pages import PASSKEY_OFFER, get_translator, redirect, render_page


@dataclass(frozen=True, slots=True)
class RecoverPage:
    """Context of the page for those who lost their password."""

    email: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecoveryKeyPage:
    """Context of the recovery key's page; without an offer it explains what the key is for."""

    first: bool
    offer: RecoveryKeyOffer | None = None
    errors: dict[str, str] = field(default_factory=dict)
    second_step_off: bool = False
    secret_key_off: bool = False


async def recover_account(request: Request) -> Response:
    """Show the form, or open an account with its recovery key and set a new password."""
    if request.method == "GET":
        return render_page(request, "account/recover.html", RecoverPage())
    form = await Form.read(request)
    try:
        recovered = await sign_in.recover_account(
            request.app.state.installation,
            form["email"],
            form["recovery_key"],
            form["password"],
            form["repeated"],
            request.app.state.practice.current.name,
            visitor=known_browser.build_visitor(request),
        )
    except InvalidInput as error:
        again = RecoverPage(form["email"], dict(error.fields))
        return render_page(request, "account/recover.html", again, **build_refusal_arguments(error))
    off = [("second-step", recovered.factor_removed), ("secret-key", recovered.secret_key_removed)]
    told = urlencode([(name, "off") for name, is_off in off if is_off])
    where = session_cookie.RECOVERY_KEY + (f"?{told}" if told else "")
    return await session_cookie.sign_in_browser(request, redirect(request, where), recovered.token)


async def offer_recovery_key(request: Request) -> Response:
    """Show what the key is for; on request, create one and show it once."""
    actor = get_actor(request)
    offer = await authentication_recovery_key.offer_recovery_key(actor) if request.method == "POST" else None
    off = {name for name in ("second-step", "secret-key") if request.query_params.get(name) == "off"}
    context = RecoveryKeyPage(
        not actor.recovery_ready,
        offer,
        second_step_off="second-step" in off,
        secret_key_off="secret-key" in off,
    )
    return render_page(request, "account/recovery_key.html", context)


async def download_kit(request: Request) -> Response:
    """Return the offered key as a page to print; nothing is stored."""
    form, actor = await Form.read(request), get_actor(request)
    offer = await authentication_recovery_key.reopen_offer(actor, form["offer"])
    translate, origin = get_translator(request), request.app.state.config.origin
    kit = build_kit(offer.formatted_key, origin, format_short_day(actor.now, actor.zone), translate)
    document = build_document(actor, translate(TITLE), kit, translate, foot=FOOT)
    return await send_pdf(request, document, FILE_NAME)


async def confirm_recovery_key(request: Request) -> Response:
    """Confirm the key once the person has typed it; otherwise show the same key again."""
    form, actor = await Form.read(request), get_actor(request)
    token = session_cookie.get_token(request)
    if token is None:
        raise NotFound
    first = not actor.recovery_ready
    try:
        await authentication_recovery_key.confirm_recovery_key(actor, token, form["offer"], form["typed"])
    except InvalidInput as error:
        again = RecoveryKeyPage(
            first, await authentication_recovery_key.reopen_offer(actor, form["offer"]), dict(error.fields)
        )
        return render_page(request, "account/recovery_key.html", again, status=422)
    if actor.is_rotating_keys:
        return redirect(request, "/account/renewal")
    offer = PASSKEY_OFFER if request.app.state.config.passkey_host else ""
    return redirect(request, f"/{offer}" if first else "/account?done=recovery")
