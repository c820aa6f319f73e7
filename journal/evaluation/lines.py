"""
Answers of an evaluation as plain lines of text: parsed and formatted. None is weighed.

The cells of a line are parted by bars. What is no line of ours keeps its words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from journal.catalogue.tracked import BY_NAME, TREATMENTS
from journal.catalogue.tracked import CONDITIONS as CONDITIONS_PART
from journal.evaluation.conditions import CONDITIONS, Condition, Said
from journal.i18n import N_, Labelled
from journal.user_input import clean_line

SEPARATOR, INNER = " | ", " \u00a6 "
"""What parts the cells of a line, and the cells of an answer within a line that says what changed."""
Piece = tuple[str, bool]
"""Some words of an answer, and whether they are ours, to be translated."""
ALLERGIES_LABEL = N_("Allergies")
MAX_ROWS = 20
"""Of medicines, and of treatments, so that these stay on one printed page."""


class TreatmentKind(Labelled):
    """What kind of treatment it was; its code is stored."""

    MEDICINE = "medicine", N_("medicine")
    THERAPY = "therapy", N_("talking therapy")
    KETAMINE = "ketamine", N_("ketamine or esketamine")
    STIMULATION = "stimulation", N_("stimulation, such as TMS or ECT")
    OTHER = "other", N_("something else")


class Helped(Labelled):
    """How much it helped; its code is stored."""

    NOT = "not", N_("not")
    LITTLE = "a-little", N_("a little")
    LOT = "a-lot", N_("a lot")


@dataclass(frozen=True, slots=True)
class ConditionAnswer:
    """The answer to one question: `said` is blank where only words were written."""

    question: str
    said: str = ""
    words: str = ""

    @property
    def condition(self) -> Condition | None:
        """Return the question; None for one that is asked no more."""
        return CONDITIONS.get(self.question)

    @property
    def label(self) -> str:
        """Return the question's words, to be translated, or its id."""
        return self.condition.label if self.condition else self.question

    @property
    def said_label(self) -> str:
        """Return the answer's words, to be translated."""
        return next((one.label for one in Said if one.value == self.said), self.said)

    @property
    def is_blank(self) -> bool:
        """Return whether nothing was answered."""
        return not (self.said or self.words)


@dataclass(frozen=True, slots=True)
class Remedy:
    """A medicine that is taken now: its name with the dose as told, and since when."""

    name: str
    since: str = ""

    @property
    def is_blank(self) -> bool:
        """Return whether nothing was written."""
        return not (self.name or self.since)


@dataclass(frozen=True, slots=True)
class Treatment:
    """An earlier treatment, as it was told; each cell may be blank."""

    what: str = ""
    kind: str = ""
    dose: str = ""
    begun: str = ""
    ended: str = ""
    helped: str = ""
    stopped: str = ""
    prescriber: str = ""

    @property
    def kind_label(self) -> str:
        """Return the words of its kind, to be translated."""
        return next((one.label for one in TreatmentKind if one.value == self.kind), self.kind)

    @property
    def helped_label(self) -> str:
        """Return how much it helped, to be translated."""
        return next((one.label for one in Helped if one.value == self.helped), self.helped)

    @property
    def words(self) -> tuple[str, ...]:
        """Return what was written in words, without what was chosen."""
        cells = (self.what, self.dose, self.begun, self.ended, self.stopped, self.prescriber)
        return tuple(cell for cell in cells if cell)

    @property
    def is_blank(self) -> bool:
        """Return whether nothing was written."""
        return not (self.words or self.kind or self.helped)


@dataclass(frozen=True, slots=True)
class Change:
    """
    What one answer was before a version, and is in it; empty where there was none, or is none.

    `part` is the id of the answer that it belongs to, and `about` the id of a question, or what a row is about.
    """

    version: str
    part: str
    about: str
    before: str = ""
    after: str = ""

    @property
    def is_ours(self) -> bool:
        """Return whether `label` are words of ours, to be translated."""
        return not self.about or self.about in CONDITIONS

    @property
    def label(self) -> str:
        """Return what it is about in words."""
        return CONDITIONS[self.about].label if self.about in CONDITIONS else self.about or ALLERGIES_LABEL

    @property
    def before_pieces(self) -> tuple[Piece, ...]:
        """Return what it was, in pieces that a page writes one after another."""
        return _describe_cells(self.part, self.before)

    @property
    def after_pieces(self) -> tuple[Piece, ...]:
        """Return what it is in this version."""
        return _describe_cells(self.part, self.after)


def format_line(one: ConditionAnswer | Remedy | Treatment | Change) -> str:
    """Return it as it is stored."""
    return SEPARATOR.join(_list_cells(one)).rstrip(" |")


def format_cells(one: ConditionAnswer | Remedy | Treatment) -> str:
    """Return it as one cell of a line that says what changed; of an answer to a question without its question."""
    cells = _list_cells(one)[1:] if isinstance(one, ConditionAnswer) else _list_cells(one)
    return INNER.join(cell.replace(INNER.strip(), "/") for cell in cells).rstrip(INNER).strip()


def format_lines(every: Iterable[ConditionAnswer | Remedy | Treatment]) -> list[str]:
    """Return all that are not blank as they are stored."""
    return [format_line(one) for one in every if not one.is_blank]


def parse_given(lines: object) -> tuple[ConditionAnswer, ...]:
    """Read answers to questions back."""
    return tuple(ConditionAnswer(*_split(line, 3)) for line in _list(lines))


def parse_remedies(lines: object) -> tuple[Remedy, ...]:
    """Read medicines back."""
    return tuple(Remedy(*_split(line, 2)) for line in _list(lines))


def parse_treatments(lines: object) -> tuple[Treatment, ...]:
    """Read treatments back."""
    return tuple(Treatment(*_split(line, 8)) for line in _list(lines))


def parse_changes(lines: object) -> tuple[Change, ...]:
    """Read what changed from version to version back."""
    return tuple(Change(*_split(line, 5)) for line in _list(lines))


def _describe_cells(part: str, cells: str) -> tuple[Piece, ...]:
    pieces = [one.strip() for one in cells.split(INNER.strip())] if cells else []
    if part in (CONDITIONS_PART, BY_NAME):
        told = [
            (ConditionAnswer("", one).said_label if place == 0 else one, place == 0)
            for place, one in enumerate(pieces)
        ]
    elif part == TREATMENTS:
        told = [_describe_cell(place, one) for place, one in enumerate(pieces)]
    else:
        told = [(one, False) for one in pieces]
    return tuple((text, is_ours) for text, is_ours in told if text)


def _describe_cell(place: int, text: str) -> Piece:
    label = ""
    if place == _PLACES["kind"]:
        label = next((one.label for one in TreatmentKind if one.value == text), "")
    if place == _PLACES["helped"]:
        label = next((one.label for one in Helped if one.value == text), "")
    return (label, True) if label else (text, False)


def _list_cells(one: ConditionAnswer | Remedy | Treatment | Change) -> list[str]:
    return [clean_line(str(getattr(one, each.name))).replace("|", "/") for each in fields(one)]


def _list(lines: object) -> list[str]:
    return [str(line) for line in lines] if isinstance(lines, list) else []


def _split(line: str, count: int) -> list[str]:
    cells = [cell.strip() for cell in line.split("|", count - 1)]
    return cells + [""] * (count - len(cells))


_PLACES = {each.name: place for place, each in enumerate(fields(Treatment))}
