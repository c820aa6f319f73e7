"""Confirm one's identity again, before something that matters."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import sign_in
from journal.errors import InvalidInput, NotFound
from journal.passkeys import management as passkey_management
from portal.access import session_cookie
from portal.access.session_cookie import ConfirmPage, get_actor
from portal.web.errors import build_refusal_arguments
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


async def confirm_identity(request: Request) -> Response:
    """Verify the password, then redirect to where the person was going."""
    actor = get_actor(request)
    if request.method == "GET":
        where = session_cookie.get_safe_path(request.query_params.get("next", "/"))
        return render_page(
            request,
            "confirm.html",
            ConfirmPage(where, passkey=await passkey_management.has_passkey(actor.id)),
        )
    form, token = await Form.read(request), session_cookie.get_token(request)
    where, password = session_cookie.get_safe_path(form["next"] or "/"), form.confirmation_password or ""
    if token is None:
        raise NotFound
    try:
        opened = await sign_in.confirm_with_password(actor, token, password)
    except InvalidInput as error:
        again = ConfirmPage(
            where, error.fields["current"], passkey=await passkey_management.has_passkey(actor.id)
        )
        return render_page(request, "confirm.html", again, **build_refusal_arguments(error))
    return await session_cookie.set_token(request, redirect(request, where), opened)
