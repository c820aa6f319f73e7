"""
Drafts of replies, which nobody but their author ever sees: a patient's in their journal, a clinician's in a row.

Nothing that was typed takes another text's place unseen: what another page saved meanwhile stays before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.care import tables
from journal.care.documents import ShareDocument
from journal.errors import Damaged, InvalidInput
from journal.i18n import N_, get_known_language
from journal.replies.documents import MAX_DRAFT_LENGTH, MAX_DRAFTS, DraftDocument, draft_context
from journal.replies.keeping import Place, keep_replies, load_record
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import ensure_transaction, flush_deleted
from journal.store.rows import NonNegative, OpenedRows, Row, Timestamp, fetch_rows, open_rows

NO_ROOM = N_("There is no room for more drafts. Delete one that you do not need.")
DRAFT_TOO_LONG = N_("This is longer than a draft can hold. Nothing was saved; please shorten it.")


class DraftRow(Row, frozen=True):
    """A clinician's draft."""

    id: UUID
    patient: UUID
    share: UUID
    revision: NonNegative
    sealed: bytes
    updated_at: Timestamp


@dataclass(frozen=True, slots=True)
class Draft:
    """A clinician's draft, for which copy of whose; `to` and `about` are names as they were."""

    id: UUID
    patient: UUID
    share: UUID
    revision: int
    text: str
    to: str
    about: str
    sitting: str
    updated_at: datetime
    about_language: str
    language: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What a page sent: the text, the random name of the page, and `seen`, a digest of the draft that it showed."""

    text: str
    sitting: str = ""
    seen: str = ""


def get_digest(text: str) -> str:
    """Return by which a page says which draft it showed."""
    return sha256(text.encode()).hexdigest()[:16] if text else ""


def merge(there: str, there_sitting: str, typed: Typed) -> str:
    """Return the draft that is stored where another one is there: that of another page stays before what was typed."""
    same_page = typed.sitting != "" and typed.sitting == there_sitting
    if same_page or not there or typed.seen == get_digest(there) or there == typed.text:
        return typed.text
    return f"{there}\n\n{typed.text}" if typed.text else there


def require_length(text: str) -> None:
    """Raise `InvalidInput` for a text that is longer than a draft holds."""
    if len(text) > MAX_DRAFT_LENGTH:
        raise InvalidInput({"reply": DRAFT_TOO_LONG})


async def save_mine(actor: Actor, place: Place, typed: Typed) -> str:
    """Store a patient's draft; return it as it is stored. An empty one is deleted."""
    record = await load_record(actor, place.entry, place.link)
    text = merge(record.draft, record.sitting, typed)
    require_length(text)
    if text != record.draft or typed.sitting != record.sitting:
        await keep_replies(actor, place, (), draft=text, sitting=typed.sitting)
    return text


async def load_all(actor: Actor) -> OpenedRows[Draft]:
    """Return a clinician's drafts, the latest first."""
    actor.require_role(Role.CLINICIAN)
    mine = tables.ReplyDraft.filter(owner_id=actor.id).order_by("-updated_at")
    return open_rows(await fetch_rows(DraftRow, mine), lambda row: _open(actor, row))


async def load_of_copy(actor: Actor, share: UUID) -> Draft | None:
    """Return a clinician's draft about one copy, if there is one that opens."""
    actor.require_role(Role.CLINICIAN)
    mine = tables.ReplyDraft.filter(owner_id=actor.id, share=share)
    found = open_rows(await fetch_rows(DraftRow, mine), lambda row: _open(actor, row))
    return found[0] if found else None


async def save_of_copy(
    actor: Actor,
    patient: UUID,
    share: UUID,
    typed: Typed,
    *,
    to: str = "",
    about: ShareDocument | None = None,
    language: str = "",
) -> str:
    """
    Store a clinician's draft about a copy; return it as it is stored. An empty one is deleted.

    Args:
        to: The patient's name, where it is known.
        about: The copy, where it opens.
        language: That of the text, where it was not written on the actor's page.

    Raises:
        InvalidInput: If it is too long, or there are as many as fit.
    """
    actor.require_role(Role.CLINICIAN)
    async with ensure_transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        there = await load_of_copy(actor, share)
        text = merge(there.text, there.sitting, typed) if there else typed.text
        require_length(text)
        mine = tables.ReplyDraft.filter(owner_id=actor.id, share=share)
        if not text.strip():
            await mine.delete()
            return ""
        if there is None:
            await mine.delete()  # one that does not open
            if await tables.ReplyDraft.filter(owner_id=actor.id).count() >= MAX_DRAFTS:
                raise InvalidInput({"reply": NO_ROOM})
        ident, revision = (there.id, there.revision + 1) if there else (uuid4(), 1)
        title, spoken = (about.title, about.language) if about else ("", "")
        if there and not title:
            title, spoken = there.about, there.about_language
        named = to or (there.to if there else "")
        said_in = there.language if there and text == there.text else language or actor.language
        document = DraftDocument(text, named, title, typed.sitting, spoken, said_in)
        sealed = seal_document(actor.vault, document, draft_context(actor.id, ident, revision))
        if there:
            await mine.update(revision=revision, sealed=sealed, updated_at=actor.now)
        else:
            await tables.ReplyDraft.create(
                id=ident,
                owner_id=actor.id,
                patient=patient,
                share=share,
                revision=revision,
                sealed=sealed,
                updated_at=actor.now,
            )
    return text


async def delete_of_copy(actor: Actor, share: UUID) -> None:
    """Delete a clinician's draft about a copy; nothing happens where there is none."""
    if await remove_of_copy(actor, share):
        await flush_deleted()


async def remove_of_copy(actor: Actor, share: UUID) -> bool:
    """Delete the same in the transaction that is open, after which `flush_deleted` is called."""
    actor.require_role(Role.CLINICIAN)
    return bool(await tables.ReplyDraft.filter(owner_id=actor.id, share=share).delete())


def _open(actor: Actor, row: DraftRow) -> Draft:
    if row.revision == 0:
        raise Damaged
    document = open_document(
        actor.vault, row.sealed, draft_context(actor.id, row.id, row.revision), DraftDocument
    )
    return Draft(
        row.id,
        row.patient,
        row.share,
        row.revision,
        document.text,
        document.to,
        document.about,
        document.sitting,
        row.updated_at,
        get_known_language(document.about_language),
        get_known_language(document.language),
    )
