"""Passwords are stretched by two threads at most, which let everybody else go first."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest

from journal.installation.installation import Installation
from journal.installation.password_work import MAX_PENDING, NICENESS, Busy
from tests.waiting import PATIENCE

QUICK = Installation.with_key(bytes(32), quick=True)


async def test_two_passwords_at_once_and_no_more() -> None:
    """However many sign in, two are worked on and the others wait."""
    both, lock = threading.Barrier(2, timeout=PATIENCE), threading.Lock()
    now, most = 0, 0

    def work() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        both.wait()
        with lock:
            now -= 1

    await asyncio.gather(*(QUICK.run_password_hash(work) for _ in range(8)))
    assert most == 2
    queues = (QUICK.password_queue, QUICK.returning_password_queue, QUICK.strength_queue)
    assert [one.pool._max_workers for one in queues] == [2, 2, 1]


async def test_others_are_answered_meanwhile() -> None:
    """The event loop goes on while a password is stretched."""
    answered = threading.Event()
    stretching = asyncio.create_task(QUICK.run_password_hash(lambda: answered.wait(PATIENCE)))
    await asyncio.sleep(0)
    answered.set()
    assert await stretching


async def test_a_page_goes_before_a_password() -> None:
    """Where a thread has a priority of its own, one that stretches gives way; the rest of the process does not."""

    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id() if sys.platform == "linux" else 0)

    before = priority()
    assert await QUICK.run_password_hash(priority) == (
        min(before + NICENESS, 19) if sys.platform == "linux" else before
    )
    assert priority() == before


async def test_what_goes_wrong_is_told() -> None:
    """An error of the work is the caller's."""
    with pytest.raises(ZeroDivisionError):
        await QUICK.run_password_hash(lambda: 1 // 0)


async def test_a_queue_that_is_full_says_so_and_empties_again() -> None:
    """Past the last place nothing is begun; strangers leave the queue of whoever came in before as it is."""
    installation, go = Installation.with_key(bytes(32), quick=True), threading.Event()
    waiting = [
        asyncio.create_task(installation.run_password_hash(lambda: go.wait(PATIENCE)))
        for _ in range(MAX_PENDING)
    ]
    await asyncio.sleep(0)
    for _ in range(3):
        with pytest.raises(Busy):
            await installation.run_password_hash(lambda: True)
    assert await installation.run_password_hash(lambda: True, is_returning=True)
    assert await installation.run_strength_check(lambda: True)
    waiting.pop().cancel()  # somebody went away while they waited
    await asyncio.sleep(0)
    waiting.append(asyncio.create_task(installation.run_password_hash(lambda: True)))
    await asyncio.sleep(0)
    go.set()
    assert all(await asyncio.gather(*waiting))
    assert await installation.run_password_hash(lambda: True)


async def test_each_queue_is_full_by_itself() -> None:
    """Whoever keeps one busy keeps neither of the others busy."""
    for full in ("password_queue", "returning_password_queue", "strength_queue"):
        installation, go = Installation.with_key(bytes(32), quick=True), threading.Event()
        waiting = [
            asyncio.create_task(getattr(installation, full).run(lambda go=go: go.wait(PATIENCE)))
            for _ in range(MAX_PENDING)
        ]
        await asyncio.sleep(0)
        for other in {"password_queue", "returning_password_queue", "strength_queue"} - {full}:
            assert await getattr(installation, other).run(lambda: True)
        go.set()
        await asyncio.gather(*waiting)
