"""
Day lines as entries, one for each month: so a month is sealed, searched, shared, taken away and erased as one.

There is one line a day. A later day can be given for one that has passed, and is marked; one of tomorrow is refused. In
the hold around a dosing session none is written: its day can be filled in once its patient has rested.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import msgspec

from journal.actor import Actor
from journal.catalogue.fields import MAX_LINE_LENGTH, Answers, EntryKind
from journal.catalogue.tracked import DAY_LINES_FIELD, MONTH, OWN_SCALES
from journal.day_lines.lines import (
    MAX_END_LENGTH,
    MAX_NAME_LENGTH,
    SCALES,
    DayLine,
    OwnScale,
    parse_day_lines,
    parse_own_scale,
    put_line,
)
from journal.entries import by_kind, entries
from journal.entries.only_entry import find_latest
from journal.errors import HeldUntilRested, InvalidInput, StaleRevision
from journal.i18n import N_
from journal.roles import Role
from journal.sessions import holds
from journal.store.database import transaction
from journal.user_input import clean_line, parse_day, parse_whole_number
from journal.vault import record_state
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry

_Change = Callable[[Answers, Sequence[OwnScale]], Answers]
EARLIEST = timedelta(days=366)
"""How far back a day can be filled in."""
ATTEMPTS = 5

WAITS = N_("Day lines wait while a dosing session and the rest after it last. You can fill in the day later.")
NO_DAY = N_("Please give a day of the past year, such as 2026-11-22, and none that is still to come.")
NO_NUMBER = N_("Please choose a whole number from 0 to 10, or leave this blank.")
LONG_WORDS = N_("Please keep this to one line of up to 300 characters. What you wrote is still here.")
ALL_BLANK = N_("There is nothing to save yet: choose a number or write a few words.")
LONG_NAME = N_("Please keep this to 40 letters, without a bar, a semicolon or an equals sign.")
SAME_NAME = N_("Two of them have the same name. Please give each its own.")
NO_NAME = N_("Please give it a name, or leave the words at its ends blank as well.")
LINE_THERE = N_(
    "This day has a line already that was not on this page. Nothing was changed, and what you typed is still here. If "
    "you save, yours takes its place."
)
RENAMED = N_(
    "The lines of your own were changed on another page. Nothing was saved, and what you typed is still here: look at "
    "which number stands where."
)
CHANGED = N_("Another page changed this at the same moment. Nothing was changed; look again.")


@dataclass(frozen=True, slots=True)
class DayLines:
    """All day lines of a patient, and the lines of their own. `is_damaged`: a month does not open."""

    months: tuple[Entry, ...] = ()
    is_intact: bool = True
    is_damaged: bool = False

    @property
    def lines(self) -> tuple[DayLine, ...]:
        """Return all lines, in the order of their days."""
        found = [
            line for one in self.months for line in parse_day_lines(one.document.answers.get(DAY_LINES_FIELD))
        ]
        return tuple(sorted(found, key=lambda one: one.day))

    @property
    def own(self) -> tuple[OwnScale, ...]:
        """Return the lines of one's own, as the latest month has them."""
        answers = self.months[-1].document.answers if self.months else {}
        found = (parse_own_scale(answers.get(name)) for name in OWN_SCALES)
        return tuple(one for one in found if one is not None)

    @property
    def own_language(self) -> str:
        """Return the language of the names of one's own lines."""
        return self.months[-1].document.language if self.months else ""

    def find_language(self, day: date) -> str:
        """Return the language of the words of a day's line."""
        month = self.find_month(day)
        return month.document.language if month else ""

    def find_line(self, day: date) -> DayLine | None:
        """Return the line of a day."""
        return next((one for one in reversed(self.lines) if one.day == day), None)

    def find_month(self, day: date) -> Entry | None:
        """Return the entry that holds the month of a day; the one that counts where others stand beside it."""
        first = day.replace(day=1).isoformat()
        there = [one for one in self.months if one.document.answers.get(MONTH) == first]
        return find_latest(there)


async def load_day_lines(actor: Actor) -> DayLines:
    """Return the actor's day lines."""
    return build_day_lines(*await by_kind.load_entries_of_kinds(actor, {EntryKind.DAY_LINES}))


def build_day_lines(is_intact: bool, found: Iterable[Entry]) -> DayLines:
    """Return day lines from entries that were read; the journal *is_intact* or not."""
    every = [one for one in found if one.damaged or one.document.kind == EntryKind.DAY_LINES]
    there = [one for one in every if not one.damaged]
    there.sort(key=lambda one: (str(one.document.answers.get(MONTH, "")), one.created_at, one.id.hex))
    return DayLines(tuple(there), is_intact, len(there) < len(every))


def get_today(actor: Actor) -> date:
    """Return the day on the actor's own calendar."""
    return actor.now.astimezone(actor.zone).date()


def parse_line(actor: Actor, own: Sequence[OwnScale], typed: Mapping[str, str]) -> DayLine:
    """
    Return what was typed as a line.

    Args:
        own: The lines of one's own that were asked for; their numbers stand under own1, own2, own3.
        typed: The values by the names of their fields.

    Raises:
        InvalidInput: With a sentence for each field that needs another look.
    """
    day, problems, numbers = parse_day(typed["day"]), {}, {}
    today = get_today(actor)
    if day is None or not today - EARLIEST <= day <= today:
        problems["day"] = NO_DAY
    for name in (*SCALES, *(f"own{place}" for place in range(1, len(own) + 1))):
        number = parse_whole_number(typed.get(name, ""), 2)
        if typed.get(name, "").strip() and (number is None or not 0 <= number <= 10):
            problems[name] = NO_NUMBER
        numbers[name] = number
    words = clean_line(typed["line"])
    if len(words) > MAX_LINE_LENGTH:
        problems["line"] = LONG_WORDS
    values = {
        one.name: value for place, one in enumerate(own, 1) if (value := numbers[f"own{place}"]) is not None
    }
    if problems or day is None:
        raise InvalidInput(problems)
    mood, sleep, tension = (numbers[name] for name in SCALES)
    made = DayLine(day, actor.now.astimezone(actor.zone), day != today, mood, sleep, tension, values, words)
    if made.is_blank:
        raise InvalidInput({"mood": ALL_BLANK})
    return made


async def save_line(
    actor: Actor,
    line: DayLine,
    title: str = "",
    seen: str | None = None,
    asked: Collection[str] | None = None,
) -> Entry:
    """
    Save a line, in place of what its day had until now; on disk when this returns.

    What was noted first keeps its time, and the text until now stays among the earlier versions.

    Args:
        title: What a new month is called, in the words of whoever begins it.
        seen: The mark of the line that stood on the form, empty for none; left out, whatever is there is replaced.
        asked: The names of the lines of one's own that were on the form; numbers under other names stay.

    Raises:
        HeldUntilRested: Around a dosing session.
        StaleRevision: If its day has another line than was *seen*, or others saved all the time; nothing was changed.
    """

    def change(before: Answers, own: Sequence[OwnScale]) -> Answers:
        earlier = next(
            (one for one in parse_day_lines(before.get(DAY_LINES_FIELD)) if one.day == line.day), None
        )
        if earlier is not None and seen is not None and earlier.mark != seen:
            raise StaleRevision(LINE_THERE)
        noted = _follow(earlier, line, asked) if earlier else line
        return _build_answers(line.day, put_line(before.get(DAY_LINES_FIELD), noted), own)

    return await _change_month(actor, line.day, change, title)


async def save_own_scales(actor: Actor, scales: Sequence[OwnScale], title: str = "") -> None:
    """
    Save the lines of one's own, from this month on; what was noted under an earlier name keeps that name.

    Raises:
        InvalidInput: With a sentence for each field that needs another look.
        HeldUntilRested, StaleRevision: As `save_line` does.
    """
    cleaned = [
        OwnScale(*(clean_line(text).replace("|", "/") for text in (one.name, one.low, one.high)))
        for one in scales[: len(OWN_SCALES)]
    ]
    problems: dict[str, str] = {}
    for place, one in enumerate(cleaned, 1):
        if len(one.name) > MAX_NAME_LENGTH or set(one.name) & set(";="):
            problems[f"name{place}"] = LONG_NAME
        if not one.name and (one.low or one.high):
            problems[f"name{place}"] = NO_NAME
        if max(len(one.low), len(one.high)) > MAX_END_LENGTH:
            problems[f"low{place}"] = LONG_NAME
    names = [one.name for one in cleaned if one.name]
    if len({*names}) < len(names):
        problems["name1"] = SAME_NAME
    if problems:
        raise InvalidInput(problems)
    kept = [one for one in cleaned if one.name]

    def change(before: Answers, _: Sequence[OwnScale]) -> Answers:
        lines = before.get(DAY_LINES_FIELD)
        return _build_answers(get_today(actor), lines if isinstance(lines, list) else [], kept)

    await _change_month(actor, get_today(actor), change, title)


def _follow(earlier: DayLine, line: DayLine, asked: Collection[str] | None) -> DayLine:
    """Return a line with what stays of the one before it: when that was noted, and numbers that no form asked for."""
    kept = {} if asked is None else {name: one for name, one in earlier.own.items() if name not in asked}
    return replace(line, written=earlier.written, is_later=earlier.is_later, own={**kept, **line.own})


def _build_answers(day: date, lines: list[str], own: Sequence[OwnScale]) -> Answers:
    named = {name: one.line for name, one in zip(OWN_SCALES, own, strict=False)}
    answers: Answers = {MONTH: day.replace(day=1).isoformat()}
    if lines:
        answers[DAY_LINES_FIELD] = lines
    return answers | named


async def _change_month(actor: Actor, day: date, change: _Change, title: str) -> Entry:
    actor.require_role(Role.PATIENT)
    await _refuse_while_held(actor)
    for _ in range(ATTEMPTS):
        seen = await load_day_lines(actor)
        month = seen.find_month(day)
        own = seen.own
        if month is not None:
            scales = [parse_own_scale(month.document.answers.get(name)) for name in OWN_SCALES]
            own = tuple(one for one in scales if one is not None) if month is not seen.months[-1] else own
            answers = change(month.document.answers, own)
            document = msgspec.structs.replace(month.document, answers=answers)
            if document == month.document or await _replace_month(actor, month, document):
                return await entries.load_entry(actor, month.id)
            continue
        wanted = uuid4()
        document = EntryDocument(EntryKind.DAY_LINES.value, title, answers=change({}, own))
        if await _begin_month(actor, document, day, wanted):
            return await entries.load_entry(actor, wanted)
    raise StaleRevision(CHANGED)


async def _replace_month(actor: Actor, month: Entry, document: EntryDocument) -> bool:
    async with transaction():
        await record_state.lock_state(actor)
        await _refuse_while_held(actor)  # a session may have begun on another page
        return await entries.replace_document(actor, month, document, keep=True) is not None


async def _begin_month(actor: Actor, document: EntryDocument, day: date, wanted: UUID) -> bool:
    async def is_there() -> bool:
        await _refuse_while_held(actor)
        return (await load_day_lines(actor)).find_month(day) is not None

    return await entries.create_first_entry(actor, document, is_there, wanted)


async def _refuse_while_held(actor: Actor) -> None:
    if await holds.load_hold(actor) is not None:
        raise HeldUntilRested(WAITS)
