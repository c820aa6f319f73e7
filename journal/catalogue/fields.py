"""What one question of a form is: its wording, its kind and who may ever see the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from journal.i18n import N_, Labelled

Answer = str | int | list[str]
Answers = dict[str, Answer]
BriefRole = Literal[
    "bring",
    "not_open",
    "intention",
    "hopes",
    "setting",
    "state",
    "came",
    "steadies",
    "comfort",
    "day",
    "sitter",
    "belief",
    "action",
    "",
]
Measure = Literal["distress", "belief", "felt_truth", "confidence", "difficulty", "distance", ""]

MAX_TEXT_LENGTH = 20_000
MAX_LINE_LENGTH = 300
MAX_TRIGGER_LENGTH = 60


class EntryKind(Labelled):
    """The kinds of entry a patient can write."""

    PREPARATION = "preparation", N_("Preparation")
    CAPTURE = "capture", N_("Capture")
    INTEGRATION = "integration", N_("Integration")
    REFRAME = "reframe", N_("Reframe")
    GROUNDING = "grounding", N_("Grounding")
    FREE = "free", N_("Free writing")
    STEADY = "steady", N_("What steadies me")
    COMFORT = "comfort", N_("If I get frightened")
    SAFETY = "safety", N_("Safety plan")
    CHECKLIST = "checklist", N_("Check list")
    DAY = "day", N_("The day of the session")
    SITTER = "sitter", N_("The sitter’s notes")
    MEASURE = "measure", N_("Measure")
    CHECK_IN = "check_in", N_("Check-in")
    DAY_LINES = "day_lines", N_("Day lines")
    EVALUATION = "evaluation", N_("Evaluation")
    PLAN_NOTE = "plan_note", N_("Plan note")
    REPLIES = "replies", N_("Replies")
    WAITING = "waiting", N_("Waiting until you have rested")
    STANDING = "standing", N_("Shared as it is completed")
    NOTICES = "notices", N_("Notices agreed on")


OWN_PAGE_KINDS = frozenset(
    {
        EntryKind.STEADY,
        EntryKind.COMFORT,
        EntryKind.SAFETY,
        EntryKind.CHECKLIST,
        EntryKind.DAY,
        EntryKind.SITTER,
        EntryKind.MEASURE,
        EntryKind.CHECK_IN,
        EntryKind.DAY_LINES,
        EntryKind.EVALUATION,
        EntryKind.PLAN_NOTE,
        EntryKind.REPLIES,
        EntryKind.WAITING,
        EntryKind.STANDING,
        EntryKind.NOTICES,
    }
)
"""The kinds that a page of its own begins: of most, a person has one record, or one a session."""
NOTED_BY_OTHERS = frozenset({EntryKind.PLAN_NOTE, EntryKind.SITTER})
"""The kinds of what somebody in the care team, or who sat with the patient, noted and the patient keeps."""
ONCE_WRITTEN_KINDS = frozenset({EntryKind.COMFORT, EntryKind.SAFETY})
"""The kinds of which a person writes one, on the page that every entry has, and about no session."""
WRITTEN_KINDS = tuple(kind for kind in EntryKind if kind not in OWN_PAGE_KINDS)
"""The kinds that a person begins as an entry, as often as they like."""


class FieldKind(StrEnum):
    """How an answer is asked for and stored."""

    LINE = "line"  # str, one line
    TEXT = "text"  # str, many lines
    RATING_10 = "rating_10"  # int, 0 to 10
    RATING_100 = "rating_100"  # int, 0 to 100
    VOC_7 = "voc_7"  # int, 1 to 7
    CHOICE = "choice"  # str, an option's value
    CHOICES = "choices"  # list[str], options' values in the form's order
    DATE = "date"  # str, ISO date
    EMOTIONS = "emotions"  # list[str], one line each: see emotions
    REVISITS = "revisits"  # list[str], one line each: see revisits
    MOMENTS = "moments"  # list[str], one line each: see revisits
    MEDICINE = "medicine"  # list[str], one line each, a time of day and words: see the room dosing_day
    READINGS = "readings"  # list[str], one line each: see the room dosing_day
    CHECKS = "checks"  # list[str], one line each: see the room sitter
    DAY_LINES = "day_lines"  # list[str], one line each: see the room day_lines
    CONDITIONS = "conditions"  # list[str], one line each: see the room evaluation
    REMEDIES = "remedies"  # list[str], one line each: see the room evaluation
    TREATMENTS = "treatments"  # list[str], one line each: see the room evaluation
    CHANGES = "changes"  # list[str], one line each: see the room evaluation
    MEASURE = "measure"  # list[str], one line each: see the room measures
    REPLIES = "replies"  # list[str], each a line about it and its words: see the room replies
    REQUESTS = "requests"  # list[str], one line each: see the room dosing_day
    STANDING = "standing"  # list[str], one line each: see the room standing
    AGREED = "agreed"  # list[str], one line each: see the room notices


RANGES: Mapping[FieldKind, tuple[int, int]] = MappingProxyType(
    {FieldKind.RATING_10: (0, 10), FieldKind.RATING_100: (0, 100), FieldKind.VOC_7: (1, 7)}
)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose: the code that is stored and the words beside it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """
    One question. `low` and `high` word the two ends of a rating.

    `with_previous`: it stands on the same screen as the one before it; `as_words`: its options are words to pick.
    `max_lines`: the most lines that are not blank. `after_days`: how many days after the entry was begun it is asked;
    it then stands first. `apart`: it is answered on a page of its own and never on the entry's form.
    """

    id: str
    label: str
    kind: FieldKind
    theme: str
    hint: str = ""
    options: tuple[Option, ...] = ()
    max_length: int | None = None
    max_lines: int | None = None
    shareable: bool = True
    brief_role: BriefRole = ""
    low: str = ""
    high: str = ""
    measure: Measure = ""
    after_days: int = 0
    with_previous: bool = False
    as_words: bool = False
    apart: bool = False

    @property
    def range(self) -> tuple[int, int] | None:
        """Return the lowest and the highest rating, or None for a question without numbers."""
        return RANGES.get(self.kind)

    @property
    def max_answer_length(self) -> int:
        """Return the most characters an answer may have."""
        if self.max_length is not None:
            return self.max_length
        return MAX_LINE_LENGTH if self.kind is FieldKind.LINE else MAX_TEXT_LENGTH

    def get_option_labels(self, answer: Answer) -> tuple[str, ...]:
        """Return the labels of the chosen options; a code from an older form is shown as it was stored."""
        labels = {option.value: option.label for option in self.options}
        values = answer if isinstance(answer, list) else [str(answer)]
        return tuple(labels.get(value, value) for value in values)


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of one kind of entry, in the order they are asked."""

    kind: EntryKind
    title: str
    lead: str
    fields: tuple[Field, ...]

    def field(self, field_id: str) -> Field:
        """
        Return one question by its id.

        Raises:
            KeyError: If this form does not ask it.
        """
        for field in self.fields:
            if field.id == field_id:
                return field
        raise KeyError(field_id)

    def __contains__(self, field_id: object) -> bool:
        """Return whether this form asks the question *field_id*."""
        return any(field.id == field_id for field in self.fields)

    @property
    def shareable(self) -> tuple[Field, ...]:
        """Return the questions whose answers a patient may share."""
        return tuple(field for field in self.fields if field.shareable)


def build_rating(
    field_id: str,
    label: str,
    kind: FieldKind,
    theme: str,
    *,
    measure: Measure,
    hint: str = "",
    role: BriefRole = "",
) -> Field:
    """Build a rating whose two ends are worded as usual for its measure."""
    low, high = RATING_ENDS[measure]
    return Field(field_id, label, kind, theme, hint, brief_role=role, low=low, high=high, measure=measure)


RATING_ENDS: Mapping[Measure, tuple[str, str]] = MappingProxyType(
    {
        "distress": (N_("calm"), N_("the most distress I can imagine")),
        "belief": (N_("not true at all"), N_("completely true")),
        "felt_truth": (N_("feels completely false"), N_("feels completely true")),
        "confidence": (N_("not doable"), N_("easily doable")),
        "difficulty": (N_("not difficult"), N_("as difficult as I can imagine")),
        "distance": (N_("all here"), N_("as far away as can be")),
        "": ("", ""),
    }
)
