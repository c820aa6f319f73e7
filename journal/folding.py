"""
How words are compared: one fold for finding them and for marking where they stand.

It is Unicode's caseless matching of compatible forms (NFKC_Casefold, UAX #31 section 5), and beyond that every
apostrophe, quotation mark and dash is like its sign on a typewriter, and the i's of Turkish are one letter. Accents
count: a search for "ete" does not find "été".
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from heapq import heapify, heappop, heapreplace
from itertools import accumulate

import regex

from crypto import normalize

FOLDING_VERSION = (1 << 8) | int(unicodedata.unidata_version.partition(".")[0])
"""What is folded to what: a number that grows with each change of it here, and the version of Unicode's tables."""

# One sign for all of a kind. U+00B4 and its like are a blank with an accent on it once they are normalised.
_EQUIVALENTS = (
    (" \u0301", "'"),
    *((sign, "'") for sign in "`‘’‚‛′‵ʹʻʼʽ՚׳ꞌ‹›❛❜❟"),
    *((sign, '"') for sign in "«»“”„‟״〝〞〟⹂❝❞❠ʺˮ"),
    *((sign, "-") for sign in "‐‒–—―−֊־"),
    ("ı", "i"),
)
_DOTTED = re.compile("i\u0307+")  # what is left of the capital I with a dot
_IGNORED = regex.compile(r"\p{Default_Ignorable_Code_Point}")

# What can change together with the sign before it: marks, signs that are left out, the later parts of a syllable. A
# Korean vowel by itself does so after a consonant by itself, which may have signs that are left out after it.
_FOLLOWER = (
    r"(?:[\p{M}\p{Default_Ignorable_Code_Point}\p{NFC_QC=Maybe}"
    r"\u3133\u3135\u3136\u313a-\u313f\uff9e\uff9f\uffa3\uffa5\uffa6\uffaa-\uffaf]"
    r"|(?<=[\u1100-\u115f\u3131-\u314e\uffa1-\uffbe\ua960-\ua97c\p{Default_Ignorable_Code_Point}])"
    r"[\u314f-\u3163\uffc2-\uffdc])"
)
_MAX_FOLLOWERS = 30
"""Followers of one sign; the next begins anew. So many are more than any language has (UAX #15 section 13)."""

# What is folded by itself: the fold of a text is the folds of its pieces, one after the other.
_PIECE = regex.compile(rf".{_FOLLOWER}{{0,{_MAX_FOLLOWERS}}}", regex.DOTALL)
_FLOOD = regex.compile(rf".{_FOLLOWER}{{{_MAX_FOLLOWERS}}}(?={_FOLLOWER})", regex.DOTALL)
# Of so many followers in a row one stands at a place that 31 divides, and seven where four does: so few are looked at.
_ANY_FOLLOWER = regex.compile(_FOLLOWER)
_FOLLOWER_RUN = regex.compile(rf"{_FOLLOWER}{{7}}")
# Where one sign of a text is not one sign of its fold, or not a letter by itself.
_NOT_ONE_TO_ONE = regex.compile(
    rf"{_FOLLOWER}|[\p{{Regional_Indicator}}\p{{GCB=Prepend}}\p{{GCB=Extend}}\p{{Hangul_Syllable_Type=L}}]"
)
# Some clusters, so that a place is looked for among few; it ends where a piece ends, but in a flood.
_SEGMENT = regex.compile(rf"\X{{1,40}}{_FOLLOWER}*+", regex.DOTALL)
_CLUSTER = regex.compile(r"\X")
# Twenty flags of many. Where one of them ends depends on how many letters of flags stand before it, and \X counts them
# anew for each: it is handed so many, and never the whole row.
_FLAGS = regex.compile(r"\p{Regional_Indicator}{40}(?=\p{Regional_Indicator})")


def fold(text: str) -> str:
    """Return *text* as it is compared. The work grows with its length, whatever stands in it."""
    if text.isascii():
        return text.lower().replace("`", "'")
    if not _may_be_flood(text):
        return _fold(text)
    ends = [found.end() for found in _FLOOD.finditer(text)]
    return "".join(_fold(text[begin:end]) for begin, end in zip([0, *ends], [*ends, None], strict=True))


def _fold(text: str) -> str:
    text = normalize("NFKC", _IGNORED.sub("", text)).casefold()
    for sign, alike in _EQUIVALENTS:
        text = text.replace(sign, alike)
    if "\u0307" in text:
        text = _DOTTED.sub("i", text)
    return normalize("NFKC", text)


def _may_be_flood(text: str) -> bool:
    return bool(_ANY_FOLLOWER.search(text[:: _MAX_FOLLOWERS + 1]) and _FOLLOWER_RUN.search(text[::4]))


def split_needles(query: str) -> tuple[str, ...]:
    """Return the words that somebody looks for, folded, each once."""
    return tuple(dict.fromkeys(fold(query).split()))


def find_matches(text: str, needles: Sequence[str]) -> Iterator[tuple[int, int]]:
    """
    Yield where folded *needles* stand in *text*, from left to right and of two at one place the longer.

    Begin and end are places in *text* as it is, around whole grapheme clusters: no letter is parted from its
    accent, and no family of emoji from a child.
    """
    longest_first = sorted(filter(None, needles), key=len, reverse=True)
    if not longest_first:
        return
    whole = fold(text)
    if not any(needle in whole for needle in longest_first):
        return
    if text.isascii() or (len(whole) == len(text) and not _NOT_ONE_TO_ONE.search(text)):
        yield from _iter_spans(whole, longest_first)
        return
    stretches = list(_iter_segments(text))
    starts = list(accumulate((len(fold(text[begin:end])) for begin, end in stretches), initial=0))
    places = cache(lambda number: _map_to_clusters(text, *stretches[number]))
    done = 0
    for start, stop in _iter_spans(whole, longest_first):
        first, last = (bisect_right(starts, place) - 1 for place in (start, stop - 1))
        begin, _ = places(first)[start - starts[first]]
        _, end = places(last)[stop - 1 - starts[last]]
        if end > done:
            yield max(begin, done), end
            done = end


def _iter_segments(text: str) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each stretch of *text*, one after the other."""
    ends = [found.end() for found in _FLAGS.finditer(text)]
    for begin, end in zip([0, *ends], [*ends, len(text)], strict=True):
        for found in _SEGMENT.finditer(text[begin:end]):
            yield begin + found.start(), begin + found.end()


def _iter_spans(whole: str, longest_first: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where *longest_first* stand in a fold, one after the other, of two at one place the longer."""
    ahead = [(at, rank) for rank, one in enumerate(longest_first) if (at := whole.find(one)) >= 0]
    heapify(ahead)
    done = 0
    while ahead:
        at, rank = ahead[0]
        needle = longest_first[rank]
        if at >= done:
            done = at + len(needle)
            yield at, done
        if (after := whole.find(needle, done)) >= 0:
            heapreplace(ahead, (after, rank))
        else:
            heappop(ahead)


def _map_to_clusters(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Return for each sign of the fold of a stretch from which clusters of *text* it comes."""
    places: list[tuple[int, int]] = []
    stretch = text[begin:end]
    clusters = [found.span() for found in _CLUSTER.finditer(stretch)]
    starts = [start for start, _ in clusters]
    for piece in _PIECE.finditer(stretch):
        first, last = (clusters[bisect_right(starts, at) - 1] for at in (piece.start(), piece.end() - 1))
        places += [(begin + first[0], begin + last[1])] * len(_fold(piece[0]))
    return places
