"""Confirm one's identity again, before something that matters."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import sign_in
from journal.errors import NotFound, Refused
from journal.passkeys import management as passkey_management
from portal.access import session_cookie
from portal.access.session_cookie import Confirm, actor_of
from portal.web.errors import refusal
from portal.web.forms import Form
from portal.web.pages import page, see_other


async def confirm(request: Request) -> Response:
    """Verify the password, then redirect to where the person was going."""
    actor = actor_of(request)
    if request.method == "GET":
        where = session_cookie.safe_next(request.query_params.get("next", "/"))
        return page(
            request, "confirm.html", Confirm(where, passkey=await passkey_management.has_any(actor.id))
        )
    form, token = await Form.read(request), session_cookie.token_of(request)
    where, password = session_cookie.safe_next(form["next"] or "/"), form.asked_again or ""
    if token is None:
        raise NotFound
    try:
        opened = await sign_in.confirm(actor, token, password)
    except Refused as error:
        again = Confirm(where, error.fields["current"], passkey=await passkey_management.has_any(actor.id))
        return page(request, "confirm.html", again, **refusal(error))
    return session_cookie.set_token(request, see_other(request, where), opened)
