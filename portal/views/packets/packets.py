"""One packet: from when, what besides the entries, for whom; how far its file is."""

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
from journal.packets import drafts, loading, making
from journal.packets.documents import STEPS, Part, Span
from journal.packets.drafts import NoRoom, Packet
from journal.packets.loading import Counts, Source
from journal.sessions import holds
from journal.sessions.holds import Hold
from portal.access.session_cookie import get_actor
from portal.views.packets.packet_list import LIST, render_list
from portal.web.dates import format_short_day
from portal.web.entry_names import format_session_name
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

OF_OTHERS = {
    Part.NAME: N_("The patient’s name on the first page"),
    Part.SESSIONS: N_("The sessions: days and times, route, phase and setting"),
}
"""How a clinician is asked about the parts of a packet."""
COURSE = N_("The course that begins on %(date)s")
SESSION = N_("%(session)s, %(date)s")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: as it was chosen, or as it was typed and refused."""

    span: str = ""
    first_date: str = ""
    last_date: str = ""
    parts: tuple[str, ...] = ()
    recipient: str = ""
    purpose: str = ""
    masked: str = ""


@dataclass(frozen=True, slots=True)
class PacketPage:
    """
    Context of one packet. With `counts` it can be changed; else its file is being made or was.

    `spans` are the times that can be chosen: codes with the words of the page's language.
    `is_stale`: another page changed it. `failed`: its file was not made. `held` keeps a file from being fetched, and so
    does `withdrawn`: something in it is no longer shared. `damaged` counts shared copies that cannot be chosen.
    """

    packet: Packet
    now: datetime
    counts: Counts | None = None
    typed: Typed = field(default_factory=Typed)
    spans: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    steps: int = STEPS
    held: Hold | None = None
    failed: bool = False
    is_stale: bool = False
    done: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    withdrawn: bool = False
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class PacketDeletionPage:
    """Context of the page that asks before a packet is deleted, or of a made one its file."""

    ident: UUID
    packet: Packet | None


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
            patient = packet.link.patient if packet.link else None
            return redirect(request, f"{LIST}/{await drafts.create_packet(actor, packet.choice, patient)}")
        except NoRoom:
            return await render_list(request, actor, is_full=True)
    typed = Typed(
        form["span"],
        form["first_date"],
        form["last_date"],
        tuple(form.get_all("parts")),
        form["recipient"],
        form["purpose"],
        form["masked"],
    )
    source = await loading.load_source(actor, packet)
    try:
        choice = choices.read_choice(
            packet.choice,
            typed.span,
            (typed.first_date, typed.last_date),
            typed.parts,
            (typed.recipient, typed.purpose),
            source.plan,
            actor.language,
            typed.masked,
        )
        await drafts.save_choice(actor, wanted, form.get_whole_number("revision") or 0, choice)
    except InvalidInput as error:
        return await _render(request, actor, packet, source, typed=typed, errors=error.fields)
    except StaleRevision:
        now = await drafts.load_packet(actor, wanted)
        return await _render(request, actor, now, source, typed=typed, is_stale=True)
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


async def _render(
    request: Request,
    actor: Actor,
    packet: Packet,
    source: Source | None = None,
    *,
    typed: Typed | None = None,
    errors: Mapping[str, str] | None = None,
    is_stale: bool = False,
    done: str = "",
) -> Response:
    page = PacketPage(packet, actor.now, done=done, is_stale=is_stale)
    status = 409 if is_stale else 422 if errors else 200
    if packet.can_be_changed(actor.now):
        source = await loading.load_source(actor, packet) if source is None else source
        page = replace(
            page,
            counts=await loading.count_entries(actor, packet.choice, source),
            typed=typed or _read(packet),
            spans=_list_spans(request, source),
            parts=_list_parts(packet),
            damaged=source.damaged,
            failed=packet.state is not drafts.State.DRAFT,
            errors=errors or {},
        )
    elif packet.has_file(actor.now):
        page = replace(
            page,
            held=None if packet.link else await holds.load_hold(actor),
            withdrawn=await _is_withdrawn(actor, packet),
        )
    return render_page(request, "packets/packet.html", page, block="progress", status=status)


async def _is_withdrawn(actor: Actor, packet: Packet) -> bool:
    try:
        await making.require_still_shared(actor, packet)
    except StaleRevision:
        return True
    return False


def _list_parts(packet: Packet) -> tuple[tuple[str, str], ...]:
    """Return what besides entries can be in a packet: codes, with their labels to be translated."""
    words = OF_OTHERS if packet.link else {}
    return tuple((one.value, words.get(one, one.label)) for one in choices.list_offered_parts(packet.choice))


def _read(packet: Packet) -> Typed:
    one = packet.choice
    span = f"{one.span}.{one.about}" if one.about else one.span.value
    return Typed(
        span, one.first_day, one.last_day, tuple(one.parts), one.recipient, one.purpose, "\n".join(one.masked)
    )


def _list_spans(request: Request, source: Source) -> tuple[tuple[str, str], ...]:
    """Return the times to choose from: a code, and the words for it."""
    say = request.app.state.templates.here.words.translate
    plan, zone = source.plan, source.zone
    began: dict[str, datetime] = {}
    for one in plan:
        if one.course is not None:
            began.setdefault(one.course.hex, one.starts_at)
    days = {code: format_short_day(at, zone) for code, at in began.items()}
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
                    date=format_short_day(one.begins_at, zone),
                ),
            )
            for one in plan
        ),
    )
