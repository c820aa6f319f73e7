"""What stands below a reframe on its own page: its status, and the ways to add to it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from journal.actor import Actor
from journal.catalogue.fields import EntryKind, Option
from journal.catalogue.reframe import STATUS_OPTIONS
from journal.reframing import offers, reframes
from journal.reframing.reframes import STATUS
from journal.sessions import holds
from journal.sessions.rows import Session
from journal.vault.entry_rows import Entry


@dataclass(frozen=True, slots=True)
class ReframePanel:
    """
    The status of a reframe among all that there are.

    `is_held`: a dosing session is too near for looking at numbers; nothing is offered then but a moment.
    `has_no_offers`: its patient wants none, of this one or of any.
    """

    id: UUID
    status: str
    statuses: tuple[Option, ...]
    is_held: bool
    has_no_offers: bool


async def load_panel(actor: Actor, entry: Entry, plan: tuple[Session, ...]) -> ReframePanel | None:
    """Return what stands below an entry that is a reframe; None for others."""
    if entry.document.kind != EntryKind.REFRAME:
        return None
    status = entry.document.answers.get(STATUS, "")
    is_off = offers.are_offers_off(await reframes.list_reframes(actor))
    return ReframePanel(
        entry.id,
        str(status),
        STATUS_OPTIONS,
        holds.get_hold(actor, plan) is not None,
        is_off or offers.get_beside(entry.document).stopped,
    )
