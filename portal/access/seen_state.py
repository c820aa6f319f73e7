"""
How far an account had come when this browser last saw it: kept sealed in a cookie, and compared with what is there.

Whoever puts back a whole account, or the whole database, does not reach the browsers of its people. One that saw more
says so, once, in the place of the page that was asked for; so does a backup that the practice restored and announced.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from journal.accounts.seen_states import KeptStates, open_kept_states, renew_kept_states
from journal.actor import Actor
from journal.practice.practice import Restoration
from portal.web.device_cookies import keep_bytes, read_kept_bytes
from portal.web.pages import is_htmx, render_page

PAGE = "/account/earlier-state"


@dataclass(frozen=True, slots=True)
class EarlierStatePage:
    """
    Context of the page that says that an account is as it was earlier.

    `seen_at` is when this browser saw it as it is not any more, None where it did not; `restoration` is a backup that
    was restored, None where none was announced that its reader has not heard of.
    """

    seen_at: datetime | None
    restoration: Restoration | None
    next: str = "/"


def build_earlier_state_page(request: Request, actor: Actor, path: str) -> EarlierStatePage:
    """Return what there is to say about an account that is as it was earlier."""
    kept, at = _open_cookie(request, actor), None
    if kept.own is not None and kept.is_ahead(actor):
        at = datetime.fromtimestamp(min(kept.own.at, int(actor.now.timestamp())), UTC)
    return EarlierStatePage(at, find_restoration(request, actor), path)


def find_restoration(request: Request, actor: Actor) -> Restoration | None:
    """Return the backup that was restored since their account was opened, unless they were told of it."""
    restoration: Restoration | None = request.app.state.practice.current.restoration
    if restoration is None or actor.told_restoration == restoration.name:
        return None
    return restoration if actor.opened_at and actor.opened_at < restoration.at else None


def answer_earlier_state(request: Request, actor: Actor) -> Response | None:
    """
    Return the page that says it, in the place of one that somebody opens; None where there is nothing to say.

    On the day of a dosing session it waits: what was seen stays kept until it was said.
    """
    if request.scope["path"] == PAGE:
        return None
    is_opened = request.method == "GET" and request.headers.get("sec-fetch-mode", "navigate") == "navigate"
    if not is_opened or is_htmx(request) or actor.is_head_request or actor.dosing_day:
        return None
    page = build_earlier_state_page(request, actor, request.scope["path"])
    if page.seen_at is None and page.restoration is None:
        return None
    return render_page(request, "account/earlier_state.html", page)


def keep_seen_state(request: Request, response: Response, actor: Actor, *, is_told: bool = False) -> Response:
    """Keep in this browser how far the account has come, if it did not see more; with *is_told*, in any case."""
    if response.status_code >= 400:
        return response
    if request.method != "GET" and not actor.saved_states and not is_told:
        return response  # nothing of it was changed: spares autosave the look
    kept = renew_kept_states(actor, _open_cookie(request, actor), is_told=is_told)
    if kept is None:
        return response
    return keep_bytes(request, response, request.app.state.config.seen_cookie, kept)


def _open_cookie(request: Request, actor: Actor) -> KeptStates:
    """Return what this browser keeps: opened once in a request, for as long as it knows the account in one state."""
    opened: tuple[object, KeptStates] | None = getattr(request.state, "kept_states", None)
    if opened is None or opened[0] is not actor.seen:
        kept = read_kept_bytes(request, request.app.state.config.seen_cookie)
        opened = request.state.kept_states = actor.seen, open_kept_states(actor, kept)
    return opened[1]
