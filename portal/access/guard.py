"""Who may come in: every route names its audience in the one table, and this is where it is asked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import idle_lock, sign_in, web_sessions
from journal.authentication.idle_lock import Locked
from journal.errors import Damaged, NotFound, Refused
from journal.passkeys import management as passkey_management
from journal.roles import Role
from journal.store.progress import Progress, repeated
from portal.access.session_cookie import (
    OF_ROLES,
    RECOVERY_KEY,
    Audience,
    Confirm,
    LockedPage,
    RequestPrefetch,
    SignIn,
    View,
    safe_next,
    set_token,
    token_of,
)
from portal.web.errors import refusal
from portal.web.forms import Form
from portal.web.pages import is_htmx, page, see_other

ALWAYS = frozenset({"/healthz", "/readyz", "/help-now", "/leave"})
"""Pages that are the same for everybody: the session is not loaded for them."""
PURPOSES = frozenset({b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"})
"""The headers in which a browser says that it prefetches: the standard's, and those of older browsers."""
AHEAD = (b"prefetch", b"prerender", b"preview")
LOCKED = "hearthside-locked"
"""The header that tells a page's own script why it was refused."""


def guard(
    view: View, audience: Audience, fresh: bool = False, prefetch: RequestPrefetch | None = None
) -> View:
    """
    Return *view* for *audience* only: others are asked to sign in, or get 404.

    With *fresh*, who has not shown in the last minutes who they are is asked once more, in place. What others were in
    the way of is done again, if nothing had been changed: a view changes nothing but the database and its answer.
    What *prefetch* asks for is read beside the session.
    """

    async def guarded(request: Request) -> Response:
        if audience is not Audience.ANYONE and _is_ahead(request):
            return Response(status_code=503)
        token = token_of(request)
        actor, request.state.trouble = None, None
        if token is not None and request.scope["path"] not in ALWAYS:
            actor = await repeated(lambda: _whoever(request, token, audience, prefetch))
        request.state.actor = actor
        if audience is Audience.ANYONE:
            return await _answer(request, view)
        if actor is None or token is None:
            owner = await idle_lock.locked(request.app.state.house, token) if token else None
            return await (_ask_to_unlock(request, owner) if owner else _ask_to_sign_in(request))
        try:
            if actor.role not in OF_ROLES.get(audience, Role):
                raise NotFound
            if not actor.recovery_ready and audience is not Audience.UNCONFIRMED:
                return see_other(request, RECOVERY_KEY)
            if fresh and not web_sessions.is_fresh(actor):
                return await _ask_again(request, actor, token)
            return await _answer(request, view)
        except NotFound:
            # Missing and forbidden look alike here as well: the log says who looked for what.
            wanted = [one for one in request.path_params.values() if isinstance(one, UUID)]
            await audit_log.note(actor, Act.NOT_FOUND, about=wanted[-1] if wanted else None)
            raise

    return guarded


async def _answer(request: Request, view: View) -> Response:
    progress = request.state.progress = Progress()
    return await repeated(lambda: view(request), progress)


def _is_ahead(request: Request) -> bool:
    """
    Return whether a browser prefetches a page.

    To read what somebody shared counts as opening it, which they see. What was fetched ahead of time could be shown
    later without another request, so it is not given out; the browser asks again when the page is really wanted.
    """
    purposes = [value.lower() for name, value in request.headers.raw if name in PURPOSES]
    return any(word in one for one in purposes for word in AHEAD)


async def _whoever(
    request: Request, token: bytes, audience: Audience, prefetch: RequestPrefetch | None
) -> Actor | None:
    """Return the person whom the cookie signs in; None also where the page answers without knowing."""
    try:
        asked = partial(prefetch, request) if prefetch else None
        actor = await web_sessions.actor_for(request.app.state.house, token, asked)
        return (
            replace(actor, looks=True) if actor is not None and "hearthside.head" in request.scope else actor
        )
    except Damaged as error:
        # Help, and the way out and in again, stay open to somebody whose own records do not open.
        if audience is not Audience.ANYONE:
            raise
        request.state.trouble = error
    return None


async def _ask_to_sign_in(request: Request) -> Response:
    if is_htmx(request):
        return page(request, "signed_out_fragment.html", status=401)
    if request.method == "GET":
        return page(request, "sign_in.html", SignIn(next=_here(request)), status=401)
    # A form that was sent after the session had ended: give the words back, so that nothing typed is lost.
    form = await Form.read(request)
    return page(request, "sign_in.html", SignIn(kept=form.kept, kept_action=request.url.path), status=401)


async def _ask_to_unlock(request: Request, owner: Locked) -> Response:
    """Ask for the password of a locked session, and check it; then the request is sent again."""
    told = {LOCKED: "1"}
    if is_htmx(request):
        return page(request, "locked_fragment.html", status=401, headers=told)
    passkey = await passkey_management.can_open(owner.account)
    if request.method == "GET":
        context = LockedPage(owner.name, _here(request), passkey=passkey)
        return page(request, "locked.html", context, status=401, headers=told)
    form = await Form.read(request)
    token, problem = token_of(request), ""
    answered: dict[str, Any] = {"status": 401}
    if token and form.asked_again:
        try:
            opened = await idle_lock.unlock(request.app.state.house, token, form.asked_again)
        except Refused as error:
            problem, answered = error.fields["current"], refusal(error)
            told |= answered.pop("headers")
        else:
            return set_token(request, RedirectResponse(_here(request), 307), opened)
    context = LockedPage(owner.name, "/", problem, form.kept, _here(request), passkey)
    return page(request, "locked.html", context, headers=told, **answered)


async def _ask_again(request: Request, actor: Actor, token: bytes) -> Response:
    """
    Ask for the password before a dangerous act, and check it.

    The form's fields come back with the password, to the same address.
    """
    passkey = await passkey_management.has_any(actor.id)
    if request.method == "GET":
        return page(request, "confirm.html", Confirm(next=_here(request), passkey=passkey), status=401)
    form = await Form.read(request)
    refused: Refused | None = None
    if form.asked_again:
        try:
            opened = await sign_in.confirm(actor, token, form.asked_again)
        except Refused as error:
            refused = error
        else:
            # 307 has the browser send the same form once more, with the new token.
            return set_token(request, RedirectResponse(_here(request), 307), opened)
    problem = refused.fields["current"] if refused else ""
    context = Confirm(problem=problem, kept=form.kept, kept_action=_here(request), passkey=passkey)
    return page(request, "confirm.html", context, **(refusal(refused) if refused else {"status": 401}))


def _here(request: Request) -> str:
    return safe_next(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
