"""`hearthside head`: what it writes to be kept elsewhere, and what a database that was put back cannot hide from it."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from journal.accounts import key_log
from journal.entries import entries
from journal.practice import account_deletion
from journal.store.database import Store
from journal.witness import checking
from tests.cast import NAMES, Furniture, cast_of
from tests.journal.entries.test_entries import words
from tests.portal.cli.commands import Commands
from tests.portal.cli.test_audit import BROKEN, INTACT, UNCHECKED, Deployment

RECORDS = ("record_state", "contents", "contents_text", "entry", "entry_revision")


@pytest.fixture
def here(command_line: Commands, furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path) -> Deployment:
    """An installation on SQLite."""
    return Deployment(command_line, furnished_sqlite_url[0], tmp_path)


def write_as_alice(furnished: tuple[str, Furniture], text: str) -> None:
    """Have alice write an entry."""

    async def write() -> None:
        store = await Store.open(furnished[0])
        with store.use():
            await entries.save_entry(await cast_of(furnished[1]).actor("alice"), uuid4(), 0, words(text))
        await store.close()

    asyncio.run(write())


def id_of(furnished: tuple[str, Furniture], name: str) -> UUID:
    """Return somebody's account."""

    async def find() -> UUID:
        store = await Store.open(furnished[0])
        with store.use():
            found = (await cast_of(furnished[1]).actor(name)).id
        await store.close()
        return found

    return asyncio.run(find())


def put_back(url: str, older: Path, tables: tuple[str, ...], owner: UUID) -> None:
    """Put back the rows of one account from an older copy of the database, and nothing else."""
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("ATTACH ? AS older", (str(older),))
        for table in tables:
            mine = f"owner_id = '{owner}'"
            if table == "entry_revision":
                mine = f"entry_id IN (SELECT id FROM older.entry WHERE owner_id = '{owner}')"
            connection.execute(f"DELETE FROM main.{table} WHERE {mine}")
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM older.{table} WHERE {mine}")
        connection.commit()


@pytest.mark.parametrize("database", ["furnished_sqlite_url", "furnished_postgres_url"])
def test_it_is_written_compared_and_names_nobody(
    database: str, command_line: Commands, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A line for each account, none with an id; the same twice; and what was written since is no fault."""
    furnished = request.getfixturevalue(database)
    there = Deployment(command_line, furnished[0], tmp_path)
    kept = tmp_path / "head"
    assert there.run("head", str(kept)).code == INTACT
    log, keys, total, *lines = kept.read_text().splitlines()
    assert log == there.verify("--write-head", "-").out.strip()
    assert re.fullmatch(r"hearthside-keys 1 [1-9][0-9]* [0-9a-f]{64}", keys)
    assert total.startswith(f"hearthside-accounts 1 {len(lines)} ")
    assert len(lines) == len(NAMES)
    assert id_of(furnished, "alice").hex not in kept.read_text()
    printed = there.run("head", "-")
    assert printed.out == kept.read_text()
    write_as_alice(furnished, "an evening")
    compared = there.verify("--head", str(kept))
    assert (compared.code, compared.err) == (INTACT, "")
    assert f"No account is behind what was kept: {len(lines)} of them." in compared.out
    assert "The log of public keys goes on from what was kept." in compared.out
    assert there.run("head", str(kept)).code == INTACT
    assert kept.read_text() != printed.out
    added = printed.out + there.run("head", "--head", "-", "-", given=printed.out).out
    assert there.run("head", "--head", "-", "-", given=added).code == INTACT
    assert "no lines of accounts" in there.verify("--head", "-", given=log).out


def test_one_account_that_is_put_back_whole_is_named(
    here: Deployment, furnished_sqlite_url: tuple[str, Furniture]
) -> None:
    """Storage puts back all of alice's records: the log is intact, she opens them, and the kept lines tell."""
    alice = id_of(furnished_sqlite_url, "alice")
    older, kept = here.folder / "older", here.folder / "head"
    write_as_alice(furnished_sqlite_url, "the first evening")
    shutil.copyfile(here.url.removeprefix("sqlite://"), older)
    write_as_alice(furnished_sqlite_url, "the second evening")
    assert here.run("head", str(kept)).code == INTACT
    before = kept.read_text()
    put_back(here.url, older, RECORDS, alice)
    assert here.verify().code == INTACT
    for done in (here.verify("--head", str(kept)), here.run("head", str(kept)), here.run("head", "-")):
        if done.out:
            assert done.out.startswith("hearthside-audit")  # nothing was there to compare with
            continue
        assert done.code == BROKEN
        assert done.err.startswith(f"An older state of account {alice} was put back.\nRestoring a backup")
    assert kept.read_text() == before
    looked = here.run("doctor", "--head", str(kept))
    assert f"mend  An older state of account {alice} was put back." in looked.out
    write_as_alice(furnished_sqlite_url, "another second evening")
    forked = here.verify("--head", "-", given=before)
    assert (forked.code, forked.out) == (BROKEN, "")
    assert f"Account {alice} has another state than was kept, under the same number" in forked.err


def test_a_whole_database_that_is_put_back_is_noticed(
    here: Deployment, furnished_sqlite_url: tuple[str, Furniture]
) -> None:
    """Log and accounts both tell."""
    older, kept = here.folder / "older", here.folder / "head"
    shutil.copyfile(here.url.removeprefix("sqlite://"), older)
    write_as_alice(furnished_sqlite_url, "an evening")
    assert here.run("setup-link").code == 0
    assert here.verify("--chain").code == INTACT
    assert here.run("head", str(kept)).code == INTACT
    with closing(sqlite3.connect(older)) as good, closing(sqlite3.connect(here.url[9:])) as there:
        good.backup(there)
    done = here.verify("--head", str(kept))
    assert (done.code, done.out) == (BROKEN, "")
    assert "The audit log is broken." in done.err
    assert "An older state of account" in done.err
    looked = here.run("doctor", "--head", str(kept))
    assert "mend  The audit log does not go on from the head that was kept" in looked.out
    assert "mend  An older state of account" in looked.out
    assert "mend  The audit log" not in here.run("doctor").out  # which only a kept head tells


@pytest.mark.parametrize("statement", ["DELETE FROM witness", "DELETE FROM witness; DELETE FROM link_head"])
def test_what_an_account_remembers_of_the_log_of_keys_is_counted(
    here: Deployment, furnished_sqlite_url: tuple[str, Furniture], statement: str
) -> None:
    """Without it each account is behind what was kept; with keys looked at since, none is."""
    kept = here.folder / "head"
    look_as(furnished_sqlite_url, "alice", "bob")
    assert here.run("head", str(kept)).code == INTACT
    look_as(furnished_sqlite_url, "alice", "bob")
    assert here.verify("--head", str(kept)).code == INTACT
    for one in statement.split(";"):
        here.write(one)
    behind = here.verify("--head", str(kept))
    assert behind.code == BROKEN
    assert behind.err.count("An older state of account") == len(NAMES)


@pytest.mark.parametrize("change", ["cut", "begun anew", "gone"])
def test_a_log_of_keys_that_is_not_continued_is_noticed(
    here: Deployment, furnished_sqlite_url: tuple[str, Furniture], change: str
) -> None:
    """It is compared with its length and root as they were kept; with an account that was opened since it goes on."""
    kept = here.folder / "head"
    assert here.run("head", str(kept)).code == INTACT
    here.write("DELETE FROM key_log" + (" WHERE number = 5" if change == "cut" else ""))
    if change == "begun anew":
        complete_log(furnished_sqlite_url)
    parted = here.verify("--head", str(kept))
    assert parted.code == BROKEN
    assert parted.err.startswith("The log of public keys is not the one that was kept, 6 long, continued")
    assert "mend  The log of public keys is not" in here.run("doctor", "--head", str(kept)).out
    assert here.run("head", str(kept)).code == BROKEN


def look_as(furnished: tuple[str, Furniture], *names: str) -> None:
    """Have people look at the log of public keys, as at a sign-in."""

    async def look() -> None:
        store = await Store.open(furnished[0])
        with store.use():
            for name in names:
                assert not await checking.check_log(await cast_of(furnished[1]).actor(name))
        await store.close()

    asyncio.run(look())


def complete_log(furnished: tuple[str, Furniture]) -> None:
    """Have the service begin the log."""

    async def complete() -> None:
        store = await Store.open(furnished[0])
        with store.use():
            await key_log.complete_log()
        await store.close()

    asyncio.run(complete())


def test_an_account_that_is_gone_has_to_be_deleted_by_the_log(
    here: Deployment, furnished_sqlite_url: tuple[str, Furniture]
) -> None:
    """What storage removes is named; what its owner had deleted is not."""
    kept = here.folder / "head"
    assert here.run("head", str(kept)).code == INTACT
    here.write("DELETE FROM account WHERE id = (SELECT id FROM account WHERE role = 'patient' LIMIT 1)")
    done = here.verify("--head", str(kept))
    assert done.code == BROKEN
    assert done.err.startswith("An account is gone that nobody deleted, kept as ")


def test_an_account_that_was_deleted_is_not_missed(
    here: Deployment, furnished_sqlite_url: tuple[str, Furniture]
) -> None:
    """Its deletion stands in the log, whether it is chained already or not."""
    kept = here.folder / "head"
    assert here.run("head", str(kept)).code == INTACT

    async def leave() -> None:
        store = await Store.open(here.url)
        cast = cast_of(furnished_sqlite_url[1])
        with store.use():
            await account_deletion.request_deletion(await cast.actor("dana"), "delete")
            await cast.later(days=31)
            await account_deletion.delete_due_accounts(cast.installation, cast.clock())
        await store.close()

    asyncio.run(leave())
    assert here.verify("--head", str(kept)).code == INTACT
    assert here.verify("--chain", "--head", str(kept)).code == INTACT


def remove(url: str, account: UUID) -> None:
    """Delete an account and all that hangs on it, behind the service's back."""
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection, connection:
        connection.execute("DELETE FROM account WHERE id = ?", (str(account),))
        while dangling := connection.execute("PRAGMA foreign_key_check").fetchall():
            for table, row, *_ in dangling:
                connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))


def test_a_deletion_that_was_forged_in_the_log_is_not_believed(
    here: Deployment, furnished_sqlite_url: tuple[str, Furniture]
) -> None:
    """Without the server key: an event that was verified before is changed, so that it says whose account went."""
    dana = id_of(furnished_sqlite_url, "dana")
    kept = here.folder / "head"
    assert here.run("head", str(kept)).code == INTACT
    assert here.run("setup-link").code == 0
    assert here.verify("--chain").code == INTACT  # from here the next check without a head goes on
    last = int(kept.read_text().split()[2])
    assert "mend  The audit log" not in here.run("doctor", "--head", str(kept)).out
    here.write(
        f"UPDATE audit_event SET action = 'account.deleted', object_id = '{dana}' WHERE id = {last + 1}"
    )
    remove(here.url, dana)
    looked = here.run("doctor", "--head", str(kept))
    assert "mend  The audit log is not as it was written." in looked.out
    assert "mend  An account is gone, kept as" in looked.out
    assert "No account is behind" not in looked.out
    compared = here.verify("--head", str(kept))
    assert compared.code == BROKEN
    assert "An account is gone, kept as" in compared.err


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("account ", "account 0", 1),
        lambda text: "\n".join(text.splitlines()[:-1]),
        lambda text: "\n".join(text.splitlines()[1:]),
        lambda text: text.replace(" 1 ", " 2 "),
        lambda text: text + "account more\n",
    ],
    ids=["a line changed", "a line missing", "no log", "other numbers", "a line more"],
)
def test_a_head_that_is_not_whole_is_refused(here: Deployment, spoil: Callable[[str], str]) -> None:
    """Nothing of it is believed, or printed."""
    kept = here.folder / "head"
    assert here.run("head", str(kept)).code == INTACT
    kept.write_text(spoil(kept.read_text()))
    for done in (here.verify("--head", str(kept)), here.run("head", str(kept))):
        assert (done.code, done.out) == (UNCHECKED, "")
        assert "This is no head that hearthside wrote, or not all of one" in done.err
    looked = here.run("doctor", "--head", str(kept))
    assert "mend  This is no head that hearthside wrote" in looked.out
