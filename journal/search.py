"""Find words in all of one's own entries, by opening them: there is no index for anybody to steal."""

from __future__ import annotations

import unicodedata

import msgspec

from journal.actors import Actor, Role
from journal.documents import decode_entry, entry_bytes_opener
from journal.entries import OWN, Entry
from journal.store import fetch, key_of, time_of


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
    rows = await fetch(OWN + " AND deleted_at IS NULL ORDER BY created_at DESC", actor.id)
    found, plain_of = [], entry_bytes_opener(actor.vault, actor.id)
    for ident, revision, sealed, created, updated, _ in rows:
        key = key_of(ident)
        plain = plain_of(bytes(sealed), key, revision)
        folded = plain.decode().casefold()
        if not all(needle in folded for needle in escaped):
            continue
        document = decode_entry(plain)
        text = document.text().casefold()
        if all(needle in text for needle in needles):
            found.append(Entry(key, revision, document, time_of(created), time_of(updated), None))
    return tuple(found)
