"""
Totals of other scales, as somebody was told them: name, day, total and by whom; no item, and nothing is added up here.

Each is an entry with one answer of four lines, so that whoever is given it has all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tortoise.exceptions import IntegrityError

from crypto import plain_digits
from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.measures import records
from journal.measures.lines import get_noon
from journal.roles import Role
from journal.user_input import clean_line, parse_day
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry

SCORE = "measure.score"
MAX_NAME_LENGTH = 60
MAX_TOTAL_LENGTH = 12

NO_NAME = N_("Please name the scale, in up to 60 letters.")
NO_DAY = N_("Please give the day, such as 2026-11-22, and none that is still to come.")
NO_TOTAL = N_("Please write the total as a number, such as 14.")
LONG_BY = N_("Please keep this to 60 letters.")


@dataclass(frozen=True, slots=True)
class ToldTotal:
    """A total as its lines tell it. `by` may be empty, and so is a number that is hidden; `day` is None for none."""

    name: str
    day: date | None
    total: str
    by: str


@dataclass(frozen=True, slots=True)
class Score:
    """A total from elsewhere, and the entry that holds it. `by` may be empty; `day` is None where it is no day."""

    entry: Entry
    name: str
    day: date | None
    total: str
    by: str

    @property
    def noon(self) -> datetime | None:
        """Return its day as a moment, to be written."""
        return get_noon(self.day)


def list_scores(found: Iterable[Entry]) -> tuple[Score, ...]:
    """Return the totals that entries hold, those of the latest days first."""
    scores = (_parse_score(one) for one in found if SCORE in one.document.answers)
    return tuple(sorted(scores, key=lambda one: one.day or date.min, reverse=True))


async def save_score(actor: Actor, wanted: UUID, name: str, day: str, total: str, by: str) -> UUID:
    """
    Save a total; on disk when this returns. Sent twice by the same page, it is saved once.

    Raises:
        InvalidInput: If the name is missing or long, the day is none or still to come, or the total is no number.
        HeldUntilRested: If a dosing session has begun, and nobody has said that they rested.
        NotFound: If the id is somebody else's.
    """
    actor.require_role(Role.PATIENT)
    name, by, total = clean_line(name), clean_line(by), plain_digits(total[: MAX_TOTAL_LENGTH + 1]).strip()
    on = parse_day(day)
    problems = {}
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        problems["name"] = NO_NAME
    if on is None or on > records.get_today(actor):
        problems["day"] = NO_DAY
    if re.fullmatch("[0-9]{1,4}(?:[.,][0-9]{1,2})?", total) is None:
        problems["number"] = NO_TOTAL
    if len(by) > MAX_NAME_LENGTH:
        problems["taken_by"] = LONG_BY
    if problems or on is None:
        raise InvalidInput(problems)
    document = EntryDocument(
        EntryKind.MEASURE.value, name, answers={SCORE: f"{name}\n{on.isoformat()}\n{total}\n{by}".rstrip()}
    )

    async def is_refused() -> bool:
        await records.refuse_while_held(actor)
        return False

    try:
        await entries.create_first_entry(actor, document, is_refused, wanted)
    except IntegrityError:
        there = await entries.load_entry(actor, wanted)  # the page was sent twice, or it is not found
        if there.document.kind != EntryKind.MEASURE:
            raise NotFound from None
    return wanted


def parse_total(text: str) -> ToldTotal:
    """Read the lines of a total back."""
    name, day, total, by, *_ = [*text.split("\n"), "", "", "", ""]
    return ToldTotal(name, parse_day(day), total, by)


def _parse_score(one: Entry) -> Score:
    told = parse_total(str(one.document.answers[SCORE]))
    return Score(one, told.name, told.day, told.total, told.by)
