"""Passwords that are hashed again with the same salt and cost, as those of the cast are in hundreds of tests."""

from __future__ import annotations

from functools import lru_cache
from itertools import cycle
from secrets import token_bytes

from crypto import password, slots

REMEMBERED = 1000
"""Hashes, of which a test makes a few."""
SALTS = 2
"""Of a process: none is that of the slot before."""


def hash_once() -> None:
    """
    Have this process hash nothing twice: the answer is the same, and took most of the time of signing in.

    Salts come back, so that a password that many tests choose is hashed once for each. Tests of `crypto` have others.
    """
    password.hash_secret_raw = lru_cache(REMEMBERED)(password.hash_secret_raw)  # type: ignore[attr-defined]
    salts = cycle([token_bytes(password.SALT_SIZE) for _ in range(SALTS)])

    def draw(size: int) -> bytes:
        return next(salts) if size == password.SALT_SIZE else token_bytes(size)

    slots.token_bytes = draw  # type: ignore[assignment,attr-defined]
