"""What was tracked, as lines of a brief: check-ins, measures and plan notes. Nothing is added up or judged."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from journal.brief.layout import SOURCE_LINES, count_lines, shorten_text
from journal.brief.quotes import get_rating, get_text, put_talked_behind
from journal.care_notes.notes import CareNote
from journal.catalogue.fields import EntryKind
from journal.catalogue.tracked import CHECK_IN, MOMENT, UNSETTLED, CheckIn
from journal.course_summary.choosing import find_day, group_totals
from journal.course_summary.copies import list_plans, list_totals, read_effects, read_still
from journal.course_summary.lines import EffectsLine, PlanLine, Source, StillLine, Total
from journal.i18n import N_
from journal.measures.lines import get_noon, parse_measure
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind
from journal.sharing.reading import IncomingShare

FELT = "checkin.felt"
RATED = (
    ("checkin.difficulty", N_("Difficulty")),
    ("checkin.distress", N_("Distress")),
    ("checkin.away", N_("How far away")),
)
"""The ratings from 0 to 10 of the first days after, and what they are called here."""
WORDS = ("checkin.unsettled_words",)
NOT_THERE = "none"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in one of our words, or a `rating` from 0 to 10: what was asked, and what was chosen."""

    asked: str
    answer: str = ""
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What one check-in says of the first days after, of what is still there, and of what is unsettled.

    `told` and the labels in `effects` and `still` are to be translated; `words` are the patient's.
    """

    source: IncomingShare
    moment: CheckIn | None
    told: tuple[Told, ...] = ()
    effects: EffectsLine | None = None
    still: StillLine | None = None
    words: str = ""
    cut: bool = False

    @property
    def is_blank(self) -> bool:
        """Return whether none of that was answered, or shared."""
        return not (self.told or self.effects or self.still or self.words)

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the id of the check-in."""
        return (self.source.id,)

    @property
    def is_cut(self) -> bool:
        """Return whether there is more of its words."""
        return self.cut

    def shorten(self, letters: float) -> Checked:
        """Return it with its words shortened to *letters*."""
        words, cut = shorten_text(self.words, letters)
        effects = self.effects
        if effects:
            (other, other_cut), (until, until_cut) = (
                shorten_text(each, letters) for each in (effects.other, effects.until)
            )
            effects, cut = replace(effects, other=other, until=until), cut or other_cut or until_cut
        return replace(self, words=words, cut=cut, effects=effects)

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes, with its moment and source."""
        said = "".join(f"{one.asked}: {one.answer} 10 of 10. " for one in self.told)
        if self.effects:
            named = "".join(
                f"{one.label} ({one.severity}, still there the next day), " for one in self.effects.effects
            )
            said += f"Side effects: {named}{self.effects.other}; how long: {self.effects.until}. "
        said += "Still there: fading since 30 Nov 2026. " if self.still else ""
        return count_lines(said, width) + count_lines(self.words, width) + SOURCE_LINES


@dataclass(frozen=True, slots=True)
class Point:
    """A total on a day, or how many items of how many were answered; `days` since the dosing session before it."""

    source: Source
    day: date
    total: str
    answered: tuple[int, int] | None
    days: int | None

    @property
    def noon(self) -> datetime | None:
        """Return the day as a moment, to be written."""
        return get_noon(self.day)


@dataclass(frozen=True, slots=True)
class Measured:
    """
    A measure: the first, the previous and the latest time, and how many days it asks about; 0 where unknown.

    A name that somebody typed is in their `language`; any other is to be translated.
    """

    name: str
    language: str
    recall_days: int
    latest: Point
    first: Point | None = None
    previous: Point | None = None

    @property
    def points(self) -> tuple[Point, ...]:
        """Return the times that it was answered, as far as they are told, in their order."""
        return tuple(one for one in (self.first, self.previous, self.latest) if one is not None)

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the ids of the copies with the answers."""
        return tuple(one.source.share for one in self.points if one.source.share is not None)

    @property
    def is_cut(self) -> bool:
        """Return nothing: of a measure three times are told."""
        return False

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes: a name stands in a quarter of a column, above what it asks about."""
        return max(3, 1 + count_lines(self.name, width // 4))


@dataclass(frozen=True, slots=True)
class PlanNote:
    """A plan note, in the words of who wrote it; `line` has its day, writer and source. `cut`: they are shortened."""

    line: PlanLine
    cut: bool = False

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the id of the copy, where it is not the reader's own note."""
        return () if self.line.source.share is None else (self.line.source.share,)

    @property
    def is_cut(self) -> bool:
        """Return whether there is more of it."""
        return self.cut

    def shorten(self, letters: float) -> PlanNote:
        """Return it with its texts shortened to *letters*."""
        line = self.line
        told = [shorten_text(one, letters) for one in (line.dose, line.interval, line.focus, line.why)]
        dose, interval, focus, why = (words + " …" if cut else words for words, cut in told)
        short = replace(line, dose=dose, interval=interval, focus=focus, why=why)
        return PlanNote(short, any(cut for _, cut in told))

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes, with its day and writer."""
        line = self.line
        labels = "Dose, as told Time from one session to the next Focus Why"
        told = f"{labels} · {line.dose} · {line.interval} · {line.focus} · {line.why}"
        return count_lines(told, width) + SOURCE_LINES


def list_checked(shared: Iterable[IncomingShare]) -> Iterator[Checked]:
    """Yield the check-ins around a dosing session, copy by copy, those that were talked about behind the others."""
    for one in put_talked_behind(shared):
        if one.document.kind == EntryKind.CHECK_IN and not (found := _read_check_in(one)).is_blank:
            yield found


def _read_check_in(one: IncomingShare) -> Checked:
    answers = one.document.answers
    moment = next((each for each in CheckIn if each.value == answers.get(MOMENT)), None)
    told = [Told("", _get_label(one, FELT))] if answers.get(FELT) else []
    for field, asked in RATED:
        if (rating := get_rating(one, field)) is not None and 0 <= rating <= 10:
            told.append(Told(asked, rating=rating))
    told += [
        Told(CHECK_IN.field(field).label, _get_label(one, field))
        for field in UNSETTLED
        if answers.get(field) not in (None, "", NOT_THERE)
    ]
    words = " ".join(filter(None, (get_text(one, field) for field in WORDS)))
    return Checked(one, moment, tuple(told), read_effects(one), read_still(one), words)


def _get_label(one: IncomingShare, field: str) -> str:
    return CHECK_IN.field(field).get_option_labels(one.document.answers[field])[0]


def list_measured(
    shared: Sequence[IncomingShare], notes: Sequence[CareNote], plan: Iterable[Session], now: datetime
) -> Iterator[Measured]:
    """
    Yield of each measure the first, the previous and the latest total, the measures in the order of their names.

    Args:
        notes: Those of the reader: totals that they entered stand among the others.
    """
    dosing = sorted(
        find_day(one.details)
        for one in schedule.list_uncancelled(plan)
        if one.kind is SessionKind.DOSING and one.begins_at <= now
    )
    for series in group_totals(list_totals(shared, notes)):
        first, previous = (series[0] if len(series) > 1 else None), (series[-2] if len(series) > 2 else None)
        latest = series[-1]
        yield Measured(
            *_describe_measure(latest),
            _build_point(latest, dosing),
            None if first is None else _build_point(first, dosing),
            None if previous is None else _build_point(previous, dosing),
        )


def _describe_measure(one: Total) -> tuple[str, str, int]:
    (filled,) = parse_measure(one.form) or (None,)
    if filled is None:
        return one.entered[0], one.source.language, 0
    return filled.name, "", filled.recall_days


def _build_point(one: Total, dosing: Sequence[date]) -> Point:
    _, total, score = one.told
    answered = None if total or score is None else (score.answered, score.asked)
    place = bisect_right(dosing, one.day)
    days = (one.day - dosing[place - 1]).days if place else None
    return Point(one.source, one.day, total, answered, days)


def list_plan_notes(shared: Iterable[IncomingShare], notes: Iterable[CareNote]) -> Iterator[PlanNote]:
    """Yield plan notes, the reader's own and those that were shared, that which holds from the latest day first."""
    for line in reversed(list_plans(shared, notes)):
        yield PlanNote(line)
