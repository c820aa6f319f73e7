"""
Filled measures: found, begun, gone on with on the same day, and kept with their raw answers.

Each is an entry of its own, so it is sealed, proven, searched, shared, taken away and erased as every entry is. One
that was left half-done is gone on with on the day on which it was begun; later it is begun anew, and what was answered
stays.
From the start of a dosing session until its patient has rested, none is begun or changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.entries import by_kind, entries
from journal.errors import HeldUntilRested, NotFound, SavedAsEarlierVersion, StaleRevision
from journal.i18n import DEFAULT_LANGUAGE, N_
from journal.measures.instruments import SAFETY_ITEMS, Instrument, list_offered
from journal.measures.lines import FilledMeasure, KeptAnswer, parse_measure
from journal.measures.scoring import select_items
from journal.sessions import holds
from journal.store.database import transaction
from journal.vault import record_state
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry

FORM = "measure.form"
Note = Callable[[int, Beside], Awaitable[Beside]]
WAITS = N_(
    "Measures wait while a dosing session and the rest after it last. What you answered before is kept; you can go on "
    "once you have said that you rested."
)
BEGUN_ELSEWHERE = N_(
    "This was begun on another page today. Nothing was overwritten, and your answers are still here: look at that one."
)
DAY_IS_OVER = N_(
    "This was begun on an earlier day, so it stays as it is. Your answers are still here: begin it anew to keep them."
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A measure that somebody answered, all or in part, and the entry that holds it."""

    entry: Entry
    measure: FilledMeasure


@dataclass(frozen=True, slots=True)
class Measures:
    """
    All that a patient answered, the oldest first. `entries` hold it, and totals from elsewhere.

    Without `is_intact`, storage returned something else than was left; `is_damaged`: a record does not open.
    """

    filled: tuple[Filled, ...]
    today: date
    entries: tuple[Entry, ...] = ()
    is_intact: bool = True
    is_damaged: bool = False

    def list_of(self, instrument: Instrument) -> tuple[Filled, ...]:
        """Return those of one measure, the oldest first, whichever version or language it was."""
        return tuple(one for one in self.filled if one.measure.instrument_id == instrument.id)

    def find_today(self, instrument: Instrument) -> Filled | None:
        """Return the one that was begun today, in whichever language, which can be gone on with."""
        of_today = (one for one in self.list_of(instrument) if one.measure.day == self.today)
        return next((one for one in of_today if one.measure.version == instrument.version), None)

    @property
    def is_any_whole(self) -> bool:
        """Return whether a measure was answered in full at any time."""
        return any(self.count_days_since(one) is not None for one in list_offered())

    def find_due(self, course_days: Mapping[str, int]) -> Instrument | None:
        """
        Return the first measure whose time has come again, or None.

        One that was never answered in full is none: whether to begin with it is for the patient and their care team.

        Args:
            course_days: After how many days a measure is answered again in this course, by its id, where its care
                team wrote that; the others at their usual time.
        """
        for one in list_offered():
            days, cadence = self.count_days_since(one), course_days.get(one.id, one.cadence_days)
            if cadence and days is not None and days >= cadence and not self.find_today(one):
                return one
        return None

    def list_next(self, course_days: Mapping[str, int]) -> tuple[date, ...]:
        """Return the days on which measures come again; none for one that was never answered in full."""
        found = []
        for one in list_offered():
            days, cadence = self.count_days_since(one), course_days.get(one.id, one.cadence_days)
            if cadence and days is not None:
                found.append(self.today + timedelta(days=cadence - days))
        return tuple(found)

    def count_days_since(self, instrument: Instrument) -> int | None:
        """Return how many days ago a measure was answered in full last; None where it never was."""
        days = [
            (self.today - one.measure.day).days
            for one in self.list_of(instrument)
            if one.measure.day
            and one.measure.day <= self.today
            and one.measure.score
            and one.measure.score.total is not None
        ]
        return min(days, default=None)


async def load_measures(actor: Actor) -> Measures:
    """Return all that the actor answered."""
    return build_measures(actor, *await by_kind.load_entries_of_kinds(actor, {EntryKind.MEASURE}))


def build_measures(actor: Actor, is_intact: bool, entries_found: Iterable[Entry]) -> Measures:
    """Return what the actor answered, of some of their entries; the journal *is_intact* or not."""
    found = [one for one in entries_found if one.damaged or one.document.kind == EntryKind.MEASURE]
    there = [one for one in found if not one.damaged]
    return Measures(
        tuple(_list_filled(there)),
        get_today(actor),
        tuple(there),
        is_intact,
        is_damaged=len(there) < len(found),
    )


def get_today(actor: Actor) -> date:
    """Return the day on the actor's own calendar."""
    return actor.now.astimezone(actor.zone).date()


def find_offered(name: str, language: str = DEFAULT_LANGUAGE) -> Instrument:
    """Return a measure that is offered in a language, by its id; any other is not found."""
    for one in list_offered(language):
        if one.id == name:
            return one
    raise NotFound


async def save_answers(
    actor: Actor,
    instrument: Instrument,
    answers: Mapping[str, int],
    wanted: UUID,
    base: int,
    sitting: str = "",
    note: Note | None = None,
    *,
    is_done: bool = True,
) -> Entry:
    """
    Save the answers to a measure that is begun, or gone on with on its day; on disk when this returns.

    Args:
        answers: Values by the number of the item, or by the id of the question that counts for nothing.
        wanted: The id of the entry; a new random one for a new form.
        base: The revision that the answers were made from; 0 for a new form.
        sitting: A random id of the page that writes.
        note: What else is remembered beside the entry, by the answer that the safety item had before.
        is_done: Whether whoever answers said so; what is saved meanwhile is not finished, even if nothing is missing.

    Raises:
        HeldUntilRested: If a dosing session has begun, and nobody has said that they rested.
        StaleRevision: If another page began one today, saved first, or the day is over; nothing was overwritten.
        NotFound: If the entry is somebody else's, or is no such measure.
    """
    await refuse_while_held(actor)
    given = select_answers(instrument, answers)
    if base == 0 and await _begin(actor, instrument, given, wanted, sitting, note, is_done=is_done):
        return await entries.load_entry(actor, wanted)
    current = await entries.load_entry(actor, wanted)
    before = parse_measure(current.document.answers.get(FORM))
    if current.document.kind != EntryKind.MEASURE or not before or before[0].instrument != instrument:
        raise NotFound
    if before[0].day != get_today(actor):
        raise StaleRevision(DAY_IS_OVER)
    after = _finish(keep_replaced(before[0], given, actor.now.astimezone(actor.zone)), actor, is_done=is_done)
    beside = current.document.beside
    if note is not None:
        beside = await note(before[0].safety_answer, beside or Beside())
    document = EntryDocument(
        EntryKind.MEASURE.value,
        current.document.title,
        current.document.note,
        current.document.session_id,
        {**current.document.answers, FORM: after.lines},
        beside=beside,
    )
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor)  # a session may have begun on another page
        try:
            return await entries.save_entry(actor, wanted, base, document, sitting=sitting, known=current)
        except SavedAsEarlierVersion as error:
            conflict = error  # what is kept among the earlier versions is written, and so is committed
    raise conflict


def keep_replaced(before: FilledMeasure, given: Mapping[str, int], now: datetime) -> FilledMeasure:
    """Return a form with other answers; one of the safety item that was not the lowest is kept beside the new one."""
    item = SAFETY_ITEMS.get(before.instrument_id)
    earlier = before.safety_answer
    if item is None or earlier < 1 or given.get(str(item)) == earlier:
        return replace(before, answers=given)
    return replace(before, answers=given, kept=(*before.kept, KeptAnswer(False, item, earlier, now)))


def note_unmeant(document: EntryDocument, now: datetime) -> EntryDocument:
    """Return a form with what its patient says beside the safety item: they did not mean to choose that answer."""
    found = parse_measure(document.answers.get(FORM))
    item = SAFETY_ITEMS.get(found[0].instrument_id) if found else None
    if not found or item is None or found[0].safety_answer < 1 or found[0].is_unmeant:
        return document
    unmeant = KeptAnswer(True, item, found[0].safety_answer, now)
    after = replace(found[0], kept=(*found[0].kept, unmeant))
    return msgspec.structs.replace(document, answers={**document.answers, FORM: after.lines})


async def refuse_while_held(actor: Actor) -> None:
    """Raise `HeldUntilRested` from the start of a dosing session until its patient has rested."""
    if await holds.load_hold(actor) is not None:
        raise HeldUntilRested(WAITS)


def select_answers(instrument: Instrument, answers: Mapping[str, int]) -> dict[str, int]:
    """Return the answers that the measure has, in the order of its items."""
    found = {str(number): value for number, value in select_items(instrument, answers).items()}
    extra = instrument.extra
    if extra and any(one.value == answers.get(extra.id) for one in extra.answers):
        found[extra.id] = answers[extra.id]
    return found


async def _begin(
    actor: Actor,
    instrument: Instrument,
    answers: dict[str, int],
    wanted: UUID,
    sitting: str,
    note: Note | None,
    *,
    is_done: bool,
) -> bool:
    """Begin a form; return False if this page began it before. Looked at again while nobody else changes records."""
    begun = FilledMeasure(
        instrument.id,
        instrument.version,
        instrument.language,
        instrument.recall_days,
        get_today(actor),
        actor.now.isoformat(),
        answers=answers,
    )
    document = EntryDocument(
        EntryKind.MEASURE.value,
        instrument.name,
        answers={FORM: _finish(begun, actor, is_done=is_done).lines},
        sitting=sitting,
    )

    async def find() -> UUID | None:
        await refuse_while_held(actor)
        found = (await load_measures(actor)).find_today(instrument)
        return found.entry.id if found else None

    # In one transaction with this, so none stays of a form that is not begun.
    if note is not None and await find() is None:
        document = msgspec.structs.replace(document, beside=await note(0, Beside()))
    return await entries.begin_once(actor, document, find, wanted, BEGUN_ELSEWHERE)


def _finish(measure: FilledMeasure, actor: Actor, *, is_done: bool) -> FilledMeasure:
    """Return a form with the time at which it was done; without one while an item is missing."""
    score = measure.score
    if score is None or score.total is None:
        return replace(measure, finished="")
    return measure if measure.finished or not is_done else replace(measure, finished=actor.now.isoformat())


def _list_filled(found: Iterable[Entry]) -> Iterable[Filled]:
    for one in found:
        for measure in parse_measure(one.document.answers.get(FORM)):
            yield Filled(one, measure)
