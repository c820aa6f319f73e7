"""
A process that guesses as fast as it can.

`python -m tests.journal.rate_limiting.guesser URL TRIES SECONDS` says how many came through. Its clock is ahead by
SECONDS.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from journal.installation.installation import Installation
from journal.rate_limiting import limits
from journal.rate_limiting.limits import Count, Limit, TooManyAttempts
from journal.store.database import Store
from tests.cast import NOON, SERVER_KEY, Clock

LIMIT = Limit(7, 30, 120, 3600)


async def guess(url: str, tries: int, ahead: float = 0) -> int:
    """Try *tries* times at once, all at one moment of the clock."""
    installation = Installation.with_key(SERVER_KEY, clock=Clock(NOON + timedelta(seconds=ahead)), quick=True)
    counts = [Count(limits.compute_key(installation, name, b"alice"), LIMIT) for name in ("one", "other")]
    store = await Store.open(url)

    async def once() -> bool:
        try:
            await limits.count_attempt(counts)
        except TooManyAttempts:
            return False
        return True

    try:
        with store.use():
            return sum(await asyncio.gather(*(once() for _ in range(tries))))
    finally:
        await store.close()


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(guess(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))))
