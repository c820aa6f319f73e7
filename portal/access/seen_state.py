"""
How far an account had come when this browser last saw it: kept sealed in a cookie, and compared with what is there.

Whoever puts back a whole account, or the whole database, does not reach the browsers of its people. One that saw more
says so, once, in the place of the page that was asked for; so does a backup that the practice restored and announced.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from crypto import SEEN_SIZE, CryptoError, SeenState, open_seen_state
from journal.actor import Actor
from journal.practice.practice import Restoration
from portal.web.pages import is_htmx, render_page

PAGE = "/account/earlier-state"
MAX_SEEN = 4  # people who share a browser
LIFETIME = 400 * 24 * 3600  # seconds: browsers keep no cookie longer


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
    seen, restoration = _find_own(request, actor)[0], find_restoration(request, actor)
    is_behind = seen is not None and actor.seen is not None and actor.seen.is_behind(seen)
    at = datetime.fromtimestamp(min(seen.at, int(actor.now.timestamp())), UTC) if seen and is_behind else None
    return EarlierStatePage(at, restoration, path)


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
    """
    Keep in this browser how far the account has come, if it did not see more; with *is_told*, in any case.

    What other people who use this browser saw is kept beside it, dropping the oldest.
    """
    if actor.seen is None or response.status_code >= 400:
        return response
    newest = actor.seen
    if actor.saved_states:
        revision, tag = actor.saved_states[-1]
        newest = replace(newest, revision=revision, tag=tag)
    elif request.method != "GET" and not is_told:
        return response  # nothing of it was changed: spares autosave the look
    kept, others = _find_own(request, actor)
    if kept is not None and not is_told and (newest.is_behind(kept) or not kept.is_behind(newest)):
        return response
    config = request.app.state.config
    sealed = newest.seal(actor.keyring, account=actor.id.bytes)
    response.set_cookie(
        config.seen_cookie,
        urlsafe_b64encode(b"".join([sealed, *others][:MAX_SEEN])).decode(),
        max_age=LIFETIME,
        path="/",
        httponly=True,
        secure=config.is_secure,
        samesite="lax",
    )
    return response


def _find_own(request: Request, actor: Actor) -> tuple[SeenState | None, list[bytes]]:
    """Return what this browser keeps of the actor's account, and what it keeps of others, unopened."""
    try:
        kept = urlsafe_b64decode(request.cookies.get(request.app.state.config.seen_cookie, ""))
    except ValueError:
        return None, []
    parts = [kept[at : at + SEEN_SIZE] for at in range(0, len(kept) - SEEN_SIZE + 1, SEEN_SIZE)][:MAX_SEEN]
    for part in parts:
        with suppress(CryptoError):  # it is somebody else's, or of keys of before
            seen = open_seen_state(actor.keyring, part, account=actor.id.bytes)
            return seen, [other for other in parts if other is not part]
    return None, parts
