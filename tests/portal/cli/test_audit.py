"""`hearthside verify-audit`, as a process of its own: what it says, what it answers with, what it writes."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from journal.audit.chain import EventRecord
from journal.audit.pending import write_events
from journal.installation.installation import Installation
from journal.store.database import Store
from tests.cast import NOON, SERVER_KEY, Furniture
from tests.portal.cli.commands import Commands, Done
from tests.waiting import PATIENCE

INTACT, BROKEN, UNCHECKED = 0, 1, 2
FOREIGN_KEY = "ab" * 32


class Deployment:
    """A database with the cast in it, and the command that looks after it."""

    def __init__(self, command_line: Commands, url: str, folder: Path) -> None:
        self.command_line, self.url, self.folder = command_line, url, folder

    def verify(self, *arguments: str, key: str = SERVER_KEY.hex(), given: str = "", url: str = "") -> Done:
        """Run the command in its folder."""
        return self.run("verify-audit", *arguments, key=key, given=given, url=url)

    def run(self, *arguments: str, key: str = SERVER_KEY.hex(), given: str = "", url: str = "") -> Done:
        """Run any command in its folder."""
        settings = {
            "HEARTHSIDE_SERVER_KEY": key,
            "HEARTHSIDE_DATA": str(self.folder / "data"),
            "HEARTHSIDE_DATABASE_URL": url or self.url,
        }
        (done,) = self.command_line.run(arguments, given=given, folder=str(self.folder), **settings)
        return done

    def write(self, statement: str) -> None:
        """Change the database behind the service's back."""
        with closing(sqlite3.connect(self.url.removeprefix("sqlite://"))) as connection, connection:
            connection.execute(statement)

    def read(self, statement: str) -> list[object]:
        """Return the first column of what the database answers."""
        with closing(sqlite3.connect(self.url.removeprefix("sqlite://"))) as connection:
            return [row[0] for row in connection.execute(statement)]


@pytest.fixture
def here(command_line: Commands, furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path) -> Deployment:
    """An installation on SQLite."""
    return Deployment(command_line, furnished_sqlite_url[0], tmp_path)


def test_an_intact_log_and_what_cannot_be_said_of_it(here: Deployment) -> None:
    """Without a head the answer names what nobody could notice."""
    done = here.verify()
    assert (done.code, done.err) == (INTACT, "")
    assert "The audit log is intact: " in done.out
    assert "No head was given" in done.out
    assert "server key" in done.out
    assert "older state" in done.out


def test_on_postgresql_as_well(
    command_line: Commands, furnished_postgres_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """The same log, the same answer."""
    there = Deployment(command_line, furnished_postgres_url[0], tmp_path)
    written = there.verify("--write-head", "-")
    assert written.code == INTACT
    assert there.verify("--head", "-", given=written.out).code == INTACT


def test_a_head_is_kept_and_compared(here: Deployment) -> None:
    """Written to a file and to standard output it is the same one line; read from both it tells a cut end."""
    kept = here.folder / "elsewhere"
    assert here.verify("--write-head", str(kept)).code == INTACT
    printed = here.verify("--write-head", "-")
    assert printed.code == INTACT
    assert printed.out == kept.read_text()
    assert printed.out.count("\n") == 1
    assert "intact" in printed.err
    compared = here.verify("--head", str(kept))
    assert compared.code == INTACT
    assert "It goes on from the head kept." in compared.out
    assert "No head was given" not in compared.out

    here.write("DELETE FROM audit_event WHERE id = (SELECT MAX(id) FROM audit_event)")
    for again in (here.verify("--head", str(kept)), here.verify("--head", "-", given=printed.out)):
        assert again.code == BROKEN
        assert "is missing" in again.err


def test_a_broken_log_is_told_in_words_and_moves_no_head(here: Deployment) -> None:
    """The event is named, standard output stays empty, and what was kept stays as it is."""
    kept = here.folder / "head"
    assert here.verify("--write-head", str(kept)).code == INTACT
    before = kept.read_text()
    here.write("UPDATE audit_event SET action = 'share.shared' WHERE id = 7")
    for arguments in ((), ("--head", str(kept)), ("--write-head", str(kept)), ("--write-head", "-")):
        done = here.verify("--all", *arguments)
        assert (done.code, done.out) == (BROKEN, "")
        assert done.err.startswith("The audit log is broken.\nEvent 7 is not as it was written")
    assert kept.read_text() == before


def test_a_head_is_never_replaced_by_one_that_does_not_follow(here: Deployment) -> None:
    """Writing a head over an older one checks the older one first, so one line in a timetable is enough."""
    kept = here.folder / "head"
    older = here.verify("--write-head", "-").out
    sequence = int(older.split()[2])
    kept.write_text(older.replace(f" {sequence} ", f" {sequence + 3} "))
    done = here.verify("--write-head", str(kept))
    assert done.code == BROKEN
    assert f"there were {sequence + 3}" in done.err
    assert kept.read_text() != older
    kept.write_text(older)
    assert here.verify("--write-head", str(kept)).code == INTACT
    assert [file.name for file in here.folder.iterdir() if file.name.startswith(".head-")] == []


def test_it_goes_on_from_the_last_time(here: Deployment) -> None:
    """The second check looks at what came since and says so; an older event that was changed is found with --all."""
    total = here.verify("--write-head", "-").out.split()[2]
    assert f"{total} events, 0 of them checked now" in here.verify().out
    assert here.run("setup-link").code == 0
    assert f"{int(total) + 1} events, 1 of them checked now" in here.verify("--chain").out
    here.write("UPDATE audit_event SET outcome = 'perhaps' WHERE id = 7")
    assert here.verify().code == INTACT
    done = here.verify("--all")
    assert (done.code, done.out) == (BROKEN, "")
    assert "Event 7 is not as it was written" in done.err


def test_what_is_not_chained_yet_is_named_and_can_be_chained(here: Deployment) -> None:
    """Where no service runs, the command names what waits, checks it as well, and chains it when it is told to."""
    assert here.verify().out.count("not chained") == 0
    for _ in range(2):
        assert here.run("setup-link").code == 0
    done = here.verify()
    assert (done.code, done.err) == (INTACT, "")
    assert "2 events are not chained yet; the oldest was written " in done.out
    named = re.findall(
        r"^  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC ([\w.-]+) ([0-9a-f-]{36})$", done.out, re.MULTILINE
    )
    assert [act for act, _ in named] == ["practice.setup-link-made"] * 2
    assert [key for _, key in named] == here.read("SELECT id FROM audit_pending ORDER BY id")
    here.write(
        "UPDATE audit_pending SET at = '2026-11-22 12:00:00+00:00' WHERE id = (SELECT MIN(id) FROM audit_pending)"
    )
    for arguments in ((), ("--chain",)):
        done = here.verify(*arguments)
        assert (done.code, done.out) == (BROKEN, "")
        assert "An event that waits to be chained is not as it was written" in done.err
    here.write("DELETE FROM audit_pending")
    assert here.verify().code == INTACT
    assert here.run("setup-link").code == 0
    done = here.verify("--chain", "--write-head", str(here.folder / "head"))
    assert (done.code, "not chained" in done.out) == (INTACT, False)
    assert here.verify("--all", "--head", str(here.folder / "head")).code == INTACT


def test_a_database_that_can_only_be_read_is_checked(
    command_line: Commands, furnished_postgres_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """A standby, or a database that was set so: nothing is remembered, and the answer is the same."""
    url = furnished_postgres_url[0]
    there = Deployment(command_line, url, tmp_path)
    asyncio.run(never_written(url))
    for _ in range(2):
        done = there.verify()
        assert (done.code, done.err) == (INTACT, "")
        assert "checked now" not in done.out
    done = there.verify("--chain")
    assert (done.code, done.out) == (UNCHECKED, "")
    assert "takes no writes" in done.err


async def never_written(url: str) -> None:
    """Let nothing be written to a database from now on."""
    connection = await asyncpg.connect(url, timeout=PATIENCE)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    await connection.close()


def test_a_list_of_heads_is_checked_whole(here: Deployment) -> None:
    """Each line counts: a file that heads are only ever added to shows from where on a log was rewritten."""
    head = here.verify("--write-head", "-").out
    start = f"hearthside-audit 1 0 {'0' * 64}\n"
    assert here.verify("--head", "-", given=start + "\n" + head).code == INTACT
    other = f"hearthside-audit 1 2 {'ab' * 32}\n"
    done = here.verify("--head", "-", given=start + other + head)
    assert done.code == BROKEN
    assert "Event 2 is another one than when you kept the head" in done.err


def test_another_server_key_is_told_apart(here: Deployment) -> None:
    """The wrong key is the likeliest reason why nothing fits."""
    done = here.verify(key=FOREIGN_KEY)
    assert done.code == BROKEN
    assert "this server key" in done.err


@pytest.mark.parametrize("text", ["", "\n", "not a head", "hearthside-audit 1 7 \x1b[2J", "é", "\x00" * 50])
def test_what_is_no_head_is_not_understood_and_not_repeated(here: Deployment, text: str) -> None:
    """Neither from a file nor from standard input; no control character reaches the terminal."""
    file = here.folder / "head"
    file.write_text(text)
    for done in (
        here.verify("--head", str(file)),
        here.verify("--write-head", str(file)),
        here.verify("--head", "-", given=text),
    ):
        assert done.code == UNCHECKED
        assert "\x1b" not in done.err + done.out
        assert "Traceback" not in done.err
    assert file.read_text() == text


def test_what_cannot_be_read_or_written_is_told(here: Deployment) -> None:
    """A missing head, a folder that is not there, no database, one without tables, and a wrong option."""
    missing = here.folder / "nobody" / "head"
    empty = here.folder / "empty.sqlite3"
    empty.touch()
    for arguments, url in (
        (("--head", str(missing)), ""),
        (("--head", str(here.folder)), ""),
        (("--write-head", str(missing)), ""),
        ((), f"sqlite://{here.folder / 'no.sqlite3'}"),
        ((), f"sqlite://{empty}"),
        ((), "postgres://nobody:nothing@127.0.0.1:1/none"),
        (("--heads",), ""),
    ):
        done = here.verify(*arguments, url=url)
        assert done.code == UNCHECKED, arguments
        assert done.err
        assert "Traceback" not in done.err
    assert not (here.folder / "no.sqlite3").exists()


def test_what_stands_in_the_log_never_reaches_the_terminal(here: Deployment) -> None:
    """An event that was filled with control characters is named by its number alone."""
    here.write(
        "UPDATE audit_event SET action = char(27) || '[2J', outcome = char(7), mac = char(13) WHERE id = 3"
    )
    done = here.verify()
    assert done.code == BROKEN
    assert not any(mark in done.out + done.err for mark in "\x1b\x07\r")


def test_what_waits_never_reaches_the_terminal_either(here: Deployment) -> None:
    """Not even the act of an event that somebody with the key of the log wrote."""
    asyncio.run(an_act_of_control_characters(here.url))
    done = here.verify()
    assert done.code == INTACT
    assert "1 event is not chained yet" in done.out
    assert not any(mark in done.out + done.err for mark in "\x1b\x07\r")


async def an_act_of_control_characters(url: str) -> None:
    """Write an event as only the key of the log allows."""
    line = EventRecord(NOON, None, None, None, None, "\x1b[2J\x07\r", "done")
    store = await Store.open(url)
    with store.use():
        await write_events(Installation.with_key(SERVER_KEY), [line])
    await store.close()
