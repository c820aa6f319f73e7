"""The second step of signing in, for somebody whose password was right."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import second_step, web_sessions
from journal.errors import NotFound, Refused
from journal.passkeys import management as passkey_management
from portal.access import known_browser, session_cookie
from portal.web.errors import refusal
from portal.web.forms import Form
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class SecondStep:
    """Context of the page. `by_paper` asks for a recovery code instead of the app's; `passkey` can answer too."""

    next: str
    by_paper: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    passkey: bool = False


async def second(request: Request) -> Response:
    """Show the form, or verify the code; whoever does not wait for it is sent to sign in."""
    house, token = request.app.state.house, session_cookie.token_of(request)
    form = await Form.read(request) if request.method == "POST" else None
    where = session_cookie.safe_next(form["next"] if form else request.query_params.get("next", "/"))
    waiting = await web_sessions.waiting(house, token) if token else None
    if token is None or waiting is None:
        return see_other(request, f"/sign-in?{urlencode({'next': where})}")
    passkey = await passkey_management.has_any(waiting[0])
    if form is None:
        by_paper = request.query_params.get("with") == "recovery-code"
        return page(request, "account/second_step.html", SecondStep(where, by_paper, passkey=passkey))
    by_paper = second_step.RECOVERY_FIELD in form
    visitor = known_browser.visitor_of(request)
    try:
        if by_paper:
            typed = form[second_step.RECOVERY_FIELD]
            signed_in = await second_step.give_recovery_code(house, token, typed, visitor)
        else:
            signed_in = await second_step.give_code(house, token, form[second_step.CODE_FIELD], visitor)
    except NotFound:
        return see_other(request, f"/sign-in?{urlencode({'next': where})}")
    except Refused as error:
        again = SecondStep(where, by_paper, dict(error.fields), passkey)
        return page(request, "account/second_step.html", again, **refusal(error))
    answer = session_cookie.set_token(request, see_other(request, where), signed_in.token)
    return known_browser.remember(request, answer, signed_in.mark)
