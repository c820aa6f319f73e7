"""Work on passwords, which takes long: a queue that ends, in threads that let everybody else go first."""

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

STEP = 10  # of the 39 that there are from the first served to the last
AT_ONCE = 2  # each hash takes 64 MiB
PLACES = 32  # at work and waiting; the last of them waits for some seconds


class Busy(JournalError):
    """So many passwords wait already that one more would wait too long; nothing was looked at."""

    message = N_(
        "Very many people are coming in at this moment. Nothing was done. Please try again in a moment."
    )
    seconds = 5


@dataclass(frozen=True, slots=True)
class Queue:
    """
    A few threads, and how much may be at work in them and wait for them.

    Attributes:
        pool: The threads.
        places: How many more are let in. Work gives its place back when it ended or was called off, also when
            nobody waits for it any more.
    """

    pool: ThreadPoolExecutor
    places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(PLACES))

    @classmethod
    def of(cls, name: str, threads: int = AT_ONCE, *, step: int = STEP) -> Queue:
        """Make a queue of its own, whose threads come *step* after everybody else."""
        return cls(ThreadPoolExecutor(threads, name, partial(_step_back, step)))

    async def run(self, work: Callable[[], T]) -> T:
        """
        Run *work* in one of the threads, when it is its turn.

        Raises:
            Busy: If too many wait already.
        """
        if not self.places.acquire(blocking=False):
            raise Busy
        try:
            future = self.pool.submit(work)
        except BaseException:
            self.places.release()
            raise
        future.add_done_callback(self._left)
        return await asyncio.wrap_future(future)

    def _left(self, _: Future[T]) -> None:
        self.places.release()


def _step_back(step: int) -> None:
    """Let this thread's work wait for everybody else's: whoever signs in waits anyway, a page should not."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        thread = threading.get_native_id()
        with suppress(OSError):  # a sandbox may forbid it; then everybody waits a little
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + step)
