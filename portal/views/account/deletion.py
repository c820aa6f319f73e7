"""Delete one's account; what is deleted and what stays is shown first."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import Refused
from journal.practice import account_deletion
from journal.sessions import holds
from journal.sessions.holds import Hold
from portal.access.session_cookie import actor_of, forget_token
from portal.web.forms import Form
from portal.web.pages import page


@dataclass(frozen=True, slots=True)
class DeletionPage:
    """Context of the page; `waiting` is the hold after a dosing session, `done` once it was requested."""

    waiting: Hold | None = None
    done: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    word: str = ""


async def deletion(request: Request) -> Response:
    """Show what is deleted; delete the account of whoever types the word."""
    actor = actor_of(request)
    waiting = await holds.held(actor)
    if request.method == "GET":
        return page(request, "account/deletion.html", DeletionPage(waiting))
    form = await Form.read(request)
    try:
        await account_deletion.leave(actor, form["word"])
    except Refused as error:
        again = DeletionPage(waiting, errors=dict(error.fields), word=form["word"])
        return page(request, "account/deletion.html", again, status=422)
    request.state.actor = None
    return forget_token(request, page(request, "account/deletion.html", DeletionPage(done=True)))
