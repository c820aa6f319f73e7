"""Work on passwords, which takes long: bounded queues, in threads of low priority."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from journal.errors import JournalError
from journal.i18n import N_

T = TypeVar("T")

NICENESS = 10  # of the 39 that there are from the first served to the last
THREADS = 2  # each hash takes 64 MiB
MAX_PENDING = 32  # at work and waiting; the last of them waits for some seconds


class Busy(JournalError):
    """So many passwords wait already that one more would wait too long; nothing was looked at."""

    message = N_(
        "Very many people are signing in at this moment. Nothing was done. Please try again in a moment."
    )
    retry_after = 5


@dataclass(frozen=True, slots=True)
class PasswordQueue:
    """
    A few threads, and a limit on how much runs and waits in them.

    Attributes:
        pool: The threads.
        slots: How many more may enter. Work releases its slot when it has ended or was cancelled.
    """

    pool: ThreadPoolExecutor
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MAX_PENDING))

    @classmethod
    def create(cls, name: str, threads: int = THREADS, *, niceness: int = NICENESS) -> PasswordQueue:
        """Return a queue with its own threads, whose niceness is *niceness* above the process's."""
        return cls(ThreadPoolExecutor(threads, name, partial(_lower_priority, niceness)))

    async def run(self, work: Callable[[], T]) -> T:
        """
        Run *work* in one of the threads.

        Raises:
            Busy: If too many wait already.
        """
        if not self.slots.acquire(blocking=False):
            raise Busy
        try:
            future = self.pool.submit(work)
        except BaseException:
            self.slots.release()
            raise
        future.add_done_callback(self._release_slot)
        try:
            return await asyncio.wrap_future(future)
        finally:
            # An error knows this frame, which would know the future, and that the error: the password would stay.
            del future, work

    def _release_slot(self, _: Future[T]) -> None:
        self.slots.release()


def _lower_priority(niceness: int) -> None:
    """Lower the priority of this thread: whoever signs in waits anyway, a page should not."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        thread = threading.get_native_id()
        with suppress(OSError):  # a sandbox may forbid it; then everybody waits a little
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + niceness)
