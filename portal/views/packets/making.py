"""The preview of a packet, the file that is made of it, and fetching that."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.authentication.passwords import suggest_passphrase
from journal.errors import InvalidInput, StaleRevision
from journal.packets import drafts, making
from journal.packets.documents import Layout
from journal.packets.drafts import Packet
from journal.packets.loading import load_content, load_source, mark_quoted
from journal.packets.making import LookAgain, Opening
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.user_input import clean_line, parse_whole_number
from portal import __version__, logs
from portal.access.session_cookie import get_actor
from portal.documents.printing import choose_paper
from portal.paper.document import Block, Document
from portal.views.packets.pages import PacketPages, build_pages
from portal.web.errors import build_refusal_arguments
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """
    Context of one sheet of the preview: its `blocks`, each with the name of its type. The last has the form.

    `digest` stands for all that leaves; `previewed` is what a refused form had. `offered` is a passphrase that the next
    page does not offer again. `damaged` counts shared copies that a clinician cannot choose, and `masked`
    are the words that were blacked out, with how often each stood there. `held` keeps a file from
    being made; `problem` is why the last try made none.
    """

    packet: Packet
    document: Document
    blocks: tuple[tuple[str, Block], ...]
    page: int
    pages: int
    digest: str
    offered: str
    is_empty: bool
    is_intact: bool
    unset: tuple[str, ...] = ()
    opens_for: str = ""
    held: Hold | None = None
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    damaged: int = 0
    masked: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PlainPage:
    """Context of the page that warns before a file is made that anybody can open."""

    packet: Packet
    digest: str
    errors: Mapping[str, str] = field(default_factory=dict)


async def preview(request: Request) -> Response:
    """Show exactly what leaves, a sheet at a time; or begin to make the file."""
    actor, wanted = get_actor(request), request.path_params["id"]
    packet = await drafts.load_packet(actor, wanted)
    here = f"/packets/{wanted}"
    if request.method == "GET":
        return (
            await _render(request, actor, packet)
            if packet.can_be_changed(actor.now)
            else redirect(request, here)
        )
    form = await Form.read(request)
    if form["go"] == "plain":
        return render_page(
            request,
            "packets/plain.html",
            PlainPage(packet, form["previewed"]),
        )
    try:
        await _start(request, actor, packet, form)
    except InvalidInput as error:
        return await _render_refused(request, actor, packet, form, error)
    except (LookAgain, StaleRevision) as error:
        now = await drafts.load_packet(actor, wanted)
        if not now.can_be_changed(actor.now):
            return redirect(request, here)
        return await _render(request, actor, now, form=form, problem=error.message, status=409)
    return redirect(request, here)


async def fetch_file(request: Request) -> Response:
    """Send the file of a packet as it leaves; it can be fetched again until its time is over."""
    actor, wanted = get_actor(request), request.path_params["id"]
    made, is_plain = await making.load_file(actor, wanted)
    kind = "pdf" if is_plain else "zip.age"
    name = f"hearthside-packet-{actor.now.astimezone(actor.zone):%Y-%m-%d}.{kind}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(
        made, media_type="application/pdf" if is_plain else "application/octet-stream", headers=headers
    )


async def _start(request: Request, actor: Actor, packet: Packet, form: Form) -> None:
    is_plain = form["go"] == "plain-sure"
    key = clean_line(form["opens_for"])
    opening = Opening() if is_plain else Opening("" if key else form["passphrase"] or form["offered"], key)
    if not is_plain and opening.is_plain:
        raise InvalidInput({"passphrase": making.NO_OPENING})
    await making.start_making(
        actor,
        packet.id,
        form["previewed"],
        opening,
        form["current"],
        practice=request.app.state.practice.current.name,
        app_version=__version__,
        render=_prepare_pages(request, actor),
        report=_report,
    )


def _prepare_pages(request: Request, actor: Actor) -> Callable[..., PacketPages]:
    """Return what builds the pages of a packet, the same for its preview and for its file."""
    return partial(
        build_pages,
        request.app.state.templates.here,
        actor.installation,
        now=actor.now,
        signer=actor.fingerprint,
        paper=choose_paper(request),
    )


def _report(error: BaseException) -> None:
    logs.log_event(logging.ERROR, "a packet could not be made", logs.describe_error(error))


async def _render_refused(
    request: Request, actor: Actor, packet: Packet, form: Form, error: InvalidInput
) -> Response:
    """Show the form again: that of a plain file, of the preview, or of for whom it is."""
    arguments = build_refusal_arguments(error)
    if form["go"] == "plain-sure":
        context = PlainPage(packet, form["previewed"], error.fields)
        return render_page(request, "packets/plain.html", context, **arguments)
    return await _render(request, actor, packet, form=form, errors=error.fields, **arguments)


async def _render(
    request: Request,
    actor: Actor,
    packet: Packet,
    *,
    form: Form | None = None,
    problem: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    source = await load_source(actor, packet)
    is_intact, content = await load_content(actor, packet, source)
    build = _prepare_pages(request, actor)
    leaves = build(content)
    shown = build(content, hides_numbers=True) if actor.hides_numbers else leaves
    known = await drafts.load_layout(actor, packet.id, shown.digest)
    number = parse_whole_number(request.query_params.get("page", "")) or 1
    if known is None or number == 1:  # to turn its pages opens nothing anew
        await mark_quoted(actor, packet, content)
    laid = known or await _lay_out(actor, packet, shown)
    page = laid.pages if form else min(max(1, number), laid.pages)  # the form stands on the last
    blocks = _list_sheet(shown.document.blocks, laid.starts, page)
    context = PreviewPage(
        packet,
        shown.document,
        blocks,
        page,
        laid.pages,
        making.compute_digest(leaves, packet.choice),
        suggest_passphrase(),
        content.is_empty,
        is_intact,
        laid.unset,
        form["opens_for"] if form else "",
        None if packet.link else holds.get_hold(actor, source.plan),
        problem,
        errors or {},
        source.damaged,
        tuple(content.masked.items()),
    )
    return render_page(request, "packets/preview.html", context, status=status, headers=headers)


async def _lay_out(actor: Actor, packet: Packet, shown: PacketPages) -> Layout:
    """Find out where each page of a preview begins, and keep it for the other pages of the same."""
    printed = await shown.set_pages()
    laid = Layout(shown.digest, printed.pages, printed.starts, printed.unset)
    if not actor.is_head_request:
        await drafts.save_layout(actor, packet.id, laid)
    return laid


def _list_sheet(blocks: Sequence[Block], starts: Sequence[int], page: int) -> tuple[tuple[str, Block], ...]:
    """Return what begins on a page, each with the name of its type; a text that goes on stands where it begins."""
    return tuple(
        (type(one).__name__.lower(), one) for one, start in zip(blocks, starts, strict=True) if start == page
    )
