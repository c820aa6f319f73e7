"""
The words of a care team's text that are about one patient's session: sealed under the key of the plan, apart from it.

What a sitter's page shows and what reminders follow stays with the text, under the server key, signed. So that the
signature is over the words as well, and yet tells nothing of them, the text names their digest, and they hold a salt. A
text from before there were keys of plans is signed with its words in it: of such a one the whole stands here.
"""

from __future__ import annotations

from hashlib import sha256
from secrets import token_hex
from typing import TypeVar
from uuid import UUID

import msgspec

from crypto import Context, join_fields
from journal.errors import Damaged

WORD_FIELDS = ("fasting", "medicines", "bring")
SALT_BYTES = 32
_DIGEST_DOMAIN = b"hearthside/v1/instructions-words"


class TextWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a text says of one patient's session; `salt` is random, so that nobody finds the words by their digest."""

    fasting: str
    medicines: str
    bring: str
    salt: str


class CarriedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A text from before: `details` is the very JSON that was signed.

    `keys` is the public identity that its signature fitted when its patient carried it over, or empty: then none of
    whom they knew had signed it.
    """

    details: str
    keys: bytes


D = TypeVar("D", bound=msgspec.Struct)


def text_words_context(patient: UUID, text: UUID) -> Context:
    """Return the context of a version's words."""
    return Context("instructions-words", patient.bytes, text.bytes)


def carried_text_context(patient: UUID, text: UUID) -> Context:
    """Return the context of a version from before, with its words."""
    return Context("instructions-carried", patient.bytes, text.bytes)


def has_words(details: msgspec.Struct) -> bool:
    """Return whether words of a session stand in a text's *details*."""
    return any(getattr(details, name) for name in WORD_FIELDS)


def leave_words(details: D, digest: str = "") -> D:
    """Return *details* without their words, which have this digest."""
    return msgspec.structs.replace(details, **dict.fromkeys(WORD_FIELDS, ""), words=digest)


def take_words(details: D) -> tuple[D, TextWords | None]:
    """Return *details* that name their words by a digest, and these; None where there are none."""
    if not has_words(details):
        return leave_words(details), None
    told = {name: getattr(details, name) for name in WORD_FIELDS}
    words = TextWords(**told, salt=token_hex(SALT_BYTES))
    return leave_words(details, _compute_digest(words)), words


def add_words(details: D, words: TextWords) -> D:
    """Return *details* with the words that they name; raises `Damaged` for any others."""
    if _compute_digest(words) != getattr(details, "words", ""):
        raise Damaged
    return msgspec.structs.replace(details, **{name: getattr(words, name) for name in WORD_FIELDS})


def _compute_digest(words: TextWords) -> str:
    told = (words.salt, words.fasting, words.medicines, words.bring)
    return sha256(join_fields(_DIGEST_DOMAIN, *(one.encode() for one in told))).hexdigest()
