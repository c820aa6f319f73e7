"""Come in with a passkey, use one as the second step, or show with one who one is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from journal import passkey_use, websessions
from journal.errors import NotFound, Refused
from journal.passkey_use import Answer
from portal import auth
from portal.auth import SignIn, actor_of
from portal.device import device_of
from portal.forms import Form
from portal.pages import page, see_other
from portal.views.passkeys import site_of


def _answer(form: Form) -> Answer:
    return Answer(form["credential"], form["prf"])


def _token(request: Request) -> bytes:
    token = auth.token_of(request)
    if token is None:
        raise NotFound
    return token


async def sign_in(request: Request) -> Response:
    """Let a passkey that holds the key open the journal."""
    house, site = request.app.state.house, site_of(request)
    if request.method == "GET":
        return JSONResponse(passkey_use.asked_to_sign_in(house, site))
    form = await Form.read(request)
    where = auth.safe_next(form["next"])
    try:
        token = await passkey_use.sign_in(house, site, _answer(form), device=device_of(request))
    except Refused as error:
        again = SignIn(next=where, problem=error.fields["passkey"])
        return page(request, "sign_in.html", again, status=422)
    if old := auth.token_of(request):
        await websessions.end(house, old)
    return auth.set_token(request, see_other(request, where), token)


async def confirm(request: Request) -> Response:
    """Let a passkey answer in the place of the password that is asked for again; what waits for it is sent next."""
    actor, site = actor_of(request), site_of(request)
    if request.method == "GET":
        return JSONResponse(await passkey_use.asked_to_confirm(actor, site))
    token = await passkey_use.confirm(actor, _token(request), site, _answer(await Form.read(request)))
    return auth.set_token(request, Response(status_code=204), token)
