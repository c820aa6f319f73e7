"""What the installation itself brings to every act: its key, its clock and its patience with passwords."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from anyio import CapacityLimiter

from crypto import FLOOR, STANDARD, Argon2Parameters, MacKey
from journal.mail_server import MailServer
from journal.server_keys import ServerKeys

T = TypeVar("T")

STEP = 10  # of the 39 that there are from the first served to the last


def utc_now() -> datetime:
    """Give the time in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class LogKey:
    """The key of the audit log, opened; kept by a process that serves, and looked at anew every second."""

    key: MacKey | None = None


@dataclass(frozen=True, slots=True)
class House:
    """The installation: its server key, clock, mail server if any, and what keeps heavy work from starving pages."""

    server: ServerKeys
    clock: Callable[[], datetime] = utc_now
    argon2: Argon2Parameters = STANDARD
    stretching: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(2, "stretch", _step_back)
    )
    exporting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    mail: MailServer | None = None
    log_key: LogKey = field(default_factory=LogKey)

    @classmethod
    def with_key(cls, key: bytes, *, clock: Callable[[], datetime] = utc_now, quick: bool = False) -> House:
        """
        Open the house with its 32-byte key.

        Args:
            clock: Gives the time in UTC.
            quick: Stretch new passwords at the floor of what is accepted, for tests and the demonstration.
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
        """Open the house with its server keys and mail server; `clock` and `quick` as for `with_key`."""
        return cls(server, clock, FLOOR if quick else STANDARD, mail=mail)

    async def stretch(self, work: Callable[[], T]) -> T:
        """Run *work*, which hashes a password, in a worker thread; at most two at once (2 x 64 MiB)."""
        return await asyncio.get_running_loop().run_in_executor(self.stretching, work)


def _step_back() -> None:
    """Let this thread's work wait for everybody else's: whoever signs in waits anyway, a page should not."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        thread = threading.get_native_id()
        with suppress(OSError):  # a sandbox may forbid it; then everybody waits a little
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + STEP)
