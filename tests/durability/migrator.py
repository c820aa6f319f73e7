"""
A process whose children migrate a database, and are killed at the statement whose number they are told.

Run as `python -m tests.durability.migrator ADDRESS`. Each line of input begets a child with such a number. The output
says `killed` or `done`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from journal.store.database import migrate
from tests.orm import migrate_without_reading

STATEMENTS = frozenset({"execute", "executescript", "executemany", "commit"})


def killing_at(statement: int) -> None:
    """Have this process killed, as by `kill -9`, just before SQLite is asked for the *statement*th time."""
    asked = 0

    def look(frame: FrameType, event: str, called: Any) -> None:
        nonlocal asked
        if event == "c_call" and called.__name__ in STATEMENTS and "sqlite3" in str(called):
            asked += 1
            if asked == statement:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(look)  # the driver works in a thread of its own


def main(url: str) -> None:
    """Beget a migrating child for each line of input."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            killing_at(int(line))
            asyncio.run(migrate(url))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        os.write(1, b"killed\n" if os.WIFSIGNALED(status) else b"done\n")


if __name__ == "__main__":
    migrate_without_reading()
    main(sys.argv[1])
