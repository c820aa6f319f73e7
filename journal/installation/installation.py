"""The installation: its keys, its clock and its limits on heavy work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from anyio import CapacityLimiter

from crypto import FLOOR, STANDARD, Argon2Parameters, MacKey
from journal.installation.compared import Compared
from journal.installation.mail_server import MailServer
from journal.installation.password_work import STEP, Queue
from journal.installation.remembered import Remembered
from journal.installation.server_keys import ServerKeys

T = TypeVar("T")
MOST_PINS, ROOM_PINS = 2048, 8 * 1024 * 1024
"""How many pins are known to fit, and how many bytes pins and public keys may take together."""


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class LogKey:
    """The opened key of the audit log; a serving process reads it again every second."""

    key: MacKey | None = None


@dataclass(frozen=True, slots=True)
class House:
    """
    The installation: its server keys, clock, mail server if any, and the queues of heavy work.

    `pins` caches which pins fit, see `journal/care/links.py`. `taking` are the accounts whose export is running or
    waits; one runs at a time.
    """

    server: ServerKeys
    clock: Callable[[], datetime] = utc_now
    argon2: Argon2Parameters = STANDARD
    stretching: Queue = field(default_factory=lambda: Queue.of("stretch"))
    stretching_own: Queue = field(default_factory=lambda: Queue.of("stretch-own", step=STEP // 2))
    judging: Queue = field(default_factory=lambda: Queue.of("judge", 1))
    exporting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    taking: set[UUID] = field(default_factory=set)
    mail: MailServer | None = None
    log_key: LogKey = field(default_factory=LogKey)
    compared: Compared = field(default_factory=Compared)
    pins: Remembered = field(default_factory=lambda: Remembered(MOST_PINS, ROOM_PINS))

    @classmethod
    def with_key(cls, key: bytes, *, clock: Callable[[], datetime] = utc_now, quick: bool = False) -> House:
        """
        Return an installation with one 32-byte key.

        Args:
            clock: Returns the time in UTC.
            quick: Hash new passwords with the cheapest parameters accepted, for tests and the demonstration.
        """
        return cls.of(ServerKeys((key,)), clock=clock, quick=quick)

    @classmethod
    def of(
        cls,
        server: ServerKeys,
        *,
        clock: Callable[[], datetime] = utc_now,
        quick: bool = False,
        mail: MailServer | None = None,
    ) -> House:
        """Return an installation with its server keys and mail server; `clock` and `quick` as for `with_key`."""
        return cls(server, clock, FLOOR if quick else STANDARD, mail=mail)

    async def stretch(self, work: Callable[[], T], *, own: bool = False) -> T:
        """
        Run *work*, which hashes or judges a password, in a worker thread; at most two at once (2 x 64 MiB).

        Args:
            own: For somebody who has signed in here before; strangers use another queue.

        Raises:
            Busy: If too many wait already.
        """
        return await (self.stretching_own if own else self.stretching).run(work)

    def forget_opened(self) -> None:
        """Clear the caches, so that what was deleted is gone from memory as well."""
        self.server.opened.forget()
        self.pins.forget()

    async def judge(self, work: Callable[[], T]) -> T:
        """Run *work*, which judges a password while it is typed, in a thread of its own; raises as `stretch`."""
        return await self.judging.run(work)
