"""From a posted page to an entry: what is not on the page stays, what cannot be saved is reported."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec

from journal.catalogue.answers import Problem, parse_answers
from journal.catalogue.emotions import FORM_ROWS, Emotion, parse_emotions
from journal.catalogue.fields import (
    MAX_LINE_LENGTH,
    ONCE_WRITTEN_KINDS,
    WRITTEN_KINDS,
    Answer,
    EntryKind,
    Field,
    FieldKind,
)
from journal.catalogue.forms import get_form, get_written_form, is_grounding_first, is_past_first_ratings
from journal.catalogue.reframe import FIRST_RATINGS
from journal.i18n import N_
from journal.user_input import clean_line
from journal.vault.documents import EntryDocument
from portal.web.forms import Form, parse_uuid

FIELD_SUFFIXES = (".name", ".before", ".after")
"""Suffixes of the fields of a question that is answered in several."""
FIRST_RATINGS_STAY = N_(
    "Your first numbers stay as they were. To add one of today, look at the reframe again from its page."
)
LONG_LINE = N_("Please keep this to one line of up to 300 characters. What you wrote is still here.")


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """An entry as the page would save it, and what of the page could not be saved."""

    document: EntryDocument
    problems: Mapping[str, str] = field(default_factory=dict)
    ground_first: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question on a page: its value, what is wrong with that, and earlier answers that it suggests."""

    field: Field
    value: Answer | None
    rows: tuple[Emotion, ...]
    error: str
    suggestions: tuple[str, ...] = ()


def parse_kind(text: str | None) -> EntryKind | None:
    """Parse a kind of entry to begin, from a form or an address; None when it is none."""
    return next((kind for kind in (*WRITTEN_KINDS, *ONCE_WRITTEN_KINDS) if kind.value == text), None)


def parse_entry(
    form: Form, before: EntryDocument, plan: Collection[str], age: timedelta | None = None
) -> ParsedEntry:
    """
    Return the entry with what was typed on a page.

    Args:
        form: The posted page. `fields` lists the questions that were on it.
        before: The entry until now.
        plan: The hex ids of the sessions that it may be tied to.
        age: How long ago it was begun; None for a new one.
    """
    asks = get_form(EntryKind(before.kind))
    raw, shown = form.lists, set(form.get_all("fields"))
    named = raw.keys() | {name.rpartition(".")[0] for name in raw if name.endswith(FIELD_SUFFIXES)}
    written = get_written_form(EntryKind(before.kind)).fields
    present = replace(asks, fields=tuple(one for one in written if one.id in shown or one.id in named))
    typed, problems = parse_answers(present, raw)
    if is_past_first_ratings(age):
        for name in sorted(FIRST_RATINGS & {one.id for one in present.fields} - problems.keys()):
            if typed.get(name) != before.answers.get(name):
                typed.pop(name, None)
                problems[name] = Problem(FIRST_RATINGS_STAY, tuple(raw.get(name, ())))
    replaced = {one.id for one in present.fields} - problems.keys()
    kept = {name: answer for name, answer in before.answers.items() if name not in replaced} | typed
    places = {one.id: place for place, one in enumerate(asks.fields)}
    # Answers to questions no longer asked stay, at the end.
    answers = {name: kept[name] for name in sorted(kept, key=lambda name: places.get(name, len(places)))}
    found: dict[str, str] = dict(problems)
    document = msgspec.structs.replace(
        before,
        title=_parse_line(form, "title", before.title, found),
        note=_parse_line(form, "note", before.note, found),
        session_id=_parse_session(form, before, plan),
        answers=answers,
    )
    return ParsedEntry(document, found, is_grounding_first(present, typed))


def build_questions(
    fields: Collection[Field], answers: Mapping[str, Answer], problems: Mapping[str, str]
) -> tuple[Question, ...]:
    """Return questions for a page, with what was answered or typed."""
    return tuple(_build_question(one, answers.get(one.id), problems.get(one.id)) for one in fields)


def _build_question(one: Field, answer: Answer | None, problem: str | None) -> Question:
    raw = list(problem.raw) if isinstance(problem, Problem) else None
    rows: tuple[Emotion, ...] = ()
    if one.kind is FieldKind.EMOTIONS:
        lines = raw if raw is not None else answer if isinstance(answer, list) else []
        rows = parse_emotions(lines) + (Emotion(""),) * max(1, FORM_ROWS - len(lines))
    elif raw is not None:
        answer = raw if one.kind is FieldKind.CHOICES else raw[0] if raw else ""
    return Question(one, answer, rows, problem or "")


def _parse_line(form: Form, name: str, before: str, problems: dict[str, str]) -> str:
    if name not in form:
        return before
    line = clean_line(form[name])
    if len(line) <= MAX_LINE_LENGTH:
        return line
    problems[name] = Problem(LONG_LINE, (line,))
    return before


def _parse_session(form: Form, before: EntryDocument, plan: Collection[str]) -> str | None:
    if "session" not in form:
        return before.session_id
    if not form["session"]:
        return None
    wanted = parse_uuid(form["session"])
    return wanted.hex if wanted and wanted.hex in plan else before.session_id
