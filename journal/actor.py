"""Who is acting: a signed-in person with the keys that their own cookie unlocked, for one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from crypto import (
    CryptoError,
    Keyring,
    PrivateIdentity,
    PublicIdentity,
    Sealer,
    SeenState,
    fingerprint,
    open_former_identity,
    open_identity,
)
from journal.ages import compute_age
from journal.errors import Damaged, NotFound
from journal.held_acts import Asked
from journal.installation.installation import Installation
from journal.roles import Role

CONFIRMATION_LIFETIME = timedelta(minutes=10)
"""How long it counts that somebody showed once more who they are."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person. Lives as long as one request; nothing of it is kept in memory afterwards."""

    id: UUID
    role: Role
    name: str
    email: str
    time_zone: str
    now: datetime
    installation: Installation
    keyring: Keyring
    vault: Sealer
    sealed_identity: bytes
    public_keys: bytes
    session: str
    recovery_ready: bool
    confirmed_at: datetime | None
    profession: str = ""
    lock_minutes: int = 30
    region: str = ""  # whose crisis contacts are shown first; the practice's default when empty
    language: str = ""  # of pages and mails; the browser's, as long as nothing is chosen
    is_neutral: bool = False  # titles and icons of their pages say nothing of what they are
    hides_numbers: bool = False  # the numbers of measures are hidden from their own patient
    has_day_lines: bool = False  # home offers the line of today
    wants_no_offers: bool = False  # home offers no reframe to be looked at again
    is_reminded: bool = False  # they chose to be reminded of something by mail
    dosing_day: str = ""  # the state of a patient's day, from a dosing session's start to the next morning
    is_use_due: bool = False  # the last use of their session was stored a while ago
    prefetched: Sequence[Sequence[Sequence[Any]]] = ()  # what the page asked for beside the session
    passed_acts: list[Asked] = field(
        default_factory=list
    )  # which acts that can be held nothing held, in this request
    seen: SeenState | None = None  # how far their account had come when this request began
    remembers_log: bool = False  # their account has a row in which it remembers the log of public keys
    saved_states: list[tuple[int, bytes]] = field(
        default_factory=list
    )  # revision and tag of what the account remembers of its records, after each write of this request
    told_restoration: str = ""  # the restored backup that they were told of
    opened_at: datetime | None = None  # when their account was opened
    former_identity: bytes | None = (
        None  # while keys are renewed: the private ones of before, under the retired key
    )
    kept_keys: bytes = field(default=b"", repr=False)  # the secret keys that their browser keeps, sealed
    is_head_request: bool = False  # a program asks for headers alone: nobody reads what is opened for it

    @property
    def zone(self) -> ZoneInfo:
        """Return the person's own time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def is_recently_confirmed(self) -> bool:
        """Return whether they have confirmed who they are recently enough for a dangerous act."""
        at = self.confirmed_at
        return at is not None and compute_age(at, self.now) < CONFIRMATION_LIFETIME

    @property
    def is_rotating_keys(self) -> bool:
        """Return whether their records are being sealed under new keys."""
        return self.keyring.retired is not None

    @property
    def public_identity(self) -> PublicIdentity:
        """Read the public keys as storage shows them; checked here, since most requests do not need them."""
        try:
            return PublicIdentity.decode(self.public_keys)
        except CryptoError as error:
            raise Damaged from error

    def open_identity(self) -> PrivateIdentity:
        """Open the person's private keys; refuse keys that do not belong to the public ones."""
        try:
            return open_identity(
                self.keyring, self.sealed_identity, self.public_identity, account=self.id.bytes
            )
        except CryptoError as error:
            raise Damaged from error

    def open_former_identity(self) -> PrivateIdentity | None:
        """Open the private keys of before, while something may still be sealed to them; None where there are none."""
        if self.keyring.retired is None or self.former_identity is None:
            return None
        try:
            return open_former_identity(self.keyring.retired, self.former_identity, account=self.id.bytes)
        except CryptoError:
            return None  # the keys of now open all the rest

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the person's own keys, which storage cannot exchange: they are opened for it."""
        return fingerprint(self.id.bytes, self.open_identity().public())

    def require_role(self, role: Role) -> None:
        """Raise `NotFound` for anybody of another role: what is not theirs does not exist for them."""
        if self.role is not role:
            raise NotFound
