"""Show an entry and edit it; its other pages are in the files beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.care import links as care_links
from journal.catalogue.fields import Answer, EntryKind, Field, Form
from journal.catalogue.forms import get_form
from journal.catalogue.grounding_skills import SKILLS, Skill
from journal.catalogue.reframe import REFRAMABLE
from journal.check_ins.records import list_made
from journal.entries import listing
from journal.entries.naming import EntryName, EntryNamer
from journal.reframing.reframes import STATUS
from journal.replies.keeping import get_source
from journal.sessions import holds
from journal.sessions.rows import Plan, Session, load_my_sessions
from journal.sharing import copies, shares
from journal.sharing.shares import OutgoingShare
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.journal.entry_new import show_pause
from portal.views.journal.entry_page import EntryDraft, build_writing_page
from portal.views.journal.entry_screens import PAUSE_SCREEN
from portal.views.notices.panel import PanelView, load_notice
from portal.views.reframing.panel import ReframePanel, load_panel
from portal.views.sharing.shared_view import SharedSection, build_sections, hide_numbers
from portal.web.care_team import CallLine, load_my_call_lines
from portal.web.forms import parse_uuid
from portal.web.pages import get_translator, redirect, render_page

REFRAME_FIELDS = frozenset(
    f"reframe.{part}"
    for part in ("old_meaning", "old_belief_before", "old_belief_after", "new_meaning", "new_belief")
)


CHANGED_AT: Mapping[str, str] = MappingProxyType(
    {
        EntryKind.WAITING: "/sessions/waiting",
        EntryKind.STANDING: "/sharing",
        EntryKind.NOTICES: "/sharing/notices",
    }
)
"""The page of a kind whose one record is changed there alone."""
EDITED_AT: Mapping[str, str] = MappingProxyType(
    {
        EntryKind.STEADY: "/steady",
        EntryKind.PLAN_NOTE: "/clinic",
        EntryKind.MEASURE: "/measures",
        EntryKind.DAY_LINES: "/day-lines",
        EntryKind.EVALUATION: "/evaluation",
    }
)
"""The page of a kind that has one of its own to change it on, for whatever record."""


@dataclass(frozen=True, slots=True)
class PartReaders:
    """
    Who has one part of an entry: `current` are the names of those who can read it as it is here.

    `outdated` are the copies that have it in other words, `closed` the names of those who cannot open theirs now.
    """

    current: tuple[str, ...]
    outdated: tuple[OutgoingShare, ...]
    closed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntryPage:
    """
    Context of an entry as it is read; `beside` shows a reframe's two sentences next to each other.

    `partial` are the copies that lack a part of it. `readers` are those who have each part, when somebody has not
    all of it as it is here. `reframable` are the questions whose answer a reframe can begin with. `panel` is how a
    reframe goes on. `leads_on`: a reframe can begin from here, which is not offered in a hold. `answer_notice` is what
    became of a notice about an answer.
    `call_lines` are whom the care team named to call, where a measure opens the panel that says whom. Without
    `is_intact`, storage returned something else than was left, here or elsewhere in the journal.
    """

    id: UUID
    form: Form
    document: EntryDocument
    name: EntryName
    about: Session | None
    beside: bool
    sections: tuple[SharedSection, ...]
    created_at: datetime
    updated_at: datetime
    shares: tuple[OutgoingShare, ...]
    partial: frozenset[UUID]
    readers: Mapping[str, PartReaders]
    reframable: tuple[Field, ...]
    ground: bool
    is_intact: bool
    panel: ReframePanel | None
    leads_on: bool
    call_lines: tuple[CallLine, ...]
    answer_notice: PanelView | None = None


@dataclass(frozen=True, slots=True)
class GroundedPage:
    """Context of an entry between two moments of grounding; `skill` is the one that stands before and after it."""

    id: UUID
    document: EntryDocument
    name: EntryName
    sections: tuple[SharedSection, ...]
    skill: Skill
    is_intact: bool


async def show_entry(request: Request) -> Response:
    """Show an entry."""
    actor = get_actor(request)
    is_intact, found = await listing.load_verified_entry(actor, request.path_params["id"])
    document, kind, answers = found.document, EntryKind(found.document.kind), found.document.answers
    if kind in CHANGED_AT:
        return redirect(request, CHANGED_AT[kind])
    beside = "reframe.old_meaning" in answers
    team = await care_links.load_care_team(actor)
    given = await shares.list_shares(actor, entry=found.id, team=team.links)
    leads_on = _wants_reframe(answers)
    needs_plan = document.session_id or not document.title or kind is EntryKind.REFRAME or leads_on
    plan = await load_my_sessions(actor) if needs_plan else Plan()
    leads_on = leads_on and holds.get_hold(actor, plan) is None
    panel = await load_panel(actor, found, tuple(plan), given, request.query_params.get("phrase", ""))
    apart = (REFRAME_FIELDS if beside else frozenset()) | (frozenset({STATUS}) if panel else frozenset())
    told = {key: value for key, value in answers.items() if key not in apart}
    sections = build_sections(kind, told, document.language)
    opens_panel = any(one.opens_panel for section in sections for one in section.measures)
    context = EntryPage(
        found.id,
        get_form(kind),
        document,
        EntryNamer(plan).name_entry(found),
        next((one for one in plan.everything if one.id.hex == document.session_id), None),
        beside,
        hide_numbers(sections, actor.hides_numbers),
        found.created_at,
        found.updated_at,
        given,
        shares.find_partial(document, given),
        _list_part_readers(found, given),
        tuple(
            one for one in get_form(kind).fields if one.id in REFRAMABLE and one.id in answers and leads_on
        ),
        "ground" in request.query_params,
        is_intact,
        panel,
        leads_on,
        await load_my_call_lines(actor, get_translator(request)) if opens_panel else (),
        await load_notice(
            actor, get_translator(request), found, team, plan, unsent="unsent" in request.query_params
        ),
    )
    return render_page(request, "journal/entry.html", context)


async def show_grounded(request: Request) -> Response:
    """Show an entry with a look around before and after it, a part a screen."""
    actor = get_actor(request)
    is_intact, found = await listing.load_verified_entry(actor, request.path_params["id"])
    document = found.document
    plan = () if document.title else await load_my_sessions(actor)
    context = GroundedPage(
        found.id,
        document,
        EntryNamer(plan).name_entry(found),
        hide_numbers(
            build_sections(EntryKind(document.kind), document.answers, document.language), actor.hides_numbers
        ),
        SKILLS["orient"],
        is_intact,
    )
    return render_page(request, "journal/grounded.html", context)


def _wants_reframe(answers: Mapping[str, Answer]) -> bool:
    return answers.get("int.reframe_link") == "yes" or "prep.old_story" in answers


def _list_part_readers(entry: Entry, given: tuple[OutgoingShare, ...]) -> Mapping[str, PartReaders]:
    """Return who has which part, as it is on this very page; nothing where the line at the top says all."""
    given = tuple(one for one in given if not one.damaged)
    outdated = {one.id: copies.find_outdated(entry, one.document) for one in given}
    answers = entry.document.answers
    if all(answers.keys() <= set(one.document.fields) - outdated[one.id] for one in given):
        return {}
    found = {}
    for part in answers:
        having = [one for one in given if part in one.document.fields]
        same = [one for one in having if part not in outdated[one.id]]
        if having:
            found[part] = PartReaders(
                tuple(one.link.peer_name for one in same if one.can_be_opened),
                tuple(one for one in having if part in outdated[one.id]),
                tuple(one.link.peer_name for one in same if not one.can_be_opened),
            )
    return found


def _find_own_page(found: Entry) -> str | None:
    """Return where an entry is changed whose kind has a page of its own; None where it has the usual one."""
    kind, about = found.document.kind, parse_uuid(found.document.session_id)
    session = f"/sessions/{about}" if about and not found.document.is_imported else None
    if kind in CHANGED_AT:
        return CHANGED_AT[kind]
    if kind == EntryKind.CHECKLIST:
        return f"{session}/checklist" if session else "/sessions"
    if kind == EntryKind.SITTER:
        return f"{session}/sitter/notes" if session else "/sessions"
    if kind == EntryKind.DAY:
        return f"{session}/medicine" if session else f"/journal/{found.id}"
    if kind == EntryKind.REPLIES:
        whose = get_source(found)
        return f"/journal/{whose[0]}/replies/{whose[1]}" if whose else f"/journal/{found.id}"
    if kind == EntryKind.CHECK_IN:
        made = next(iter(list_made([found])), None)
        return f"{session}/check-in/{made.moment}" if made and session else "/check-ins"
    return EDITED_AT.get(kind)


async def edit_entry(request: Request) -> Response:
    """Show an entry's form, all at once or at one question."""
    actor, asked = get_actor(request), request.query_params
    is_intact, found = await listing.load_verified_entry(actor, request.path_params["id"])
    if (own_page := _find_own_page(found)) is not None:
        return redirect(request, own_page)
    draft = EntryDraft(found.id, found.revision, found.document, found.created_at, "later" in asked)
    if asked.get("prompt") == PAUSE_SCREEN:
        return await show_pause(request, draft)
    context = await build_writing_page(
        actor, draft, prompt=asked.get("prompt", ""), ground="ground" in asked, is_intact=is_intact
    )
    return render_page(request, "journal/write.html", context)
