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
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from journal.audit.verification import Head, verify_log
from journal.entries import entries, revisions
from journal.store.database import Store
from journal.vault import record_state
from tests.cast import Cast, Furniture, cast_of

ROUNDS = 96  # test_served.py adds four with the whole server: 100 together
ROOT = Path(__file__).parents[2]

log = logging.getLogger(__name__)
Acknowledged = dict[UUID, tuple[int, str]]


@dataclass
class Told:
    """What a process that was killed had said: the saves and how many events; and where the log ended each time."""

    saves: Acknowledged = field(default_factory=dict)
    events: int = 0
    heads: list[Head] = field(default_factory=list)


async def lost(url: str, cast: Cast, told: Told, *, thorough: bool) -> list[UUID]:
    """
    Open every entry of alice's, compare them with what she left, and check the log, against every earlier end of it.

    When *thorough*, open the earlier versions too, and let the database look itself over.

    Gives what is neither as it was acknowledged nor newer.
    """
    store = await Store.open(url)
    with store.use():
        alice = await cast.actor("alice")
        there = {one.id: one for one in await entries.load_all_entries(alice)}
        for one in there if thorough else ():
            await revisions.list_revisions(alice, one)
        assert (await record_state.compare_records(alice, earlier=True)).is_intact
        report = await verify_log(cast.installation, told.heads)
    await store.close()
    assert report.chain_break is None
    assert report.head.sequence + len(report.pending) >= told.events
    told.heads.append(report.head)
    if thorough:
        with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert opened.execute("PRAGMA foreign_key_check").fetchall() == []
    return [
        ident
        for ident, (revision, title) in told.saves.items()
        if ident not in there
        or there[ident].revision < revision
        or (there[ident].revision == revision and there[ident].document.title != title)
    ]


def test_a_killed_process_loses_no_acknowledged_save(furnished_sqlite_url: tuple[str, Furniture]) -> None:
    """Killed after any number of saves, round after round on one database."""
    url, furniture = furnished_sqlite_url
    cast, dice, saves = cast_of(furniture), random.Random(0), 0
    told = Told()
    assert asyncio.run(lost(url, cast, told, thorough=True)) == []
    told.events = told.heads[0].sequence
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
                if line == ["noted"]:
                    told.events += 1
                    continue
                told.saves[UUID(line[0])] = int(line[1]), line[2]
                heard += 1
            assert heard >= until
            saves += heard
            assert asyncio.run(lost(url, cast, told, thorough=number % 8 == 7)) == []
        writer.stdin.close()
    log.info("%s rounds, %s saves and %s events acknowledged, none lost", ROUNDS, saves, told.events)
    assert saves > ROUNDS
    assert told.events > ROUNDS
