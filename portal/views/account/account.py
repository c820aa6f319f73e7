"""Sign in and out, and manage one's own account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from journal.account_reset import retained_records
from journal.accounts import signing_keys
from journal.accounts.signing_keys import SigningKeys
from journal.actor import Actor
from journal.authentication import second_factor, web_sessions
from journal.authentication import sign_in as authentication_sign_in
from journal.authentication.passwords import rate_password
from journal.authentication.web_sessions import Stage
from journal.errors import InvalidInput, WrongCredentials
from journal.installation.password_work import Busy
from journal.mail.mail_addresses import is_deliverable
from journal.rate_limiting.limits import TooManyAttempts
from journal.roles import Role
from journal.secret_keys import secret_keys
from journal.witness import checking
from portal.access import known_browser, session_cookie
from portal.access.kept_keys import read_kept_keys, set_kept_keys
from portal.access.session_cookie import SignInPage, get_actor
from portal.http.client import get_device_name
from portal.web.errors import (
    SIGNED_OUT_LOCALLY,
    UNAVAILABLE_ERRORS,
    build_refusal_arguments,
    build_retry_header,
    render_unavailable,
)
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

DONE = (
    "password",
    "recovery",
    "renewed",
    "kept",
    "lock",
    "details",
    "email",
    "help",
    "contact",
    "contact-removed",
    "title",
    "reading-hours",
    "reminders",
    "no-reminders",
    "witness",
)


@dataclass(frozen=True, slots=True)
class AccountPage:
    """
    Context of the account page. `mails`: messages are sent; `is_reachable`: this address can receive them.

    `keys` are those that records are signed with; an administrator takes none away. `keeps_key`: this browser keeps
    a secret key for them. `is_noticed`: the witness noticed something that its owner has yet to read.
    """

    name: str
    email: str
    time_zone: str
    set_aside: bool
    mails: bool
    is_reachable: bool
    keys: SigningKeys | None
    done: str = ""
    keeps_key: bool = False
    is_noticed: bool = False


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """Context of the page that changes the password. With a `second_factor` it may be shorter."""

    second_factor: bool
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PasswordStrength:
    """Context of the line that rates a password."""

    word: str
    problem: str


async def sign_in(request: Request) -> Response:
    """Show the form, or sign in; a wrong pair and an unknown address look alike."""
    if request.method == "GET":
        return render_page(
            request,
            "sign_in.html",
            SignInPage(next=session_cookie.get_safe_path(request.query_params.get("next", "/"))),
        )
    form = await Form.read(request)
    where = session_cookie.get_safe_path(form["next"])
    try:
        signed_in = await authentication_sign_in.sign_in(
            request.app.state.installation,
            form["email"],
            form["password"],
            secret_key=form["secret_key"],
            kept_keys=read_kept_keys(request),
            device=get_device_name(request),
            visitor=known_browser.build_visitor(request),
        )
    except (WrongCredentials, TooManyAttempts) as error:
        waits = isinstance(error, TooManyAttempts)
        again = SignInPage(form["email"], where, error.message, waits)
        return render_page(request, "sign_in.html", again, **build_refusal_arguments(error))
    except InvalidInput as error:
        again = SignInPage(form["email"], where, errors=dict(error.fields))
        return render_page(request, "sign_in.html", again, status=422)
    if old := session_cookie.get_token(request):
        await web_sessions.end_session(request.app.state.installation, old)
    if signed_in.stage is Stage.SECOND_FACTOR:
        where = f"/sign-in/second?{urlencode({'next': where})}"
    answer = await session_cookie.sign_in_browser(request, redirect(request, where), signed_in.token)
    if signed_in.kept_keys:
        set_kept_keys(request, answer, signed_in.kept_keys)
    return known_browser.set_mark(request, answer, signed_in.mark)


async def sign_out(request: Request) -> Response:
    """
    End this session; nothing on this machine opens anything afterwards.

    Without a script the quick exit is this form too, and leads where the script would: not to a page that says what
    this is. Whoever asks for it has this browser forget their secret key as well.
    """
    if "forget" in request.query_params:
        actor: Actor | None = request.state.actor
        kept = secret_keys.forget_secret_key(actor) if actor else b""
        return set_kept_keys(request, await _sign_out(request), kept)
    return await _sign_out(request)


async def _sign_out(request: Request) -> Response:
    leaves = "leave" in request.query_params
    try:
        if token := session_cookie.get_token(request):
            await web_sessions.end_session(request.app.state.installation, token)
    except UNAVAILABLE_ERRORS as error:
        return session_cookie.clear_token(
            request, await render_unavailable(request, error, SIGNED_OUT_LOCALLY)
        )
    return session_cookie.clear_token(request, redirect(request, "/leave" if leaves else "/sign-in"))


async def show_account(request: Request) -> Response:
    """Show the account and what can be done with it."""
    actor = get_actor(request)
    done = request.query_params.get("done", "")
    before = actor.role is Role.PATIENT and bool(await retained_records.list_retained_records(actor))
    mails, done = actor.installation.mail is not None, done if done in DONE else ""
    reached = mails and is_deliverable(actor.email)
    keys = None if actor.role is Role.ADMINISTRATOR else await signing_keys.load_signing_keys(actor)
    context = AccountPage(
        *(actor.name, actor.email, actor.time_zone, before, mails, reached, keys, done),
        secret_keys.is_kept(actor),
        await checking.has_noticed(actor),
    )
    return render_page(request, "account/account.html", context)


async def change_password(request: Request) -> Response:
    """Change the password; other browsers are signed out and this one gets a new token."""
    actor = get_actor(request)
    factor, _ = await second_factor.load_second_factor(actor.id, actor.vault)
    if request.method == "GET":
        return render_page(request, "account/password.html", PasswordPage(factor.is_enabled))
    form = await Form.read(request)
    try:
        token = await authentication_sign_in.change_password(
            actor,
            form["current"],
            form["password"],
            form["repeated"],
            request.app.state.practice.current.name,
        )
    except InvalidInput as error:
        again = PasswordPage(factor.is_enabled, dict(error.fields))
        return render_page(request, "account/password.html", again, **build_refusal_arguments(error))
    return await session_cookie.set_token(request, redirect(request, "/account?done=password"), token)


async def show_password_strength(request: Request) -> Response:
    """Rate a password in words while it is typed; nothing of it is stored."""
    form = await Form.read(request)
    installation, typed = request.app.state.installation, form["password"]
    if not typed:
        return render_page(request, "account/strength.html", PasswordStrength("", ""))
    names = (form["name"], form["email"], request.app.state.practice.current.name)
    actor = request.state.actor
    beside = (
        actor is not None and (await second_factor.load_second_factor(actor.id, actor.vault))[0].is_enabled
    )
    try:
        advice = await installation.run_strength_check(
            lambda: rate_password(typed, context=names, second_factor=beside)
        )
    except Busy as error:  # no rating then; what is sent is judged all the same
        answered: dict[str, Any] = {"status": 503, "headers": build_retry_header(error)}
        return render_page(request, "account/strength.html", PasswordStrength("", ""), **answered)
    return render_page(
        request, "account/strength.html", PasswordStrength(advice.label, next(iter(advice.problems), ""))
    )
