"""Who is there: the cookie that a browser keeps, and whom an address can be for."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.authentication import active_sessions, web_sessions
from journal.errors import Damaged, JournalError
from journal.reminders.following import note_use
from journal.roles import Role
from journal.store.database import Statement
from journal.store.statements import Subquery
from journal.witness import checking
from portal.web.device_cookies import set_help_region
from portal.web.errors import UNAVAILABLE_ERRORS

RequestPrefetch = Callable[[Request, Subquery], Sequence[Statement]]
View = Callable[[Request], Awaitable[Response]]
RECOVERY_KEY = "/account/recovery-key"
WITNESS = "/account/witness"
# Browsers take a backslash for a slash, and leave tabs and line breaks out.
OWN_PATH = re.compile(
    r"/(?!/)[!-\[\]-~]*"
)  # our addresses are ASCII, and so is the header that leads to them


class Audience(StrEnum):
    """Whom a route is for."""

    ANYONE = "anyone"
    SIGNED_IN = "signed-in"
    UNCONFIRMED = "signed-in, also before the recovery key is confirmed"
    PATIENT = Role.PATIENT.value
    CLINICIAN = Role.CLINICIAN.value
    ADMINISTRATOR = Role.ADMINISTRATOR.value
    IN_CARE = "patient or clinician"


ALLOWED_ROLES = {
    Audience.PATIENT: {Role.PATIENT},
    Audience.CLINICIAN: {Role.CLINICIAN},
    Audience.ADMINISTRATOR: {Role.ADMINISTRATOR},
    Audience.IN_CARE: {Role.PATIENT, Role.CLINICIAN},
}


@dataclass(frozen=True, slots=True)
class SignInPage:
    """
    Context of the sign-in page. `pending_fields` are the fields of a form that was sent too late.

    `is_waiting` says that the problem is only that passwords were tried too often.
    """

    email: str = ""
    next: str = "/"
    problem: str = ""
    is_waiting: bool = False
    pending_fields: tuple[tuple[str, str], ...] = ()
    pending_action: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """
    Context of the page that asks once more who somebody is. `pending_fields` are the fields of a form that waits for
    it.

    `passkey`: they have one that can answer.
    """

    next: str = "/"
    problem: str = ""
    pending_fields: tuple[tuple[str, str], ...] = ()
    pending_action: str = ""
    passkey: bool = False


def get_token(request: Request) -> bytes | None:
    """Return the session token of the cookie, or None when there is no valid one."""
    sent = request.cookies.get(request.app.state.config.cookie)
    if not sent:
        return None
    try:
        token = urlsafe_b64decode(sent + "=")
    except ValueError:
        return None
    return token if len(token) == 32 else None


async def set_token(request: Request, response: Response, token: bytes) -> Response:
    """Store the session token in the browser, and nowhere else; for longer than 12 hours where its owner chose so."""
    config, installation = request.app.state.config, request.app.state.installation
    life = web_sessions.LIFETIME
    with suppress(Damaged, *UNAVAILABLE_ERRORS):  # for 12 hours in any case
        if until := await active_sessions.find_kept_until(installation, token):
            life = until - installation.clock()
    response.set_cookie(
        config.cookie,
        urlsafe_b64encode(token).rstrip(b"=").decode(),
        max_age=int(life.total_seconds()),
        path="/",
        httponly=True,
        secure=config.is_secure,
        samesite="lax",
    )
    return response


async def sign_in_browser(request: Request, response: Response, token: bytes) -> Response:
    """Store the token of a new session, and the region of its help numbers; who is here needs no repeat."""
    await set_token(request, response, token)
    with suppress(Damaged, *UNAVAILABLE_ERRORS):  # who has just signed in is in, with or without a region
        actor = await web_sessions.load_actor(request.app.state.installation, token)
        if actor is not None and actor.region:
            set_help_region(request, response, actor.region)
        if actor is not None and actor.is_reminded:
            await note_use(actor)
        if actor is not None:
            await look_at_keys(actor, response)
    return response


async def unlock_browser(request: Request, response: Response, token: bytes) -> Response:
    """Store the new token of a session that was unlocked: a kept device is unlocked for weeks and never signs in."""
    await set_token(request, response, token)
    with suppress(Damaged, *UNAVAILABLE_ERRORS):
        actor = await web_sessions.load_actor(request.app.state.installation, token)
        if actor is not None:
            await look_at_keys(actor, response)
    return response


async def look_at_keys(actor: Actor, response: Response) -> None:
    """
    Look whether anybody's keys were exchanged, and lead to what was noticed.

    Nobody is kept out by it, and on the day of a dosing session it waits for the next sign-in.
    """
    with suppress(JournalError, *UNAVAILABLE_ERRORS):
        if await checking.check_log(actor) and not actor.dosing_day and response.status_code == 303:
            response.headers["location"] = WITNESS


def clear_token(request: Request, response: Response) -> Response:
    """
    Delete the cookie, and the browser's cache of our pages.

    What static/js/offline.js stores stays: it is nobody's, and whoever signs out may need it next.
    """
    config = request.app.state.config
    response.delete_cookie(config.cookie, path="/", httponly=True, secure=config.is_secure, samesite="lax")
    response.headers["clear-site-data"] = '"cache"'
    return response


def get_actor(request: Request) -> Actor:
    """Return the signed-in person of a guarded route."""
    actor: Actor = request.state.actor
    return actor


def get_safe_path(path: str) -> str:
    """Return *path* if it leads to one of our own pages, else home."""
    return path if OWN_PATH.fullmatch(path) else "/"
