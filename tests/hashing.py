"""Passwords that are hashed again with the same salt and cost, as those of the cast are in hundreds of tests."""

from __future__ import annotations

from functools import lru_cache

from crypto import password

REMEMBERED = 1000
"""Hashes, of which a test makes a few."""


def hash_once() -> None:
    """Have this process hash nothing twice: the answer is the same, and took most of the time of signing in."""
    password.hash_secret_raw = lru_cache(REMEMBERED)(password.hash_secret_raw)  # type: ignore[attr-defined]
