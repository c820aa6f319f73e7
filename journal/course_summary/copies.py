"""What single shared copies say, as lines of a course summary. What is not of its form is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date
from types import MappingProxyType
from uuid import UUID

from journal.care_notes.clinic_lines import read_fields, read_kept
from journal.care_notes.keeping import find_kept_kind
from journal.care_notes.notes import CareNote, NoteKind
from journal.catalogue.fields import Answers, EntryKind
from journal.catalogue.tracked import (
    DAY,
    LATER,
    MOMENT,
    MONTHLY,
    NEXT_DAY,
    SEVERITIES,
    STILL_THERE,
    CheckIn,
    name_effects,
)
from journal.course_summary.lines import (
    ClinicLine,
    Effect,
    EffectsLine,
    Month,
    PlanLine,
    RatingLine,
    Source,
    StillLine,
    Total,
    WordsLine,
)
from journal.folding import fold
from journal.i18n import N_
from journal.measures.lines import HEAD_NAMES, parse_measure
from journal.measures.scores import SCORE
from journal.sharing.reading import IncomingShare
from journal.stamps import find_author_name
from journal.user_input import parse_day

FORM = "measure.form"
MONTHLY_WORDS = "checkin.others_words"
MONTHLY_QUESTIONS = tuple(one for one in MONTHLY if one.id != MONTHLY_WORDS)
"""What a monthly check-in asks that is answered with a choice, in the order in which it asks."""
STILL = MappingProxyType(
    {"yes": N_("yes"), "fading": N_("fading"), "gone": N_("gone"), "hard-to-say": N_("hard to say")}
)
"""How it is said here whether something is still there: in short, since a day may follow."""
_CHECK_IN = {one.id: one for one in (*NEXT_DAY, *LATER, *MONTHLY)}
_MONTHLY_IDS = frozenset(one.id for one in MONTHLY)


def build_source(one: IncomingShare) -> Source:
    """Return a copy as where a line comes from."""
    return Source(one.id, marked=one.document.note, language=one.document.language)


def find_session(one: IncomingShare) -> UUID | None:
    """Return the session that a copy says that it is about; None where it names none."""
    try:
        return UUID(one.document.session_id) if one.document.session_id else None
    except ValueError:
        return None


def read_rating(one: IncomingShare, rating: str, words: str = "") -> RatingLine | None:
    """Return a rating of a copy and the words of another answer, or None where neither is there."""
    given = one.document.answers.get(rating)
    told = get_words(one.document.answers, words)
    number = given if isinstance(given, int) and 0 <= given <= 10 else None
    return RatingLine(build_source(one), number, told) if number is not None or told else None


def read_effects(one: IncomingShare) -> EffectsLine | None:
    """Return the side effects that a copy tells of, or None."""
    answers = one.document.answers
    still = _get_values(answers, STILL_THERE)
    options = _CHECK_IN[STILL_THERE]
    severities: dict[str, str] = {}
    for severity in SEVERITIES:
        for value in _get_values(answers, name_effects(severity.value)):
            severities.setdefault(value, severity.label)
    named = dict.fromkeys((*severities, *still))
    effects = tuple(
        Effect(options.get_option_labels(value)[0], severities.get(value, ""), value in still)
        for value in named
    )
    other, until = (get_words(answers, f"checkin.effects_{name}") for name in ("other", "until"))
    return EffectsLine(build_source(one), effects, other, until) if effects or other or until else None


def read_unplanned(one: IncomingShare) -> WordsLine | None:
    """Return what a copy of a check-in tells of that was not planned, or None."""
    answers = one.document.answers
    labels = _CHECK_IN["checkin.unplanned"].get_option_labels(_get_values(answers, "checkin.unplanned"))
    words = get_words(answers, "checkin.unplanned_words")
    return WordsLine(build_source(one), None, words, labels) if labels or words else None


def read_still(one: IncomingShare) -> StillLine | None:
    """Return what a copy says of whether what the session brought was still there, or None."""
    answers = one.document.answers
    given = get_words(answers, "checkin.still")
    since = parse_day(get_words(answers, "checkin.still_date"))
    if not given:
        return None
    moments = [moment for moment in CheckIn if moment.value == answers.get(MOMENT)]
    return StillLine(
        build_source(one),
        moments[0] if moments else None,
        STILL.get(given, given),
        since if given in ("fading", "gone") else None,
    )


def read_month(one: IncomingShare) -> Month | None:
    """Return what a copy holds of a monthly check-in, or None."""
    answers = one.document.answers
    if one.document.kind != EntryKind.CHECK_IN or not _MONTHLY_IDS & answers.keys():
        return None
    labels = {
        field.id: field.get_option_labels(given)[0]
        for field in MONTHLY_QUESTIONS
        if (given := get_words(answers, field.id))
    }
    day = parse_day(get_words(answers, DAY)) or one.document.find_first_day(UTC)
    return Month(build_source(one), day, labels, get_words(answers, MONTHLY_WORDS))


def list_totals(shared: Iterable[IncomingShare], notes: Iterable[CareNote]) -> tuple[Total, ...]:
    """Return what measures came to: those that were shared, and the totals that the reader entered."""
    return (*_list_shared_totals(shared), *_list_entered_totals(notes))


def _list_shared_totals(shared: Iterable[IncomingShare]) -> Iterator[Total]:
    for one in shared:
        if one.document.kind != EntryKind.MEASURE:
            continue
        source, answers = build_source(one), one.document.answers
        form = answers.get(FORM)
        for filled in parse_measure(_select_head(form)):
            if filled.day is not None and filled.instrument is not None and form is not None:
                order = f"{filled.finished or filled.begun} {one.document.written_at}"
                yield Total(source, filled.instrument_id, filled.day, order, bool(filled.finished), form=form)
        lines = [*get_words(answers, SCORE).split("\n"), "", ""]
        day = parse_day(lines[1])
        if day is not None and lines[0] and lines[2]:
            yield _build_total(source, lines[0], day, one.document.written_at, lines[2])


def _select_head(form: object) -> list[str]:
    """Return the lines of a filled measure that say which it is and when: most of them are never shown."""
    lines = form if isinstance(form, list) else []
    return [line for line in map(str, lines) if line.partition("=")[0] in HEAD_NAMES]


def _list_entered_totals(notes: Iterable[CareNote]) -> Iterator[Total]:
    for note in notes:
        one = note.current
        day = parse_day(one.details.fields.get("day", ""))
        if one.kind is NoteKind.TOTAL and day is not None:
            fields = one.details.fields
            source = Source(note=one.note, language=one.language)
            yield _build_total(source, fields["name"], day, one.details.written_at, fields["total"])


def _build_total(source: Source, name: str, day: date, order: str, total: str) -> Total:
    return Total(source, " ".join(fold(name).split()), day, order, entered=(name, total))


def list_plans(shared: Iterable[IncomingShare], notes: Iterable[CareNote]) -> tuple[PlanLine, ...]:
    """
    Return plan notes in the order of the days from which they hold: the reader's own, and those that were shared.

    What its patient kept of a note of the reader's and shared again stands there once.
    """
    own = [_build_own_plan(one) for one in notes if one.current.kind is NoteKind.PLAN]
    known = {_get_words_of(one) for one in own}
    given = [_read_plan(one) for one in shared if _is_kept(one, NoteKind.PLAN)]
    every = [*own, *(one for one in given if any(_get_words_of(one)) and _get_words_of(one) not in known)]
    return tuple(sorted(every, key=lambda one: one.day or date.min))


def read_clinic(one: IncomingShare) -> ClinicLine | None:
    """Return what a clinic noted at a session, as its patient kept and shared it, or None."""
    noted = read_kept(one.document.answers) if one.document.kind == EntryKind.PLAN_NOTE else None
    return ClinicLine(build_source(one), noted) if noted else None


def build_clinic(note: CareNote) -> ClinicLine:
    """Return what the reader noted at a session."""
    return ClinicLine(
        Source(note=note.current.note, language=note.current.language),
        read_fields(note.current.details.fields),
    )


def _is_kept(one: IncomingShare, kind: NoteKind) -> bool:
    """Return whether a copy is of a note that its patient kept, of this kind."""
    return one.document.kind == EntryKind.PLAN_NOTE and find_kept_kind(one.document.answers) is kind


def _build_own_plan(note: CareNote) -> PlanLine:
    one, fields = note.current, note.current.details.fields
    dose, interval, focus, why = (fields.get(name, "") for name in ("dose", "interval", "focus", "why"))
    day = parse_day(fields.get("from_day", ""))
    return PlanLine(
        Source(note=one.note, language=one.language), day, dose, interval, focus, why, one.details.written_by
    )


def _read_plan(one: IncomingShare) -> PlanLine:
    answers = one.document.answers
    dose, interval, focus, why, by = (
        get_words(answers, f"plan.{name}") for name in ("dose", "interval", "focus", "why", "by")
    )
    day = parse_day(get_words(answers, "plan.from"))
    return PlanLine(build_source(one), day, dose, interval, focus, why, find_author_name(by))


def _get_words_of(one: PlanLine) -> tuple[object, ...]:
    return one.day, one.dose, one.interval, one.focus, one.why


def get_words(answers: Answers, name: str) -> str:
    """Return an answer that is text, or nothing."""
    given = answers.get(name, "")
    return given.strip() if isinstance(given, str) else ""


def _get_values(answers: Answers, name: str) -> list[str]:
    given = answers.get(name)
    return [str(one) for one in given] if isinstance(given, list) else []
