"""
The one evaluation of a patient: an entry of its own kind, so it is sealed, shared, searched and erased as every entry.

Its patient says when it is finished. That is a version with a number, and keeps what changed since the one before; the
next answer begins a new one. Around a dosing session nothing is answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.catalogue.fields import Answers, EntryKind
from journal.catalogue.forms import get_form
from journal.catalogue.tracked import CHANGES, VERSION
from journal.entries import by_kind, entries, only_entry, revisions
from journal.entries.revisions import Revision
from journal.errors import HeldUntilRested, NotFound, SavedAsEarlierVersion, StaleRevision
from journal.evaluation.changes import NOT_ANSWERS, list_changes
from journal.evaluation.form_fields import PARTS, Step
from journal.evaluation.lines import Change, format_line, parse_changes
from journal.i18n import N_
from journal.roles import Role
from journal.sessions import holds
from journal.stamps import VersionStamp, parse_version
from journal.store.database import transaction
from journal.vault import record_state
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry

MAX_CHANGES, MAX_CHANGES_LENGTH = 400, 40_000
"""
Lines that say what changed, and letters of all of them; the earliest go first, and earlier versions of the record still
have them.
"""

WAITS = N_(
    "The evaluation waits while a dosing session and the rest after it last. What you answered before is kept; you can "
    "go on once you have said that you rested."
)
CHANGED_ELSEWHERE = N_(
    "Another page changed this at the same moment. Nothing was overwritten, and your answers are still here: look at "
    "the other ones."
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    A patient's evaluation. `others` are records of it that were restored or given back.

    Without `is_intact`, storage returned something else than was left; `is_damaged`: a record does not open.
    """

    entry: Entry | None = None
    others: tuple[Entry, ...] = ()
    is_intact: bool = True
    is_damaged: bool = False

    @property
    def answers(self) -> Answers:
        """Return what was answered."""
        return self.entry.document.answers if self.entry else {}

    @property
    def is_blank(self) -> bool:
        """Return whether nothing is answered."""
        return not self.answers.keys() - NOT_ANSWERS

    @property
    def version(self) -> str:
        """Return its number and the day on which it was finished; empty while answers are newer."""
        return str(self.answers.get(VERSION, ""))

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return what changed from version to version."""
        return parse_changes(self.answers.get(CHANGES))


async def load_evaluation(actor: Actor) -> Evaluation:
    """Return the actor's own evaluation."""
    return build_evaluation(*await by_kind.load_entries_of_kinds(actor, {EntryKind.EVALUATION}))


def build_evaluation(is_intact: bool, found: Sequence[Entry]) -> Evaluation:
    """Return the evaluation from its records: the latest begun counts."""
    mine = [one for one in found if one.damaged or one.document.kind == EntryKind.EVALUATION]
    there = [one for one in mine if not one.damaged]
    entry = only_entry.select_only_entry(there, EntryKind.EVALUATION)
    others = tuple(one for one in there if entry is not None and one.id != entry.id)
    return Evaluation(entry, others, is_intact, is_damaged=len(there) < len(mine))


async def save_step(
    actor: Actor, step: Step, given: Answers, wanted: UUID, base: int, sitting: str = "", *, title: str = ""
) -> Entry:
    """
    Save the answers of one page, and leave those of the others; on disk when this returns.

    Args:
        wanted: The id of its entry; a new random one for a new one.
        base: The revision that the page showed; 0 for a new one.
        sitting: A random id of the page that writes.
        title: What a new one is called, in the words of whoever makes it.

    Raises:
        HeldUntilRested: Around a dosing session.
        StaleRevision: If another page began one or saved first; nothing was overwritten.
        NotFound: If the entry is somebody else's, or is no evaluation.
    """
    actor.require_role(Role.PATIENT)
    if base == 0:
        document = EntryDocument(EntryKind.EVALUATION.value, title, answers=_sort(given), sitting=sitting)
        if await _begin(actor, document, wanted):
            return await entries.load_entry(actor, wanted)
    current = await entries.load_entry(actor, wanted)
    if current.document.kind != EntryKind.EVALUATION:
        raise NotFound
    kept = {name: answer for name, answer in current.document.answers.items() if name not in PARTS[step]}
    answers = _sort(kept | given)
    if answers == current.document.answers:
        return current
    answers.pop(VERSION, None)
    document = msgspec.structs.replace(current.document, answers=answers, sitting=sitting)
    async with transaction():
        await record_state.lock_state(actor)
        await _refuse_while_held(actor)
        try:
            return await _save(actor, current, document, base, sitting)
        except SavedAsEarlierVersion as error:
            conflict = error  # what is kept among the earlier versions is written, and so is committed
    raise conflict


async def finish(actor: Actor) -> Entry:
    """
    Make a version of what is answered now, with what changed since the version before; nothing where it is one.

    Raises:
        HeldUntilRested: Around a dosing session.
        NotFound: If nothing is answered.
        StaleRevision: If another page saved at the same moment; nothing was changed.
    """
    actor.require_role(Role.PATIENT)
    seen = await load_evaluation(actor)
    if seen.entry is None or seen.is_blank:
        raise NotFound
    if seen.version:
        return seen.entry
    number, before = _find_latest(await revisions.list_revisions(actor, seen.entry.id))
    marker = VersionStamp(number + 1, actor.now.astimezone(actor.zone).date()).line
    new = list_changes(before, seen.answers, marker) if before is not None else ()
    lines = _shorten([*map(format_line, seen.changes), *map(format_line, new)])
    answers = _sort(seen.answers | {CHANGES: lines, VERSION: marker})
    document = msgspec.structs.replace(seen.entry.document, answers=answers)
    async with transaction():
        await record_state.lock_state(actor)
        await _refuse_while_held(actor)
        finished = await entries.replace_document(actor, seen.entry, document, keep=None)
    if finished is None:
        raise StaleRevision(CHANGED_ELSEWHERE)
    return finished


async def _save(actor: Actor, current: Entry, document: EntryDocument, base: int, sitting: str) -> Entry:
    if VERSION in current.document.answers and current.revision == base:
        # A version is kept whole, however soon it is gone on with.
        saved = await entries.replace_document(actor, current, document, keep=True)
        if saved is not None:
            return saved
    return await entries.save_entry(actor, current.id, base, document, sitting=sitting, known=current)


async def _begin(actor: Actor, document: EntryDocument, wanted: UUID) -> bool:
    """Begin the evaluation; return False if this page began it before. Looked at while nobody else changes records."""

    async def find() -> UUID | None:
        await _refuse_while_held(actor)
        found = (await load_evaluation(actor)).entry
        return found.id if found else None

    return await entries.begin_once(actor, document, find, wanted, CHANGED_ELSEWHERE)


async def _refuse_while_held(actor: Actor) -> None:
    if await holds.load_hold(actor) is not None:
        raise HeldUntilRested(WAITS)


def _shorten(lines: list[str]) -> list[str]:
    """Return the latest lines that there is room for."""
    kept, length = list[str](), 0
    for line in reversed(lines[-MAX_CHANGES:]):
        length += len(line)
        if length > MAX_CHANGES_LENGTH:
            break
        kept.insert(0, line)
    return kept


def _find_latest(earlier: Sequence[Revision]) -> tuple[int, Answers | None]:
    """Return the number of the last version, 0 for none, and its answers."""
    found = [
        (marker.number, one.document.answers)
        for one in earlier
        if (marker := parse_version(str(one.document.answers.get(VERSION, ""))))
    ]
    return max(found, key=lambda each: each[0], default=(0, None))


def _sort(answers: Answers) -> Answers:
    """Return answers that are not blank, in the order of the form."""
    names = [one.id for one in _FORM.fields if answers.get(one.id)]
    return {name: answers[name] for name in (*names, *(answers.keys() - {*names})) if answers[name]}


_FORM = get_form(EntryKind.EVALUATION)
