"""
Standing shares: given for one clinician and one kind of record, listed, and ended at any time.

All of them stand in one entry of its own kind, a line for each, so they are sealed, proven, taken away and erased as
every entry is. That entry keeps no earlier version: restoring one would give again what was ended. To give one is held
until the patient has rested; to end one never is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care.documents import Attention
from journal.care.links import Link, require_active
from journal.catalogue.fields import Answers, EntryKind
from journal.entries import by_kind, only_entry
from journal.errors import InvalidInput, NotFound
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.roles import Role
from journal.sessions.holds import refuse_while_held
from journal.sharing import shares
from journal.standing.kinds import AT_ONCE_PROFESSIONS, KINDS, StandingKind
from journal.standing.lines import Standing, name_piece, parse_standing
from journal.store.database import transaction
from journal.vault import record_state
from journal.vault.entry_rows import Entry

STANDING = "standing.shares"
MAX_ENDED = 100
"""How many that have ended are kept in the list; the log has all of them."""
MAX_LEFT = 300
"""How many of the pieces that were there before a standing share are remembered as such; the latest."""
CHANGED_MEANWHILE = N_("This was changed in the meantime. Nothing was changed here; look at it again.")
SUSPENDED = N_("This person cannot sign in at present. Nothing was shared.")


@dataclass(frozen=True, slots=True)
class StandingList:
    """Every standing share of a patient. `entry` is the record that they stand in, if there is one."""

    entry: Entry | None = None

    @property
    def lines(self) -> tuple[Standing, ...]:
        """Return all of them, also those that have ended, the oldest first."""
        if self.entry is None:
            return ()
        beside = self.entry.document.beside
        left = frozenset(beside.added if beside else ())
        found = parse_standing(self.entry.document.answers.get(STANDING))
        return tuple(replace(one, left=left) for one in found)

    def select_in_force(self, kind: str = "", link: UUID | None = None) -> tuple[Standing, ...]:
        """Return those that have not ended, of one kind and for one care link where these are given."""
        return tuple(
            one
            for one in self.lines
            if one.is_in_force and one.what and kind in ("", one.kind) and link in (None, one.link)
        )


async def load_standing(actor: Actor) -> StandingList:
    """Return the actor's standing shares."""
    return StandingList(await only_entry.load_only_entry(actor, EntryKind.STANDING))


async def load_with_records(actor: Actor, *kinds: StandingKind) -> tuple[StandingList, tuple[Entry, ...]]:
    """Return the actor's standing shares, and the entries that pieces of *kinds*, or of all, stand in."""
    asked = {one.entry_kind for one in kinds or KINDS.values()}
    _, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.STANDING, *asked})
    return select_standing(found), tuple(one for one in found if one.document.kind in {*asked})


def select_standing(found: Iterable[Entry]) -> StandingList:
    """Return the standing shares from entries that were read."""
    return StandingList(only_entry.select_only_entry(found, EntryKind.STANDING))


def can_go_at_once(kind: StandingKind, link: Link) -> bool:
    """Return whether pieces of a kind may go to a clinician around a dosing session, if their patient ticks that."""
    return kind.at_once and link.peer_profession in AT_ONCE_PROFESSIONS


def require_kind(wanted: str) -> StandingKind:
    """Return a kind by its id; any other is not found."""
    if wanted not in KINDS:
        raise NotFound
    return KINDS[wanted]


def build_asked(to: UUID, kind: str, *, at_once: bool = False) -> Asked:
    """Return giving a standing share as what it is while it is held."""
    return Asked(HeldAct.STANDING, to, None, (kind, *(("at_once",) if at_once else ())))


async def give_standing(
    actor: Actor, to: UUID, wanted: str, *, at_once: bool = False, attention: Attention | None = None
) -> None:
    """
    Begin a standing share: the clinician of care link *to* reads pieces of a kind as they are completed from now on.

    Args:
        wanted: The id of the kind.
        at_once: Around a dosing session as well; for whom and what `can_go_at_once` lets.
        attention: What is asked of the reader of each new copy; a copy that is there keeps its own.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        SharingPaused, TrustBroken: While sharing with that clinician is paused, or their keys are not the agreed ones.
        InvalidInput: If that clinician cannot sign in at present, or may not be given anything at once.
    """
    actor.require_role(Role.PATIENT)
    kind, link = require_kind(wanted), await care_links.load_my_link(actor, to)
    asked = build_asked(to, wanted, at_once=at_once)
    await refuse_while_held(actor, asked)
    await shares.require_open(actor, link)
    if link.peer_suspended:
        raise InvalidInput({"kind": SUSPENDED})
    if at_once and not can_go_at_once(kind, link):
        raise InvalidInput(
            {"at_once": N_("Only readings can go during a session, to a prescriber or a nurse.")}
        )
    await record_state.require_intact(actor)
    new = Standing(kind.id, link.id, actor.now, at_once=at_once, name=link.peer_name)
    said = attention.value if attention else ""

    def give(every: Sequence[Standing]) -> list[Standing]:
        # One that is given again goes on since it was given, with or without its tick.
        same = next((one for one in every if _is_same(one, link.id, kind.id)), new)
        others = [one for one in every if not _is_same(one, link.id, kind.id)]
        return [*others, replace(same, at_once=at_once, attention=said)]

    is_new = not (await load_standing(actor)).select_in_force(wanted, to)
    there = await _name_pieces(actor, kind, to) if is_new and kind.part else []
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, asked)
        await require_active(link)
        await _change(actor, give)
        await _remember(actor, there)
        await audit_log.record_event(
            actor, Act.STANDING_GIVEN, patient=actor.id, about=link.id, recipient=link.clinician
        )


async def end_standing(actor: Actor, to: UUID, kind: str) -> None:
    """End a standing share, whatever became of its care link. Never held; copies that went stay as they are."""
    actor.require_role(Role.PATIENT)
    if not (await load_standing(actor)).select_in_force(kind, to):
        return
    async with transaction():
        await record_state.lock_state(actor)
        await _change(
            actor,
            lambda every: [
                replace(one, until=actor.now) if _is_same(one, to, kind) else one for one in every
            ],
        )
        await audit_log.record_event(actor, Act.STANDING_ENDED, patient=actor.id, about=to)


async def end_all_of(actor: Actor, wanted: UUID) -> None:
    """End what stands in an entry before it is deleted, so that restoring it gives nothing again."""
    found = await load_standing(actor)
    if found.entry is not None and found.entry.id == wanted:
        for one in found.lines:
            await end_standing(actor, one.link, one.kind)


async def note_asked(actor: Actor, to: UUID, kind: str, pieces: Sequence[str] = ()) -> None:
    """
    Note that a patient was asked about all that did not go until now; what they did not choose stays with them.

    Args:
        pieces: The names of what was listed: none of it is asked about again once something is added beside it.
    """
    await _change(
        actor,
        lambda every: [replace(one, asked=actor.now) if _is_same(one, to, kind) else one for one in every],
    )
    await _remember(actor, pieces)


async def _name_pieces(actor: Actor, kind: StandingKind, to: UUID) -> list[str]:
    """Return the names of the pieces that are there, the latest last."""
    _, found = await by_kind.load_entries_of_kinds(actor, {kind.entry_kind})
    there = sorted((one for one in found if not one.damaged), key=lambda one: one.updated_at)
    named = [
        name_piece(kind.id, to, one.id, piece) for one in there for piece in kind.list_pieces(one.document)
    ]
    return named[-MAX_LEFT:]


async def _remember(actor: Actor, pieces: Sequence[str]) -> None:
    """Remember beside the standing shares that these pieces stay with their patient."""
    if pieces:
        kept: dict[str, Callable[[Answers], Answers]] = dict.fromkeys(pieces, lambda answers: answers)
        await only_entry.add_once(actor, EntryKind.STANDING, kept, CHANGED_MEANWHILE, keep=None)


def _is_same(one: Standing, link: UUID, kind: str) -> bool:
    return one.is_in_force and (one.link, one.kind) == (link, kind)


async def _change(actor: Actor, change: Callable[[Sequence[Standing]], list[Standing]]) -> None:
    def change_answers(before: Answers) -> Answers:
        every = sorted(change(parse_standing(before.get(STANDING))), key=lambda one: one.since)
        ended = [one for one in every if not one.is_in_force]
        dropped = ended[: max(0, len(ended) - MAX_ENDED)]
        return {**before, STANDING: [one.line for one in every if one not in dropped]}

    await only_entry.change_only_entry(
        actor, EntryKind.STANDING, change_answers, CHANGED_MEANWHILE, keep=None
    )
