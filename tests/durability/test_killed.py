"""Whatever moment the process dies at, no save that was acknowledged is lost, and everything opens."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import UUID

from journal import entries, revisions
from journal.store import Store
from tests.cast import Cast, Furniture, cast_of

ROUNDS = 96  # test_served.py adds four with the whole server: 100 together
ROOT = Path(__file__).parents[2]

log = logging.getLogger(__name__)
Acknowledged = dict[UUID, tuple[int, str]]


async def lost(url: str, cast: Cast, acknowledged: Acknowledged, *, thorough: bool) -> list[UUID]:
    """
    Open every entry of alice's, and when *thorough* the earlier versions too.

    Gives what is neither as it was acknowledged nor newer.
    """
    store = await Store.open(url)
    with store.use():
        alice = await cast.actor("alice")
        there = {one.id: one for one in await entries.every(alice)}
        for one in there if thorough else ():
            await revisions.revisions(alice, one)
    await store.close()
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert opened.execute("PRAGMA foreign_key_check").fetchall() == []
    return [
        ident
        for ident, (revision, title) in acknowledged.items()
        if ident not in there
        or there[ident].revision < revision
        or (there[ident].revision == revision and there[ident].document.title != title)
    ]


def test_a_killed_process_loses_no_acknowledged_save(furnished_sqlite_url: tuple[str, Furniture]) -> None:
    """Killed after any number of saves, round after round on one database."""
    url, furniture = furnished_sqlite_url
    cast, dice, saves = cast_of(furniture), random.Random(0), 0
    acknowledged: Acknowledged = {}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.durability.writer", url, furniture.tokens["alice"].hex()],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for number in range(ROUNDS):
            writer.stdin.write(f"{number}\n")
            writer.stdin.flush()
            child, heard, until = int(writer.stdout.readline()), 0, dice.randint(0, 24)
            killed = False
            while True:
                if heard >= until and not killed:
                    os.kill(child, signal.SIGKILL)
                    killed = True
                line = writer.stdout.readline().split()
                if line == ["over"]:
                    break
                acknowledged[UUID(line[0])] = int(line[1]), line[2]
                heard += 1
            assert heard >= until
            saves += heard
            if number % 4 == 3:  # each round writes entries of its own: what it lost stays lost
                assert asyncio.run(lost(url, cast, acknowledged, thorough=number == ROUNDS - 1)) == []
        writer.stdin.close()
    log.info("%s rounds, %s saves acknowledged, none lost", ROUNDS, saves)
    assert saves > ROUNDS
