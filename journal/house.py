"""What the installation itself brings to every act: its key, its clock and its patience with passwords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from crypto import FLOOR, STANDARD, Argon2Parameters, ServerKey

T = TypeVar("T")


def utc_now() -> datetime:
    """Give the time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """The installation: its server key, clock, and the limiters that keep heavy work from starving pages."""

    server: ServerKey
    clock: Callable[[], datetime] = utc_now
    argon2: Argon2Parameters = STANDARD
    stretching: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))
    exporting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))

    @classmethod
    def with_key(cls, key: bytes, *, clock: Callable[[], datetime] = utc_now, quick: bool = False) -> House:
        """
        Open the house with its 32-byte key.

        Args:
            clock: Gives the time in UTC.
            quick: Stretch new passwords at the floor of what is accepted, for tests and the demonstration.
        """
        return cls(ServerKey(key), clock, FLOOR if quick else STANDARD)

    async def stretch(self, work: Callable[[], T]) -> T:
        """Run *work*, which hashes a password, in a worker thread; at most two at once (2 x 64 MiB)."""
        return await to_thread.run_sync(work, limiter=self.stretching)
