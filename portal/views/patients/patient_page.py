"""A patient's page at the clinician's desk: session dates, and what was shared before and after each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from unicodedata import category
from uuid import UUID

from journal.account_reset import returned_shares
from journal.account_reset.returned_shares import Returnable
from journal.actor import Actor
from journal.care import links
from journal.care.documents import ShareDocument
from journal.care.links import Link
from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.entries.assignment import SessionAssignment
from journal.errors import TrustBroken
from journal.evaluation.reviewing import Standing, State
from journal.notices import inbox
from journal.notices.inbox import OpenNotice
from journal.roles import Profession
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sharing import reading
from journal.sharing.reading import Folder, IncomingShare
from portal.views.patients.evaluation import load_standing
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.views.sharing.shared_view import build_sections
from portal.web.escaping import remove_controls

NEVER_FIRST = {"plan.by", "plan.read", *(field.id for field in get_form(EntryKind.EVALUATION).fields)}
"""Answers that no list shows: a version, who wrote it, and those of an evaluation, of which none stands out."""
LINE_LENGTH = 120  # of the line that a list shows
MOST_CHOSEN = 4  # labels in it
COMBINING_CATEGORIES = frozenset({"Mn", "Mc", "Me", "Cf"})
"""Categories of characters that are part of the one before, and are not cut from it."""


@dataclass(frozen=True, slots=True)
class FirstLine:
    """
    What a list shows of a shared copy: `text` are the patient's words, `chosen` labels of ours, to be translated.

    Where a content note was shared, it stands there instead: `is_note`.
    """

    text: str
    chosen: tuple[str, ...] = ()
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class SessionShare:
    """
    One shared copy at its session, with the first line of it.

    `days` counts from the session's day to the day it was written. `has_reply` of the patient's that is not opened yet.
    """

    shared: IncomingShare
    kind: str
    first: FirstLine | None
    days: int
    has_reply: bool = False


@dataclass(frozen=True, slots=True)
class SessionNode:
    """One session on the spine with what hangs on it, newest first."""

    line: SessionLine
    shares: tuple[SessionShare, ...]


@dataclass(frozen=True, slots=True)
class PatientPage:
    """
    Context of a patient's page.

    `nodes` run from the latest session to the first; `later` are planned ones on which nothing hangs yet.
    `unassigned` was written before the first session. `notices` are open. `evaluation` is how it stands, and `can_ask`
    whether its reader can ask for one. Without `trusted`, nothing shared is opened.
    """

    patient: UUID
    link: Link
    next: SessionLine | None
    later: tuple[SessionLine, ...]
    nodes: tuple[SessionNode, ...]
    unassigned: tuple[SessionShare, ...]
    unread: int
    damaged: int
    missing: bool
    ended: tuple[date, ...]
    trusted: bool
    to_give_back: Returnable | None
    damaged_sessions: tuple[UUID | None, ...] = ()
    notices: tuple[OpenNotice, ...] = ()
    evaluation: Standing | None = None
    can_ask: bool = False


async def build_patient_page(actor: Actor, patient: UUID) -> PatientPage:
    """Build the page; when keys have changed, the plan alone."""
    link, trusted = await links.load_link_with(actor, patient), True
    plan = await reading.load_visible_plan(actor, link)
    try:
        folder = await reading.open_folder(actor, link, plan)
    except TrustBroken:
        folder, trusted = Folder(link, (), plan, False), False
    lines = {line.session.id: line for line in build_lines(actor, folder.sessions)}
    ahead = schedule.list_upcoming(folder.sessions, actor.now)
    hung: dict[UUID | None, list[SessionShare]] = {}
    assignment = SessionAssignment(folder.sessions)
    # Those that are kept closed stand among the others by their titles, which say nothing of when they were shared.
    listed = sorted((*folder.shared, *folder.closed), key=lambda one: (one.written_at, one.id), reverse=True)
    for shared in listed:
        document = shared.document
        at = assignment.find_session(document.kind, document.session_id, shared.written_at)
        hung.setdefault(at.id if at else None, []).append(
            _build_session_share(actor, shared, at, has_reply=shared.has_reply)
        )
    later = tuple(lines[one.id] for one in ahead[1:] if one.id not in hung)
    without = {line.session.id for line in later} | {one.id for one in ahead[:1] if one.id not in hung}
    nodes = tuple(
        SessionNode(lines[one.id], tuple(hung.get(one.id, ())))
        for one in reversed(folder.sessions)
        if one.id not in without
    )
    evaluation = await load_standing(actor, folder.link, folder.shared) if trusted else None
    return PatientPage(
        patient=patient,
        link=folder.link,
        next=lines[ahead[0].id] if ahead else None,
        later=later,
        nodes=nodes,
        unassigned=tuple(hung.get(None, ())),
        unread=sum(one.unread for one in listed),
        damaged=len(folder.damaged),
        missing=folder.missing,
        ended=tuple(dict.fromkeys(one.last_day for one in folder.ended)),
        trusted=trusted,
        to_give_back=await returned_shares.find_returnable(actor, link) if trusted else None,
        damaged_sessions=folder.sessions.damaged,
        notices=await inbox.list_open_of(actor, folder.link),
        evaluation=evaluation,
        can_ask=evaluation is not None and _can_ask(actor, evaluation),
    )


def _can_ask(actor: Actor, evaluation: Standing) -> bool:
    is_open = evaluation.state is State.NOT_SHARED and evaluation.asked is None
    return actor.profession == Profession.PRESCRIBER and is_open


def _build_session_share(
    actor: Actor, shared: IncomingShare, at: Session | None, *, has_reply: bool
) -> SessionShare:
    days = 0
    if at is not None:
        written, held = (moment.astimezone(actor.zone).date() for moment in (shared.written_at, at.starts_at))
        days = (written - held).days
    kind, first = EntryKind(shared.document.kind).label, find_first_line(shared.document)
    return SessionShare(shared, kind, first, days, has_reply)


def find_first_line(document: ShareDocument) -> FirstLine | None:
    """Return the first line of what was shared, its title aside; None for numbers and days alone."""
    if document.note:
        return FirstLine(_shorten_line(document.note), is_note=True)
    kind = EntryKind(document.kind)
    answers = dict(filter(lambda one: one[0] not in NEVER_FIRST, document.answers.items()))
    for field in get_form(kind).fields:
        answer = answers.get(field.id) if field.kind in (FieldKind.TEXT, FieldKind.LINE) else None
        if isinstance(answer, str) and (line := _shorten_line(answer)):
            return FirstLine(line)
    for one in build_sections(kind, answers):
        if line := _shorten_line(one.text):
            return FirstLine(line)
        if line := _shorten_line(", ".join(feeling.name for feeling in one.feelings)):
            return FirstLine(line)
        if one.chosen:
            return FirstLine("", one.chosen[:MOST_CHOSEN])
        if one.measures:
            return FirstLine("", tuple(each.name for each in one.measures))
        added = one.revisits + one.moments + one.medicine + one.checks + one.day_lines
        if line := _shorten_line(next((each.words for each in added if each.words), "")):
            return FirstLine(line)
    return None


def _shorten_line(text: str) -> str:
    """Return the first line of a text, shortened near a word and never within a letter."""
    line = remove_controls(text.strip().partition("\n")[0]).strip()
    if len(line) <= LINE_LENGTH:
        return line
    blank, end = line.rfind(" ", LINE_LENGTH // 2, LINE_LENGTH), LINE_LENGTH
    while blank < 0 < end and category(line[end]) in COMBINING_CATEGORIES:
        end -= 1
    return f"{line[: blank if blank > 0 else end].rstrip()} …"
