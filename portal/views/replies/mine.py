"""A patient's conversation about an entry with one clinician."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.dosing_day import requests
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import HeldUntilRested, JournalError, NotFound
from journal.reading_hours.next_look import load_next_look
from journal.replies import conversation, writing
from portal.access.session_cookie import get_actor
from portal.views.replies.box import (
    HELD_ALONE,
    Refusal,
    ReplyBox,
    build_box,
    build_refusal,
    read_typed,
)
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class MyRepliesPage:
    """Context of a conversation: about which entry, which may be deleted, and with whom."""

    entry: UUID
    is_there: bool
    name: EntryName | None
    title: str
    box: ReplyBox


async def show_my_replies(request: Request) -> Response:
    """Show the conversation; send a reply, keep a draft, or withdraw a reply."""
    actor = get_actor(request)
    if request.method == "GET":
        return await _render(request, actor, done=request.query_params.get("done", ""))
    form = await Form.read(request)
    try:
        done = await _act(request, actor, form)
    except NotFound:
        raise
    except HeldUntilRested as error:
        is_kept = await requests.keep_request(actor, error.asked)
        refused = build_refusal(error) if is_kept else Refusal(409, HELD_ALONE)
        return await _render(request, actor, form=form, refused=refused)
    except JournalError as error:
        return await _render(request, actor, form=form, refused=build_refusal(error, form["go"]))
    return redirect(request, f"{request.url.path}?done={done}")


async def _act(request: Request, actor: Actor, form: Form) -> str:
    entry, link = request.path_params["id"], request.path_params["link"]
    if form["go"] == "withdraw":
        await writing.withdraw_mine(actor, entry, link, parse_uuid(form["ident"]) or UUID(int=0))
        return "withdrawn"
    if form["go"] == "keep":
        await writing.save_mine(actor, entry, link, read_typed(form))
        return "kept"
    if form["go"] != "send":
        raise NotFound
    await writing.send_mine(actor, entry, link, read_typed(form), parse_uuid(form["ident"]) or uuid4())
    return "sent"


async def _render(
    request: Request,
    actor: Actor,
    *,
    done: str = "",
    form: Form | None = None,
    refused: Refusal | None = None,
) -> Response:
    entry = request.path_params["id"]
    mine, found = await conversation.read_mine(actor, entry, request.path_params["link"])
    link = found.link if found.closed is None else None
    context = MyRepliesPage(
        entry,
        mine.entry is not None,
        EntryNamer(mine.plan).name_entry(mine.entry) if mine.entry else None,
        mine.place.title,
        build_box(
            found,
            request.url.path,
            is_patient=True,
            done=done,
            form=form,
            refused=refused,
            look=await load_next_look(actor, link, mine.plan) if link else None,
        ),
    )
    return render_page(request, "replies/mine.html", context, status=refused.status if refused else 200)
