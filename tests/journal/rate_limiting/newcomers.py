"""
A worker at which several people sign in at one moment.

`python -m tests.journal.rate_limiting.newcomers URL SECONDS ADDRESS…` says "ready", waits for a line, lets
everybody type their right password at once, and says how many came in. Its clock is ahead by SECONDS.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from journal.authentication.sign_in import sign_in
from journal.installation.installation import Installation
from journal.rate_limiting.attempts import Visitor
from journal.rate_limiting.limits import TooManyAttempts
from journal.store.database import Store
from tests.cast import NOON, SERVER_KEY, Clock

PASSWORD = "eight people behind one door"
SOURCE = Visitor("192.0.2.77")


async def come_in(url: str, ahead: float, addresses: list[str]) -> int:
    """Sign everybody in at once; returns how many were let in."""
    installation = Installation.with_key(SERVER_KEY, clock=Clock(NOON + timedelta(seconds=ahead)), quick=True)
    store = await Store.open(url)

    async def once(email: str) -> bool:
        try:
            await sign_in(installation, email, PASSWORD, visitor=SOURCE)
        except TooManyAttempts:
            return False
        return True

    try:
        with store.use():
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.readline)
            return sum(await asyncio.gather(*map(once, addresses)))
    finally:
        await store.close()


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(come_in(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))))
