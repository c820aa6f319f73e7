"""What is set for the talks of one care link, opened: each thing with what was said to it and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from crypto import Sealer
from journal.actor import Actor
from journal.care import tables
from journal.care.link_keys import get_peer_identity, open_shared_key
from journal.care.links import Link
from journal.care_notes.signing import verify_note
from journal.coming_talk import library
from journal.coming_talk.documents import (
    ItemDetails,
    Mark,
    MarkDetails,
    Thing,
    Word,
    WordDetails,
    item_context,
    mark_context,
    word_context,
)
from journal.coming_talk.library import ThingKind
from journal.errors import Damaged, TrustBroken
from journal.sealing import open_document
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status
from journal.store.rows import DamagedRow, OpenedRows, Row, Timestamp, fetch_rows, filter_undamaged, open_rows

MAX_FOR_TALK = 5
"""How many things are set for one talk over one care link; what was let go does not count."""
MAX_ITEMS = 500
"""How many are kept over one care link."""
MAX_SHOWN = 20
"""How many of earlier talks a page shows."""

PURPOSE = "talk-item"
SIGNED_VERSION = 1
"""A thing is never changed, so what is signed has one version."""


class ItemRow(Row, frozen=True):
    """A row of one thing."""

    id: UUID
    link_id: UUID
    session_id: UUID
    sealed: bytes
    said: bytes | None
    mark: bytes | None
    created_at: Timestamp


class AnswerRow(Row, frozen=True):
    """A copy of an answer, by its entry."""

    id: UUID
    entry_id: UUID


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was set, opened. `next` is the thing that follows it, where it comes again."""

    id: UUID
    link: UUID
    session: UUID
    details: ItemDetails
    set_at: datetime
    word: Word | None = None
    said_at: datetime | None = None
    mark: Mark | None = None
    marked_at: datetime | None = None
    next: UUID | None = None

    @property
    def thing(self) -> Thing:
        """Return what was set."""
        return self.details.thing

    @property
    def kind(self) -> ThingKind:
        """Return of which kind it is."""
        return ThingKind(self.details.thing.kind)

    @property
    def title(self) -> str:
        """Return its title in our words, to be translated; nothing where it is in own words."""
        return library.find_title(self.thing)

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """Return the text of something to read that ships, to be translated."""
        return library.find_paragraphs(self.thing)

    @property
    def answer(self) -> UUID:
        """Return the id of the entry that answers it, if there ever is one."""
        return UUID(self.details.answer)


def is_talk(one: Session) -> bool:
    """Return whether something can be set for a session: every one but a dosing session."""
    return one.kind is not SessionKind.DOSING and one.details.status is not Status.CANCELLED


def list_talks_ahead(plan: Iterable[Session], now: datetime) -> tuple[Session, ...]:
    """Return the talks under way and those to come, the next one first."""
    return tuple(one for one in schedule.list_upcoming(plan, now) if is_talk(one))


async def load_answers(link: Link, found: Iterable[Item]) -> dict[UUID, UUID]:
    """Return which copies answer things that were set, by the entry; what was not shared is in no such row."""
    wanted = [one.answer for one in found]
    copies = tables.Share.filter(link_id=link.id, entry_id__in=wanted, ended_at=None)
    rows = await fetch_rows(AnswerRow, copies) if wanted else []
    return {row.entry_id: row.id for row in filter_undamaged(rows)}


async def load_items(actor: Actor, link: Link, talk: UUID | None = None) -> OpenedRows[Item]:
    """
    Return what is set over a care link that is one of the actor's, for one talk or for all, those set first first.

    Raises:
        SharingPaused, TrustBroken: As `open_shared_key` does.
    """
    rows = tables.TalkItem.filter(link_id=link.id)
    return await open_items(actor, link, rows.filter(session_id=talk) if talk else rows)


async def load_to_mark(actor: Actor, link: Link, talk: UUID | None) -> OpenedRows[Item]:
    """Return what is set for one talk, and whatever has no mark yet; raises as `load_items`."""
    rows = tables.TalkItem.filter(link_id=link.id)
    return await open_items(actor, link, rows.filter(Q(session_id=talk) | Q(mark=None)))


async def open_items(actor: Actor, link: Link, query: QuerySet[tables.TalkItem]) -> OpenedRows[Item]:
    """Open the rows of *query*, which are of *link*, in the order in which they were set; raises as `load_items`."""
    return await open_item_rows(actor, link, await fetch_rows(ItemRow, query))


async def open_item_rows(actor: Actor, link: Link, rows: Sequence[ItemRow | DamagedRow]) -> OpenedRows[Item]:
    """Open rows that are of *link*, as `open_items` does."""
    if not rows:
        return OpenedRows()
    await get_peer_identity(actor, link)
    key = await open_shared_key(actor, link)
    found = open_rows(rows, lambda row: _open(actor, key, link, row))
    order = sorted(found, key=lambda one: (one.set_at, one.details.place, one.id))
    return OpenedRows(order, found.damaged)


async def load_my_items(actor: Actor, mine: Iterable[Link]) -> OpenedRows[Item]:
    """Return everything that was set for a patient, link by link; of one whose keys changed, nothing."""
    found: list[Item] = []
    damaged: list[UUID | None] = []
    for link in mine:
        if link.ended_at is not None or not link.trusted:
            continue
        try:
            opened = await load_items(actor, link)
        except (Damaged, TrustBroken):
            continue
        found += opened
        damaged += opened.damaged
    return OpenedRows(found, damaged)


def count_places(found: Iterable[Item]) -> int:
    """Return how many of the places for one talk are taken."""
    return sum(one.mark is not Mark.LET_GO for one in found)


def _open(actor: Actor, key: Sealer, link: Link, row: ItemRow) -> Item:
    details = open_document(key, row.sealed, item_context(link.id, row.id), ItemDetails)
    verify_note(actor, link, row.id, SIGNED_VERSION, PURPOSE, details)
    if details.session != row.session_id.hex or not library.is_known(details.thing):
        raise Damaged
    try:
        UUID(details.answer)
        said = _open_word(key, link, row)
        mark = _open_mark(key, link, row)
        return Item(
            row.id,
            link.id,
            row.session_id,
            details,
            datetime.fromisoformat(details.written_at),
            Word(said.word) if said else None,
            datetime.fromisoformat(said.said_at) if said else None,
            Mark(mark.mark) if mark else None,
            datetime.fromisoformat(mark.marked_at) if mark else None,
            UUID(mark.next) if mark and mark.next else None,
        )
    except ValueError as error:
        raise Damaged from error


def _open_word(key: Sealer, link: Link, row: ItemRow) -> WordDetails | None:
    return (
        open_document(key, row.said, word_context(link.id, row.id), WordDetails)
        if row.said is not None
        else None
    )


def _open_mark(key: Sealer, link: Link, row: ItemRow) -> MarkDetails | None:
    return (
        open_document(key, row.mark, mark_context(link.id, row.id), MarkDetails)
        if row.mark is not None
        else None
    )
