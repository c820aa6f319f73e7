"""Carry over texts that were signed with their words in them: each whole, under the key of its patient's plan."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from crypto import Sealer
from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.clinic import tables
from journal.clinic.instructions import (
    InstructionsRow,
    SignedInstructions,
    decode_details,
    instructions_context,
    open_version,
)
from journal.clinic.signatures import AttestedKeys, find_keys
from journal.clinic.text_words import CarriedText, carried_text_context, has_words, leave_words
from journal.errors import Damaged
from journal.plan_words import carrying
from journal.sealing import encode_document, open_document, seal_document
from journal.sessions.rows import Session
from journal.store.rows import fetch_rows, filter_undamaged


async def settle(actor: Actor, mine: Iterable[Link], plan: Iterable[Session]) -> None:
    """Do what waits for a patient, as `plan_words.carrying.settle`, with the texts of their care team."""
    await carrying.settle(actor, mine, plan, _carry_texts)


async def _carry_texts(actor: Actor, key: Sealer) -> None:
    bare = tables.InstructionsVersion.filter(patient_id=actor.id, words=None)
    rows = filter_undamaged(await fetch_rows(InstructionsRow, bare.order_by("id")))
    if not rows:
        return
    team, known = await links.load_my_links(actor, ended=True), AttestedKeys()
    for row in rows:
        try:
            columns = await _seal_apart(actor, key, team, row, known)
        except Damaged:
            continue
        if columns is not None:
            await bare.filter(id=row.id, sealed=row.sealed).update(**columns)


async def _seal_apart(
    actor: Actor, key: Sealer, team: tuple[Link, ...], row: InstructionsRow, known: AttestedKeys
) -> dict[str, bytes] | None:
    """Return the columns of a text that was signed with words in it; None for any other."""
    server, place = (
        actor.installation.server_keys,
        instructions_context(row.patient_id, row.course_id, row.version),
    )
    document = open_document(server, row.sealed, place, SignedInstructions)
    details = decode_details(bytes(document.details))
    if document.is_carried or not has_words(details):
        return None
    text = open_version(actor.installation, row)
    theirs = [link for link in team if link.clinician == text.signer]
    keys = await find_keys(actor, theirs, text, known)
    whole = CarriedText(bytes(document.details).decode(), keys.encode() if keys else b"")
    left = msgspec.Raw(encode_document(leave_words(details)))
    return {
        "sealed": seal_document(
            server, msgspec.structs.replace(document, details=left, is_carried=True), place
        ),
        "words": seal_document(key, whole, carried_text_context(actor.id, row.id)),
    }
