"""
A process whose children each do one act of alice's, and are killed by themselves before one of its statements.

Run as `python -m tests.durability.stopped`. Each line of input begets a child: act, address, token, minutes that the
clock has gone on, statement before which it dies, and the ids of an entry, of a deleted one and of an earlier version.
The output says `killed` or `done` when the child has ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from journal.actor import Actor
from journal.authentication import web_sessions
from journal.care import notice_release
from journal.entries import acceptance, entries, removal
from journal.installation.installation import Installation
from journal.installation.mail_server import MailServer, TransportSecurity
from journal.measures import records
from journal.notices import writing
from journal.scheduling import plan as session_plan
from journal.sessions.session import Status
from journal.store.database import Store, get_connection, is_sqlite
from journal.vault import baseline
from journal.vault.documents import EntryDocument
from tests.cast import SERVER_KEY, Clock
from tests.durability.writer import tell

LATER = EntryDocument("free", "Later", answers={"free.text": "Other words."})
Act = Callable[[Actor, UUID, UUID, UUID], Awaitable[object]]
ACTS: dict[str, Act] = {
    "create": lambda alice, *_: entries.save_entry(alice, uuid4(), 0, LATER),
    "save": lambda alice, kept, *_: entries.save_entry(alice, kept, 2, LATER),
    "restore": lambda alice, kept, _, version: entries.restore_version(alice, kept, version),
    "delete": lambda alice, kept, *_: removal.delete_entry(alice, kept),
    "undelete": lambda alice, _, gone, __: removal.restore_entry(alice, gone),
    "erase": lambda alice, _, gone, __: removal.erase_entry(alice, gone),
    "lay_out": lambda alice, *_: baseline.create_contents(alice),
    "accept": lambda alice, *_: acceptance.accept_journal(alice),
}


async def _answer(alice: Actor, wanted: UUID, *_: UUID) -> None:
    there = await entries.load_entry(alice, wanted)
    await writing.save_answers(alice, records.find_offered("phq9"), {"9": 1}, wanted, there.revision, "page")


SERVER = MailServer("mail.example.org", 25, "a@example.org", "https://example.org", TransportSecurity.NONE)
NOTICE_ACTS: dict[str, Act] = {
    "answer": _answer,
    "release": lambda alice, *_: notice_release.release_due(replace(alice.installation, mail=SERVER)),
    "start": lambda alice, _, session, __: session_plan.change_status(
        replace(alice, installation=replace(alice.installation, mail=SERVER)), session, Status.IN_SESSION
    ),
}


async def die_before(number: int) -> None:
    """Kill this process before the so-manieth statement that the database is sent from now on."""
    sent = 0

    def count(*_: object) -> None:
        nonlocal sent
        sent += 1
        if sent == number:
            os.kill(os.getpid(), signal.SIGKILL)

    if is_sqlite():
        client: Any = get_connection()
        held = client._connection
        await held._execute(held._conn.set_trace_callback, count)
        return

    def counted(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counts(*args: Any, **named: Any) -> Any:
            count()
            return await method(*args, **named)

        return counts

    for name in ("fetch", "fetchrow", "execute", "executemany"):
        setattr(asyncpg.Connection, name, counted(getattr(asyncpg.Connection, name)))


async def act(name: str, url: str, token: str, minutes: str, number: str, *ids: str) -> None:
    """Do it, as far as it comes."""
    clock = Clock()
    clock.forward(minutes=int(minutes))
    store = await Store.open(url)
    with store.use():
        installation = Installation.with_key(SERVER_KEY, clock=clock, quick=True)
        alice = await web_sessions.load_actor(installation, bytes.fromhex(token))
        assert alice is not None
        kept, gone, version = map(UUID, ids)
        await die_before(int(number))
        await (ACTS | NOTICE_ACTS)[name](alice, kept, gone, version)
    await store.close()


def main() -> None:
    """Beget a child for each line of input; a fork is ready at once, where a new process would import."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                asyncio.run(act(*line.split()))
                os._exit(0)
            finally:
                os._exit(1)  # whatever went wrong: a thread of the database's would wait for ever
        _, status = os.waitpid(child, 0)
        tell("killed" if os.WIFSIGNALED(status) else "done" if status == 0 else "failed")


if __name__ == "__main__":
    main()
