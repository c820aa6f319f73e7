"""The page on which an entry is written: all its questions at once, or one at a time."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID

from journal.actor import Actor
from journal.catalogue.answers import Problem
from journal.catalogue.fields import EntryKind, Form
from journal.catalogue.forms import THEMES, get_due_form, is_past_first_ratings
from journal.reframing import triggers
from journal.reframing.triggers import TRIGGER_FIELDS
from journal.sessions import holds, schedule
from journal.sessions.day_state import DayState, find_current_day
from journal.sessions.rows import Session, load_my_sessions
from journal.sharing import shares
from journal.sharing.shares import OutgoingShare
from journal.vault.documents import EntryDocument
from portal.views.journal.entry_form import Question, build_questions
from portal.views.journal.entry_screens import (
    Screen,
    add_refused,
    get_screen,
    leave_out_numbers,
    split_questions,
)


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions under one heading."""

    heading: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class SaveConflict:
    """A text that lost to another page: where it is kept, or None when the entry was deleted."""

    version: UUID | None


@dataclass(frozen=True, slots=True)
class WritingPage:
    """
    Context of the writing page.

    `screen` is there when the questions come one at a time; `more` are the parts offered after the first few. `day`
    is the state of the patient's day. `sitting` names this page, so that it never conflicts with itself. Without
    `is_intact`, the journal is not as its owner left it. `waits` until its patient has rested: the "kind" that was
    asked for, in place of which this is, or the "numbers" of this one. `is_past_first`: its first ratings stay.
    """

    id: UUID
    form: Form
    revision: int
    sitting: str
    title: str
    note: str
    session_id: str
    about: Session | None
    plan: tuple[Session, ...]
    parts: tuple[QuestionGroup, ...]
    more: tuple[QuestionGroup, ...]
    more_open: bool
    screen: Screen | None
    shares: tuple[OutgoingShare, ...]
    partial: frozenset[UUID]
    has_many_questions: bool
    day: DayState
    problems: Mapping[str, str] = field(default_factory=dict)
    saved_at: datetime | None = None
    lost: SaveConflict | None = None
    ground: bool = False
    is_intact: bool = True
    waits: str = ""
    is_past_first: bool = False


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """
    What a writing page is made from: an entry, or a new one at revision 0, whose `begun_at` is None.

    `looks_back`: what stayed is asked now, however old the entry is.
    """

    id: UUID
    revision: int
    document: EntryDocument
    begun_at: datetime | None = None
    looks_back: bool = False

    def get_form(self, now: datetime) -> Form:
        """Return the questions that it asks at *now*."""
        kind, age = EntryKind(self.document.kind), self._get_age(now)
        return get_due_form(kind, self.document.answers, age, looks_back=self.looks_back)

    def has_first_ratings(self, now: datetime) -> bool:
        """Return whether it is a reframe whose first ratings stay as they are at *now*."""
        return self.document.kind == EntryKind.REFRAME and is_past_first_ratings(self._get_age(now))

    def _get_age(self, now: datetime) -> timedelta | None:
        return now - self.begun_at if self.begun_at else None


async def build_writing_page(
    actor: Actor,
    draft: EntryDraft,
    *,
    plan: tuple[Session, ...] | None = None,
    prompt: str = "",
    sitting: str = "",
    problems: Mapping[str, str] | None = None,
    saved_at: datetime | None = None,
    lost: SaveConflict | None = None,
    ground: bool = False,
    is_intact: bool = True,
    in_place: bool = False,
) -> WritingPage:
    """Build the page for *draft*; with *prompt*, the one screen of that name. It can be *in_place* of another kind."""
    document, found = draft.document, problems or {}
    plan = await load_my_sessions(actor) if plan is None else plan
    whole = draft.get_form(actor.now)
    is_held = holds.get_hold(actor, plan) is not None
    asked = leave_out_numbers(whole) if is_held else whole
    # What was typed on a page of before, and could not be saved, comes back whatever it is.
    form = add_refused(asked, found)
    few, others = split_questions(form)
    screen = get_screen(form, prompt, whole) if prompt else None
    given = await shares.list_shares(actor, entry=draft.id) if draft.revision else ()
    names = await _load_suggestions(actor, form)
    more = () if screen else _group_questions(build_questions(others, document.answers, found), names)
    return WritingPage(
        id=draft.id,
        form=form,
        revision=draft.revision,
        sitting=sitting or secrets.token_hex(8),
        title=_get_typed("title", document.title, found),
        note=_get_typed("note", document.note, found),
        session_id=document.session_id or "",
        about=next((one for one in plan if one.id.hex == document.session_id), None),
        plan=tuple(
            one for one in plan if one in schedule.list_uncancelled(plan) or one.id.hex == document.session_id
        ),
        parts=_group_questions(
            build_questions(screen.fields if screen else few, document.answers, found), names
        ),
        more=more,
        more_open=any(one.value or one.error for part in more for one in part.questions),
        screen=screen,
        shares=given,
        partial=shares.find_partial(document, given),
        has_many_questions=len(form.fields) > 1,
        day=find_current_day(plan, actor.now)[0],
        problems=found,
        saved_at=saved_at,
        lost=lost,
        ground=ground,
        is_intact=is_intact,
        waits="kind" if in_place else "numbers" if is_held and asked != whole else "",
        is_past_first=draft.has_first_ratings(actor.now),
    )


def build_address(draft: EntryDraft, **query: str) -> str:
    """Return the address of the writing page; an empty entry has none of its own yet."""
    if draft.revision:
        return f"/journal/{draft.id}/edit" + (f"?{urlencode(query)}" if query else "")
    asked = {"kind": draft.document.kind, "id": str(draft.id)} | query
    if draft.document.session_id:
        asked["session"] = str(UUID(draft.document.session_id))
    return f"/journal/new?{urlencode(asked)}"


async def _load_suggestions(actor: Actor, form: Form) -> tuple[str, ...]:
    return await triggers.list_names(actor) if form.kind in TRIGGER_FIELDS else ()


def _group_questions(asked: tuple[Question, ...], names: tuple[str, ...]) -> tuple[QuestionGroup, ...]:
    asked = tuple(
        replace(one, suggestions=names) if one.field.id in TRIGGER_FIELDS.values() else one for one in asked
    )
    themes = groupby(asked, lambda one: one.field.theme)
    return tuple(QuestionGroup(THEMES.get(theme, ""), tuple(group)) for theme, group in themes)


def _get_typed(name: str, kept: str, problems: Mapping[str, str]) -> str:
    problem = problems.get(name)
    return problem.raw[0] if isinstance(problem, Problem) and problem.raw else kept
