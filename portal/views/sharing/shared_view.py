"""A shared copy as a page shows it: one shape for the patient's preview and for the clinician's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from types import MappingProxyType
from typing import Any

from journal.care.documents import ShareDocument
from journal.care_notes.reviews import label_version
from journal.catalogue.emotions import Emotion, parse_emotions
from journal.catalogue.fields import Answer, Answers, EntryKind, Field, FieldKind
from journal.catalogue.forms import get_form
from journal.catalogue.revisits import Moment, Revisit, parse_moments, parse_revisits
from journal.day_lines.lines import DayLine, parse_day_lines
from journal.dosing_day.lines import Reading, Taken, parse_medicine, parse_readings
from journal.dosing_day.requests import parse_requests
from journal.entries.naming import EntryName, EntryNamer
from journal.evaluation import lines as evaluation
from journal.measures import scores
from journal.measures.lines import FilledMeasure, parse_measure
from journal.notices.lines import parse_agreed
from journal.reframing.picture import build_picture
from journal.replies.lines import KeptReply, parse_replies
from journal.sessions.rows import Session
from journal.sitter.lines import Check, parse_checks
from journal.standing.lines import parse_standing
from portal.views.sharing.picture import PictureView, build_picture_view

STAMPED = frozenset({"plan.by", "plan.read", "evaluation.version"})
"""Answers that are a line of facts: who wrote it or which version, and on which day."""
ADDED_LINES: Mapping[FieldKind, tuple[str, Callable[[object], Any]]] = MappingProxyType(
    {
        FieldKind.REVISITS: ("revisits", parse_revisits),
        FieldKind.MOMENTS: ("moments", parse_moments),
        FieldKind.MEDICINE: ("medicine", parse_medicine),
        FieldKind.READINGS: ("readings", parse_readings),
        FieldKind.CHECKS: ("checks", parse_checks),
        FieldKind.MEASURE: ("measures", parse_measure),
        FieldKind.DAY_LINES: ("day_lines", parse_day_lines),
        FieldKind.CONDITIONS: ("given", evaluation.parse_given),
        FieldKind.REMEDIES: ("remedies", evaluation.parse_remedies),
        FieldKind.TREATMENTS: ("treatments", evaluation.parse_treatments),
        FieldKind.CHANGES: ("changes", evaluation.parse_changes),
        FieldKind.REPLIES: ("replies", parse_replies),
    }
)
"""Which part of a section holds an answer that grew line by line, and how it is read."""


@dataclass(frozen=True, slots=True)
class SharedSection:
    """
    One question with the patient's answer; what does not belong to its kind is empty.

    `question`, `chosen`, `low` and `high` are the form's words, to be translated; `text` are the patient's
    own, in their `language`, never to be. `stamp` is a line of facts, which the filter of that name writes.
    `field` is the id of what was answered.
    """

    question: str
    text: str = ""
    chosen: tuple[str, ...] = ()
    rating: int | None = None
    least: int = 0
    most: int = 0
    low: str = ""
    high: str = ""
    day: datetime | None = None
    feelings: tuple[Emotion, ...] = ()
    revisits: tuple[Revisit, ...] = ()
    moments: tuple[Moment, ...] = ()
    medicine: tuple[Taken, ...] = ()
    readings: tuple[Reading, ...] = ()
    checks: tuple[Check, ...] = ()
    measures: tuple[FilledMeasure, ...] = ()
    day_lines: tuple[DayLine, ...] = ()
    given: tuple[evaluation.ConditionAnswer, ...] = ()
    remedies: tuple[evaluation.Remedy, ...] = ()
    treatments: tuple[evaluation.Treatment, ...] = ()
    changes: tuple[evaluation.Change, ...] = ()
    replies: tuple[KeptReply, ...] = ()
    stamp: str = ""
    total: scores.ToldTotal | None = None
    field: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class SharedView:
    """
    A whole copy. `kind` is the form's label; `note` is the patient's and may be empty.

    `picture` is drawn of what the copy holds, and of nothing else. `is_imported`: it came from a file.
    """

    kind: str
    name: EntryName
    note: str
    sections: tuple[SharedSection, ...]
    written_at: datetime
    shared_at: datetime
    zone: tzinfo
    about: Session | None = None
    picture: PictureView | None = None
    language: str = ""
    is_imported: bool = False


def build_shared_view(
    document: ShareDocument, zone: tzinfo, namer: EntryNamer, *, hides_numbers: bool = False
) -> SharedView:
    """
    Return a copy for reading.

    Args:
        zone: The reader's own: an imported macro does not know who reads.
        namer: What the reader knows of the plan.
        hides_numbers: The reader is the patient, and wants to see no numbers of measures.
    """
    kind, written_at = EntryKind(document.kind), datetime.fromisoformat(document.written_at)
    picture = build_picture(
        document.answers, document.find_first_day(zone), namer.plan, document.session_id, zone
    )
    return SharedView(
        kind.label,
        namer.name_copy(document),
        document.note,
        hide_numbers(build_sections(kind, document.answers, document.language), hides_numbers),
        written_at,
        datetime.fromisoformat(document.shared_at),
        zone,
        namer.assignment.find_session(document.kind, document.session_id, written_at),
        build_picture_view(picture) if picture else None,
        document.language,
        document.imported,
    )


def build_sections(kind: EntryKind, answers: Answers, language: str = "") -> tuple[SharedSection, ...]:
    """Return answers in *language* for reading, in the form's order."""
    form = get_form(kind)
    known = {field.id for field in form.fields}
    asked = [one for one in form.fields if one.id in answers]
    sections = [replace(build_section(one, answers[one.id]), field=one.id) for one in asked]
    # A question that the form no longer asks is still somebody's words.
    gone = {key: _format_answer(answer) for key, answer in answers.items() if key not in known}
    sections += [SharedSection("", text, field=key) for key, text in gone.items()]
    return tuple(replace(one, language=language) for one in sections)


def hide_numbers(sections: tuple[SharedSection, ...], hidden: bool) -> tuple[SharedSection, ...]:
    """Return a patient's own sections as they want to see them: the numbers of measures are hidden on their word."""
    if not hidden:
        return sections
    return tuple(
        replace(
            one,
            measures=tuple(replace(each, are_numbers_hidden=True) for each in one.measures),
            total=replace(one.total, total="") if one.total else None,
        )
        for one in sections
    )


def build_section(field: Field, answer: Answer) -> SharedSection:
    """Return one answer for reading."""
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        given = answer if isinstance(answer, list) else [str(answer)]
        labels = {option.value: option.label for option in field.options}
        unknown = ", ".join(value for value in given if value not in labels)
        return SharedSection(field.label, unknown, tuple(labels[value] for value in given if value in labels))
    if field.kind is FieldKind.EMOTIONS and isinstance(answer, list):
        return SharedSection(field.label, feelings=parse_emotions(answer))
    if field.kind in ADDED_LINES:
        name, parse = ADDED_LINES[field.kind]
        return replace(SharedSection(field.label), **{name: parse(answer)})
    if field.kind is FieldKind.STANDING:
        given = [one.what.label for one in parse_standing(answer) if one.what and one.is_in_force]
        return SharedSection(field.label, chosen=tuple(given))
    if field.kind is FieldKind.AGREED:
        names = ", ".join(one.name for one in parse_agreed(answer) if one.until is None)
        return SharedSection(field.label, names)
    if field.kind is FieldKind.REQUESTS:
        return SharedSection(field.label, chosen=tuple(one.asked.act.label for one in parse_requests(answer)))
    if field.kind is FieldKind.DATE and isinstance(answer, str):
        return SharedSection(field.label, day=datetime.combine(date.fromisoformat(answer), time(12), UTC))
    if field.range is not None and isinstance(answer, int):
        least, most = field.range
        return SharedSection(
            field.label, rating=answer, least=least, most=most, low=field.low, high=field.high
        )
    return _build_words(field, _format_answer(answer))


def _build_words(field: Field, answer: str) -> SharedSection:
    """Return an answer in words, or of lines that hold facts."""
    if field.id == scores.SCORE:
        return SharedSection(field.label, total=scores.parse_total(answer))
    if told := label_version(field.id, answer):
        return SharedSection(field.label, chosen=told)
    if field.id in STAMPED:
        return SharedSection(field.label, stamp=answer)
    return SharedSection(field.label, answer)


def _format_answer(answer: Answer) -> str:
    return "\n".join(answer) if isinstance(answer, list) else str(answer)
