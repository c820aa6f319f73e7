"""Sign in with a passkey, use one as the second step, unlock or confirm with one."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from journal.authentication import idle_lock, web_sessions
from journal.errors import NotFound, Refused
from journal.passkeys import sign_in as passkey_sign_in
from journal.passkeys.verification import Answer
from portal.access import session_cookie
from portal.access.session_cookie import SignIn, actor_of
from portal.http.client import device_of
from portal.views.account.passkeys import site_of
from portal.views.sign_in.second_step import SecondStep
from portal.web.forms import Form
from portal.web.pages import page, see_other


def _answer(form: Form) -> Answer:
    return Answer(form["credential"], form["prf"])


def _token(request: Request) -> bytes:
    token = session_cookie.token_of(request)
    if token is None:
        raise NotFound
    return token


async def sign_in(request: Request) -> Response:
    """Sign in with a passkey that holds the key."""
    house, site = request.app.state.house, site_of(request)
    if request.method == "GET":
        return JSONResponse(passkey_sign_in.asked_to_sign_in(house, site))
    form = await Form.read(request)
    where = session_cookie.safe_next(form["next"])
    try:
        token = await passkey_sign_in.sign_in(house, site, _answer(form), device=device_of(request))
    except Refused as error:
        again = SignIn(next=where, problem=error.fields["passkey"])
        return page(request, "sign_in.html", again, status=422)
    if old := session_cookie.token_of(request):
        await web_sessions.end(house, old)
    return session_cookie.set_token(request, see_other(request, where), token)


async def second(request: Request) -> Response:
    """Complete the second step with a passkey, which need not hold a key."""
    house, site, token = request.app.state.house, site_of(request), session_cookie.token_of(request)
    form = await Form.read(request) if request.method == "POST" else Form()
    where = session_cookie.safe_next(form["next"] or "/")
    if token is None or await web_sessions.waiting(house, token) is None:
        return see_other(request, f"/sign-in?{urlencode({'next': where})}")
    if request.method == "GET":
        return JSONResponse(await passkey_sign_in.asked_for_second_step(house, token, site))
    try:
        opened = await passkey_sign_in.second_step(house, token, site, _answer(form))
    except Refused as error:
        again = SecondStep(where, errors={"code": error.fields["passkey"]}, passkey=True)
        return page(request, "account/second_step.html", again, status=422)
    return session_cookie.set_token(request, see_other(request, where), opened)


async def unlock(request: Request) -> Response:
    """Unlock a session with a passkey that holds the key; what waits for it is sent next."""
    house, site, token = request.app.state.house, site_of(request), session_cookie.token_of(request)
    if token is None or await idle_lock.locked(house, token) is None:
        return see_other(request, "/sign-in")
    if request.method == "GET":
        return JSONResponse(await passkey_sign_in.asked_to_unlock(house, token, site))
    opened = await passkey_sign_in.unlock(house, token, site, _answer(await Form.read(request)))
    return session_cookie.set_token(request, Response(status_code=204), opened)


async def confirm(request: Request) -> Response:
    """Confirm with a passkey instead of the password; what waits for it is sent next."""
    actor, site = actor_of(request), site_of(request)
    if request.method == "GET":
        return JSONResponse(await passkey_sign_in.asked_to_confirm(actor, site))
    token = await passkey_sign_in.confirm(actor, _token(request), site, _answer(await Form.read(request)))
    return session_cookie.set_token(request, Response(status_code=204), token)
