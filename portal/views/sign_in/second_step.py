"""The second step of signing in, for somebody whose password was right."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import second_step, web_sessions
from journal.errors import InvalidInput, NotFound
from journal.passkeys import management as passkey_management
from portal.access import known_browser, session_cookie
from portal.web.errors import build_refusal_arguments
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class SecondStepPage:
    """
    Context of the page. `asks_recovery_code` asks for a recovery code instead of the app's; `passkey` can answer too.
    """

    next: str
    asks_recovery_code: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    passkey: bool = False


async def complete_second_step(request: Request) -> Response:
    """Show the form, or verify the code; whoever does not wait for it is sent to sign in."""
    installation, token = request.app.state.installation, session_cookie.get_token(request)
    form = await Form.read(request) if request.method == "POST" else None
    where = session_cookie.get_safe_path(form["next"] if form else request.query_params.get("next", "/"))
    waiting = await web_sessions.find_waiting_session(installation, token) if token else None
    if token is None or waiting is None:
        return redirect(request, f"/sign-in?{urlencode({'next': where})}")
    passkey = await passkey_management.has_passkey(waiting[0])
    if form is None:
        by_paper = request.query_params.get("with") == "recovery-code"
        return render_page(
            request, "account/second_step.html", SecondStepPage(where, by_paper, passkey=passkey)
        )
    by_paper = second_step.RECOVERY_FIELD in form
    visitor = known_browser.build_visitor(request)
    try:
        if by_paper:
            typed = form[second_step.RECOVERY_FIELD]
            signed_in = await second_step.verify_recovery_code(installation, token, typed, visitor)
        else:
            signed_in = await second_step.verify_code(
                installation, token, form[second_step.CODE_FIELD], visitor
            )
    except NotFound:
        return redirect(request, f"/sign-in?{urlencode({'next': where})}")
    except InvalidInput as error:
        again = SecondStepPage(where, by_paper, dict(error.fields), passkey)
        return render_page(request, "account/second_step.html", again, **build_refusal_arguments(error))
    answer = await session_cookie.sign_in_browser(request, redirect(request, where), signed_in.token)
    return known_browser.set_mark(request, answer, signed_in.mark)
