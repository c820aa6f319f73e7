"""What the installation itself brings to every act: its key, its clock and its patience with passwords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from crypto import STANDARD, Argon2Parameters, ServerKey

T = TypeVar("T")


def utc_now() -> datetime:
    """Give the time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """The installation: its server key, clock, and the limiter that keeps password work from starving pages."""

    server: ServerKey
    clock: Callable[[], datetime] = utc_now
    argon2: Argon2Parameters = STANDARD
    stretching: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(2))

    async def stretch(self, work: Callable[[], T]) -> T:
        """Run *work*, which hashes a password, in a worker thread; at most two at once (2 x 64 MiB)."""
        return await to_thread.run_sync(work, limiter=self.stretching)
