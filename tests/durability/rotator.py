"""
A process whose children renew alice's keys, and say before each batch that it begins and after it how far they are.

Run as `python -m tests.durability.rotator ADDRESS TOKEN`. Each line of input begets a child. The output has the child's
process id, `batch` before and a number of records after each batch, `renewed` at the end, and `over` when the child
has ended.
"""

from __future__ import annotations

import asyncio
import os
import sys

from journal.authentication import web_sessions
from journal.care import links
from journal.installation.installation import Installation
from journal.key_rotation import account_key as account_key_renewal
from journal.key_rotation.account_key import SETTLING_TIME
from journal.store.database import Store
from tests.cast import SERVER_KEY, Clock
from tests.durability.writer import tell


async def renew(url: str, token: bytes) -> None:
    """Go on, batch after batch, until it is over or the process is killed."""
    clock = Clock()
    clock.forward(seconds=SETTLING_TIME.total_seconds())
    installation = Installation.with_key(SERVER_KEY, clock=clock, quick=True)
    store = await Store.open(url)
    with store.use():
        while True:
            actor = await web_sessions.load_actor(installation, token)
            assert actor is not None
            tell("batch")
            await links.load_my_links(actor)  # where the keys of somebody else changed, hers for them do
            came = await account_key_renewal.reseal_batches(actor)
            if came.finished:
                tell("renewed")
                break
            if came.settling:
                clock.forward(seconds=SETTLING_TIME.total_seconds())
            tell(str(came.done))
    await store.close()


def main(url: str, token: bytes) -> None:
    """Beget a renewing child for each line of input; a fork is ready at once."""
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            asyncio.run(renew(url, token))
            os._exit(0)
        tell(str(child))
        os.waitpid(child, 0)
        tell("over")


if __name__ == "__main__":
    main(sys.argv[1], bytes.fromhex(sys.argv[2]))
