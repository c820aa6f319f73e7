"""
A filled measure as plain lines of text, and a total from elsewhere: parsed and formatted.

Each line is a name, an equals sign and a value: which measure in which version and language, over how many days, on
which day it was begun and when it was finished, and the raw answer to each item by its number. No total is stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from journal.measures.instruments import SAFETY_ITEMS, Instrument, Item, find_instrument
from journal.measures.scoring import Score, compute_score

MAX_ITEMS = 40
MAX_KEPT = 30
HEAD_NAMES = ("instrument", "version", "language", "days", "day", "begun", "finished")
KEPT_NAMES = ("corrected", "unmeant")
"""Lines that may stand there more than once: what is kept beside an answer."""
_ANSWER = re.compile("[0-9]{1,2}")


def get_noon(day: date | None) -> datetime | None:
    """Return a day as a moment that is on that day wherever it is read."""
    return datetime.combine(day, time(12), UTC) if day else None


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """An item with the words that were chosen; nothing where it was left blank."""

    number: int
    text: str
    value: int | None
    chosen: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """
    What is kept beside an answer of the safety item: the `value` that it had until `at`, by the clock there.

    `is_unmeant`: the patient said at that time that they did not mean to choose it.
    """

    is_unmeant: bool
    item: int
    value: int
    at: datetime

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        name = KEPT_NAMES[self.is_unmeant]
        return f"{name}={self.item} {self.value} {self.at.isoformat(timespec='seconds')}"


@dataclass(frozen=True, slots=True)
class FilledMeasure:
    """
    A measure as somebody answered it. `instrument_id`, `version` and `language` say which text it was.

    `day` is the day of the person's own calendar on which it was begun; `answers` are values by item. `other` are
    lines that are none of ours. `are_numbers_hidden`: whoever answered wants to see no numbers.
    """

    instrument_id: str = ""
    version: str = ""
    language: str = ""
    recall_days: int = 0
    day: date | None = None
    begun: str = ""
    finished: str = ""
    answers: Mapping[str, int] = field(default_factory=dict)
    other: tuple[str, ...] = ()
    kept: tuple[KeptAnswer, ...] = ()
    are_numbers_hidden: bool = False

    @property
    def instrument(self) -> Instrument | None:
        """Return the text that was answered."""
        return find_instrument(self.instrument_id, self.language, self.version)

    @property
    def name(self) -> str:
        """Return what the measure is called."""
        return self.instrument.name if self.instrument else self.instrument_id

    @property
    def score(self) -> Score | None:
        """Return what the answers come to, as far as the text is known."""
        return compute_score(self.instrument, self.answers) if self.instrument else None

    @property
    def items(self) -> tuple[AnsweredItem, ...]:
        """Return each item with its answer, in the words of the text."""
        text = self.instrument
        return tuple(self._answer_item(text, item) for item in text.items) if text else ()

    @property
    def untold(self) -> tuple[tuple[str, str | int], ...]:
        """Return the version, the language and the answers of a text that is not known here, by their names."""
        head = (("version", self.version), ("language", self.language))
        return (*(one for one in head if one[1]), *self.answers.items())

    @property
    def unread(self) -> tuple[str, ...]:
        """Return answers that the text has no item or no words for, each as it is stored."""
        text = self.instrument
        if text is None:
            return ()
        read = {str(one.number) for one in self.items if one.value is not None}
        read |= {text.extra.id} if text.extra and self.extra and self.extra.chosen else set()
        return tuple(f"{name}={value}" for name, value in self.answers.items() if name not in read)

    @property
    def begun_at(self) -> datetime | None:
        """Return when it was begun, where that is a moment."""
        return _parse_moment(self.begun)

    @property
    def finished_at(self) -> datetime | None:
        """Return when it was finished, where that is a moment."""
        return _parse_moment(self.finished)

    @property
    def extra(self) -> AnsweredItem | None:
        """Return the question that counts for nothing, where the measure has one."""
        extra = self.instrument.extra if self.instrument else None
        if extra is None:
            return None
        value = self.answers.get(extra.id)
        chosen = next((one.text for one in extra.answers if one.value == value), "")
        return AnsweredItem(0, extra.text, value, chosen)

    @property
    def opens_panel(self) -> bool:
        """Return whether the item about being better off dead was answered with anything but the lowest."""
        return self.safety_answer >= 1

    @property
    def safety_answer(self) -> int:
        """Return the answer to that item; 0 where it has none."""
        return self.answers.get(str(SAFETY_ITEMS.get(self.instrument_id, "")), 0)

    @property
    def is_unmeant(self) -> bool:
        """Return whether its patient said of the answer that stands there that they did not mean to choose it."""
        return bool(self.kept) and self.kept[-1].is_unmeant and self.kept[-1].value == self.safety_answer

    @property
    def kept_beside(self) -> tuple[tuple[KeptAnswer, str], ...]:
        """Return what is kept beside an answer, each with the words of the answer."""
        text = self.instrument
        found = ((one, text.find_choice(one.value) if text else None) for one in self.kept)
        return tuple((one, choice.text if choice else str(one.value)) for one, choice in found)

    @property
    def noon(self) -> datetime | None:
        """Return its day as a moment, to be written."""
        return get_noon(self.day)

    @property
    def lines(self) -> list[str]:
        """Return it as it is stored."""
        head = {
            "instrument": self.instrument_id,
            "version": self.version,
            "language": self.language,
            "days": str(self.recall_days or ""),
            "day": self.day.isoformat() if self.day else "",
            "begun": self.begun,
            "finished": self.finished,
        }
        given = {name: str(value) for name, value in self.answers.items()}
        lines = [f"{name}={value}" for name, value in (head | given).items() if value]
        return [*lines, *(one.line for one in self.kept[-MAX_KEPT:]), *self.other]

    def _answer_item(self, text: Instrument, item: Item) -> AnsweredItem:
        choice = text.find_choice(self.answers.get(str(item.number)))
        return AnsweredItem(
            item.number, item.text, choice.value if choice else None, choice.text if choice else ""
        )


def parse_measure(lines: object) -> tuple[FilledMeasure, ...]:
    """Read stored lines back: one measure, or none without lines; what is no line of ours is kept as it is."""
    stored = [str(one) for one in lines] if isinstance(lines, list) else []
    if not stored:
        return ()
    head: dict[str, str] = {}
    answers: dict[str, int] = {}
    other, kept = [], []
    for line in stored:
        name, mark, value = line.partition("=")
        if name in KEPT_NAMES and (beside := _parse_kept(name, value)):
            kept.append(beside)
        elif mark and name in HEAD_NAMES and name not in head and _is_readable(name, value):
            head[name] = value
        elif (
            mark
            and name not in answers
            and name not in (*HEAD_NAMES, *KEPT_NAMES)
            and _ANSWER.fullmatch(value)
            and len(answers) < MAX_ITEMS
            and len(name) <= 20
        ):
            answers[name] = int(value)
        else:
            other.append(line)
    return (
        FilledMeasure(
            head.get("instrument", ""),
            head.get("version", ""),
            head.get("language", ""),
            int(head.get("days", "0")),
            _parse_day(head.get("day", "")),
            head.get("begun", ""),
            head.get("finished", ""),
            answers,
            tuple(other),
            tuple(kept),
        ),
    )


def _parse_kept(name: str, value: str) -> KeptAnswer | None:
    found = re.fullmatch("([0-9]{1,2}) ([0-9]{1,2}) ([0-9T:+-]{25})", value)
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(found[3])
    except ValueError:
        return None
    return KeptAnswer(name == KEPT_NAMES[True], int(found[1]), int(found[2]), at) if at.tzinfo else None


def _is_readable(name: str, value: str) -> bool:
    if name == "days":
        return _ANSWER.fullmatch(value) is not None
    return name != "day" or _parse_day(value) is not None


def _parse_moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _parse_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
