"""
A process whose children write events to the audit log or chain them, and are killed or stopped where they are told.

Run as `python -m tests.durability.chain_worker ADDRESS`. Each line of input begets a child:

    chain kill N        chain what is pending; killed before the database is asked for the Nth time
    chain stop NAME N   the same; stopped when that function of the store is called for the Nth time
    write N             write N events at once
    go on               (to a child that is stopped)

The output says `killed`, `done N` with how many events a child chained or wrote, `failed`, or `stopped`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any
from uuid import uuid4

from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.chain_worker import AuditChainWorker
from journal.installation.installation import Installation
from journal.store.database import Store
from tests.cast import SERVER_KEY
from tests.durability.migrator import STATEMENTS
from tests.durability.writer import tell

ASKED_OF_POSTGRES = frozenset({"execute", "fetch"})
Look = Callable[[FrameType, str, Any], None]


def watch(look: Look) -> None:
    """Have *look* see every call in this process: one driver works in a thread of its own."""
    threading.setprofile(look)
    sys.setprofile(look)


def killing_at(statement: int, ready: threading.Event) -> None:
    """
    Have this process killed, as by `kill -9`, just before either database is asked for the *statement*th time.

    Only once it is *ready*: a thread of the driver's, which is begun when the database is opened, has to be watched
    from its beginning.
    """
    asked, begun = 0, list[FrameType]()

    def look(frame: FrameType, event: str, called: Any) -> None:
        nonlocal asked
        code = frame.f_code
        sqlite = event == "c_call" and called.__name__ in STATEMENTS and "sqlite3" in str(called)
        postgres = event == "call" and code.co_name in ASKED_OF_POSTGRES and frame not in begun
        if ready.is_set() and (sqlite or (postgres and code.co_filename.endswith("asyncpg/connection.py"))):
            begun.append(frame)  # a coroutine that goes on is seen as called again
            asked += 1
            if asked == statement:
                os.kill(os.getpid(), signal.SIGKILL)

    watch(look)


def stopping_at(name: str, time: int) -> None:
    """Have this process stopped when it calls a function of `journal/store/database.py` for the *time*th time."""
    begun = list[FrameType]()

    def look(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        ours = code.co_name == name and code.co_filename.endswith("journal/store/database.py")
        if event == "call" and ours and frame not in begun:
            begun.append(frame)  # a coroutine that goes on is seen as called again
            if len(begun) == time:
                sys.setprofile(None)
                os.kill(os.getpid(), signal.SIGSTOP)

    watch(look)


async def chain(url: str, *how: str) -> int:
    """Chain what is pending, and be watched as soon as the database is open."""
    ready = threading.Event()
    if how[:1] == ("kill",):
        killing_at(int(how[1]), ready)
    installation, store = Installation.with_key(SERVER_KEY), await Store.open(url)
    if how[:1] == ("stop",):
        stopping_at(how[1], int(how[2]))
    ready.set()
    with store.use():
        chained = await AuditChainWorker(installation, uuid4()).chain_pending()
    sys.setprofile(None)
    await store.close()
    return chained


async def write(url: str, count: int) -> int:
    """Write events at once."""
    installation, store = Installation.with_key(SERVER_KEY), await Store.open(url)
    with store.use():
        await asyncio.gather(
            *(
                audit_log.record_unauthenticated_event(installation, None, Act.NOT_FOUND, about=uuid4())
                for _ in range(count)
            )
        )
    await store.close()
    return count


def child(url: str, what: str, *how: str) -> None:
    """Do what the line of input says, and end."""
    try:
        done = asyncio.run(chain(url, *how) if what == "chain" else write(url, int(how[0])))
        tell(f"done {done}")
    except BaseException as error:  # noqa: BLE001 - whatever it was: the child has to end here
        tell(f"failed {type(error).__name__}")
    finally:
        os._exit(0)


def main(url: str) -> None:
    """Beget a child for each line of input; a fork is ready at once, where a new process would import."""
    for line in sys.stdin:
        born = os.fork()
        if not born:
            child(url, *line.split())
        _, status = os.waitpid(born, os.WUNTRACED)
        while os.WIFSTOPPED(status):
            tell("stopped")
            sys.stdin.readline()  # go on
            os.kill(born, signal.SIGCONT)
            _, status = os.waitpid(born, os.WUNTRACED)
        if os.WIFSIGNALED(status):
            tell("killed")


if __name__ == "__main__":
    main(sys.argv[1])
