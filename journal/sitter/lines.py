"""
What a sitter writes, as plain lines of text: a check, a reading, a part of the medicine, an event, what was said.

Each line begins with a time of day where the session is. Readings and parts of the medicine have the very lines that
a patient's own have, so that they are read, searched and shown in one way. Nothing here says what is good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from journal.dosing_day.lines import SEPARATOR, Reading, Taken, parse_medicine
from journal.dosing_day.record import check_reading, clean_reading
from journal.errors import InvalidInput
from journal.i18n import N_, Labelled
from journal.user_input import clean_line

MAX_LETTERS = 500
MAX_PART_LETTERS = 300

NO_STATE = N_("Please say whether they are awake, asleep or need help. What you wrote is still here.")
TOO_LONG = N_("Please keep this to 500 letters. What you wrote is still here.")
PART_TOO_LONG = N_("Please keep this to one line of up to 300 characters. What you wrote is still here.")
NO_WORDS = N_("Please write what you want to note.")


class NoteKind(Labelled):
    """What a note is about."""

    CHECK = "check", N_("Check")
    READING = "reading", N_("Reading")
    MEDICINE = "medicine", N_("Medicine taken")
    EVENT = "event", N_("Something unplanned")
    SAID = "said", N_("What they said")


class CheckState(Labelled):
    """How somebody was when the sitter looked."""

    AWAKE = "awake", N_("Awake")
    ASLEEP = "asleep", N_("Asleep")
    HELP = "help", N_("Needs help")


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the patient. `state` is None in a line of another make, whose words are kept."""

    at: time | None
    state: CheckState | None
    words: str = ""


def format_check(at: time, state: CheckState | None, words: str) -> str:
    """
    Return the line of a check.

    Raises:
        InvalidInput: If nothing says how they are, or the words are too long.
    """
    words = clean_line(words)
    problems = {}
    if state is None:
        problems["status"] = NO_STATE
    if len(words) > MAX_LETTERS:
        problems["note"] = TOO_LONG
    if problems or state is None:
        raise InvalidInput(problems)
    return SEPARATOR.join(filter(None, (f"{at:%H:%M}", state.value, words)))


def format_words(at: time, words: str, field: str) -> str:
    """
    Return the line of an event, or of what was said.

    Raises:
        InvalidInput: Of *field*, if there are no words, or too many.
    """
    words = clean_line(words)
    if not words:
        raise InvalidInput({field: NO_WORDS})
    if len(words) > MAX_LETTERS:
        raise InvalidInput({field: TOO_LONG})
    return Taken(at, words).line


def format_part(at: time, words: str) -> str:
    """Return the line of a part of the medicine; raises `InvalidInput` of `part_words` if there are too many."""
    words = clean_line(words)
    if len(words) > MAX_PART_LETTERS:
        raise InvalidInput({"part_words": PART_TOO_LONG})
    return Taken(at, words).line


def format_reading(reading: Reading) -> str:
    """
    Return the line of a reading, each value as it was typed.

    Raises:
        InvalidInput: If a value is no number, or all are blank.
    """
    reading = clean_reading(reading)
    check_reading(reading)
    return reading.line


def parse_checks(lines: object) -> tuple[Check, ...]:
    """Read stored lines back, in the order of the day; what is no line of ours keeps its words."""
    return tuple(map(_parse_check, parse_medicine(lines)))


def _parse_check(line: Taken) -> Check:
    code, _, words = line.words.partition("|")
    state = next((one for one in CheckState if one.value == code.strip()), None)
    return Check(line.at, None, line.words) if state is None else Check(line.at, state, words.strip())
