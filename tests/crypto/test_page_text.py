"""The text of a page: what is written is read for that page alone, and finds what each text alone would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import FormatError, PageText

TAG = bytes(range(16))
PLACE: dict[str, Any] = {"fold": 3, "tag": TAG, "count": 3}
TEXTS = [b"the sea", b"", b"a door"]
WRITTEN = PageText.of(TEXTS).encode(fold=3, tag=TAG)
LITTLE = st.text(alphabet="ab é", max_size=6)


def test_what_is_written_is_read() -> None:
    """Texts and ends come back, also of none at all."""
    assert PageText.decode(WRITTEN, **PLACE) == PageText.of(TEXTS)
    assert PageText.of(TEXTS).ends == (7, 7, 13)
    assert len(WRITTEN) == 21 + 3 * 4 + 13
    nothing = PageText.of([])
    assert PageText.decode(nothing.encode(fold=3, tag=TAG), fold=3, tag=TAG, count=0) == nothing


@pytest.mark.parametrize("other", [{"fold": 4}, {"tag": TAG[::-1]}, {"count": 2}, {"count": 4}])
def test_it_is_read_for_one_state_of_one_page(other: dict[str, Any]) -> None:
    """Not for another state, another number of lines, or words that are folded otherwise."""
    with pytest.raises(FormatError):
        PageText.decode(WRITTEN, **PLACE | other)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:20],
        lambda data: data[:30],
        lambda data: b"",
        lambda data: b"\x02" + data[1:],
        lambda data: data[:21] + bytes([0, 0, 0, 9]) + data[25:],
    ],
)
def test_what_is_no_text_is_refused(change: Callable[[bytes], bytes]) -> None:
    """A wrong length or version, or an end before the one before."""
    with pytest.raises(FormatError):
        PageText.decode(change(WRITTEN), **PLACE)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but `FormatError` comes of bytes that are no text."""
    try:
        found = PageText.decode(data, **PLACE)
    except FormatError:
        return
    assert found.encode(fold=3, tag=TAG) == data


@given(st.lists(LITTLE, max_size=5), st.lists(LITTLE.filter(bool), max_size=3))
def test_it_finds_what_each_text_holds(texts: list[str], needles: list[str]) -> None:
    """Every text that holds all the needles, in their order; nothing where one text ends and the next begins."""
    together = PageText.of([text.encode() for text in texts])
    alone = [place for place, text in enumerate(texts) if needles and all(one in text for one in needles)]
    assert together.find_all([needle.encode() for needle in needles]) == alone


def test_no_word_of_it_is_printed() -> None:
    """None stands in a traceback."""
    assert "sea" not in repr(PageText.of(TEXTS))


@pytest.mark.parametrize(
    ("texts", "needles", "places"),
    [
        ([b"sea", b"a sea", b"door"], [b"sea"], [0, 1]),
        ([b"ab", b"cd", b"bc"], [b"bc"], [2]),  # not where one ends and the next begins
        ([b"ab", b"cabc"], [b"bc"], [1]),
        ([b"xa", b"bb", b"ab"], [b"ab"], [2]),
        ([b"aab", b"ba", b"ab"], [b"ab", b"b"], [0, 2]),
        ([b"one two", b"two", b"two one"], [b"one", b"two"], [0, 2]),
        ([b"two one", b"one", b"x"], [b"two", b"one"], [0]),
        ([b"long words", b"words", b"short"], [b"wo", b"long"], [0]),
        ([b"", b"", b"a", b""], [b"a"], [2]),
        ([b"a", b"b"], [b"a", b"b"], []),
        ([b"ba", b"c"], [b"ba", b"b", b"a"], [0]),
        ([b"cab", b"ca"], [b"ab", b"c"], [0]),
        ([b"a a a", b"a"], [b"a"], [0, 1]),
        ([b"x", b"y"], [], []),
    ],
)
def test_places_are_found(texts: list[bytes], needles: list[bytes], places: list[int]) -> None:
    """Each text with all needles, once, wherever in it they stand, and none across two."""
    assert PageText.of(texts).find_all(needles) == places


class Watched(bytes):
    """Texts that note what is looked for in them."""

    asked: list[bytes]

    def find(self, sub: Any, *where: Any) -> int:
        self.asked.append(sub)
        return super().find(sub, *where)


def test_the_longest_is_looked_for_first() -> None:
    """What is rare is looked for in all texts, and what is frequent only where that was found."""
    texts = Watched(b"a door and a sea")
    texts.asked = []
    assert PageText(texts, (len(texts),)).find_all([b"a", b"door", b"an"]) == [0]
    assert texts.asked[:3] == [b"door", b"an", b"a"]
