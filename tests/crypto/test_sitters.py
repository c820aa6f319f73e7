"""A sitter's secret: it finds a link, opens that link's copy, and vouches for notes that the patient alone reads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import (
    Context,
    CryptoError,
    FormatError,
    KeySizeError,
    OpenError,
    derive_key,
    new_sitter_secret,
    open_sealed,
    open_sitter_note,
    seal_sitter_note,
    sitter_copy_sealer,
    sitter_link_id,
    sitter_note_key,
)
from crypto.sitters import HEADER
from tests.crypto.people import Person

SECRET = bytes(range(32))
LINK, NOTE = b"l" * 16, b"n" * 16
COPY = Context("sitter-copy", b"p" * 16, LINK)


def seal(alice: Person, text: bytes = b"Awake.") -> bytes:
    """Seal a note to Alice."""
    return seal_sitter_note(
        sitter_note_key(SECRET), text, patient=alice.id, link=LINK, note=NOTE, to=alice.public
    )


def read(alice: Person, sealed: bytes, **other: object) -> bytes:
    """Open a note as Alice, or with something else than what it was sealed with."""
    what = {"patient": alice.id, "link": LINK, "note": NOTE, "private": alice.private} | other
    key = what.pop("note_key", sitter_note_key(SECRET))
    return open_sitter_note(key, sealed, **what)  # type: ignore[arg-type]


@settings(max_examples=20)
@given(text=st.binary(max_size=600))
def test_round_trip(alice: Person, text: bytes) -> None:
    """The patient reads what the sitter wrote."""
    assert read(alice, seal(alice, text)) == text


def test_length_is_hidden_in_classes() -> None:
    """Two notes of a few words take as many bytes."""
    alice = Person.named("alice")
    assert len(seal(alice, b"a")) == len(seal(alice, b"a" * 200))


def test_everything_that_comes_of_the_secret_is_another_key() -> None:
    """Neither the id in the database nor the patient's own key for notes opens the copy."""
    sealed = sitter_copy_sealer(SECRET).seal(b"words", context=COPY)
    assert sitter_copy_sealer(SECRET).open(sealed, context=COPY) == b"words"
    for other in (new_sitter_secret(), sitter_link_id(SECRET), sitter_note_key(SECRET)):
        with pytest.raises(OpenError):
            sitter_copy_sealer(other).open(sealed, context=COPY)
    assert sitter_link_id(SECRET) != sitter_note_key(SECRET)


@pytest.mark.parametrize("what", ["patient", "link", "note", "note_key"])
def test_another_place_or_writer_is_refused(alice: Person, what: str) -> None:
    """Moved to another patient, link or note, or written without the link, it does not open."""
    other = new_sitter_secret() if what == "note_key" else b"x" * 16
    with pytest.raises(OpenError):
        read(alice, seal(alice), **{what: other})


def test_only_the_patient_reads_it(alice: Person, bob: Person) -> None:
    """Not even whoever wrote it."""
    with pytest.raises(OpenError):
        read(alice, seal(alice), private=bob.private)


@settings(max_examples=20)
@given(data=st.data())
def test_one_flipped_bit_never_opens(alice: Person, data: st.DataObject) -> None:
    """A note altered in any one bit is refused."""
    sealed = bytearray(seal(alice))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        read(alice, bytes(sealed))


@pytest.mark.parametrize(
    ("sealed", "error"),
    [
        (b"", FormatError),
        (b"\x01\x03" + bytes(1200), FormatError),
        (HEADER, OpenError),
        (HEADER + bytes(9), OpenError),
    ],
)
def test_what_is_no_note_is_refused(alice: Person, sealed: bytes, error: type[CryptoError]) -> None:
    """Another algorithm, or what is cut short."""
    with pytest.raises(error):
        read(alice, sealed)


@pytest.mark.parametrize("function", [sitter_link_id, sitter_copy_sealer, sitter_note_key])
def test_a_secret_has_32_bytes(function: object) -> None:
    """Shorter and longer ones are refused."""
    for size in (0, 16, 31, 33):
        with pytest.raises(KeySizeError):
            function(bytes(size))  # type: ignore[operator]


def test_ids_have_16_bytes(alice: Person) -> None:
    """Sealing refuses any other."""
    for change in ("patient", "link", "note"):
        ids = {"patient": alice.id, "link": LINK, "note": NOTE} | {change: b"short"}
        with pytest.raises(FormatError):
            seal_sitter_note(sitter_note_key(SECRET), b"", **ids, to=alice.public)


def test_the_copy_has_a_key_of_its_own() -> None:
    """It is the one of the format page, and neither finds the link nor vouches for notes."""
    sealed = sitter_copy_sealer(SECRET).seal(b"Who to call", context=COPY)
    assert open_sealed(derive_key(SECRET, "sitter-copy"), sealed, context=COPY) == b"Who to call"
    assert len({derive_key(SECRET, "sitter-copy"), sitter_note_key(SECRET), sitter_link_id(SECRET)}) == 3
