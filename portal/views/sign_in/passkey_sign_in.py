"""Sign in with a passkey, use one as the second step, unlock or confirm with one."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from journal.authentication import idle_lock, web_sessions
from journal.errors import InvalidInput, NotFound
from journal.passkeys import sign_in as passkey_sign_in
from journal.passkeys.verification import Answer
from portal.access import session_cookie
from portal.access.session_cookie import SignInPage, get_actor
from portal.http.client import get_device_name
from portal.views.account.passkeys import get_site
from portal.views.sign_in.second_step import SecondStepPage
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


def _parse_answer(form: Form) -> Answer:
    return Answer(form["credential"], form["prf"])


def _require_token(request: Request) -> bytes:
    token = session_cookie.get_token(request)
    if token is None:
        raise NotFound
    return token


async def sign_in_with_passkey(request: Request) -> Response:
    """Sign in with a passkey that holds the key."""
    installation, site = request.app.state.installation, get_site(request)
    if request.method == "GET":
        return JSONResponse(passkey_sign_in.build_sign_in_options(installation, site))
    form = await Form.read(request)
    where = session_cookie.get_safe_path(form["next"])
    try:
        token = await passkey_sign_in.sign_in_with_passkey(
            installation, site, _parse_answer(form), device=get_device_name(request)
        )
    except InvalidInput as error:
        again = SignInPage(next=where, problem=error.fields["passkey"])
        return render_page(request, "sign_in.html", again, status=422)
    if old := session_cookie.get_token(request):
        await web_sessions.end_session(installation, old)
    return await session_cookie.sign_in_browser(request, redirect(request, where), token)


async def complete_second_step_with_passkey(request: Request) -> Response:
    """Complete the second step with a passkey, which need not hold a key."""
    installation, site, token = (
        request.app.state.installation,
        get_site(request),
        session_cookie.get_token(request),
    )
    form = await Form.read(request) if request.method == "POST" else Form()
    where = session_cookie.get_safe_path(form["next"] or "/")
    if token is None or await web_sessions.find_waiting_session(installation, token) is None:
        return redirect(request, f"/sign-in?{urlencode({'next': where})}")
    if request.method == "GET":
        return JSONResponse(await passkey_sign_in.build_second_step_options(installation, token, site))
    try:
        opened = await passkey_sign_in.complete_second_step(installation, token, site, _parse_answer(form))
    except InvalidInput as error:
        again = SecondStepPage(where, errors={"code": error.fields["passkey"]}, passkey=True)
        return render_page(request, "account/second_step.html", again, status=422)
    return await session_cookie.sign_in_browser(request, redirect(request, where), opened)


async def unlock_with_passkey(request: Request) -> Response:
    """Unlock a session with a passkey that holds the key; what waits for it goes on next."""
    installation, site, token = (
        request.app.state.installation,
        get_site(request),
        session_cookie.get_token(request),
    )
    owner = await idle_lock.find_locked_session(installation, token) if token else None
    if token is None or owner is None:
        return redirect(request, "/sign-in")
    if request.method == "GET":
        return JSONResponse(await passkey_sign_in.build_unlocking_options(installation, token, site))
    form = await Form.read(request)
    if (form["whose"] or str(owner.account)) != str(owner.account):  # a covered page of somebody else
        raise NotFound
    opened = await passkey_sign_in.unlock_session(installation, token, site, _parse_answer(form))
    return await session_cookie.unlock_browser(request, Response(status_code=204), opened)


async def confirm_with_passkey(request: Request) -> Response:
    """Confirm with a passkey instead of the password; what waits for it is sent next."""
    actor, site = get_actor(request), get_site(request)
    if request.method == "GET":
        return JSONResponse(await passkey_sign_in.build_confirmation_options(actor, site))
    token = await passkey_sign_in.confirm_with_passkey(
        actor, _require_token(request), site, _parse_answer(await Form.read(request))
    )
    return await session_cookie.set_token(request, Response(status_code=204), token)
