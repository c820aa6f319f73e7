"""The clinician's desk: the caseload, a patient's page, one shared copy, keys, and the end of care."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.calendar import feeds
from journal.care import lifecycle, links
from journal.care.links import Link
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import HeldUntilRested, InvalidInput
from journal.folding import fold, split_needles
from journal.key_rotation import waiting
from journal.notices import inbox
from journal.notices.inbox import OpenNotice
from journal.own_notes import after_care
from journal.reminders.following import renew_for_clinician
from journal.replies.unread import count_unopened_by, has_replies
from journal.sessions.holds import HELD_FOR_CARE_TEAM, PatientHold, load_patient_hold
from journal.sharing import caseload, reading
from journal.sharing.caseload import Case
from journal.sharing.reading import IncomingShare
from journal.today.desk import DeskKind, choose_for_desk
from portal.access.session_cookie import get_actor
from portal.views.patients.patient_page import build_patient_page
from portal.views.replies.box import ReplyBox
from portal.views.replies.theirs import load_box
from portal.views.sessions.session_lines import SessionLine, build_line, count_days
from portal.views.sharing.shared_view import SharedView, build_shared_view
from portal.web.errors import UNAVAILABLE_ERRORS
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

SEARCHED_FROM = 8
"""How many patients a caseload has before it offers a search."""

MAX_WORDS = 200
"""How many letters of a search are looked for."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One patient of the caseload, with today's or the next session and the days since the last one."""

    case: Case
    session: SessionLine | None
    last_days: int | None


@dataclass(frozen=True, slots=True)
class CaseloadPage:
    """
    Context of the caseload: who has a session today, who has one later, and who has none.

    `q` is the name that was searched for, and `total` counts the patients before that. `unagreed_count` counts the
    rows that falsely claim to be a patient's. `notices` are open, and stay on top until they are acknowledged. `first`
    is the one next thing, with its `case` and `talk`; none of it stands above what was searched for. `notes_left` are
    own notes about how many people whose care has ended, and `asked` about how many of them it is asked what becomes.
    `followed` are patients who renewed their keys lately, and `due` those who have not come since the clinician did.
    """

    today: tuple[CaseLine, ...]
    coming: tuple[CaseLine, ...]
    unplanned: tuple[CaseLine, ...]
    total: int
    can_search: bool
    q: str
    unagreed_count: int
    ended: bool
    first: DeskKind
    case: Case | None
    talk: SessionLine | None
    notices: tuple[OpenNotice, ...] = ()
    has_drafts: bool = False
    notes_left: int = 0
    asked: int = 0
    followed: tuple[Link, ...] = ()
    due: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedPage:
    """Context of one shared copy, as it was before it was opened now, with the replies to it."""

    patient: UUID
    name: str
    view: SharedView
    one: IncomingShare
    box: ReplyBox


@dataclass(frozen=True, slots=True)
class ClosedPage:
    """
    Context of the page in the place of a copy whose title alone is shown until its reader chooses to open it.

    `has_replies`: they can be read without opening it.
    """

    patient: UUID
    name: str
    called: EntryName
    one: IncomingShare
    has_replies: bool


@dataclass(frozen=True, slots=True)
class EndCarePage:
    """
    Context of the page that asks before care ends; `problem` is why it cannot end now.

    `unopened` counts replies that the patient has not read: they go with care.
    It `asks_word` of the clinician where the patient has not said for a week that they rested.
    """

    patient: UUID
    name: str
    problem: str
    asks_word: bool = False
    unopened: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)


async def show_caseload(request: Request) -> Response:
    """Show the clinician's patients, today's first, or search by name: by a form, since addresses are logged."""
    actor = get_actor(request)
    words = (await Form.read(request))["q"].strip()[:MAX_WORDS] if request.method == "POST" else ""
    if actor.is_reminded and request.method == "GET" and not actor.is_head_request:
        with suppress(*UNAVAILABLE_ERRORS):  # on a full disk, people can still read
            await renew_for_clinician(actor)
    found = await caseload.load_caseload(actor)
    if not actor.is_head_request:
        with suppress(*UNAVAILABLE_ERRORS):
            await feeds.remember_patients(actor, found.links)
            await waiting.continue_renewals(actor, found.links)
    needles = split_needles(words)
    cases = [case for case in found.cases if all(needle in fold(case.name) for needle in needles)]
    notices = await inbox.list_open(actor, found.links)
    first = choose_for_desk(found.cases, notices, actor.now)
    met = first.case if first.kind in (DeskKind.TALK, DeskKind.LATER_TALK) else None
    context = CaseloadPage(
        _build_lines(actor, (case for case in cases if case.today)),
        _build_lines(actor, (case for case in cases if case.next and not case.today)),
        _build_lines(actor, (case for case in cases if not case.next and not case.today)),
        len(found.cases),
        len(found.cases) >= SEARCHED_FROM,
        words,
        found.unagreed_count,
        "ended" in request.query_params,
        first.kind,
        first.case,
        build_line(actor, met.talk, met.talk_number) if met is not None and met.talk is not None else None,
        notices,
        found.has_drafts,
        len(found.notes_left),
        sum(after_care.is_asked(at, actor.now) for at in found.notes_left),
        waiting.list_followed(actor, found.links),
        tuple(link for link in found.links if link.due_at),
    )
    return render_page(request, "patients/caseload.html", context, block="main")


def _build_lines(actor: Actor, cases: Iterable[Case]) -> tuple[CaseLine, ...]:
    return tuple(
        CaseLine(
            case,
            build_line(actor, shown, case.number) if (shown := case.today or case.next) else None,
            -count_days(actor, case.last.starts_at) if case.last else None,
        )
        for case in cases
    )


async def show_patient(request: Request) -> Response:
    """Show a patient's sessions with what was shared before and after each."""
    context = await build_patient_page(get_actor(request), request.path_params["id"])
    return render_page(request, "patients/patient.html", context)


async def show_share(request: Request) -> Response:
    """Open one shared copy, by a tap where it is kept closed; the patient sees that it was opened."""
    actor = get_actor(request)
    patient, wanted = request.path_params["id"], request.path_params["share"]
    try:
        link, one = await reading.read_share(actor, patient, wanted, by_tap=request.method == "POST")
    except reading.StillClosed as error:
        link, one = error.link, error.share
        plan = await reading.load_visible_plan(actor, link)
        called = EntryNamer(plan).name_copy(one.document)
        replied = await has_replies(link, one.id)
        closed = ClosedPage(link.patient, link.peer_name, called, one, replied)
        return render_page(request, "patients/shared_closed.html", closed)
    plan = await reading.load_visible_plan(actor, link)
    view = build_shared_view(one.document, actor.zone, EntryNamer(plan))
    box = await load_box(actor, link, one.id, one.document, plan)
    context = SharedPage(link.patient, link.peer_name, view, one, box)
    return render_page(request, "patients/shared.html", context)


async def end_care(request: Request) -> Response:
    """Show the confirmation, or end care: every shared copy is deleted."""
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    status = 200
    errors: Mapping[str, str] = {}
    if request.method == "POST":
        form = await Form.read(request)
        try:
            await lifecycle.end_care(actor, link.id, knows_no_rest=lifecycle.NO_REST in form)
            return redirect(request, "/patients?ended")
        except HeldUntilRested:
            status = 409
        except InvalidInput as error:
            status, errors = 422, error.fields
    hold = await load_patient_hold(actor.installation, link.patient, actor.now)
    is_held = status == 409 or hold is PatientHold.BINDING
    context = EndCarePage(
        link.patient,
        link.peer_name,
        HELD_FOR_CARE_TEAM if is_held else "",
        asks_word=hold is PatientHold.OVERDUE,
        unopened=await count_unopened_by(link.patient, link),
        errors=errors,
    )
    return render_page(request, "patients/end.html", context, status=status)
