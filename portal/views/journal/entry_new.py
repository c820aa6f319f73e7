"""Create an entry: choose its kind, then write; and the pause after the first few questions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import ONCE_WRITTEN_KINDS, WRITTEN_KINDS, Answers, EntryKind
from journal.catalogue.reframe import REFRAMABLE
from journal.coming_talk import answers
from journal.entries import entries, only_entry
from journal.errors import NotFound
from journal.scheduling.next_step import suggest_entry
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import Plan, Session, load_my_sessions
from journal.sharing import shares
from journal.sharing.shares import OutgoingShare
from journal.vault.documents import EntryDocument
from portal.access.session_cookie import get_actor
from portal.views.journal.entry_form import parse_kind
from portal.views.journal.entry_page import EntryDraft, build_address, build_writing_page
from portal.views.journal.entry_screens import PAUSE_SCREEN, build_screens, leave_out_numbers
from portal.web.forms import parse_uuid
from portal.web.pages import get_translator, redirect, render_page


@dataclass(frozen=True, slots=True)
class KindsPage:
    """
    Context of the page that asks what to write.

    `fits` is the kind for the nearest session, `about`; `chosen`: this session was asked for, so every kind is tied to
    it. `is_held`: what asks for numbers waits until the patient has rested, and is not offered.
    """

    kinds: tuple[EntryKind, ...]
    fits: EntryKind
    about: Session | None
    chosen: bool
    is_held: bool


@dataclass(frozen=True, slots=True)
class PausePage:
    """Context of the pause after the first few questions."""

    first_count: int
    more_count: int
    more: str
    back: str
    enough: str
    shares: tuple[OutgoingShare, ...]
    partial: frozenset[UUID]


async def start_entry(request: Request) -> Response:
    """Show the kinds, or an empty form of one; nothing is stored until something is typed."""
    actor, asked = get_actor(request), request.query_params
    plan = await load_my_sessions(actor)
    tied = parse_uuid(asked.get("session"))
    about = next((one for one in plan if one.id == tied), None)
    hold = holds.get_hold(actor, plan)
    waiting = _list_waiting_kinds(hold)
    if "kind" not in asked:
        fits, nearest = suggest_entry(plan, actor.now)
        fits = EntryKind.CAPTURE if fits in waiting else fits
        return render_page(
            request,
            "journal/new.html",
            KindsPage(
                tuple(one for one in WRITTEN_KINDS if one not in waiting),
                fits,
                about or nearest,
                about is not None,
                hold is not None,
            ),
        )
    kind, wanted, prompt = parse_kind(asked["kind"]), parse_uuid(asked.get("id")), asked.get("prompt", "")
    if kind is None:
        raise NotFound
    if kind in ONCE_WRITTEN_KINDS:
        about = None  # it is for every session
        if (there := await only_entry.load_only_entry(actor, kind)) is not None:
            return redirect(request, f"/journal/{there.id}/edit")
    if kind in waiting and (wanted is None or not await _has_entry(request, wanted)):
        return await _offer_few_words(request, plan, about)
    begun = await _build_begun(request, kind, about, plan)
    if wanted is not None and await _has_entry(request, wanted):
        where = EntryDraft(wanted, 1, begun)
        return redirect(request, build_address(where, **({"prompt": prompt} if prompt else {})))
    draft = EntryDraft(wanted or uuid4(), 0, begun, looks_back="later" in asked)
    if prompt == PAUSE_SCREEN:
        return await show_pause(request, draft)
    context = await build_writing_page(actor, draft, plan=plan, prompt=prompt, ground="ground" in asked)
    return render_page(request, "journal/write.html", context)


async def _build_begun(request: Request, kind: EntryKind, about: Session | None, plan: Plan) -> EntryDocument:
    """Return what an entry begins with: words of another one, or the question that was set for a talk as its title."""
    asked = request.query_params
    begun = EntryDocument(kind.value, session_id=about.id.hex if about else None)
    if kind is EntryKind.REFRAME and "from" in asked:
        return await _carry_over(request, parse_uuid(asked["from"]), asked.get("part", ""))
    if kind is EntryKind.FREE and (wanted := parse_uuid(asked.get("talk"))) is not None:
        item = (await answers.load_own_item(get_actor(request), wanted, plan))[1].item
        question = item.thing.words or get_translator(request)(item.title)
        return msgspec.structs.replace(begun, title=question)
    return begun


def _list_waiting_kinds(hold: Hold | None) -> frozenset[EntryKind]:
    """Return the kinds that are not begun in a hold: their questions ask for numbers, or for what it means."""
    if hold is None:
        return frozenset()
    later = frozenset({EntryKind.INTEGRATION, EntryKind.REFRAME})
    return later | {EntryKind.PREPARATION} if hold.needs_confirmation else later


async def _offer_few_words(request: Request, plan: Plan, about: Session | None) -> Response:
    """Show a page for a few words in place of what waits; its id is another: an open page may still save the former."""
    words = EntryDocument(EntryKind.CAPTURE.value, session_id=about.id.hex if about else None)
    context = await build_writing_page(
        get_actor(request), EntryDraft(uuid4(), 0, words), plan=plan, in_place=True
    )
    return render_page(request, "journal/write.html", context)


async def _carry_over(request: Request, source: UUID | None, part: str) -> EntryDocument:
    """Return a reframe that begins with an answer of another entry, about the same session; that one stays as it is."""
    if source is None:
        raise NotFound
    document = (await entries.load_entry(get_actor(request), source)).document
    words = document.answers.get(part)
    if part not in REFRAMABLE or not isinstance(words, str):
        raise NotFound
    answers: Answers = {"reframe.old_meaning": words}
    return EntryDocument(
        EntryKind.REFRAME.value, note=document.note, session_id=document.session_id, answers=answers
    )


async def _has_entry(request: Request, wanted: UUID) -> bool:
    try:
        await entries.load_entry(get_actor(request), wanted)
    except NotFound:
        return False
    return True


async def show_pause(request: Request, draft: EntryDraft) -> Response:
    """Show the pause after the first few questions, which offers the others."""
    asked = draft.get_form(get_actor(request).now)
    is_held = await holds.load_hold(get_actor(request)) is not None
    every = build_screens(leave_out_numbers(asked) if is_held else asked)
    last = next((place for place, screen in enumerate(every) if screen.next == PAUSE_SCREEN), None)
    if last is None:
        raise NotFound
    given = await shares.list_shares(get_actor(request), entry=draft.id) if draft.revision else ()
    context = PausePage(
        last + 1,
        len(every) - last - 1,
        build_address(draft, prompt=every[last + 1].id),
        build_address(draft, prompt=every[last].id),
        f"/journal/{draft.id}" if draft.revision else "/journal",
        given,
        shares.find_partial(draft.document, given),
    )
    return render_page(request, "journal/more.html", context)
