"""A shared copy as a page shows it: one shape for the patient's preview and for the clinician's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from types import MappingProxyType
from typing import Any
from unicodedata import category

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
from portal.web.escaping import remove_controls

NEVER_FIRST = {"plan.read", *(field.id for field in get_form(EntryKind.EVALUATION).fields)}
"""Answers that no list shows: a version, and those of an evaluation, of which none stands out."""
LINE_LENGTH = 120  # of the line that a list shows
MOST_CHOSEN = 4  # labels in it
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
COMBINING_CATEGORIES = frozenset({"Mn", "Mc", "Me", "Cf"})
"""Categories of characters that are part of the one before, and are not cut from it."""


@dataclass(frozen=True, slots=True)
class SharedSection:
    """
    One question with the patient's answer; what does not belong to its kind is empty.

    `question`, `chosen`, `low` and `high` are the form's words, to be translated; `text` are the patient's
    own, in their `language`, never to be. `field` is the id of what was answered.
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
    field: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class SharedView:
    """
    A whole copy. `kind` is the form's label; `note` is the patient's and may be empty.

    `picture` is drawn of what the copy holds, and of nothing else.
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
    )


@dataclass(frozen=True, slots=True)
class FirstLine:
    """
    What a list shows of a shared copy: `text` are the patient's words, `chosen` labels of ours, to be translated.

    Where a content note was shared, it stands there instead: `is_note`.
    """

    text: str
    chosen: tuple[str, ...] = ()
    is_note: bool = False


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
        if line := _shorten_line(", ".join(each.name for each in one.measures)):
            return FirstLine(line)
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
            text=scores.hide_total(one.text) if one.field == scores.SCORE else one.text,
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
    told = label_version(field.id, answer)
    return SharedSection(field.label, "" if told else _format_answer(answer), told)


def _format_answer(answer: Answer) -> str:
    return "\n".join(answer) if isinstance(answer, list) else str(answer)
