"""Put the new sentence of a reframe among the phrases that steady its patient."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import InvalidInput, NotFound
from journal.grounding import steadying
from journal.reframing import reframes
from portal.access.session_cookie import get_actor
from portal.web.pages import redirect

SENTENCE = "reframe.new_meaning"


async def add_phrase(request: Request) -> Response:
    """Add the sentence as it reads now; one that is too long, or one too many, stays where it is."""
    actor = get_actor(request)
    found = await reframes.load_reframe(actor, request.path_params["id"])
    sentence = found.document.answers.get(SENTENCE)
    if not isinstance(sentence, str):
        raise NotFound
    try:
        await steadying.add_phrase(actor, sentence)
    except InvalidInput:
        return redirect(request, f"/journal/{found.id}?phrase=refused#status")
    return redirect(request, f"/journal/{found.id}?phrase=added#status")
