"""The page on which an entry is written: all its questions at once, or one at a time."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID

from journal.actor import Actor
from journal.catalogue.answers import Problem
from journal.catalogue.fields import EntryKind, Form
from journal.catalogue.forms import THEMES, form_of
from journal.sessions import schedule
from journal.sessions.rows import Session, my_sessions
from journal.sharing import shares
from journal.sharing.shares import Given
from journal.vault.documents import EntryDocument
from portal.views.journal.entry_form import Asked, ask
from portal.views.journal.entry_screens import Screen, first_few, screen_of


@dataclass(frozen=True, slots=True)
class Part:
    """Questions under one heading."""

    heading: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """A text that lost to another page: where it is kept, or None when the entry was deleted."""

    version: UUID | None


@dataclass(frozen=True, slots=True)
class WritingPage:
    """
    Context of the writing page.

    `screen` is there when the questions come one at a time; `more` are the parts offered after the first few.
    `sitting` names this page, so that it never conflicts with itself. Without `as_left`, the journal is not as its
    owner left it.
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
    parts: tuple[Part, ...]
    more: tuple[Part, ...]
    more_open: bool
    screen: Screen | None
    given: tuple[Given, ...]
    several: bool
    problems: Mapping[str, str] = field(default_factory=dict)
    saved_at: datetime | None = None
    lost: Lost | None = None
    ground: bool = False
    as_left: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writing page is made from: an entry, or a new one at revision 0."""

    id: UUID
    revision: int
    document: EntryDocument


async def writing_page(
    actor: Actor,
    draft: Draft,
    *,
    plan: tuple[Session, ...] | None = None,
    prompt: str = "",
    sitting: str = "",
    problems: Mapping[str, str] | None = None,
    saved_at: datetime | None = None,
    lost: Lost | None = None,
    ground: bool = False,
    as_left: bool = True,
) -> WritingPage:
    """Build the page for *draft*; with *prompt*, the one screen of that name."""
    document, found = draft.document, problems or {}
    form = form_of(EntryKind(document.kind))
    few, others = first_few(form)
    screen = screen_of(form, prompt) if prompt else None
    plan = await my_sessions(actor) if plan is None else plan
    given = await shares.given(actor, entry=draft.id) if draft.revision else ()
    more = () if screen else _parts(ask(others, document.answers, found))
    return WritingPage(
        id=draft.id,
        form=form,
        revision=draft.revision,
        sitting=sitting or secrets.token_hex(8),
        title=_typed("title", document.title, found),
        note=_typed("note", document.note, found),
        session_id=document.session_id or "",
        about=next((one for one in plan if one.id.hex == document.session_id), None),
        plan=tuple(one for one in plan if one in schedule.lasting(plan) or one.id.hex == document.session_id),
        parts=_parts(ask(screen.fields if screen else few, document.answers, found)),
        more=more,
        more_open=any(one.value or one.error for part in more for one in part.asked),
        screen=screen,
        given=given,
        several=len(form.fields) > 1,
        problems=found,
        saved_at=saved_at,
        lost=lost,
        ground=ground,
        as_left=as_left,
    )


def address(draft: Draft, **query: str) -> str:
    """Return the address of the writing page; an empty entry has none of its own yet."""
    if draft.revision:
        return f"/journal/{draft.id}/edit" + (f"?{urlencode(query)}" if query else "")
    asked = {"kind": draft.document.kind, "id": str(draft.id)} | query
    if draft.document.session_id:
        asked["session"] = str(UUID(draft.document.session_id))
    return f"/journal/new?{urlencode(asked)}"


def _parts(asked: tuple[Asked, ...]) -> tuple[Part, ...]:
    themes = groupby(asked, lambda one: one.field.theme)
    return tuple(Part(THEMES.get(theme, ""), tuple(group)) for theme, group in themes)


def _typed(name: str, kept: str, problems: Mapping[str, str]) -> str:
    problem = problems.get(name)
    return problem.raw[0] if isinstance(problem, Problem) and problem.raw else kept
