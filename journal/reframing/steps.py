"""
The small step of a reframe: it comes back on its date, and its patient says how it went.

"Not yet" comes back on another date, or a week later. Nothing is overdue: two weeks after its date it is asked on the
reframe's own page alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.catalogue.integration import FOLLOW_UP_OPTIONS
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.reframing.reframes import change_reframe, get_today, replace_answer
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry

STEP, DUE, OUTCOME, LEARNED = (
    "reframe.test_action",
    "reframe.test_due",
    "reframe.followup",
    "reframe.learned",
)
NOT_YET = "not_yet"
LATER = timedelta(days=7)
"""After how long a step comes back that waits without a date."""
STANDS = timedelta(days=14)
"""How long home shows a step that has come back."""

LAST_DAY = date(2100, 1, 1)


def find_step_day(entry: Entry) -> date | None:
    """Return the day on which the step of a reframe comes back; None for one that does not."""
    answers, beside = entry.document.answers, entry.document.beside or Beside()
    if STEP not in answers or answers.get(OUTCOME, NOT_YET) != NOT_YET:
        return None
    days = [_parse_day(answers.get(DUE)), _parse_day(beside.step_after)]
    return max((one for one in days if one is not None), default=None)


def choose_step(actor: Actor, reframes: Iterable[Entry]) -> Entry | None:
    """Return the reframe whose step has come back lately, if there is one: of several the one that waits longest."""
    today = get_today(actor)
    back = [(day, one.id, one) for one in reframes if (day := find_step_day(one)) is not None]
    return min(
        ((day, ident, one) for day, ident, one in back if day <= today < day + STANDS), default=(None,)
    )[-1]


async def answer_step(actor: Actor, wanted: UUID, outcome: str, learned: str, again: date | None) -> Entry:
    """
    Keep how a step went.

    Args:
        outcome: One of the follow-up's options.
        learned: What its patient learned; may be empty.
        again: With "not yet", the day on which it comes back; without one it does a week later.

    Raises:
        InvalidInput: If there is no such option, or the day is not one to come.
    """
    if outcome not in {option.value for option in FOLLOW_UP_OPTIONS}:
        raise InvalidInput({OUTCOME: N_("Please choose one of these.")})
    if outcome == NOT_YET and again is not None and not get_today(actor) < again < LAST_DAY:
        raise InvalidInput({"date": N_("Please choose a day that is still to come, or leave this blank.")})

    def change(before: EntryDocument) -> EntryDocument:
        after = replace_answer(replace_answer(before, OUTCOME, outcome), LEARNED, learned)
        if outcome != NOT_YET:
            return after
        if again is not None:
            after = replace_answer(after, DUE, again.isoformat())
        return _come_back(after, "" if again is not None else (get_today(actor) + LATER).isoformat())

    return await change_reframe(actor, wanted, change)


async def postpone_step(actor: Actor, wanted: UUID) -> None:
    """Postpone a step by a week, without a word on how it went."""
    day = (get_today(actor) + LATER).isoformat()
    await change_reframe(actor, wanted, lambda before: _come_back(before, day))


def _come_back(document: EntryDocument, day: str) -> EntryDocument:
    beside = msgspec.structs.replace(document.beside or Beside(), step_after=day)
    return msgspec.structs.replace(document, beside=beside)


def _parse_day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) and text else None
    except ValueError:
        return None
