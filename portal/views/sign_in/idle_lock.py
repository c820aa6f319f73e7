"""Lock an idle session, and unlock it with the page still as it was."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from journal.accounts import details as account_details
from journal.accounts.profiles import LOCK_CHOICES
from journal.actor import Actor
from journal.authentication import idle_lock, sign_in
from journal.authentication.idle_lock import LockedSession
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.installation.password_work import Busy
from journal.rate_limiting.limits import TooManyAttempts
from portal.access import session_cookie
from portal.access.guard import LOCKED_HEADER
from portal.access.kept_keys import read_kept_keys
from portal.access.locked_page import build_cover, build_locked_page
from portal.access.session_cookie import get_actor
from portal.web.errors import build_refusal_arguments
from portal.web.forms import Form
from portal.web.pages import get_translator, is_htmx, redirect, render_page

SESSION_OVER = N_(
    "You are signed out here. Sign in again in another tab, then come back and type your password: "
    "your words are still on this page."
)


@dataclass(frozen=True, slots=True)
class LockTimePage:
    """Context of the page that asks after how many minutes sessions lock."""

    minutes: int
    choices: tuple[int, ...] = LOCK_CHOICES
    errors: dict[str, str] = field(default_factory=dict)


async def edit_lock_time(request: Request) -> Response:
    """Show or save after how many minutes without use a session locks."""
    actor = get_actor(request)
    if request.method == "GET":
        return render_page(request, "account/lock.html", LockTimePage(actor.lock_minutes))
    form = await Form.read(request)
    try:
        await account_details.set_lock_minutes(actor, form.get_whole_number("minutes"))
    except InvalidInput as error:
        again = LockTimePage(actor.lock_minutes, errors=dict(error.fields))
        return render_page(request, "account/lock.html", again, status=422)
    return redirect(request, "/account?done=lock")


async def keep_session_alive(request: Request) -> Response:
    """Return nothing: the request alone keeps the session in use while somebody reads a page."""
    return Response(status_code=204)


async def lock_session(request: Request) -> Response:
    """Lock this session at once."""
    await idle_lock.lock_session(get_actor(request))
    return Response(status_code=204) if is_htmx(request) else redirect(request, "/unlock")


async def unlock_session(request: Request) -> Response:
    """
    Unlock with the password, from the page of a locked session or from a page that covered itself.

    A page that covered itself sends whose it is, and nobody else's password uncovers it.
    """
    installation, token, actor = (
        request.app.state.installation,
        session_cookie.get_token(request),
        request.state.actor,
    )
    owner = await _find_owner(request, token)
    form = await Form.read(request) if request.method == "POST" else Form()
    where = session_cookie.get_safe_path(form["next"] or request.query_params.get("next", "/"))
    if token is None or owner is None or (form["whose"] or str(owner.account)) != str(owner.account):
        return _refuse_over(request)
    if request.method == "GET":
        return await _show_lock(request, owner, where)
    password = form.confirmation_password or ""
    try:
        if actor:
            opened = await sign_in.confirm_with_password(actor, token, password)
        else:
            kept = read_kept_keys(request)
            opened = await idle_lock.unlock_session(installation, token, password, kept)
    except NotFound:
        return _refuse_over(request)
    except Busy as error:
        if is_htmx(request):
            return _respond_with_sentence(request, error.message, 503)
        raise
    except InvalidInput as error:
        sentence = next(iter(error.fields.values()))
        if is_htmx(request):
            return _respond_with_sentence(
                request, sentence, 429 if isinstance(error, TooManyAttempts) else 422
            )
        again = await build_locked_page(request, owner, where, sentence)
        return render_page(request, "locked.html", again, **build_refusal_arguments(error))
    done = Response(status_code=204) if is_htmx(request) else redirect(request, where)
    return await session_cookie.unlock_browser(request, done, opened)


async def _find_owner(request: Request, token: bytes | None) -> LockedSession | None:
    """Return whose session it is, also before it has locked: a page covers itself first."""
    actor: Actor | None = request.state.actor
    if actor:
        return LockedSession(actor.id, actor.role, time_zone=actor.time_zone)
    return await idle_lock.find_locked_session(request.app.state.installation, token) if token else None


async def _show_lock(request: Request, owner: LockedSession, where: str) -> Response:
    """Return what a script covers a page with, or the page that unlocks a session, which is nothing for an open one."""
    if is_htmx(request):
        return render_page(request, "locked_cover.html", await build_cover(request, owner))
    if request.state.actor:
        return redirect(request, where)
    return render_page(request, "locked.html", await build_locked_page(request, owner, where))


def _refuse_over(request: Request) -> Response:
    if is_htmx(request):
        return _respond_with_sentence(request, SESSION_OVER, 401)
    return redirect(request, "/sign-in")


def _respond_with_sentence(request: Request, sentence: str, status: int) -> Response:
    return PlainTextResponse(get_translator(request)(sentence), status, {LOCKED_HEADER: "1"})
