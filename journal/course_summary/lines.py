"""
What stands in a course summary, line by line, each with where it comes from.

A line is what somebody noted or chose, by itself: nothing is added up, ranked or concluded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from journal.care_notes.clinic_lines import ClinicNoted
from journal.catalogue.fields import Answer
from journal.catalogue.tracked import CheckIn
from journal.dosing_day.lines import Reading
from journal.measures.lines import get_noon, parse_measure
from journal.measures.scoring import Score


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where a line comes from: a shared copy, or a note that the reader wrote.

    `marked` is the content note of a copy, which stands before its words. `language` is that of both.
    """

    share: UUID | None = None
    note: UUID | None = None
    marked: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class WordsLine:
    """A time of day, words of the patient's and labels of ours, which are to be translated; each may be missing."""

    source: Source
    at: time | None = None
    words: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """A reading."""

    source: Source
    reading: Reading


@dataclass(frozen=True, slots=True)
class ClinicLine:
    """What a clinic noted at a session with esketamine."""

    source: Source
    noted: ClinicNoted


@dataclass(frozen=True, slots=True)
class RatingLine:
    """A rating from 0 to 10, and words that go with it; either may be missing."""

    source: Source
    rating: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """A side effect and how severe it was, as labels to be translated; `is_still`: it was there the next day."""

    label: str
    severity: str = ""
    is_still: bool = False


@dataclass(frozen=True, slots=True)
class EffectsLine:
    """The side effects of one check-in: those that were chosen, other ones in words, and how long they lasted."""

    source: Source
    effects: tuple[Effect, ...] = ()
    other: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class StillLine:
    """
    Whether what a session brought was still there, as it was answered at one moment.

    `moment` is None where it was not shared; `answer` is to be translated. `since` is the day from which on it faded or
    was gone.
    """

    source: Source
    moment: CheckIn | None
    answer: str
    since: date | None = None

    @property
    def place(self) -> int:
        """Return which of the moments of a session it is; those that are not known come first."""
        return list(CheckIn).index(self.moment) if self.moment else -1

    @property
    def noon(self) -> datetime | None:
        """Return the day as a moment, to be written."""
        return get_noon(self.since)


@dataclass(frozen=True, slots=True)
class Total:
    """
    What a measure came to on a day: as it was entered, or to be worked out from the stored `form`.

    `group` is the same for each time of one measure, `order` says which of one day came later. Without `is_whole` an
    item is missing, so that there is no total.
    """

    source: Source
    group: str
    day: date
    order: str
    is_whole: bool = True
    entered: tuple[str, str] = ("", "")
    form: Answer = ""

    @property
    def told(self) -> tuple[str, str, Score | None]:
        """Return its name, its total or nothing, and what its answers come to; for the few that a row shows."""
        (filled,) = parse_measure(self.form) or (None,)
        if filled is None:
            return (*self.entered, None)
        score = filled.score
        return filled.name, "" if score is None or score.total is None else str(score.total), score


@dataclass(frozen=True, slots=True)
class NearTotal:
    """A total, and how many days it lies from the session."""

    total: Total
    days: int


@dataclass(frozen=True, slots=True)
class Month:
    """A monthly check-in: its day, and by question the label that was chosen or the words that were written."""

    source: Source
    day: date
    labels: dict[str, str]
    words: str = ""

    @property
    def noon(self) -> datetime | None:
        """Return its day as a moment, to be written."""
        return get_noon(self.day)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan note as it was written, and by whom. `day` is that from which it holds."""

    source: Source
    day: date | None
    dose: str
    interval: str
    focus: str
    why: str
    by: str

    @property
    def noon(self) -> datetime | None:
        """Return the day from which it holds as a moment, to be written."""
        return get_noon(self.day)
