"""A shared copy as a page shows it: one shape for the patient's preview and for the clinician's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo

from journal.care.documents import ShareDocument
from journal.catalogue.emotions import Emotion, parse_emotions
from journal.catalogue.fields import Answer, EntryKind, Field, FieldKind
from journal.catalogue.forms import get_form
from journal.entries.naming import EntryName, EntryNamer
from journal.sessions.rows import Session


@dataclass(frozen=True, slots=True)
class SharedSection:
    """
    One question with the patient's answer; what does not belong to its kind is empty.

    `question`, `chosen`, `low` and `high` are the form's words, to be translated; `text` are the patient's
    own, never to be. `field` is the id of what was answered.
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
    field: str = ""


@dataclass(frozen=True, slots=True)
class SharedView:
    """A whole copy. `kind` is the form's label; `note` is the patient's and may be empty."""

    kind: str
    name: EntryName
    note: str
    sections: tuple[SharedSection, ...]
    written_at: datetime
    shared_at: datetime
    zone: tzinfo
    about: Session | None = None


def build_shared_view(document: ShareDocument, zone: tzinfo, namer: EntryNamer) -> SharedView:
    """
    Return a copy for reading.

    Args:
        zone: The reader's own: an imported macro does not know who reads.
        namer: What the reader knows of the plan.
    """
    kind, written_at = EntryKind(document.kind), datetime.fromisoformat(document.written_at)
    return SharedView(
        kind.label,
        namer.name_copy(document),
        document.note,
        build_sections(kind, document.answers),
        written_at,
        datetime.fromisoformat(document.shared_at),
        zone,
        namer.assignment.find_session(document.kind, document.session_id, written_at),
    )


def build_sections(kind: EntryKind, answers: Mapping[str, Answer]) -> tuple[SharedSection, ...]:
    """Return answers for reading, in the form's order."""
    form = get_form(kind)
    known = {field.id for field in form.fields}
    asked = [field for field in form.fields if field.id in answers]
    sections = [replace(build_section(field, answers[field.id]), field=field.id) for field in asked]
    # A question that the form no longer asks is still somebody's words.
    sections += [
        SharedSection("", _format_answer(answer), field=key)
        for key, answer in answers.items()
        if key not in known
    ]
    return tuple(sections)


def build_section(field: Field, answer: Answer) -> SharedSection:
    """Return one answer for reading."""
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        given = answer if isinstance(answer, list) else [str(answer)]
        labels = {option.value: option.label for option in field.options}
        unknown = ", ".join(value for value in given if value not in labels)
        return SharedSection(field.label, unknown, tuple(labels[value] for value in given if value in labels))
    if field.kind is FieldKind.EMOTIONS and isinstance(answer, list):
        return SharedSection(field.label, feelings=parse_emotions(answer))
    if field.kind is FieldKind.DATE and isinstance(answer, str):
        return SharedSection(field.label, day=datetime.combine(date.fromisoformat(answer), time(12), UTC))
    if field.range is not None and isinstance(answer, int):
        least, most = field.range
        return SharedSection(
            field.label, rating=answer, least=least, most=most, low=field.low, high=field.high
        )
    return SharedSection(field.label, _format_answer(answer))


def _format_answer(answer: Answer) -> str:
    return "\n".join(answer) if isinstance(answer, list) else str(answer)
