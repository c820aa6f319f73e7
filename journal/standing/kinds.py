"""The kinds of records that can be shared as they are completed. Another kind is another line of `KINDS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from functools import partial
from types import MappingProxyType

from journal.catalogue.fields import Answer, Answers, EntryKind
from journal.catalogue.tracked import CONDITIONS, DAY, DAY_LINES_FIELD, MOMENT, VERSION, CheckIn
from journal.day_lines.lines import DayLine
from journal.dosing_day.lines import Position, Reading, Taken
from journal.dosing_day.record import EVENTS, READINGS
from journal.i18n import N_
from journal.measures.instruments import Instrument, list_offered
from journal.measures.lines import FilledMeasure, parse_measure
from journal.measures.records import FORM
from journal.roles import Profession
from journal.vault.documents import EntryDocument

AT_ONCE_PROFESSIONS = frozenset({Profession.PRESCRIBER.value, Profession.NURSE.value})
"""Who may be given readings while a dosing session lasts, where their patient ticked that beforehand."""


def _is_whole(document: EntryDocument) -> bool:
    return bool(document.answers)


@dataclass(frozen=True, slots=True)
class StandingKind:
    """
    A kind of record whose pieces are shared one by one.

    With a `part`, each line of that answer is a piece; without one an entry is, with all of its answers, once
    `is_completed`. With a `version`, it is a new piece each time that this answer, which names one, is another.
    `example` is a piece that nobody wrote, for who has none yet. `at_once`: its pieces may go around a dosing session
    too, to whom `AT_ONCE_PROFESSIONS` lets them. The `id` is stored, so it never changes its meaning.
    """

    id: str
    label: str
    entry_kind: EntryKind
    part: str = ""
    version: str = ""
    is_completed: Callable[[EntryDocument], bool] = _is_whole
    at_once: bool = False
    example: Mapping[str, Answer] = field(default_factory=dict)

    def list_pieces(self, document: EntryDocument | None) -> tuple[str, ...]:
        """Return the pieces of a document, each as its line; an entry that is one piece is told as its version."""
        if document is None or document.kind != self.entry_kind.value:
            return ()
        if self.part:
            return list_lines(document.answers, self.part)
        return (self.find_version(document.answers),) if self.is_completed(document) else ()

    def list_before(self, answers: Answers) -> tuple[str, ...]:
        """Return a piece that was there before a version, of which answers that are gone on with tell nothing."""
        version = self.find_version(answers)
        return (self.version,) if version and not version.startswith("1,") else ()

    def find_version(self, answers: Answers) -> str:
        """Return what tells an entry that is one piece from the same entry of before; empty where nothing does."""
        return str(answers.get(self.version, "")) if self.version else ""


def list_lines(answers: Answers, part: str) -> tuple[str, ...]:
    """Return the lines of one answer."""
    answer = answers.get(part)
    return tuple(map(str, answer)) if isinstance(answer, list) else ()


def _is_done(name: str, document: EntryDocument) -> bool:
    """Return whether a document holds a measure that was done, with no item missing."""
    return any(
        one.instrument_id == name and one.finished for one in parse_measure(document.answers.get(FORM))
    )


def _build_example(one: Instrument) -> Mapping[str, Answer]:
    answers = {str(item.number): place % len(one.answers) for place, item in enumerate(one.items)}
    made_up = FilledMeasure(one.id, one.version, one.language, one.recall_days, answers=answers)
    return {FORM: made_up.lines}


def _is_answered(document: EntryDocument) -> bool:
    """Return whether a check-in was completed."""
    return DAY in document.answers


def _is_finished(document: EntryDocument) -> bool:
    """Return whether its patient said of an evaluation that they were done."""
    return VERSION in document.answers


_WALK, _STOOD_UP = N_("A walk by the water"), N_("I stood up too soon and sat down again")
EXAMPLE_WORDS = (_WALK, _STOOD_UP)
"""The words of examples, which a page says in its own language."""
_DAY = DayLine(date(2026, 11, 22), None, False, 5, 6, 3, words=_WALK)
_EXAMPLE = Reading(time(14, 5), "120", "80", "70", "98", Position.SITTING)

KINDS: Mapping[str, StandingKind] = MappingProxyType(
    {
        one.id: one
        for one in (
            StandingKind(
                "readings",
                N_("Readings"),
                EntryKind.DAY,
                READINGS,
                at_once=True,
                example={READINGS: [_EXAMPLE.line]},
            ),
            StandingKind(
                "events",
                N_("Something unplanned, on the day of a session"),
                EntryKind.DAY,
                EVENTS,
                at_once=True,
                example={EVENTS: [Taken(time(15, 20), _STOOD_UP).line]},
            ),
            *(
                StandingKind(
                    one.id,
                    one.name,
                    EntryKind.MEASURE,
                    is_completed=partial(_is_done, one.id),
                    example=_build_example(one),
                )
                for one in list_offered()
            ),
            StandingKind(
                "day_lines",
                N_("Day lines"),
                EntryKind.DAY_LINES,
                DAY_LINES_FIELD,
                example={DAY_LINES_FIELD: [_DAY.line]},
            ),
            StandingKind(
                "evaluation",
                N_("Evaluation"),
                EntryKind.EVALUATION,
                version=VERSION,
                is_completed=_is_finished,
                example={CONDITIONS: ["bladder | no", "apnoea | not-sure"], VERSION: "1, 2026-11-22"},
            ),
            StandingKind(
                "check-ins",
                N_("Check-ins"),
                EntryKind.CHECK_IN,
                is_completed=_is_answered,
                example={MOMENT: CheckIn.NEXT_DAY.value, "checkin.felt": "0", "checkin.difficulty": 3},
            ),
        )
    }
)
