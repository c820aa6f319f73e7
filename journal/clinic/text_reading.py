"""Open the words of a care team's texts: for their patient, or for a clinician by their care link."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from journal.actor import Actor
from journal.care.links import Link
from journal.clinic.instructions import Instructions, decode_details, encode_signed
from journal.clinic.text_words import (
    CarriedText,
    TextWords,
    add_words,
    carried_text_context,
    leave_words,
    text_words_context,
)
from journal.errors import Damaged
from journal.plan_words.reading import load_reading_key
from journal.sealing import SealingKey, open_document


async def open_texts(
    actor: Actor, link: Link | None, texts: Iterable[Instructions]
) -> tuple[Instructions, ...]:
    """
    Return texts of one patient with their words; those that do not open for *actor* stay closed.

    Args:
        link: The care link of a clinician; None for the patient.
    """
    found = tuple(texts)
    if not any(one.is_closed for one in found):
        return found
    key = await load_reading_key(actor, link)
    return found if key is None else tuple(open_words(key, one) for one in found)


async def open_text(actor: Actor, link: Link | None, text: Instructions) -> Instructions:
    """Return one text with its words; as `open_texts`."""
    return (await open_texts(actor, link, (text,)))[0]


def open_words(key: SealingKey, one: Instructions) -> Instructions:
    """Return a text with its words, or as it is where *key* does not open them, or they are not those it names."""
    if not one.is_closed or one.sealed_words is None:
        return one
    try:
        if one.is_carried:
            return _open_carried(key, one, one.sealed_words)
        place = text_words_context(one.patient, one.id)
        details = add_words(one.details, open_document(key, one.sealed_words, place, TextWords))
    except Damaged:
        return one
    return msgspec.structs.replace(one, details=details, is_closed=False)


def _open_carried(key: SealingKey, one: Instructions, sealed: bytes) -> Instructions:
    carried = open_document(key, sealed, carried_text_context(one.patient, one.id), CarriedText)
    encoded = carried.details.encode()
    details = decode_details(encoded)
    if leave_words(details) != one.details:
        raise Damaged
    signed = encode_signed(one.patient, one.course, one.version, encoded)
    return msgspec.structs.replace(one, details=details, signed=signed, keys=carried.keys, is_closed=False)
