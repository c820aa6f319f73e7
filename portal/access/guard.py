"""Who may come in: every route names its audience in the one table, and this is where it is asked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import idle_lock, sign_in, web_sessions
from journal.authentication.idle_lock import LockedSession
from journal.catalogue.grounding_skills import SKILLS
from journal.dosing_day.requests import keep_request, remove_done
from journal.errors import Damaged, HeldUntilRested, InvalidInput, JournalError, NotFound
from journal.passkeys import management as passkey_management
from journal.reminders.following import note_use
from journal.roles import Role
from journal.store.progress import Progress, run_with_retry
from journal.today.today import load_and_renew_reminders
from portal.access.kept_keys import read_kept_keys
from portal.access.locked_page import build_locked_page
from portal.access.seen_state import answer_earlier_state, keep_seen_state
from portal.access.session_cookie import (
    ALLOWED_ROLES,
    RECOVERY_KEY,
    Audience,
    ConfirmPage,
    RequestPrefetch,
    SignInPage,
    View,
    get_safe_path,
    get_token,
    set_token,
)
from portal.web.device_cookies import find_language, keep_language, keep_neutral
from portal.web.errors import UNAVAILABLE_ERRORS, build_refusal_arguments
from portal.web.forms import Form
from portal.web.pages import is_htmx, redirect, render_page
from portal.web.translation import get_language, set_language

PUBLIC_PATHS = frozenset(
    {
        "/healthz",
        "/readyz",
        "/help-now",
        "/help-now/practice",
        "/help-now/contacts",
        "/leave",
        "/ground",
        "/kept",
        "/offline.js",
    }
    | {f"/ground/{skill}" for skill in SKILLS}
)
"""Pages that never wait for the session: it is not loaded for them."""
PURPOSE_HEADERS = frozenset({b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"})
"""The headers in which a browser says that it prefetches: the standard's, and those of older browsers."""
PREFETCH_PURPOSES = (b"prefetch", b"prerender", b"preview")
LOCKED_HEADER = "hearthside-locked"
"""The header that tells a page's own script why it was refused."""


def guard_view(
    view: View, audience: Audience, needs_confirmation: bool = False, prefetch: RequestPrefetch | None = None
) -> View:
    """
    Return *view* for *audience* only: others are asked to sign in, or get 404.

    With *needs_confirmation*, who has not shown in the last minutes who they are is asked once more, in place. What
    others were in the way of is done again, if nothing had been changed: a view changes nothing but the database and
    its answer. What *prefetch* asks for is read beside the session.
    """

    is_public = audience is Audience.ANYONE

    async def guarded(request: Request) -> Response:
        if not is_public and _is_prefetch(request):
            return Response(status_code=503)
        state = request.state
        token = None if is_public and request.scope["path"] in PUBLIC_PATHS else get_token(request)
        state.actor = state.trouble = None
        set_language(find_language(request))
        progress = state.progress = Progress()
        try:
            response = await run_with_retry(lambda: answer(request, token), progress)
        except Exception:
            await _record_use(state.actor)
            raise
        finally:
            state.trouble = None  # its traceback has the cookie
        if state.actor is not None:
            await _remove_done_and_record_use(request, response, state.actor)
        return response

    async def answer(request: Request, token: bytes | None) -> Response:
        actor = None
        if token is not None and request.scope["path"] not in PUBLIC_PATHS:
            actor = request.state.actor = await _load_actor(request, token, audience, prefetch)
            actor = _speak_theirs(request, actor)
        if is_public:
            return await view(request) if actor is None else await _answer_anyone(request, view, actor)
        if actor is None or token is None:
            return await _ask_who_it_is(request, token)
        try:
            first = await _ask_first(request, actor, token, audience, needs_confirmation=needs_confirmation)
            response = first or await view(request)
        except (HeldUntilRested, NotFound) as error:
            await _record_refusal(request, actor, error)
            raise
        return keep_seen_state(request, _keep_choices(request, response, actor), actor)

    return guarded


def _speak_theirs(request: Request, actor: Actor | None) -> Actor | None:
    """Have the request speak the actor’s language; who chose none writes in the page’s, as entries tell."""
    request.state.chosen_language = actor.language if actor else ""
    set_language(find_language(request))
    if actor is not None and actor.language != get_language():
        actor = request.state.actor = replace(actor, language=get_language())
    return actor


def _keep_choices(request: Request, response: Response, actor: Actor) -> Response:
    """Keep in the browser what its owner chose for pages that do not know whose they are."""
    if request.method != "GET":
        return response
    return keep_language(
        request, keep_neutral(request, response, actor.is_neutral), request.state.chosen_language
    )


async def _answer_anyone(request: Request, view: View, actor: Actor) -> Response:
    """Answer somebody who is signed in where anybody may come; what they asked for and is held is kept as anywhere."""
    try:
        response = (request.scope["path"] == "/" and answer_earlier_state(request, actor)) or await view(
            request
        )
    except HeldUntilRested as error:
        await _record_refusal(request, actor, error)
        raise
    # Home is one of these pages, and for many the only one before they leave quickly or the device locks.
    return keep_seen_state(request, _keep_choices(request, response, actor), actor)


async def _remove_done_and_record_use(request: Request, response: Response, actor: Actor) -> None:
    """Have what was done now, after a hold, not be asked again; what cannot be removed is asked again, and was done."""
    if request.method == "POST" and response.status_code < 400:
        with suppress(*UNAVAILABLE_ERRORS):
            await run_with_retry(lambda: remove_done(actor))
    has_acted = request.method == "POST" and (
        response.status_code == 303 or "hx-redirect" in response.headers
    )
    if actor.is_use_due or (actor.is_reminded and has_acted):
        # Once the page is sent: nobody waits for the disk to read one.
        response.background = BackgroundTask(_follow_up, actor, has_acted=has_acted)


async def _follow_up(actor: Actor, *, has_acted: bool) -> None:
    """Record the use of a session; what was done need not be reminded of, and who is here is told nothing twice."""
    await _record_use(actor)
    if not actor.is_reminded:
        return
    with suppress(JournalError, *UNAVAILABLE_ERRORS):  # a session may just have ended, and its keys with it
        if has_acted and actor.role is Role.PATIENT:
            await load_and_renew_reminders(actor)
        elif actor.is_use_due:
            await note_use(actor)


async def _record_use(actor: Actor | None) -> None:
    if actor is not None and actor.is_use_due:
        await web_sessions.record_use(actor.session, actor.now)


async def _record_refusal(request: Request, actor: Actor, error: HeldUntilRested | NotFound) -> None:
    """Keep what is held for when its sender has rested, a page only opened aside; log who looked for what."""
    if isinstance(error, NotFound):
        # Missing and forbidden look alike here as well: the log says who looked for what.
        wanted = [one for one in request.path_params.values() if isinstance(one, UUID)]
        await audit_log.record_event(actor, Act.NOT_FOUND, about=wanted[-1] if wanted else None)
    elif request.method == "POST":
        request.state.is_kept = await keep_request(actor, error.asked)


async def _ask_first(
    request: Request, actor: Actor, token: bytes, audience: Audience, *, needs_confirmation: bool
) -> Response | None:
    """Return what an actor has to do before the view, if anything; nobody but its audience may see it."""
    if actor.role not in ALLOWED_ROLES.get(audience, Role):
        raise NotFound
    if not actor.recovery_ready and audience is not Audience.UNCONFIRMED:
        return redirect(request, RECOVERY_KEY)
    if needs_confirmation and not actor.is_recently_confirmed:
        return await _ask_to_confirm(request, actor, token)
    return answer_earlier_state(request, actor) if audience is not Audience.UNCONFIRMED else None


def _is_prefetch(request: Request) -> bool:
    """
    Return whether a browser prefetches a page.

    To read what somebody shared counts as opening it, which they see. What was fetched ahead of time could be shown
    later without another request, so it is not given out; the browser asks again when the page is really wanted.
    """
    purposes = [value.lower() for name, value in request.headers.raw if name in PURPOSE_HEADERS]
    return any(word in one for one in purposes for word in PREFETCH_PURPOSES)


async def _load_actor(
    request: Request, token: bytes, audience: Audience, prefetch: RequestPrefetch | None
) -> Actor | None:
    """Return the person whom the cookie signs in; None also where the page answers without knowing."""
    try:
        asked = partial(prefetch, request) if prefetch else None
        actor = await web_sessions.load_actor(request.app.state.installation, token, asked)
        if actor is not None and (kept := read_kept_keys(request)):
            actor = replace(actor, kept_keys=kept)
        return (
            replace(actor, is_head_request=True)
            if actor is not None and "hearthside.head" in request.scope
            else actor
        )
    except Damaged as error:
        # Help, and the way out and in again, stay open to somebody whose own records do not open.
        if audience is not Audience.ANYONE:
            raise
        request.state.trouble = error
    return None


async def ask_to_unlock(request: Request) -> Response | None:
    """Return what a page answers that is there for everybody, where the session of this browser is locked, or None."""
    owner = await _find_locked_session(request, get_token(request))
    return await _ask_to_unlock(request, owner) if owner else None


async def _find_locked_session(request: Request, token: bytes | None) -> LockedSession | None:
    return await idle_lock.find_locked_session(request.app.state.installation, token) if token else None


async def _ask_who_it_is(request: Request, token: bytes | None) -> Response:
    """Ask to unlock the session of *token*, if it is locked, or else to sign in."""
    owner = await _find_locked_session(request, token)
    # A form that only a passkey lets on waits on the sign-in page, which takes a passkey as well.
    if owner is None or (owner.needs_passkey and not is_htmx(request) and request.method != "GET"):
        return await _ask_to_sign_in(request)
    return await _ask_to_unlock(request, owner)


async def _ask_to_sign_in(request: Request) -> Response:
    if is_htmx(request):
        return render_page(request, "signed_out_fragment.html", status=401)
    if request.method == "GET":
        return render_page(request, "sign_in.html", SignInPage(next=_get_current_path(request)), status=401)
    # A form that was sent after the session had ended: give the words back, so that nothing typed is lost.
    form = await Form.read(request)
    return render_page(
        request,
        "sign_in.html",
        SignInPage(pending_fields=form.restorable, pending_action=request.url.path),
        status=401,
    )


async def _ask_to_unlock(request: Request, owner: LockedSession) -> Response:
    """Ask for the password of a locked session, and check it; then the request is sent again."""
    told = {LOCKED_HEADER: "1"}
    if is_htmx(request):
        return render_page(request, "locked_fragment.html", status=401, headers=told)
    installation = request.app.state.installation
    if request.method == "GET":
        context = await build_locked_page(request, owner, _get_current_path(request))
        return render_page(request, "locked.html", context, status=401, headers=told)
    form = await Form.read(request)
    token, problem = get_token(request), ""
    answered: dict[str, Any] = {"status": 401}
    if token and form.confirmation_password:
        try:
            opened = await idle_lock.unlock_session(
                installation, token, form.confirmation_password, read_kept_keys(request)
            )
        except InvalidInput as error:
            problem, answered = error.fields["current"], build_refusal_arguments(error)
            told |= answered.pop("headers")
        else:
            return await set_token(request, RedirectResponse(_get_current_path(request), 307), opened)
    context = await build_locked_page(
        request,
        owner,
        problem=problem,
        pending_fields=form.restorable,
        pending_action=_get_current_path(request),
    )
    return render_page(request, "locked.html", context, headers=told, **answered)


async def _ask_to_confirm(request: Request, actor: Actor, token: bytes) -> Response:
    """
    Ask for the password before a dangerous act, and check it.

    The form's fields come back with the password, to the same address.
    """
    passkey = await passkey_management.has_passkey(actor.id)
    if request.method == "GET":
        return render_page(
            request, "confirm.html", ConfirmPage(next=_get_current_path(request), passkey=passkey), status=401
        )
    form = await Form.read(request)
    problem, answered = "", dict[str, Any](status=401)
    if form.confirmation_password:
        try:
            opened = await sign_in.confirm_with_password(actor, token, form.confirmation_password)
        except InvalidInput as error:
            problem, answered = error.fields["current"], build_refusal_arguments(error)
        else:
            # 307 has the browser send the same form once more, with the new token.
            return await set_token(request, RedirectResponse(_get_current_path(request), 307), opened)
    context = ConfirmPage(
        problem=problem,
        pending_fields=form.restorable,
        pending_action=_get_current_path(request),
        passkey=passkey,
    )
    return render_page(request, "confirm.html", context, **answered)


def _get_current_path(request: Request) -> str:
    return get_safe_path(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
