"""
What stands inside the sealed columns, as JSON (docs/crypto-format.md lists the shapes).

Opening a record that was altered, swapped or moved raises `Damaged`; so does one that opens but is not of its shape.
"""

from __future__ import annotations

import msgspec


class SetupDetails(msgspec.Struct, frozen=True):
    """
    What somebody becomes who opens an account with a set-up link; server key.

    `name` is whom it is for, in its maker's words; `expires_at` is UTC, ISO 8601.
    """

    role: str
    profession: str
    name: str
    expires_at: str


class PracticeDetails(msgspec.Struct, frozen=True):
    """The practice as people see it, and whether it is the demonstration; server key."""

    name: str
    demo: bool | None = None  # not said in what was written before this was sealed as well
