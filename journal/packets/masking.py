"""
Black out words that somebody typed, such as the names of others, wherever they stand in what a packet holds.

A word is found whole, in small and capital letters, however its letters are composed. In scripts that put no blank
between words, or join small words to others, it is found within them too: rather a letter too many than a name left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from crypto import normalize
from journal.care.documents import ShareDocument
from journal.catalogue.fields import Answer, EntryKind, Field, FieldKind
from journal.catalogue.forms import get_form
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.measures.lines import parse_measure

MARK = "■■■"
"""What stands in the place of a word, in every language."""
MAX_MASKED = 20
MAX_MASKED_LENGTH = 100
TOO_MANY_MASKED = N_("Please keep this to 20 lines.")
LONG_MASKED = N_("Please keep each line to 100 letters.")
NO_LETTER = N_("Each line needs a letter.")

_UNSPACED = (
    "ARABIC",
    "CJK",
    "HANGUL",
    "HEBREW",
    "HIRAGANA",
    "KATAKANA",
    "KHMER",
    "LAO",
    "MYANMAR",
    "THAI",
    "TIBETAN",
)
_INVISIBLE = frozenset(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\u202a\u202b\u202c\u202d\u202e"
    "\u2066\u2067\u2068\u2069\ufeff"
)
_ALIKE = str.maketrans({**dict.fromkeys("’‘ʼ＇", "'"), **dict.fromkeys("‐‑–", "-")})
_CODED = frozenset({FieldKind.DATE, FieldKind.REQUESTS, FieldKind.STANDING})


def read_masked(typed: str) -> tuple[str, ...]:
    """
    Return the words to black out, of which each stands on a line of its own.

    Raises:
        InvalidInput: If there are too many, or one is too long or has no letter (`masked`).
    """
    found: dict[str, str] = {}
    for line in normalize("NFC", typed).splitlines():
        if word := " ".join("".join(sign for sign in line if sign not in _INVISIBLE).split()):
            found.setdefault(word.casefold(), word)
    problem = ""
    if len(found) > MAX_MASKED:
        problem = TOO_MANY_MASKED
    elif any(len(word) > MAX_MASKED_LENGTH for word in found.values()):
        problem = LONG_MASKED
    elif not all(any(map(str.isalpha, word)) for word in found.values()):
        problem = NO_LETTER
    if problem:
        raise InvalidInput({"masked": problem})
    return tuple(found.values())


class Masker:
    """Blacks out *words*; `counts` says how often each was found so far."""

    def __init__(self, words: Iterable[str]) -> None:
        self.counts = dict.fromkeys(words, 0)
        # The longest first, so that no part of a name is left beside the mark of another.
        self._words = [(word, _fold(word)[0]) for word in sorted(self.counts, key=len, reverse=True)]

    def mask(self, text: str) -> str:
        """Return a text with a mark for each of the words."""
        if not self._words or not text:
            return text
        masked = normalize("NFC", text)
        for word, folded in self._words:
            found = tuple(_find(folded, *_fold(masked)))
            for start, end in reversed(found):
                masked = f"{masked[:start]}{MARK}{masked[end:]}"
            self.counts[word] += len(found)
        return masked

    def mask_copy(self, copy: ShareDocument) -> ShareDocument:
        """Return a copy with a mark for each of the words, in its title, its note and its answers."""
        if not self._words:
            return copy
        fields = {one.id: one for one in get_form(EntryKind(copy.kind)).fields}
        answers = {
            ident: self._mask_answer(fields.get(ident), answer) for ident, answer in copy.answers.items()
        }
        return msgspec.structs.replace(
            copy, title=self.mask(copy.title), note=self.mask(copy.note), answers=answers
        )

    def _mask_answer(self, field: Field | None, answer: Answer) -> Answer:
        if isinstance(answer, int) or _is_coded(field, answer):
            return answer
        if isinstance(answer, list):
            options = {one.value for one in field.options} if field else frozenset[str]()
            return [one if one in options else self.mask(one) for one in answer]
        return self.mask(answer)


def _is_coded(field: Field | None, answer: Answer) -> bool:
    """Return whether an answer holds nothing that somebody wrote, but codes of ours."""
    if field is None:
        return False
    if field.kind is FieldKind.MEASURE:
        return all(one.instrument is not None and not one.other for one in parse_measure(answer))
    return field.kind in _CODED or any(one.value == answer for one in field.options)


def _fold(text: str) -> tuple[str, Sequence[int]]:
    """Return a text as words are compared in it, and for each of its signs the place that it had in *text*."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        if sign in _INVISIBLE or (sign.isspace() and signs and signs[-1] == " "):
            continue
        folded = " " if sign.isspace() else sign.translate(_ALIKE).casefold()
        signs += folded
        places += [place] * len(folded)
    return "".join(signs), places


def _find(word: str, text: str, places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where a word begins and ends in what was folded, by the places of before."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if _is_edge(word[0], text[at - 1 : at]) and _is_edge(word[-1], text[end : end + 1]):
            yield places[at], places[end - 1] + 1
            at = text.find(word, end)
        else:
            at = text.find(word, at + 1)


def _is_edge(sign: str, beside: str) -> bool:
    """Return whether a word that begins or ends with *sign* may do so with *beside* next to it."""
    return not (sign.isalpha() and beside.isalpha()) or unicodedata.name(sign, "").startswith(_UNSPACED)
