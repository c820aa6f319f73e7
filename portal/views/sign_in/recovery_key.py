"""The recovery key: create one, show it once, and recover an account with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import recovery_key as authentication_recovery_key
from journal.authentication import sign_in
from journal.authentication.recovery_key import Offer
from journal.errors import NotFound, Refused
from portal.access import known_browser, session_cookie
from portal.access.session_cookie import actor_of
from portal.documents.recovery_kit import FILE_NAME, make_kit
from portal.web.errors import refusal
from portal.web.forms import Form
from portal.web.pages import page, see_other, short_day, translator


@dataclass(frozen=True, slots=True)
class RecoverPage:
    """Context of the page for those who lost their password."""

    email: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Context of the recovery key's page; without an offer it explains what the key is for."""

    first: bool
    offer: Offer | None = None
    errors: dict[str, str] = field(default_factory=dict)
    second_step_off: bool = False


async def recover(request: Request) -> Response:
    """Show the form, or open an account with its recovery key and set a new password."""
    if request.method == "GET":
        return page(request, "account/recover.html", RecoverPage())
    form = await Form.read(request)
    try:
        recovered = await sign_in.recover(
            request.app.state.house,
            form["email"],
            form["recovery_key"],
            form["password"],
            form["repeated"],
            request.app.state.practice.current.name,
            visitor=known_browser.visitor_of(request),
        )
    except Refused as error:
        again = RecoverPage(form["email"], dict(error.fields))
        return page(request, "account/recover.html", again, **refusal(error))
    where = session_cookie.RECOVERY_KEY + ("?second-step=off" if recovered.factor_removed else "")
    return session_cookie.set_token(request, see_other(request, where), recovered.token)


async def recovery_key(request: Request) -> Response:
    """Show what the key is for; on request, create one and show it once."""
    actor = actor_of(request)
    offer = await authentication_recovery_key.offer(actor) if request.method == "POST" else None
    off = request.query_params.get("second-step") == "off"
    context = KeyPage(not actor.recovery_ready, offer, second_step_off=off)
    return page(request, "account/recovery_key.html", context)


async def kit(request: Request) -> Response:
    """Return the offered key as a page to print; nothing is stored."""
    form, actor = await Form.read(request), actor_of(request)
    offer = await authentication_recovery_key.reopen(actor, form["offer"])
    day, origin = short_day(actor.now, actor.zone), request.app.state.config.origin
    content = await asyncio.to_thread(make_kit, offer.words, origin, actor.now, day, translator(request))
    headers = {"content-disposition": f'attachment; filename="{FILE_NAME}"'}
    return Response(content, media_type="application/pdf", headers=headers)


async def confirmation(request: Request) -> Response:
    """Confirm the key once the person has typed it; otherwise show the same key again."""
    form, actor = await Form.read(request), actor_of(request)
    token = session_cookie.token_of(request)
    if token is None:
        raise NotFound
    first = not actor.recovery_ready
    try:
        await authentication_recovery_key.confirm(actor, token, form["offer"], form["typed"])
    except Refused as error:
        again = KeyPage(
            first, await authentication_recovery_key.reopen(actor, form["offer"]), dict(error.fields)
        )
        return page(request, "account/recovery_key.html", again, status=422)
    if actor.renewing:
        return see_other(request, "/account/renewal")
    return see_other(request, "/" if first else "/account?done=recovery")
