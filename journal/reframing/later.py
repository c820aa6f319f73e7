"""
Share what is added to a reframe: later, with a standing tick, or after a dosing session, one by one.

A tick belongs to one copy: it says that what is added from now on goes into that copy too, in the same act. To give
one is held until the patient has rested; to stop one never is. What is added during a hold stays private, with a tick
or without, until its patient chooses it. A tick ends with its copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care.link_keys import SharingPaused, open_shared_key
from journal.care.links import require_active
from journal.catalogue.revisits import Moment, Revisit, add_line, parse_moments, parse_revisits
from journal.entries import entries
from journal.errors import InvalidInput, JournalError, NotFound, StaleRevision, TrustBroken
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.reframing import reframes
from journal.reframing.reframes import MOMENTS, REVISITS, require_reframe
from journal.sessions.holds import load_hold, refuse_while_held
from journal.sharing import copies, saving, shares
from journal.sharing.shares import OutgoingShare
from journal.store.database import transaction
from journal.vault import record_state
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry

ADDED = (REVISITS, MOMENTS)


@dataclass(frozen=True, slots=True)
class Addition:
    """A revisit or a moment by its stored line, and the question that it answers."""

    part: str
    line: str

    @property
    def read(self) -> Revisit | Moment:
        """Return it as it is shown."""
        (found,) = parse_revisits([self.line]) if self.part == REVISITS else parse_moments([self.line])
        return found


@dataclass(frozen=True, slots=True)
class StandingShare:
    """
    A copy of a reframe, and whether later additions go into it.

    `unshared` are those that a tick did not carry along, since they were written around a dosing session or before it.
    """

    share: OutgoingShare
    is_ticked: bool
    unshared: tuple[Addition, ...]


def list_standing(entry: Entry, given: Iterable[OutgoingShare]) -> tuple[StandingShare, ...]:
    """Return the copies of a reframe that open, each with its tick."""
    ticks = _get_ticks(entry.document)
    return tuple(
        StandingShare(one, one.id.hex in ticks, _find_unshared(entry, one) if one.id.hex in ticks else ())
        for one in given
        if not one.damaged
    )


async def list_with_unshared(actor: Actor) -> tuple[Entry, ...]:
    """Return the reframes with something that a tick did not carry along, as what is written in a hold."""
    ticked = [one for one in await reframes.list_reframes(actor) if _get_ticks(one.document)]
    return tuple(
        [
            one
            for one in ticked
            if any(
                shared.unshared
                for shared in list_standing(one, await shares.list_shares(actor, entry=one.id))
            )
        ]
    )


async def add_revisit(actor: Actor, wanted: UUID, revisit: Revisit) -> Entry:
    """Add a revisit as `reframes.add_revisit` does, and to every copy that has a tick."""
    return await _add(actor, wanted, REVISITS, lambda: reframes.add_revisit(actor, wanted, revisit))


async def add_moment(actor: Actor, wanted: UUID, moment: Moment) -> Entry:
    """Add a moment as `reframes.add_moment` does, and to every copy that has a tick."""
    return await _add(actor, wanted, MOMENTS, lambda: reframes.add_moment(actor, wanted, moment))


async def give_tick(actor: Actor, wanted: UUID, share: UUID) -> None:
    """
    Set the tick of a copy: what is added from now on goes into it.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        SharingPaused: While sharing with its clinician is paused.
    """
    await reframes.load_reframe(actor, wanted)
    await refuse_while_held(actor, Asked(HeldAct.TICK, wanted, share))
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, Asked(HeldAct.TICK, wanted, share))
        one = await _load_share(actor, wanted, share)
        await require_active(one.link)
        await shares.require_open(actor, one.link)
        await _set_tick(actor, wanted, share, is_given=True)
        await audit_log.record_event(
            actor, Act.LATER_SHARED, patient=actor.id, about=share, recipient=one.link.clinician
        )


async def stop_tick(actor: Actor, wanted: UUID, share: UUID) -> None:
    """Take a tick away, whatever became of its copy. Never held; what the copy holds stays in it."""
    found = await reframes.load_reframe(actor, wanted)
    if share.hex not in _get_ticks(found.document):
        return
    async with transaction():
        await record_state.lock_state(actor)
        await _set_tick(actor, wanted, share, is_given=False)
        await audit_log.record_event(actor, Act.LATER_STOPPED, patient=actor.id, about=share)


async def share_additions(
    actor: Actor, wanted: UUID, share: UUID, chosen: Iterable[int], *, seen: int
) -> None:
    """
    Add chosen ones of `StandingShare.unshared` to a copy.

    Args:
        chosen: Their places, as they stood in the revision *seen* of the reframe.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        InvalidInput: If none was chosen.
        StaleRevision: If the reframe was changed since.
    """
    entry = await reframes.load_reframe(actor, wanted)
    await refuse_while_held(actor, Asked(HeldAct.ADDITIONS, wanted, share))
    found = await _load_share(actor, wanted, share)
    places = set(chosen)
    some = [one for place, one in enumerate(_find_unshared(entry, found)) if place in places]
    if entry.revision != seen:
        raise StaleRevision(saving.ENTRY_CHANGED)
    if not some:
        raise InvalidInput({"sections": N_("Choose at least one, or leave them as they are.")})
    if not (await record_state.require_intact(actor)).has_entry(entry):
        raise StaleRevision(saving.ENTRY_CHANGED)
    async with transaction():
        await record_state.lock_state(actor)
        await _extend_copy(actor, entry, await _load_share(actor, wanted, share), some)


async def _add(actor: Actor, wanted: UUID, part: str, add: Callable[[], reframes.Added]) -> Entry:
    entry = await reframes.load_reframe(actor, wanted)
    if _get_ticks(entry.document) and await load_hold(actor) is None:
        try:
            return await _add_and_share(actor, entry, part, add)
        except InvalidInput:
            raise
        except JournalError:
            pass  # what cannot be shared now is kept all the same
    return await add()


async def _add_and_share(actor: Actor, entry: Entry, part: str, add: Callable[[], reframes.Added]) -> Entry:
    """Add, and extend each copy with a tick, as one; a hold that has begun meanwhile leaves the copies as they are."""
    if not (await record_state.require_intact(actor)).has_entry(entry):
        raise StaleRevision(saving.ENTRY_CHANGED)
    async with transaction():
        await record_state.lock_state(actor)
        before = await reframes.load_reframe(actor, entry.id)
        if before.revision != entry.revision:
            raise StaleRevision(saving.ENTRY_CHANGED)
        await refuse_while_held(actor)
        after = await add()
        for one in await shares.list_shares(actor, entry=entry.id):
            if one.id.hex in _get_ticks(after.document) and not one.damaged:
                await _carry_along(actor, after, one, _find_new(before, after, part))
    return after


async def _carry_along(actor: Actor, entry: Entry, one: OutgoingShare, some: Sequence[Addition]) -> None:
    """Add to a copy what was just added; while its clinician cannot be shared with, it stays as it is."""
    try:
        await shares.require_open(actor, one.link)
    except (SharingPaused, TrustBroken):
        return
    await _extend_copy(actor, entry, one, some)


async def _extend_copy(actor: Actor, entry: Entry, one: OutgoingShare, some: Iterable[Addition]) -> None:
    """Seal a copy anew with some additions; in a transaction that holds the account's state."""
    await shares.require_open(actor, one.link)
    answers = dict(one.document.answers)
    for added in some:
        answers[added.part] = add_line(answers.get(added.part), added.line)
    parts = {*one.document.fields, *answers}
    fields = [part for part in copies.list_shareable_parts(entry) if part in parts]
    gone = [part for part in one.document.fields if part not in fields]
    document = msgspec.structs.replace(
        one.document,
        answers={part: answers[part] for part in (*fields, *gone) if part in answers},
        fields=[*fields, *gone],
        shared_at=actor.now.astimezone(UTC).isoformat(timespec="seconds"),
    )
    await saving.save_copy(actor, one.link, entry, document, await open_shared_key(actor, one.link))


async def _load_share(actor: Actor, entry: UUID, wanted: UUID) -> OutgoingShare:
    for one in await shares.list_shares(actor, entry=entry):
        if one.id == wanted and not one.damaged:
            return one
    raise NotFound


async def _set_tick(actor: Actor, wanted: UUID, share: UUID, *, is_given: bool) -> None:
    def change(entry: Entry) -> EntryDocument:
        require_reframe(entry)
        beside = entry.document.beside or Beside()
        ticks = tuple(one for one in beside.later if one != share.hex) + ((share.hex,) if is_given else ())
        return msgspec.structs.replace(entry.document, beside=msgspec.structs.replace(beside, later=ticks))

    await entries.change_entry(actor, wanted, change)


def _get_ticks(document: EntryDocument) -> tuple[str, ...]:
    return (document.beside or Beside()).later


def _find_new(before: Entry, after: Entry, part: str) -> tuple[Addition, ...]:
    return tuple(
        Addition(part, line) for line in _subtract(_get_lines(after, part), _get_lines(before, part))
    )


def _find_unshared(entry: Entry, one: OutgoingShare) -> tuple[Addition, ...]:
    return tuple(
        Addition(part, line)
        for part in ADDED
        for line in _subtract(_get_lines(entry, part), _list(one.document.answers.get(part)))
    )


def _get_lines(entry: Entry, part: str) -> list[str]:
    return _list(entry.document.answers.get(part))


def _list(answer: object) -> list[str]:
    return [*answer] if isinstance(answer, list) else []


def _subtract(lines: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return *lines* without *others*, each taken away once."""
    left, gone = [], [*others]
    for line in lines:
        if line in gone:
            gone.remove(line)
        else:
            left.append(line)
    return left
