"""The installation: its keys, its clock and its limits on heavy work."""

from __future__ import annotations

from asyncio import Task, gather
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from anyio import CapacityLimiter

from crypto import FLOOR, STANDARD, Argon2Parameters, MacKey
from journal.installation.bounded_cache import BoundedCache
from journal.installation.comparison_schedule import ComparisonSchedule
from journal.installation.mail_server import MailServer
from journal.installation.password_work import NICENESS, PasswordQueue
from journal.installation.server_keys import ServerKeys

T = TypeVar("T")
MAX_PINS, MAX_PIN_BYTES = 2048, 8 * 1024 * 1024
"""How many pins are known to fit, and how many bytes pins and public keys may take together."""


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class AuditKeyCache:
    """The opened key of the audit log; a serving process reads it again every second."""

    key: MacKey | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """
    The installation: its server keys, clock, mail server if any, and the queues of heavy work.

    `pins` caches which pins fit, see `journal/care/links.py`. `exporting_accounts` are the accounts whose export is
    running or waits; one runs at a time. `reading_accounts` are those whose files are being read, one at a time as
    well, which waits for no export and keeps none waiting. `background_work` is what is done beside the pages.
    """

    server_keys: ServerKeys
    clock: Callable[[], datetime] = utc_now
    argon2: Argon2Parameters = STANDARD
    password_queue: PasswordQueue = field(default_factory=lambda: PasswordQueue.create("password"))
    returning_password_queue: PasswordQueue = field(
        default_factory=lambda: PasswordQueue.create("password-returning", niceness=NICENESS // 2)
    )
    strength_queue: PasswordQueue = field(default_factory=lambda: PasswordQueue.create("judge", 1))
    export_limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    import_limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    paper_limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    exporting_accounts: set[UUID] = field(default_factory=set)
    reading_accounts: set[UUID] = field(default_factory=set)
    background_work: set[Task[None]] = field(default_factory=set)
    mail: MailServer | None = None
    audit_key_cache: AuditKeyCache = field(default_factory=AuditKeyCache)
    comparison_schedule: ComparisonSchedule = field(default_factory=ComparisonSchedule)
    pins: BoundedCache = field(default_factory=lambda: BoundedCache(MAX_PINS, MAX_PIN_BYTES))

    @classmethod
    def with_key(
        cls, key: bytes, *, clock: Callable[[], datetime] = utc_now, quick: bool = False
    ) -> Installation:
        """
        Return an installation with one 32-byte key.

        Args:
            clock: Returns the time in UTC.
            quick: Hash new passwords with the cheapest parameters accepted, for tests and the demonstration.
        """
        return cls.from_server_keys(ServerKeys((key,)), clock=clock, quick=quick)

    @classmethod
    def from_server_keys(
        cls,
        server_keys: ServerKeys,
        *,
        clock: Callable[[], datetime] = utc_now,
        quick: bool = False,
        mail: MailServer | None = None,
    ) -> Installation:
        """Return an installation with its server keys and mail server; `clock` and `quick` as for `with_key`."""
        return cls(server_keys, clock, FLOOR if quick else STANDARD, mail=mail)

    async def run_password_hash(self, work: Callable[[], T], *, is_returning: bool = False) -> T:
        """
        Run *work*, which hashes or judges a password, in a worker thread; at most two at once (2 x 64 MiB).

        Args:
            is_returning: For somebody who has signed in here before; strangers use another queue.

        Raises:
            Busy: If too many wait already.
        """
        return await (self.returning_password_queue if is_returning else self.password_queue).run(work)

    async def end_background_work(self) -> None:
        """End what is done beside the pages, since this process ends."""
        for task in tuple(self.background_work):
            task.cancel()
        await gather(*self.background_work, return_exceptions=True)

    def clear_caches(self) -> None:
        """Clear the caches, so that what was deleted is gone from memory as well."""
        self.server_keys.document_cache.clear()
        self.pins.clear()

    async def run_strength_check(self, work: Callable[[], T]) -> T:
        """
        Run *work*, which judges a password while it is typed, in a thread of its own; raises as `run_password_hash`.
        """
        return await self.strength_queue.run(work)
