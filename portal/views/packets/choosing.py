"""Choose entries of one kind for a packet, a page at a time: each as a whole or part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import InvalidInput, StaleRevision
from journal.i18n import N_
from journal.packets import choice as choices
from journal.packets import drafts, loading
from journal.packets.documents import Choice
from journal.packets.drafts import Packet
from journal.packets.loading import PAGE_LENGTH
from journal.sharing.copies import NOTE, TITLE, list_shareable_fields, list_shareable_parts
from journal.user_input import parse_whole_number
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.sharing.shared_view import SharedSection, build_section, hide_numbers
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class EntryChoice:
    """
    One entry to choose. `parts` are its parts by id; without any, nothing of it can leave.

    `is_whole`: all of it is chosen; `chosen` are the parts where it is only some.
    """

    ident: str
    name: EntryName
    entry: Entry
    parts: tuple[tuple[str, SharedSection], ...]
    is_whole: bool
    chosen: frozenset[str]

    @property
    def is_one_form(self) -> bool:
        """Return whether it is a form that is filled in as one, under a name of ours: nothing to choose from."""
        parts = {part for part, _ in self.parts} - {TITLE}
        return self.entry.document.kind == EntryKind.MEASURE and len(parts) == 1 and not self.chosen


@dataclass(frozen=True, slots=True)
class ChoosingPage:
    """Context of a page of entries of one kind; `total` of them lie in the time of the packet."""

    packet: Packet
    kind: EntryKind
    entries: tuple[EntryChoice, ...]
    page: int
    pages: int
    total: int
    chosen: int
    is_intact: bool
    is_stale: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


async def choose_entries(request: Request) -> Response:
    """Show a page of entries of one kind, or store what was ticked on it."""
    actor, wanted = get_actor(request), request.path_params["id"]
    packet = await drafts.load_packet(actor, wanted)
    if not packet.can_be_changed(actor.now):
        return redirect(request, f"/packets/{wanted}")
    if request.method == "GET":
        query = request.query_params
        return await _render(request, actor, packet, query.get("kind", ""), query.get("page", ""))
    form = await Form.read(request)
    kind, go = loading.parse_kind(form["kind"]), form["go"]
    if kind is None:
        return redirect(request, f"/packets/{wanted}")
    try:
        choice = await _change(actor, packet, kind, form)
        await drafts.save_choice(actor, wanted, form.get_whole_number("revision") or 0, choice)
    except InvalidInput as error:
        return await _render(request, actor, packet, kind.value, form["page"], form=form, errors=error.fields)
    except StaleRevision:
        now = await drafts.load_packet(actor, wanted)
        return await _render(request, actor, now, kind.value, form["page"], form=form, is_stale=True)
    page = (form.get_whole_number("page") or 1) + {"later": 1, "before": -1}.get(go, 0)
    stays = go in ("later", "before", "all", "none")
    return redirect(
        request, f"/packets/{wanted}/entries?kind={kind.value}&page={page}" if stays else f"/packets/{wanted}"
    )


async def _change(actor: Actor, packet: Packet, kind: EntryKind, form: Form) -> Choice:
    """Return the choice as the form changes it: all of the kind, none of it, or what was ticked on the page."""
    choice, source = packet.choice, await loading.load_source(actor, packet)
    if form["go"] in ("all", "none"):
        there = await loading.load_all_parts(actor, choice, kind, source)
        kept = {ident: parts for ident, parts in choice.pieces.items() if ident not in there}
        return choices.with_pieces(choice, kept | (dict(there) if form["go"] == "all" else {}))
    asked = [ident for one in form.get_all("shown")[:PAGE_LENGTH] if (ident := parse_uuid(one)) is not None]
    found = await loading.load_shown(actor, asked, source)
    shown = {ident.hex: list_shareable_parts(one) for ident, one in found.items()}
    return choices.apply_ticks(choice, shown, form.get_all("pieces"), form.get_all("sections"))


async def _render(
    request: Request,
    actor: Actor,
    packet: Packet,
    code: str,
    typed: str,
    *,
    form: Form | None = None,
    errors: Mapping[str, str] | None = None,
    is_stale: bool = False,
) -> Response:
    kind = loading.parse_kind(code)
    if kind is None:
        return redirect(request, f"/packets/{packet.id}")
    source = await loading.load_source(actor, packet)
    found = await loading.load_entry_page(actor, packet.choice, kind, parse_whole_number(typed) or 1, source)
    namer = EntryNamer(source.plan)
    context = ChoosingPage(
        packet,
        kind,
        tuple(
            _build_choice(actor, namer, one, packet.choice, form) for one in found.entries if not one.damaged
        ),
        found.page,
        found.pages,
        found.total,
        found.chosen,
        found.is_intact,
        is_stale,
        errors or {},
    )
    return render_page(
        request, "packets/entries.html", context, status=409 if is_stale else 422 if errors else 200
    )


def _build_choice(
    actor: Actor, namer: EntryNamer, one: Entry, choice: Choice, form: Form | None
) -> EntryChoice:
    ident, parts = one.id.hex, tuple(_list_parts(actor, one))
    if choice.patient:  # who has not opened a copy reads no word of it here
        parts = tuple((part, SharedSection(section.question)) for part, section in parts)
    every = frozenset(part for part, _ in parts)
    chosen = every & set(choices.find_piece(choice, one.id))
    if form is not None:
        ticked = {part for part in every if f"{ident}.{part}" in form.get_all("sections")}
        chosen = frozenset(ticked) or (every if ident in form.get_all("pieces") else frozenset())
    is_whole = bool(every) and chosen == every
    return EntryChoice(
        ident, namer.name_entry(one), one, parts, is_whole, frozenset() if is_whole else chosen
    )


def _list_parts(actor: Actor, one: Entry) -> Sequence[tuple[str, SharedSection]]:
    document = one.document
    heads = ((TITLE, N_("Its title"), document.title), (NOTE, N_("The content note"), document.note))
    found = [
        (part, SharedSection(label, words, language=document.language))
        for part, label, words in heads
        if words
    ]
    for question in list_shareable_fields(one):
        section = replace(build_section(question, document.answers[question.id]), language=document.language)
        found.append(
            (question.id, hide_numbers((replace(section, field=question.id),), actor.hides_numbers)[0])
        )
    return found
