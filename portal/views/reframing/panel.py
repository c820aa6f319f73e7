"""What stands below a reframe on its own page: its status, and the ways to add to it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from journal.actor import Actor
from journal.catalogue.fields import EntryKind, Option
from journal.catalogue.reframe import STATUS_OPTIONS
from journal.reframing import offers, reframes
from journal.reframing.later import StandingShare, list_standing
from journal.reframing.picture import build_picture
from journal.reframing.reframes import STATUS
from journal.sessions import holds
from journal.sessions.rows import Session
from journal.sharing.shares import OutgoingShare
from journal.vault.entry_rows import Entry
from portal.views.sharing.picture import PictureView, build_picture_view


@dataclass(frozen=True, slots=True)
class ReframePanel:
    """
    The status of a reframe among all that there are.

    `is_held`: a dosing session is too near for looking at numbers; nothing is offered then but a moment, and there is
    no `picture`, which otherwise needs two ratings. `has_no_offers`: its patient wants none, of this one or of any.
    `phrase` is what became of its new sentence as a phrase that steadies; `language` is that of its words.
    """

    id: UUID
    status: str
    statuses: tuple[Option, ...]
    is_held: bool
    has_no_offers: bool
    picture: PictureView | None
    standing: tuple[StandingShare, ...]
    revision: int
    phrase: str
    language: str


async def load_panel(
    actor: Actor, entry: Entry, plan: tuple[Session, ...], given: tuple[OutgoingShare, ...], phrase: str = ""
) -> ReframePanel | None:
    """Return what stands below an entry that is a reframe; None for others."""
    if entry.document.kind != EntryKind.REFRAME:
        return None
    status = entry.document.answers.get(STATUS, "")
    is_held = holds.get_hold(actor, plan) is not None
    picture = None
    if not is_held:
        begun, about = reframes.get_first_day(actor, entry), entry.document.session_id
        picture = build_picture(entry.document.answers, begun, plan, about, actor.zone)
    is_off = offers.are_offers_off(actor, await reframes.list_reframes(actor))
    return ReframePanel(
        entry.id,
        str(status),
        STATUS_OPTIONS,
        is_held,
        is_off or offers.get_beside(entry.document).stopped,
        build_picture_view(picture) if picture else None,
        list_standing(entry, given),
        entry.revision,
        phrase,
        entry.document.language,
    )
