"""Passwords: the same bytes from every keyboard, and a cost that storage cannot change."""

from __future__ import annotations

import tracemalloc
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import CEILING, FLOOR, STANDARD, Argon2Parameters, FormatError, stretch
from crypto.password import prepare

SALT = b"0123456789abcdef"

allowed = st.builds(
    Argon2Parameters,
    memory_kib=st.integers(FLOOR.memory_kib, CEILING.memory_kib),
    iterations=st.integers(FLOOR.iterations, CEILING.iterations),
    parallelism=st.integers(FLOOR.parallelism, CEILING.parallelism),
)
OUTSIDE = [
    Argon2Parameters(FLOOR.memory_kib - 1, 2, 1),
    Argon2Parameters(0, 2, 1),
    Argon2Parameters(-1, 2, 1),
    Argon2Parameters(CEILING.memory_kib + 1, 2, 1),
    Argon2Parameters(2**32 - 1, 2, 1),
    Argon2Parameters(19456, 1, 1),
    Argon2Parameters(19456, 0, 1),
    Argon2Parameters(19456, 11, 1),
    Argon2Parameters(19456, 2**32 - 1, 1),
    Argon2Parameters(19456, 2, 0),
    Argon2Parameters(19456, 2, 5),
    Argon2Parameters(2**40, 2**40, 2**40),
]


@given(parameters=allowed)
def test_parameters_round_trip(parameters: Argon2Parameters) -> None:
    """What a slot stores is read back as it was, in 10 bytes."""
    encoded = parameters.encode()
    assert len(encoded) == 10
    assert Argon2Parameters.decode(encoded) == parameters


@pytest.mark.parametrize("parameters", OUTSIDE)
def test_parameters_outside_the_bounds_are_refused(parameters: Argon2Parameters) -> None:
    """Neither weak nor absurd parameters are used or written."""
    with pytest.raises(FormatError):
        stretch("password", SALT, parameters)
    with pytest.raises(FormatError):
        parameters.encode()


@given(data=st.binary(max_size=16))
def test_stored_noise_is_refused_or_within_bounds(data: bytes) -> None:
    """Whatever storage holds, what is read from it lies between floor and ceiling."""
    try:
        parameters = Argon2Parameters.decode(data)
    except FormatError:
        return
    parameters.check()
    assert parameters.encode() == data


def test_absurd_stored_parameters_cost_nothing() -> None:
    """4 TiB and 4 billion passes are refused before any memory is taken."""
    tracemalloc.start()
    for _ in range(100):
        with pytest.raises(FormatError):
            Argon2Parameters.decode(b"\x13" + b"\xff" * 9)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("data", [b"", STANDARD.encode()[:-1], STANDARD.encode() + b"\0"])
def test_parameters_of_another_length_are_refused(data: bytes) -> None:
    """Ten bytes, no more and no fewer."""
    with pytest.raises(FormatError):
        Argon2Parameters.decode(data)


def test_another_argon2_version_is_refused() -> None:
    """Argon2 1.0 had weaknesses that 1.3 has not."""
    with pytest.raises(FormatError):
        Argon2Parameters.decode(b"\x10" + STANDARD.encode()[1:])


def test_profiles() -> None:
    """Floor, standard and ceiling are what docs/crypto-format.md section 6 states, and all allowed."""
    assert Argon2Parameters(19456, 2, 1) == FLOOR
    assert Argon2Parameters(65536, 3, 1) == STANDARD
    assert Argon2Parameters(1048576, 10, 4) == CEILING
    for profile in (FLOOR, STANDARD, CEILING):
        profile.check()


def test_everything_matters() -> None:
    """Another password, salt or cost gives another key; the same gives the same."""
    made = [
        stretch("a quiet river", SALT, FLOOR),
        stretch("a quiet River", SALT, FLOOR),
        stretch("a quiet river ", SALT, FLOOR),
        stretch("", SALT, FLOOR),
        stretch("a quiet river", SALT[::-1], FLOOR),
        stretch("a quiet river", SALT, Argon2Parameters(19457, 2, 1)),
        stretch("a quiet river", SALT, Argon2Parameters(19456, 3, 1)),
        stretch("a quiet river", SALT, Argon2Parameters(19456, 2, 2)),
    ]
    assert len(set(made)) == len(made)
    assert made[0] == stretch("a quiet river", SALT, FLOOR)
    assert all(len(key) == 32 for key in made)


@pytest.mark.parametrize("salt", [b"", SALT[:15], SALT + b"0"])
def test_salt_of_another_length_is_refused(salt: bytes) -> None:
    """A salt cut short by storage is noticed."""
    with pytest.raises(FormatError):
        stretch("password", salt, FLOOR)


@given(text=st.text(max_size=40))
def test_prepared_passwords_do_not_depend_on_the_form_typed(text: str) -> None:
    """Composed and decomposed letters give one password."""
    assert prepare(unicodedata.normalize("NFD", text)) == prepare(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("flood", ["\u00e1" + "\u0316" * 40, "a" + "\u0301\u0316" * 40, "\u0f73" * 90])
def test_nor_do_those_with_more_marks_than_any_language_has(flood: str) -> None:
    """Whoever chose such a password on one keyboard comes in from another."""
    assert (
        prepare(unicodedata.normalize("NFD", flood))
        == prepare(unicodedata.normalize("NFC", flood))
        == prepare(flood)
    )


@given(text=st.text(max_size=40))
def test_preparing_twice_changes_nothing(text: str) -> None:
    """The prepared form is its own prepared form."""
    assert prepare(prepare(text).decode()) == prepare(text)


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        ("plain", b"plain"),
        (" kept  at both ends ", b" kept  at both ends "),
        ("no\u00a0break\u2003em\u3000wide", b"no break em wide"),
        ("Cafe\u0301", "Caf\u00e9".encode()),
        ("\uff21", "\uff21".encode()),
        ("tab\tstays", b"tab\tstays"),
        ("CASE", b"CASE"),
    ],
)
def test_preparation(typed: str, prepared: bytes) -> None:
    """Spaces become one kind, accents one form; case, width and ends stay."""
    assert prepare(typed) == prepared


def test_half_a_surrogate_pair_is_no_password() -> None:
    """What cannot be encoded is refused with an error of ours."""
    with pytest.raises(FormatError):
        prepare("\ud800")


def test_what_is_longer_than_anybody_can_choose_is_refused_unread() -> None:
    """Thousands of accents that could keep a machine busy are no password; 1,024 letters in any form still are."""
    widest = "\u1f82"  # one letter composed, four signs taken apart
    assert len(unicodedata.normalize("NFD", widest)) == 4
    assert prepare(unicodedata.normalize("NFD", widest * 1024)) == prepare(widest * 1024)
    for typed in ("a" * 4097, "a" + "\u0301\u0316" * 2048, "\u0301" * 500_000):
        with pytest.raises(FormatError):
            prepare(typed)


def test_no_letter_is_taken_apart_into_more_than_four() -> None:
    """So nothing of 1,024 letters or fewer is refused for the form in which it was typed."""
    assert max(len(unicodedata.normalize("NFD", chr(code))) for code in range(0x110000)) == 4
