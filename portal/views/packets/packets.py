"""One's packets, and one of them: from when, what besides the entries, for whom; how far its file is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.entries.naming import name_sessions
from journal.errors import Damaged, InvalidInput, StaleRevision
from journal.i18n import N_
from journal.packets import choice as choices
from journal.packets import drafts, loading
from journal.packets.documents import STEPS, Part, Span
from journal.packets.drafts import NoRoom, Packet
from journal.packets.loading import Counts
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import Plan, load_my_sessions
from portal.access.session_cookie import get_actor
from portal.web.dates import format_short_day
from portal.web.entry_names import format_session_name
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

LIST = "/packets"
COURSE = N_("The course that begins on %(date)s")
SESSION = N_("%(session)s, %(date)s")
PARTS = tuple((one.value, one.label) for one in Part)


@dataclass(frozen=True, slots=True)
class PacketsPage:
    """Context of the list; `is_full`: no other was begun. `done` is what was just done."""

    packets: tuple[Packet, ...]
    damaged: tuple[UUID | None, ...]
    now: datetime
    is_full: bool = False
    done: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: as it was chosen, or as it was typed and refused."""

    span: str = ""
    first_date: str = ""
    last_date: str = ""
    parts: tuple[str, ...] = ()
    recipient: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class PacketPage:
    """
    Context of one packet. With `counts` it can be changed; else its file is being made or was.

    `spans` are the times that can be chosen: codes with the words of the page's language.
    `is_stale`: another page changed it. `failed`: its file was not made. `held` keeps a file from being fetched.
    """

    packet: Packet
    now: datetime
    counts: Counts | None = None
    typed: Typed = field(default_factory=Typed)
    spans: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = PARTS
    steps: int = STEPS
    held: Hold | None = None
    failed: bool = False
    is_stale: bool = False
    done: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PacketDeletionPage:
    """Context of the page that asks before a packet is deleted, or of a made one its file."""

    ident: UUID
    packet: Packet | None


async def show_packets(request: Request) -> Response:
    """Show one's packets, or begin another."""
    actor = get_actor(request)
    if request.method == "POST":
        try:
            return redirect(request, f"{LIST}/{await drafts.create_packet(actor)}")
        except NoRoom:
            return await _render_list(request, actor, is_full=True)
    return await _render_list(request, actor)


async def show_packet(request: Request) -> Response:
    """Show a packet, change what is chosen, or begin another with the same choice."""
    actor, wanted = get_actor(request), request.path_params["id"]
    packet = await drafts.load_packet(actor, wanted)
    if request.method == "GET":
        done = request.query_params.get("done", "")
        return await _render(request, actor, packet, done=done)
    form = await Form.read(request)
    if form["go"] == "again":
        try:
            return redirect(request, f"{LIST}/{await drafts.create_packet(actor, packet.choice)}")
        except NoRoom:
            return await _render_list(request, actor, is_full=True)
    typed = Typed(
        form["span"],
        form["first_date"],
        form["last_date"],
        tuple(form.get_all("parts")),
        form["recipient"],
        form["purpose"],
    )
    plan = await load_my_sessions(actor)
    try:
        choice = choices.read_choice(
            packet.choice,
            typed.span,
            (typed.first_date, typed.last_date),
            typed.parts,
            (typed.recipient, typed.purpose),
            plan,
            actor.language,
        )
        await drafts.save_choice(actor, wanted, form.get_whole_number("revision") or 0, choice)
    except InvalidInput as error:
        return await _render(request, actor, packet, plan, typed=typed, errors=error.fields)
    except StaleRevision:
        now = await drafts.load_packet(actor, wanted)
        return await _render(request, actor, now, plan, typed=typed, is_stale=True)
    return redirect(request, _find_next(wanted, form["go"]))


async def delete_packet(request: Request) -> Response:
    """Ask before a packet is deleted, or delete it; one that does not open as well."""
    actor, wanted = get_actor(request), request.path_params["id"]
    if request.method == "POST":
        await drafts.delete_packet(actor, wanted)
        return redirect(request, f"{LIST}?done=deleted")
    try:
        packet = await drafts.load_packet(actor, wanted)
    except Damaged:
        packet = None
    return render_page(request, "packets/deletion.html", PacketDeletionPage(wanted, packet))


def _find_next(wanted: UUID, go: str) -> str:
    """Return where a saved choice goes on: to the entries of a kind, to the preview, or to itself."""
    if kind := loading.parse_kind(go.removeprefix("kind.")):
        return f"{LIST}/{wanted}/entries?kind={kind.value}"
    return f"{LIST}/{wanted}/preview" if go == "look" else f"{LIST}/{wanted}?done=saved"


async def _render_list(request: Request, actor: Actor, *, is_full: bool = False) -> Response:
    found = await drafts.list_packets(actor)
    done = request.query_params.get("done", "")
    context = PacketsPage(found, found.damaged, actor.now, is_full, done)
    return render_page(request, "packets/packets.html", context, status=409 if is_full else 200)


async def _render(
    request: Request,
    actor: Actor,
    packet: Packet,
    plan: Plan | None = None,
    *,
    typed: Typed | None = None,
    errors: Mapping[str, str] | None = None,
    is_stale: bool = False,
    done: str = "",
) -> Response:
    page = PacketPage(packet, actor.now, done=done, is_stale=is_stale)
    status = 409 if is_stale else 422 if errors else 200
    if packet.can_be_changed(actor.now):
        plan = await load_my_sessions(actor) if plan is None else plan
        page = replace(
            page,
            counts=await loading.count_entries(actor, packet.choice, plan),
            typed=typed or _read(packet),
            spans=_list_spans(request, actor, plan),
            failed=packet.state is not drafts.State.DRAFT,
            errors=errors or {},
        )
    elif packet.has_file(actor.now):
        page = replace(page, held=await holds.load_hold(actor))
    return render_page(request, "packets/packet.html", page, block="progress", status=status)


def _read(packet: Packet) -> Typed:
    one = packet.choice
    span = f"{one.span}.{one.about}" if one.about else one.span.value
    return Typed(span, one.first_day, one.last_day, tuple(one.parts), one.recipient, one.purpose)


def _list_spans(request: Request, actor: Actor, plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return the times to choose from: a code, and the words for it."""
    say = request.app.state.templates.here.words.translate
    began: dict[str, datetime] = {}
    for one in plan:
        if one.course is not None:
            began.setdefault(one.course.hex, one.starts_at)
    days = {code: format_short_day(at, actor.zone) for code, at in began.items()}
    named = name_sessions(plan)
    return (
        (Span.ALL.value, say(Span.ALL.label)),
        (Span.DATES.value, say(Span.DATES.label)),
        *((f"{Span.COURSE}.{code}", say(COURSE, date=day)) for code, day in days.items()),
        *(
            (
                f"{Span.SESSION}.{one.id.hex}",
                say(
                    SESSION,
                    session=format_session_name(named[one.id], say),
                    date=format_short_day(one.begins_at, actor.zone),
                ),
            )
            for one in plan
        ),
    )
