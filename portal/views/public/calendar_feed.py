"""A calendar by its secret address: the times of one person's sessions, for whichever program asks."""

from __future__ import annotations

from collections.abc import Mapping

from anyio.lowlevel import checkpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from journal.calendar import reading, rendering
from journal.calendar.reading import Feed, FeedEnded
from journal.errors import Damaged, LinkExpired
from journal.i18n import N_
from journal.rate_limiting import attempts, limits
from journal.rate_limiting.limits import TooManyAttempts
from portal.access import known_browser
from portal.web.errors import build_retry_header
from portal.web.pages import get_translator

CONTENT_TYPE = "text/calendar; charset=utf-8"
FILE_NAME = 'attachment; filename="calendar.ics"'
NO_CALENDAR = N_("There is no calendar at this address.")
ENDED = N_("The calendar at this address has ended.")
TOO_OFTEN = N_("This calendar was asked for too often. Ask again later.")


async def show_feed(request: Request) -> Response:
    """Return a calendar; 410 where its address has ended, and 404 where there is none."""
    installation = request.app.state.installation
    try:
        async with known_browser.count_link_attempt(request):
            feed = await _open_feed(request)
        if isinstance(feed, Response):
            return feed
        await limits.count_attempt(attempts.build_feed_counts(installation, feed.id), field="link")
        if "hearthside.head" not in request.scope:
            await reading.record_use(installation, feed)
    except LinkExpired:
        return _refuse(request, NO_CALENDAR, 404)
    except TooManyAttempts as error:
        return _refuse(request, TOO_OFTEN, 429, build_retry_header(error))
    headers = {"etag": f'"{feed.state}"'}
    if feed.state in _list_known_states(request):
        return Response(status_code=304, headers=headers)
    return Response(
        await _render(feed),
        headers=headers | {"content-type": CONTENT_TYPE, "content-disposition": FILE_NAME},
    )


async def _open_feed(request: Request) -> Feed | Response:
    """Return what an address leads to, or the answer of one that was made and leads nowhere: it is no guess."""
    try:
        return await reading.open_feed(request.app.state.installation, request.path_params["token"])
    except FeedEnded:
        return _refuse(request, ENDED, 410)
    except Damaged:
        return _refuse(request, NO_CALENDAR, 404)


def _refuse(
    request: Request, sentence: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a sentence in the language of whoever asks: some programs show it."""
    return PlainTextResponse(get_translator(request)(sentence), status, headers=headers)


async def _render(feed: Feed) -> bytes:
    """Return the calendar; between two of its events others have their turn."""
    parts = []
    for part in rendering.render_parts(feed.title, feed.appointments):
        parts.append(part)
        await checkpoint()
    return b"".join(parts)


def _list_known_states(request: Request) -> frozenset[str]:
    """Return the states that whoever asks has already, as `If-None-Match` names them."""
    named = request.headers.get("if-none-match", "").split(",")
    return frozenset(one.strip().removeprefix("W/").strip('"') for one in named)
