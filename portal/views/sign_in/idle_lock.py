"""Lock an idle session, and unlock it with the page still as it was."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from journal.accounts import details as account_details
from journal.accounts.profiles import CHOICES
from journal.authentication import idle_lock, sign_in
from journal.errors import NotFound, Refused
from journal.i18n import N_
from journal.installation.password_work import Busy
from journal.passkeys import management as passkey_management
from journal.rate_limiting.limits import TooManyTries
from portal.access import session_cookie
from portal.access.guard import LOCKED
from portal.access.session_cookie import LockedPage, actor_of
from portal.web.errors import refusal
from portal.web.forms import Form
from portal.web.pages import is_htmx, page, see_other, translator

OVER = N_(
    "You are signed out here. Sign in again in another tab, then come back and type your password: "
    "your words are still on this page."
)


@dataclass(frozen=True, slots=True)
class LockAfterPage:
    """Context of the page that asks after how many minutes sessions lock."""

    minutes: int
    choices: tuple[int, ...] = CHOICES
    errors: dict[str, str] = field(default_factory=dict)


async def lock_after(request: Request) -> Response:
    """Show or save after how many minutes without use a session locks."""
    actor = actor_of(request)
    if request.method == "GET":
        return page(request, "account/lock.html", LockAfterPage(actor.lock_minutes))
    form = await Form.read(request)
    try:
        await account_details.lock_after(actor, form.whole("minutes"))
    except Refused as error:
        again = LockAfterPage(actor.lock_minutes, errors=dict(error.fields))
        return page(request, "account/lock.html", again, status=422)
    return see_other(request, "/account?done=lock")


async def here(request: Request) -> Response:
    """Return nothing: the request alone keeps the session in use while somebody reads a page."""
    return Response(status_code=204)


async def lock(request: Request) -> Response:
    """Lock this session at once."""
    await idle_lock.lock(actor_of(request))
    return Response(status_code=204) if is_htmx(request) else see_other(request, "/unlock")


async def unlock(request: Request) -> Response:
    """
    Unlock with the password, from the page of a locked session or from a page that covered itself.

    A page that covered itself sends whose it is, and nobody else's password uncovers it.
    """
    house, token, actor = request.app.state.house, session_cookie.token_of(request), request.state.actor
    owner = await idle_lock.locked(house, token) if token and not actor else None
    form = await Form.read(request) if request.method == "POST" else Form()
    where = session_cookie.safe_next(form["next"] or request.query_params.get("next", "/"))
    whose = actor.id if actor else owner.account if owner else None
    if token is None or whose is None or (form["whose"] or str(whose)) != str(whose):
        return _told(request, OVER, 401) if is_htmx(request) else see_other(request, "/sign-in")
    if request.method == "GET":
        if owner is None:
            return see_other(request, where)
        passkey = await passkey_management.can_open(owner.account)
        return page(request, "locked.html", LockedPage(owner.name, where, passkey=passkey))
    password = form.asked_again or ""
    try:
        if actor:
            opened = await sign_in.confirm(actor, token, password)
        else:
            opened = await idle_lock.unlock(house, token, password)
    except NotFound:
        return _told(request, OVER, 401) if is_htmx(request) else see_other(request, "/sign-in")
    except Busy as error:
        if is_htmx(request):
            return _told(request, error.message, 503)
        raise
    except Refused as error:
        sentence = next(iter(error.fields.values()))
        if is_htmx(request):
            return _told(request, sentence, 429 if isinstance(error, TooManyTries) else 422)
        name = actor.name if actor else owner.name if owner else ""
        again = LockedPage(
            name,
            where,
            sentence,
            passkey=owner is not None and await passkey_management.can_open(owner.account),
        )
        return page(request, "locked.html", again, **refusal(error))
    done = Response(status_code=204) if is_htmx(request) else see_other(request, where)
    return session_cookie.set_token(request, done, opened)


def _told(request: Request, sentence: str, status: int) -> Response:
    return PlainTextResponse(translator(request)(sentence), status, {LOCKED: "1"})
