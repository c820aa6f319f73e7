"""The browsers that are signed in, and how to sign them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import active_sessions
from journal.authentication.active_sessions import ActiveSession
from journal.errors import NotFound
from journal.passkeys import management as passkey_management
from journal.roles import Role
from journal.store.rows import OpenedRows
from portal.access.session_cookie import clear_token, get_actor, get_token, set_token
from portal.http.client import format_device
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

SESSIONS_PATH = "/account/sessions"


@dataclass(frozen=True, slots=True)
class ActiveSessionsPage:
    """
    Context of the list of browsers; `done` is what was just done: `one` or `others` ended, or nothing.

    `can_keep`: this device can be kept for 7 days. `kept_until`: it is, until then.
    `names`: which browser each is, by its id.
    """

    active_sessions: OpenedRows[ActiveSession]
    names: Mapping[UUID, str]
    done: str
    can_keep: bool
    kept_until: datetime | None


async def show_active_sessions(request: Request) -> Response:
    """List the browsers that are signed in."""
    translate = get_translator(request)
    done, actor = request.query_params.get("done", ""), get_actor(request)
    found = await active_sessions.list_active_sessions(actor)
    context = ActiveSessionsPage(
        found,
        {one.id: format_device(one.device, translate) for one in found},
        done if done in ("one", "others") else "",
        actor.role is Role.PATIENT and await passkey_management.has_unlocking_passkey(actor.id),
        next((one.kept_until for one in found if one.is_current), None),
    )
    return render_page(request, "account/sessions.html", context)


async def end_session(request: Request) -> Response:
    """Sign one browser out; if it is this one, show the sign-in page."""
    here = await active_sessions.end_session(get_actor(request), request.path_params["id"])
    return _redirect_to_sign_in(request) if here else redirect(request, f"{SESSIONS_PATH}?done=one")


async def keep_session(request: Request) -> Response:
    """Keep this device for 7 days, or stop keeping it."""
    actor, token = get_actor(request), get_token(request)
    is_kept = (await Form.read(request))["keep"] == "yes"
    if token is None or (is_kept and not await passkey_management.has_unlocking_passkey(actor.id)):
        raise NotFound
    fresh = await active_sessions.keep_session(actor, token, is_kept)
    return await set_token(request, redirect(request, SESSIONS_PATH), fresh)


async def end_all_sessions(request: Request) -> Response:
    """Sign out everywhere else, or everywhere."""
    here = (await Form.read(request))["which"] == "all"
    await active_sessions.end_all_sessions(get_actor(request), include_current=here)
    return _redirect_to_sign_in(request) if here else redirect(request, f"{SESSIONS_PATH}?done=others")


def _redirect_to_sign_in(request: Request) -> Response:
    return clear_token(request, redirect(request, "/sign-in"))
