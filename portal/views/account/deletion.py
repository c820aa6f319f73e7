"""Delete one's account; what is deleted and what stays is shown first."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import InvalidInput
from journal.practice import account_deletion
from journal.sessions import holds
from journal.sessions.holds import Hold
from portal.access.session_cookie import clear_token, get_actor
from portal.web.forms import Form
from portal.web.pages import get_translator, render_page


@dataclass(frozen=True, slots=True)
class AccountDeletionPage:
    """Context of the page; `waiting` is the hold after a dosing session, `done` once it was requested."""

    waiting: Hold | None = None
    done: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    word: str = ""


async def delete_account(request: Request) -> Response:
    """Show what is deleted; delete the account of whoever types the word."""
    actor = get_actor(request)
    waiting = await holds.load_hold(actor)
    if request.method == "GET":
        return render_page(request, "account/deletion.html", AccountDeletionPage(waiting))
    form = await Form.read(request)
    try:
        word = get_translator(request)(account_deletion.CONFIRMATION_WORD)
        await account_deletion.request_deletion(actor, form["word"], word)
    except InvalidInput as error:
        again = AccountDeletionPage(waiting, errors=dict(error.fields), word=form["word"])
        return render_page(request, "account/deletion.html", again, status=422)
    request.state.actor = None
    return clear_token(request, render_page(request, "account/deletion.html", AccountDeletionPage(done=True)))
