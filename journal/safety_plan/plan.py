"""
The one safety plan of a patient: an entry of its own kind, written on the page that every entry has.

So it saves itself, keeps its earlier versions, and is sealed, proven, searched, shared, taken away and erased as every
entry is. Each line of a part is one thing, in the patient's own order; a phone number in a line can be called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from unicodedata import east_asian_width

from crypto import plain_digits
from journal.actor import Actor
from journal.catalogue.fields import Answer, Answers, EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.catalogue.revisits import Moment, add_line, parse_moments, remove_line
from journal.entries import by_kind, only_entry
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.roles import Role
from journal.user_input import build_phone_link, clean_line, parse_day, parse_phone
from journal.vault.entry_rows import Entry

REVIEWED = "safety.reviewed"
MAX_REVIEWS = 200
MAX_NAME_LENGTH = 60
PRINTED_ROWS = 24  # that fit on one page in letters of the usual size, with the headings of six parts
ROW_LENGTH = 80  # letters of such a row

NO_DAY = N_("Please give the day, such as 2026-11-22, and none that is still to come.")
NO_NAME = N_("Please name with whom, in up to 60 letters.")
TOO_MANY = N_("There are 200 days here, which is as many as one plan holds. Remove one to add another.")
CHANGED_ELSEWHERE = N_("Another page changed the plan at the same moment. Nothing was changed; look again.")

CALLED_PARTS = frozenset({"safety.company", "safety.people", "safety.professionals"})
"""The parts in whose lines a number is one to call."""

# What may be a phone number in a line. A group of one digit belongs to it at its beginning and after a country code
# alone: "988 9 to 5" is 988, and so are "988 24/7" and "988 9:00".
_NUMBER = re.compile(
    r"(?<![\w+])(?:[+]\s?\d+(?:[\s()./\u2010-\u2015\u2212-]{1,2}\d+)*"
    r"|[(]?\d+(?:[\s()./\u2010-\u2015\u2212-]{1,2}\d{2,})*)(?!\w|\s?[:/]\d)"
)
_HOURS_BEHIND = re.compile(r"\s\d{1,2}\s?[\u2010-\u2015-]\s?\d{1,2}$")
_DAY_OR_HOURS = re.compile(
    r"\d{4}\D\d{1,2}\D\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|(?:19|20)\d{2}"
    r"|\d{1,2}\s?[\u2010-\u2015-]\s?\d{1,2}"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a line; with a `link`, a number to call."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class PlanPart:
    """One part that was written. `label` is the form's, to be translated; the lines are the patient's words."""

    field_id: str
    label: str
    lines: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class SafetyPlan:
    """
    A patient's plan. `others` are those begun before it, which were restored or given back.

    Without `is_intact`, storage returned something else than was left; `is_damaged`: a record does not open.
    """

    entry: Entry | None = None
    others: tuple[Entry, ...] = ()
    is_intact: bool = True
    is_damaged: bool = False

    @property
    def parts(self) -> tuple[PlanPart, ...]:
        """Return the parts that were written."""
        return list_parts(self.entry.document.answers) if self.entry else ()

    @property
    def reviews(self) -> tuple[Moment, ...]:
        """Return when it was gone through with whom, in the order of the days."""
        return parse_moments(self.entry.document.answers.get(REVIEWED)) if self.entry else ()

    @property
    def is_long(self) -> bool:
        """Return whether it fits on a printed page in small letters only."""
        lines = ["".join(piece.text for piece in line) for part in self.parts for line in part.lines]
        return sum(1 + _measure(line) // ROW_LENGTH for line in lines) > PRINTED_ROWS


def list_parts(answers: Mapping[str, Answer]) -> tuple[PlanPart, ...]:
    """Return the parts of a plan that were written, in the form's order."""
    parts = []
    for field in get_form(EntryKind.SAFETY).fields:
        text = answers.get(field.id)
        if field.kind is FieldKind.TEXT and isinstance(text, str):
            split = split_line if field.id in CALLED_PARTS else _keep_whole
            lines = tuple(split(line.strip()) for line in text.split("\n") if line.strip())
            if lines:
                parts.append(PlanPart(field.id, field.label, lines))
    return tuple(parts)


def split_line(line: str) -> tuple[Piece, ...]:
    """Return a line in pieces: whatever in it is surely a phone number can be called, and no letter is lost."""
    pieces, end = [], 0
    for found in _NUMBER.finditer(line):
        typed = found[0]
        hours = _HOURS_BEHIND.search(typed)
        if hours and not typed.startswith("+") and sum(map(str.isdecimal, typed[: hours.start()])) >= 3:
            typed = typed[: hours.start()]
        number = _parse_number(typed)
        if number is None:
            continue
        if found.start() > end:
            pieces.append(Piece(line[end : found.start()]))
        end = found.start() + len(typed)
        pieces.append(Piece(typed, build_phone_link(number)))
    if end < len(line):
        pieces.append(Piece(line[end:]))
    return tuple(pieces)


async def load_plan(actor: Actor) -> SafetyPlan:
    """Return a patient's own plan."""
    is_intact, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.SAFETY})
    return build_plan(is_intact, found)


def build_plan(is_intact: bool, found: Sequence[Entry]) -> SafetyPlan:
    """Return the plan from its records: the latest begun counts."""
    there = [one for one in found if not one.damaged]
    plan = only_entry.select_only_entry(there, EntryKind.SAFETY)
    others = tuple(one for one in there if plan is not None and one.id != plan.id)
    return SafetyPlan(plan, others, is_intact, is_damaged=len(there) < len(found))


async def add_review(actor: Actor, day: str, whom: str) -> None:
    """
    Keep that the plan was gone through with somebody on a day; on disk when this returns.

    Raises:
        InvalidInput: If the day is none or still to come, nobody is named, or there are too many.
        NotFound: If there is no plan.
        StaleRevision: If others saved all the time; nothing was changed.
    """
    actor.require_role(Role.PATIENT)
    on, name = parse_day(day), clean_line(whom)
    problems = {}
    if on is None or on > get_today(actor):
        problems["day"] = NO_DAY
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        problems["name"] = NO_NAME
    if problems or on is None:
        raise InvalidInput(problems)

    def change(answers: Answers) -> Answers:
        _require_plan(answers)
        moments = parse_moments(answers.get(REVIEWED))
        if any((one.day, one.words) == (on, name) for one in moments):
            return answers  # the form was sent twice
        if len(moments) >= MAX_REVIEWS:
            raise InvalidInput({"day": TOO_MANY})
        return {**answers, REVIEWED: add_line(answers.get(REVIEWED), Moment(on, name).line)}

    await only_entry.change_only_entry(actor, EntryKind.SAFETY, change, CHANGED_ELSEWHERE, keep=None)


async def remove_review(actor: Actor, place: int, revision: int) -> None:
    """
    Remove one day at its place in the list; an earlier version of the plan still has it.

    Raises:
        NotFound: If there is no such day, or no plan.
        StaleRevision: If the plan is no longer the one of *revision*; nothing was changed.
    """
    actor.require_role(Role.PATIENT)

    def change(answers: Answers) -> Answers:
        _require_plan(answers)
        if not 0 <= place < len(parse_moments(answers.get(REVIEWED))):
            raise NotFound
        return {**answers, REVIEWED: remove_line(answers.get(REVIEWED), place)}

    await only_entry.change_only_entry(
        actor, EntryKind.SAFETY, change, CHANGED_ELSEWHERE, revision=revision, keep=True
    )


def get_today(actor: Actor) -> date:
    """Return the day of the actor's own calendar."""
    return actor.now.astimezone(actor.zone).date()


def _require_plan(answers: Answers) -> None:
    """Raise `NotFound` where nothing is written: a day is no plan."""
    if not answers:
        raise NotFound


def _keep_whole(line: str) -> tuple[Piece, ...]:
    return (Piece(line),)


def _measure(line: str) -> int:
    """Return how much room a line takes: a wide letter that of two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line)


def _parse_number(text: str) -> str | None:
    digits = plain_digits(text).strip()
    return None if _DAY_OR_HOURS.fullmatch(digits) else parse_phone(digits)
