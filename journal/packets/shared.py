"""What a clinician can choose from: the copies that a patient shares with them now, as entries of just these parts."""

from __future__ import annotations

from journal.actor import Actor
from journal.care.link_keys import SharingPaused
from journal.care.links import Link
from journal.errors import StaleRevision
from journal.i18n import N_
from journal.sharing import reading
from journal.sharing.reading import Folder, IncomingShare
from journal.vault.documents import Beside, EntryDocument, Origin
from journal.vault.entry_rows import Entry

NO_LONGER_SHARED = N_(
    "Something in this file is no longer shared with you as it was, so it is not handed out any more. "
    "Make a new packet of what is shared with you now."
)


async def load_folder(actor: Actor, link: Link) -> Folder:
    """
    Open what is shared over a care link now.

    Raises:
        SharingPaused: While it is paused.
        TrustBroken: If the patient's keys are not the pinned ones.
    """
    folder = await reading.open_folder(actor, link, await reading.load_visible_plan(actor, link))
    if folder.paused:
        raise SharingPaused
    return folder


def list_entries(folder: Folder) -> tuple[Entry, ...]:
    """Return the copies as entries, the oldest first. A copy whose title alone may be shown is not among them."""
    return tuple(map(_build_entry, sorted(folder.shared, key=lambda one: (one.written_at, one.id))))


def require_shared(folder: Folder, quoted: dict[str, int]) -> None:
    """Raise `StaleRevision` unless all copies that a file quotes are still shared, in the revision of then."""
    there = {one.id.hex: one.revision for one in folder.shared}
    if any(there.get(ident) != revision for ident, revision in quoted.items()):
        raise StaleRevision(NO_LONGER_SHARED)


def _build_entry(one: IncomingShare) -> Entry:
    copy = one.document
    beside = Beside(origin=Origin("", "")) if copy.imported else None
    document = EntryDocument(
        copy.kind, copy.title, copy.note, copy.session_id, copy.answers, beside=beside, language=copy.language
    )
    return Entry(one.id, one.revision, document, one.written_at, one.updated_at, None)
