"""A clinician's conversation about a copy that is shared with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care.documents import ShareDocument
from journal.care.links import Link
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import JournalError, NotFound
from journal.reading_hours.next_look import load_own_look
from journal.replies import conversation, drafts, writing
from journal.replies.conversation import Closed, Conversation
from journal.replies.rows import Copy
from journal.sessions.rows import Session
from journal.sharing.reading import load_visible_plan
from portal.access.session_cookie import get_actor
from portal.views.replies.box import GONE, NOT_SENT, Refusal, ReplyBox, build_box, build_refusal, read_typed
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class RepliesPage:
    """Context of a conversation by itself; `name` is None where the copy is not there any more."""

    patient: UUID
    share: UUID
    name: EntryName | None
    box: ReplyBox


def get_address(patient: UUID, share: UUID) -> str:
    """Return the address of a clinician's conversation about a copy."""
    return f"/patients/{patient}/shared/{share}/replies"


async def load_box(
    actor: Actor, link: Link, share: UUID, document: ShareDocument, plan: Iterable[Session]
) -> ReplyBox:
    """Return what stands under a shared copy that was opened; the patient sees that their replies were opened too."""
    copy = Copy(share, UUID(document.entry_id), document)
    found = await conversation.read_beside(actor, link, copy)
    look = await load_own_look(actor, plan) if found.closed is None else None
    return build_box(found, get_address(link.patient, share), is_patient=False, look=look)


async def show_replies(request: Request) -> Response:
    """Show the conversation by itself; send a reply, keep or delete a draft, or withdraw a reply."""
    actor = get_actor(request)
    if request.method == "GET":
        return await _render(request, actor, done=request.query_params.get("done", ""))
    form = await Form.read(request)
    try:
        done = await _act(request, actor, form)
    except NotFound:
        if form["go"] != "send" or not form["reply"].strip():
            raise
        return await _render_gone(request, actor, form)
    except JournalError as error:
        return await _render(request, actor, form=form, refused=build_refusal(error, form["go"]))
    return redirect(request, f"{request.url.path}?done={done}")


async def _render_gone(request: Request, actor: Actor, form: Form) -> Response:
    """
    Return what was typed where nothing is shared any more, or never was: the two look alike.

    Who has a draft of it finds it there as well.
    """
    patient, share = request.path_params["id"], request.path_params["share"]
    try:
        await writing.save_typed_of_copy(actor, patient, share, read_typed(form))
        return await _render(request, actor, form=form, refused=Refusal(409, NOT_SENT))
    except NotFound:
        found = Conversation(closed=Closed.ENDED)
        box = build_box(found, request.url.path, is_patient=False, form=form, refused=Refusal(404, GONE))
        context = RepliesPage(patient, share, None, box)
        return render_page(request, "replies/theirs.html", context, status=404)


async def _act(request: Request, actor: Actor, form: Form) -> str:
    patient, share = request.path_params["id"], request.path_params["share"]
    if form["go"] == "withdraw":
        await writing.withdraw_of_copy(actor, patient, share, parse_uuid(form["ident"]) or UUID(int=0))
        return "withdrawn"
    if form["go"] == "keep":
        await writing.save_typed_of_copy(actor, patient, share, read_typed(form))
        return "kept"
    if form["go"] == "discard":
        await drafts.delete_of_copy(actor, share)
        return "discarded"
    if form["go"] != "send":
        raise NotFound
    await writing.send_of_copy(actor, patient, share, read_typed(form), parse_uuid(form["ident"]) or uuid4())
    return "sent"


async def _render(
    request: Request,
    actor: Actor,
    *,
    done: str = "",
    form: Form | None = None,
    refused: Refusal | None = None,
) -> Response:
    patient, share = request.path_params["id"], request.path_params["share"]
    if done == "discarded":
        return redirect(request, "/replies")
    found = await conversation.read_of_copy(actor, patient, share)
    document: ShareDocument | None = found.copy.document if found.copy else None
    look = None
    if found.link is not None and found.closed is None:
        look = await load_own_look(actor, await load_visible_plan(actor, found.link))
    context = RepliesPage(
        patient,
        share,
        EntryNamer().name_copy(document) if document else None,
        build_box(
            found,
            get_address(patient, share),
            is_patient=False,
            done=done,
            form=form,
            refused=refused,
            look=look,
        ),
    )
    return render_page(request, "replies/theirs.html", context, status=refused.status if refused else 200)
