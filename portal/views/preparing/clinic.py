"""All that a care team wrote for a patient: whom to call, and the texts; and what an ended care left with them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.care.past_care import list_carers
from journal.care_notes import keeping, notes
from journal.care_notes.notes import CareNote, NoteKind
from journal.clinic import call_contacts, ended_care, instructions
from journal.clinic.signatures import AttestedKeys
from journal.clinic.text_reading import open_texts
from journal.errors import Damaged, NotFound
from journal.held_acts import Asked, HeldAct
from journal.sessions.holds import get_hold, refuse_if_held, refuse_while_held
from journal.sessions.rows import Session, load_my_sessions
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.care_team import CallLine, ClinicText, build_call_lines, build_clinic_text
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

HERE = "/clinic"


@dataclass(frozen=True, slots=True)
class LeftContact:
    """Somebody to call; `is_left`: nobody in the care team answers for it, so the patient may remove it."""

    line: CallLine
    is_left: bool


@dataclass(frozen=True, slots=True)
class CourseText:
    """What was written last for a course, None where it does not open; `is_left` as for a contact."""

    sessions: tuple[SessionLine, ...]
    shown: ClinicText | None
    is_left: bool = False


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What a clinician wrote, and the entry that it was kept as: `kept_version` of it, or None."""

    link: Link
    note: CareNote
    kept: Entry | None
    kept_version: int


@dataclass(frozen=True, slots=True)
class ClinicPage:
    """
    Context of the page; `damaged` are the ids of contacts that do not open, removable where there is no team.

    `damaged_notes` counts versions that do not open. `is_held`: what was written is shown after rest.
    """

    notes: tuple[NoteLine, ...]
    damaged_notes: int
    is_held: bool
    contacts: tuple[LeftContact, ...]
    damaged: tuple[UUID | None, ...]
    texts: tuple[CourseText, ...]
    has_team: bool


@dataclass(frozen=True, slots=True)
class ContactRemovalPage:
    """Context of the question before a contact is removed; it is None where it does not open."""

    ident: UUID
    contact: CallLine | None


@dataclass(frozen=True, slots=True)
class TextHidingPage:
    """Context of the question before a text is hidden."""

    text: ClinicText


async def show_clinic(request: Request) -> Response:
    """Show whom the patient can call, and what was written for the days of their courses."""
    actor = get_actor(request)
    page = await _load_page(request, actor, await load_my_sessions(actor))
    return render_page(request, "preparing/clinic.html", page)


async def remove_contact(request: Request) -> Response:
    """Ask, and remove a contact that an ended care left."""
    actor, wanted = get_actor(request), request.path_params["id"]
    if request.method == "POST":
        await ended_care.remove_left_contact(actor, wanted)
        return redirect(request, HERE)
    plan = await load_my_sessions(actor)
    page = await _load_page(request, actor, plan)
    there = {one.line.contact.id: one.line for one in page.contacts}
    if wanted not in {*there, *page.damaged}:
        raise NotFound
    refuse_if_held(actor, plan, Asked(HeldAct.CONTACT, wanted))
    return render_page(
        request, "preparing/contact_removal.html", ContactRemovalPage(wanted, there.get(wanted))
    )


async def change_hidden(request: Request) -> Response:
    """Ask, and hide a text that an ended care left; or show it again."""
    actor, wanted = get_actor(request), request.path_params["id"]
    if request.method == "POST":
        if (await Form.read(request))["hidden"] == "no":
            await ended_care.show_text_again(actor, wanted)
        else:
            await ended_care.hide_left_text(actor, wanted)
        return redirect(request, HERE)
    plan = await load_my_sessions(actor)
    page = await _load_page(request, actor, plan)
    shown = next((one.shown for one in page.texts if one.shown and one.shown.text.id == wanted), None)
    if shown is None:
        raise NotFound
    refuse_if_held(actor, plan, Asked(HeldAct.TEXT, wanted))
    return render_page(request, "preparing/text_hiding.html", TextHidingPage(shown))


async def keep_note(request: Request) -> Response:
    """Keep what a clinician wrote in the journal; like reading it, not before its patient has rested."""
    await refuse_while_held(get_actor(request))
    version = (await Form.read(request)).get_whole_number("revision") or 0
    link, note = request.path_params["link"], request.path_params["note"]
    title = get_translator(request)(NoteKind.CLINIC.label)
    kept = await keeping.keep_note(get_actor(request), link, note, version, title)
    return redirect(request, f"/journal/{kept}")


async def _load_page(request: Request, actor: Actor, plan: tuple[Session, ...]) -> ClinicPage:
    carers = await list_carers(actor.id)
    contacts = await call_contacts.load_my_contacts(actor)
    calls = build_call_lines(contacts, actor.now, actor.zone, get_translator(request))
    mine = await links.load_my_links(actor, ended=True)
    lines, damaged = await _load_notes(actor, mine)
    return ClinicPage(
        lines,
        damaged,
        get_hold(actor, plan) is not None,
        tuple(LeftContact(one, ended_care.is_left(one.contact.details.writer, carers)) for one in calls),
        contacts.damaged,
        await _load_texts(actor, mine, carers, plan),
        bool(carers),
    )


async def _load_notes(actor: Actor, mine: tuple[Link, ...]) -> tuple[tuple[NoteLine, ...], int]:
    """Return what clinicians wrote, those written last first, and how many versions do not open."""
    found = await notes.load_my_notes(actor, mine)
    kept = await keeping.load_kept(actor) if found else {}
    lines = [
        NoteLine(link, one, *kept.get(one.current.note, (None, 0)))
        for link, opened in found
        for one in opened
    ]
    lines.sort(key=lambda line: line.note.current.written_at, reverse=True)
    return tuple(lines), sum(len(opened.damaged) for _, opened in found)


async def _load_texts(
    actor: Actor, mine: tuple[Link, ...], carers: frozenset[UUID], plan: tuple[Session, ...]
) -> tuple[CourseText, ...]:
    """Return what counts, or would if it were not hidden, for each course; the sessions without one come last."""
    lines = {line.session.id: line for line in build_lines(actor, plan)}
    grouped = instructions.group_sessions(plan)
    signers, texts, damaged = AttestedKeys(), [], []
    courses = [*(one for one in grouped if one is not None), None]
    for course in courses:
        try:
            text = await instructions.load_newest(actor.installation, actor.id, course)
        except Damaged:
            damaged.append(course)
            continue
        if text is not None:
            texts.append(text)
    opened = {text.course: text for text in await open_texts(actor, None, texts)}
    found = []
    for course in courses:
        sessions = tuple(lines[one.id] for one in grouped.get(course, ()))
        if course in damaged:
            found.append(CourseText(sessions, None))
        elif course in opened:
            shown = await build_clinic_text(actor, mine, opened[course], signers)
            found.append(CourseText(sessions, shown, ended_care.is_left(shown.text.signer, carers)))
    return tuple(found)
