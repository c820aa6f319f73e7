"""
A process whose children save without end, and write down each save once they are told that it is on disk.

Run as `python -m tests.durability.writer ADDRESS TOKEN`. Each line of input begets a child, with the line as the name
of its round. The output has the child's process id, then for each save the entry's id, its revision and the name of
its text, `noted` for each event of the log, and `over` when the child has ended.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from dataclasses import replace
from uuid import UUID

from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import web_sessions
from journal.entries import entries
from journal.installation.installation import Installation
from journal.store.database import Store
from journal.vault.documents import EntryDocument
from tests.cast import SERVER_KEY, Clock

AT_ONCE = 4  # entries that are written at the same time, as by several people
LENGTHS = (3, 300, 1500)  # words
AN_ACT = 3  # saves between one act that the log holds and the next
PAUSES = (0, 0, 0, 11)  # minutes; after the long one an earlier version is kept as well


def tell(line: str) -> None:
    """Write a line at once and in one piece: a pipe keeps it, whatever happens to this process."""
    os.write(1, line.encode() + b"\n")


async def write(url: str, token: bytes, name: str) -> None:
    """Save new and known entries until the process is killed."""
    clock = Clock()
    installation = Installation.with_key(SERVER_KEY, clock=clock, quick=True)
    store = await Store.open(url)
    with store.use():
        signed_in = await web_sessions.load_actor(installation, token)
    assert signed_in is not None

    async def one(number: int) -> None:
        dice, known = random.Random(f"{name}/{number}"), dict[UUID, int]()
        for count in range(1_000_000):
            clock.forward(minutes=dice.choice(PAUSES) if count < 50 else 0)
            actor = replace(signed_in, now=clock())  # nobody pauses so long that the session locks
            wanted = dice.choice([*known, UUID(int=dice.getrandbits(128))])
            title = f"{name}/{number}/{count}"
            document = EntryDocument("free", title, answers={"free.text": "word " * dice.choice(LENGTHS)})
            saved = await entries.save_entry(actor, wanted, known.get(wanted, 0), document)
            known[wanted] = saved.revision
            tell(f"{wanted.hex} {saved.revision} {title}")
            if count % AN_ACT == 0:
                await audit_log.record_event(actor, Act.NOT_FOUND, about=wanted)
                tell("noted")

    with store.use():
        await asyncio.gather(*(one(number) for number in range(AT_ONCE)))


def main(url: str, token: bytes) -> None:
    """Beget a writing child for each line of input; a fork is ready at once, where a new process would import."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                asyncio.run(write(url, token, line.strip()))
            finally:
                os._exit(1)  # whatever went wrong: a thread of the database's would wait for ever
        tell(str(child))
        os.waitpid(child, 0)
        tell("over")


if __name__ == "__main__":
    main(sys.argv[1], bytes.fromhex(sys.argv[2]))
