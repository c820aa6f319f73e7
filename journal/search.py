"""Find words in all of one's own entries, by opening them: there is no index for anybody to steal."""

from __future__ import annotations

import unicodedata

import msgspec

from journal import tables
from journal.actors import Actor, Role
from journal.documents import EntryDocument, entry_context, open_bytes
from journal.entries import COLUMNS, Entry
from journal.errors import Damaged
from journal.store import key_of


async def search(actor: Actor, words: str) -> tuple[Entry, ...]:
    """
    Give the entries that contain every one of *words*, whatever the case, newest first.

    Each record is opened and its JSON scanned as it stands; only those that may match are decoded.
    """
    actor.must_be(Role.PATIENT)
    needles = [unicodedata.normalize("NFC", word).casefold() for word in words.split()]
    if not needles:
        return ()
    escaped = [msgspec.json.encode(needle)[1:-1].decode() for needle in needles]
    rows = (
        await tables.Entry.filter(owner_id=actor.id, deleted_at=None).order_by("-created_at").values_list(*COLUMNS)
    )
    found = []
    for ident, revision, sealed, created, updated, _ in rows:
        key = key_of(ident)
        raw = open_bytes(actor.vault, bytes(sealed), entry_context(actor.id, key, revision))
        folded = raw.decode().casefold()
        if not all(needle in folded for needle in escaped):
            continue
        try:
            document = msgspec.json.decode(raw, type=EntryDocument)
        except msgspec.MsgspecError as error:
            raise Damaged from error
        text = document.text().casefold()
        if all(needle in text for needle in needles):
            found.append(Entry(key, revision, document, created, updated, None))
    return tuple(found)
