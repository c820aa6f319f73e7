"""Sign in and out, and manage one's own account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from journal.account_reset import retained_records
from journal.authentication import second_factor, web_sessions
from journal.authentication import sign_in as authentication_sign_in
from journal.authentication.passwords import advise
from journal.authentication.web_sessions import Stage
from journal.errors import Refused, WrongCredentials
from journal.installation.password_work import Busy
from journal.mail.mail_addresses import is_deliverable
from journal.rate_limiting.limits import TooManyTries
from journal.roles import Role
from portal.access import known_browser, session_cookie
from portal.access.session_cookie import SignIn, actor_of
from portal.http.client import device_of
from portal.web.errors import GONE, SIGNED_OUT_HERE, refusal, retry_after, store_gone
from portal.web.forms import Form
from portal.web.pages import page, see_other

DONE = ("password", "recovery", "renewed", "kept", "lock", "details", "email")


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Context of the account page. `mails`: messages are sent; `reached`: this address can receive them."""

    name: str
    email: str
    time_zone: str
    set_aside: bool
    mails: bool
    reached: bool
    done: str = ""


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """Context of the page that changes the password. With a `second_factor` it may be shorter."""

    second_factor: bool
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Strength:
    """Context of the line that rates a password."""

    word: str
    problem: str


async def sign_in(request: Request) -> Response:
    """Show the form, or sign in; a wrong pair and an unknown address look alike."""
    if request.method == "GET":
        return page(
            request,
            "sign_in.html",
            SignIn(next=session_cookie.safe_next(request.query_params.get("next", "/"))),
        )
    form = await Form.read(request)
    where = session_cookie.safe_next(form["next"])
    try:
        signed_in = await authentication_sign_in.sign_in(
            request.app.state.house,
            form["email"],
            form["password"],
            device=device_of(request),
            visitor=known_browser.visitor_of(request),
        )
    except (WrongCredentials, TooManyTries) as error:
        waits = isinstance(error, TooManyTries)
        again = SignIn(form["email"], where, error.message, waits)
        return page(request, "sign_in.html", again, **refusal(error))
    if old := session_cookie.token_of(request):
        await web_sessions.end(request.app.state.house, old)
    if signed_in.stage is Stage.SECOND_FACTOR:
        where = f"/sign-in/second?{urlencode({'next': where})}"
    answer = session_cookie.set_token(request, see_other(request, where), signed_in.token)
    return known_browser.remember(request, answer, signed_in.mark)


async def sign_out(request: Request) -> Response:
    """End this session; nothing on this machine opens anything afterwards."""
    try:
        if token := session_cookie.token_of(request):
            await web_sessions.end(request.app.state.house, token)
    except GONE as error:
        return session_cookie.forget_token(request, await store_gone(request, error, SIGNED_OUT_HERE))
    return session_cookie.forget_token(request, see_other(request, "/sign-in"))


async def account(request: Request) -> Response:
    """Show the account and what can be done with it."""
    actor = actor_of(request)
    done = request.query_params.get("done", "")
    before = actor.role is Role.PATIENT and bool(await retained_records.kept(actor))
    mails, done = actor.house.mail is not None, done if done in DONE else ""
    reached = mails and is_deliverable(actor.email)
    context = AccountPage(actor.name, actor.email, actor.time_zone, before, mails, reached, done)
    return page(request, "account/account.html", context)


async def password(request: Request) -> Response:
    """Change the password; other browsers are signed out and this one gets a new token."""
    actor = actor_of(request)
    factor, _ = await second_factor.of(actor.id, actor.vault)
    if request.method == "GET":
        return page(request, "account/password.html", PasswordPage(factor.on))
    form = await Form.read(request)
    try:
        token = await authentication_sign_in.change_password(
            actor,
            form["current"],
            form["password"],
            form["repeated"],
            request.app.state.practice.current.name,
        )
    except Refused as error:
        again = PasswordPage(factor.on, dict(error.fields))
        return page(request, "account/password.html", again, **refusal(error))
    return session_cookie.set_token(request, see_other(request, "/account?done=password"), token)


async def strength(request: Request) -> Response:
    """Rate a password in words while it is typed; nothing of it is stored."""
    form = await Form.read(request)
    house, typed = request.app.state.house, form["password"]
    if not typed:
        return page(request, "account/strength.html", Strength("", ""))
    names = (form["name"], form["email"], request.app.state.practice.current.name)
    actor = request.state.actor
    beside = actor is not None and (await second_factor.of(actor.id, actor.vault))[0].on
    try:
        advice = await house.judge(lambda: advise(typed, context=names, second_factor=beside))
    except Busy as error:  # no rating then; what is sent is judged all the same
        answered: dict[str, Any] = {"status": 503, "headers": retry_after(error)}
        return page(request, "account/strength.html", Strength("", ""), **answered)
    return page(request, "account/strength.html", Strength(advice.word, next(iter(advice.problems), "")))
