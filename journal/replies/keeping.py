"""
What a patient keeps of replies: those that they sent and those that they opened, and their draft, in their journal.

One entry of its own kind holds one conversation: about one entry, with one clinician. So it is sealed, proven, exported
and erased as every entry is, and outlasts the copy and the care.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.care.links import Link
from journal.catalogue.fields import Answers, EntryKind
from journal.entries import by_kind, entries, removal
from journal.errors import StaleRevision
from journal.i18n import N_
from journal.replies.lines import KeptReply, parse_replies, sort_replies
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry

WITH, REPLIES, DRAFT = "replies.with", "replies.lines", "replies.draft"
ATTEMPTS = 5  # one more for each change by another page meanwhile
CHANGED_MEANWHILE = N_("Another page saved at the same moment. Nothing was changed; look again.")


@dataclass(frozen=True, slots=True)
class Place:
    """What a conversation is about: an entry, the care link, what both are called, and the language of the title."""

    entry: UUID
    link: UUID
    name: str
    title: str = ""
    session_id: str | None = None
    language: str = ""

    @property
    def source(self) -> str:
        """Return what stands beside the words of the record of it."""
        return f"{self.entry.hex}.{self.link.hex}"


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of one conversation; `entry` is None while there is nothing."""

    entry: Entry | None = None

    @property
    def replies(self) -> tuple[KeptReply, ...]:
        """Return the replies, the oldest first."""
        return parse_replies(self.entry.document.answers.get(REPLIES)) if self.entry else ()

    @property
    def draft(self) -> str:
        """Return the patient's draft."""
        return str(self.entry.document.answers.get(DRAFT, "")) if self.entry else ""

    @property
    def language(self) -> str:
        """Return the language of the draft, or of the title where there is none."""
        return self.entry.document.language if self.entry else ""

    @property
    def sitting(self) -> str:
        """Return the name of the page that saved the draft."""
        return self.entry.document.sitting if self.entry else ""


def build_place(entry: Entry, link: Link) -> Place:
    """Return what a conversation about an entry with the clinician of a link is about."""
    document = entry.document
    return Place(
        entry.id, link.id, link.peer_name, document.title, document.session_id, document.title_language
    )


def get_source(entry: Entry) -> tuple[UUID, UUID] | None:
    """Return which entry and which care link a record is about; None for any other entry."""
    beside = entry.document.beside
    whose = beside.added[0] if beside and beside.added and entry.document.kind == EntryKind.REPLIES else ""
    about, dot, link = whose.partition(".")
    try:
        return (UUID(about), UUID(link)) if dot else None
    except ValueError:
        return None


async def load_record(actor: Actor, entry: UUID, link: UUID) -> Record:
    """Return what is kept of a conversation; of two records, where one was restored, the latest begun."""
    _, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.REPLIES})
    return select_record(found, entry, link)


def select_record(found: Iterable[Entry], entry: UUID, link: UUID) -> Record:
    """Return the same as `load_record` from entries that are loaded already."""
    mine = [one for one in found if not one.damaged and get_source(one) == (entry, link)]
    return Record(max(mine, key=lambda one: (one.created_at, one.id.hex), default=None))


async def keep_replies(
    actor: Actor,
    place: Place,
    new: Iterable[KeptReply],
    *,
    gone: UUID | None = None,
    draft: str | None = None,
    sitting: str = "",
    language: str = "",
) -> None:
    """
    Add replies to the record of a conversation, take away the one that is *gone*, and store a draft where one is given.

    Args:
        language: That of the draft, where it was not written on the actor's page.

    Raises:
        StaleRevision: If others saved all the time; nothing was changed.
    """
    added = tuple(new)

    def change(before: Answers) -> Answers:
        kept = {one.id: one for one in (*parse_replies(before.get(REPLIES)), *added) if one.id != gone}
        after: Answers = {
            WITH: place.name,
            REPLIES: [one.line for one in sort_replies(kept.values())],
            DRAFT: str(before.get(DRAFT, "")) if draft is None else draft,
        }
        return {name: value for name, value in after.items() if value}

    writer = replace(actor, language=language or actor.language)
    await _change_record(writer, place, change, sitting if draft is not None else None)


async def _change_record(
    actor: Actor, place: Place, change: Callable[[Answers], Answers], sitting: str | None
) -> None:
    for _ in range(ATTEMPTS):
        seen = (await load_record(actor, place.entry, place.link)).entry
        answers = change(seen.document.answers if seen else {})
        is_empty = not (answers.get(REPLIES) or answers.get(DRAFT))
        if seen is None:
            spoken = _find_language(actor, place, answers, None)
            if is_empty or await _begin_record(actor, place, answers, sitting or "", spoken):
                return
        elif is_empty:
            if await removal.discard_entry(actor, seen.id, seen.revision):
                return
        else:
            kept = seen.document.sitting if sitting is None else sitting
            spoken = _find_language(actor, place, answers, seen.document)
            document = msgspec.structs.replace(
                seen.document, answers=answers, sitting=kept, beside=_build_beside(place, spoken)
            )
            if await entries.replace_document(actor, seen, document, keep=None, language=spoken):
                return
    raise StaleRevision(CHANGED_MEANWHILE)


def _find_language(actor: Actor, place: Place, answers: Answers, before: EntryDocument | None) -> str:
    """Return the language of the draft, or of the title without one: each reply says its own."""
    draft = answers.get(DRAFT)
    there = before.language if before else ""
    if not draft:
        return place.language or there
    return there if before and draft == before.answers.get(DRAFT) else actor.language or there


def _build_beside(place: Place, language: str) -> Beside:
    """Return what stands beside the words of a record: its title stays in its language where they are in another."""
    called = place.language if place.language != language else ""
    return Beside(added=(place.source,), title_language=called)


async def _begin_record(actor: Actor, place: Place, answers: Answers, sitting: str, language: str) -> bool:
    document = EntryDocument(
        EntryKind.REPLIES.value,
        place.title,
        session_id=place.session_id,
        answers=answers,
        sitting=sitting,
        beside=_build_beside(place, language),
    )

    async def is_there() -> bool:
        return (await load_record(actor, place.entry, place.link)).entry is not None

    return await entries.create_first_entry(replace(actor, language=language), document, is_there)
