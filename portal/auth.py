"""Who may come in: every route names its audience in the one table, and this is where it is asked."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal import audit, websessions
from journal.actors import Actor, Role
from journal.audit import Act
from journal.errors import Damaged, NotFound
from portal.pages import is_htmx, page, see_other

View = Callable[[Request], Awaitable[Response]]
RECOVERY_KEY = "/account/recovery-key"


class Audience(StrEnum):
    """Whom a route is for."""

    ANYONE = "anyone"
    SIGNED_IN = "signed-in"
    UNCONFIRMED = "signed-in, also before the recovery key is confirmed"
    PATIENT = Role.PATIENT.value
    CLINICIAN = Role.CLINICIAN.value


@dataclass(frozen=True, slots=True)
class SignIn:
    """Context of the sign-in page. `kept` are the fields of a form that was sent too late."""

    email: str = ""
    next: str = "/"
    problem: str = ""
    kept: tuple[tuple[str, str], ...] = ()
    kept_action: str = ""


def token_of(request: Request) -> bytes | None:
    """Read the session token from the cookie; None when there is none that could be one."""
    try:
        token = urlsafe_b64decode(request.cookies.get(request.app.state.config.cookie, "") + "=")
    except ValueError:
        return None
    return token if len(token) == 32 else None


def set_token(request: Request, response: Response, token: bytes) -> Response:
    """Give the browser its session token; it is stored nowhere else."""
    config = request.app.state.config
    response.set_cookie(
        config.cookie,
        urlsafe_b64encode(token).rstrip(b"=").decode(),
        max_age=int(websessions.LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        secure=config.secure,
        samesite="lax",
    )
    return response


def forget_token(request: Request, response: Response) -> Response:
    """Take the cookie back and have the browser drop what it kept of our pages."""
    config = request.app.state.config
    response.delete_cookie(config.cookie, path="/", httponly=True, secure=config.secure, samesite="lax")
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


def actor_of(request: Request) -> Actor:
    """Give the signed-in person of a guarded route."""
    actor: Actor = request.state.actor
    return actor


def safe_next(path: str) -> str:
    """Give *path* if it leads to one of our own pages, else home."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def guard(view: View, audience: Audience) -> View:
    """Let *audience* through to *view*: others are asked to sign in, or find nothing there."""

    async def guarded(request: Request) -> Response:
        token, trouble = token_of(request), None
        try:
            actor = await websessions.actor_for(request.app.state.house, token) if token else None
        except Damaged as error:
            # Help, and the way out and in again, stay open to somebody whose own records do not open.
            if audience is not Audience.ANYONE:
                raise
            actor, trouble = None, error
        request.state.actor, request.state.trouble = actor, trouble
        if audience is Audience.ANYONE:
            return await view(request)
        if actor is None:
            return await _ask_to_sign_in(request)
        try:
            if audience in (Audience.PATIENT, Audience.CLINICIAN) and actor.role.value != audience.value:
                raise NotFound
            if not actor.recovery_ready and audience is not Audience.UNCONFIRMED:
                return see_other(request, RECOVERY_KEY)
            return await view(request)
        except NotFound:
            # Missing and forbidden look alike here as well: the log says who looked for what.
            wanted = [one for one in request.path_params.values() if isinstance(one, UUID)]
            await audit.note(actor, Act.NOT_FOUND, about=wanted[-1] if wanted else None)
            raise

    return guarded


async def _ask_to_sign_in(request: Request) -> Response:
    if is_htmx(request):
        return page(request, "signed_out_fragment.html", status=401)
    if request.method == "GET":
        where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return page(request, "sign_in.html", SignIn(next=safe_next(where)), status=401)
    # A form that was sent after the session had ended: give the words back, so that nothing typed is lost.
    form = await request.form()
    kept = tuple((name, value) for name, value in form.multi_items() if isinstance(value, str))
    return page(request, "sign_in.html", SignIn(kept=kept, kept_action=request.url.path), status=401)
