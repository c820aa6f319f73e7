"""A renewal of keys, killed again and again: every record and copy opens, and at the end under the new keys alone."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from journal.actor import Actor
from journal.care import tables as care_tables
from journal.entries import entries
from journal.key_rotation import account_key as account_key_renewal
from journal.key_rotation.account_key import BATCH_SIZE
from journal.sharing import shares
from journal.store.database import Store
from journal.vault import record_state
from journal.vault.documents import EntryDocument
from tests.cast import PASSWORDS, Cast, Furniture, cast_of
from tests.journal.key_rotation.test_account_key import begun as begin
from tests.journal.key_rotation.test_account_key import ended as end
from tests.journal.key_rotation.test_account_key import opening
from tests.scenes import read_by

ROOT = Path(__file__).parents[2]
MANY = 2 * BATCH_SIZE + 7
SHARED = 30


async def begun(url: str, furniture: Furniture, who: str) -> tuple[Actor, bytes, dict[UUID, str]]:
    """
    Have alice have many entries, share some, and begin, or bob have renewed his keys.

    Returns:
        Alice with the keys of before, her token, and every title.
    """
    cast = cast_of(furniture)
    store = await Store.open(url)
    with store.use():
        before = await cast.actor("alice")
        titles = {uuid4(): f"entry {number}" for number in range(MANY)}
        for wanted, title in titles.items():
            await entries.save_entry(before, wanted, 0, EntryDocument("free", title))
        for wanted in [*titles][:SHARED]:
            await shares.share_entry(before, wanted, cast.link, ["title"], previewed=1)
        token = cast.tokens["alice"]
        if who == "alice":
            token = await account_key_renewal.begin_rotation(before, PASSWORDS["alice"])
        else:
            await read_by(cast, "bob")
            await renewed(cast, "bob")
    await store.close()
    furniture.tokens["bob"] = cast.tokens["bob"]
    return before, token, titles


async def renewed(cast: Cast, who: str) -> None:
    """Have somebody renew their keys, to the end, at the time of the others."""
    await begin(cast, who)
    await end(cast, who)


async def found(
    url: str, furniture: Furniture, token: bytes, before: Actor
) -> tuple[dict[UUID, str], int, bool]:
    """
    Return every title as alice reads it, how many records the old keys open, and whether it goes on.

    Meanwhile bob reads everything that she shared, and her journal is as she left it.
    """
    cast = cast_of(furniture)
    cast.tokens["alice"] = token
    store = await Store.open(url)
    with store.use():
        alice = await cast.actor("alice")
        titles = {one.id: one.document.title for one in await entries.load_all_entries(alice)}
        assert (await record_state.compare_records(alice, earlier=True)).is_intact
        assert len(await read_by(cast, "bob")) == SHARED
        old = await opening(alice.id, before.keyring)
        going_on = alice.is_rotating_keys or await care_tables.LinkRenewal.exists()
    await store.close()
    return titles, sum(able for able, _ in old.values()), going_on


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_killed_renewal_goes_on_and_loses_nothing(
    furnished_sqlite_url: tuple[str, Furniture], who: str
) -> None:
    """Killed at any moment of any batch, the next process goes on; each record opens after every kill."""
    url, shared_furniture = furnished_sqlite_url
    furniture = Furniture(dict(shared_furniture.tokens), shared_furniture.link)
    dice = random.Random(0)
    # What follows from bob's keys takes two batches and the end: each of them is broken off several times.
    moments = iter([1, 2, 3] * 3) if who == "bob" else iter(lambda: dice.randint(1, 5), 0)
    before, token, titles = asyncio.run(begun(url, furniture, who))
    command = [sys.executable, "-m", "tests.durability.rotator", url, token.hex()]
    kills, ended = 0, False
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as renewer:
        assert renewer.stdin is not None
        assert renewer.stdout is not None
        while not ended:
            renewer.stdin.write("go\n")
            renewer.stdin.flush()
            child, heard, until = (
                int(renewer.stdout.readline()),
                0,
                next(moments, 9),
            )
            while (line := renewer.stdout.readline().strip()) != "over":
                heard += 1
                ended |= line == "renewed"
                if heard == until and not ended:
                    with suppress(ProcessLookupError):  # it may have come to its end meanwhile
                        os.kill(child, signal.SIGKILL)
                        kills += 1
            read, old, going_on = asyncio.run(found(url, furniture, token, before))
            assert read == titles
            assert going_on or ended or who == "bob"  # whose change she may not have seen yet
            assert kills < 100
        renewer.stdin.close()
    assert kills > 2
    assert not going_on
    assert old == 0 or who == "bob"
