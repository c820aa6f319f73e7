"""A database with something in it that is not ours and that might run by itself is neither served nor restored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from journal.backup import BackupRefused, back_up, put_back
from journal.house import House
from journal.soundness import Verdict, of_database
from journal.store import Store, connection
from journal.store_address import file_of
from journal.store_errors import DatabaseRefused
from tests.cast import SERVER_KEY

if TYPE_CHECKING:
    from pathlib import Path

SQLITE = {
    "trigger": "CREATE TRIGGER x AFTER INSERT ON entry BEGIN DELETE FROM audit_event; END",
    "view": "CREATE VIEW x AS SELECT * FROM entry",
    "table": "CREATE TABLE x (copied TEXT)",
}
FUNCTION = "CREATE FUNCTION x() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql"
POSTGRES = {
    "trigger": f"{FUNCTION}; CREATE TRIGGER x AFTER INSERT ON entry EXECUTE FUNCTION x()",
    "view": SQLITE["view"],
    "materialized view": "CREATE MATERIALIZED VIEW x AS SELECT * FROM entry",
    "table": SQLITE["table"],
    "function": FUNCTION,
    "rule": "CREATE RULE x AS ON DELETE TO entry DO INSTEAD NOTHING",
}


async def put_in(url: str, statement: str) -> None:
    """Put something into the database, as somebody who can write it would."""
    opened = await Store.open(url)
    with opened.use():
        await connection().execute_script(statement)
    await opened.close()


@pytest.mark.parametrize("kind", sorted(SQLITE | POSTGRES))
async def test_what_is_not_ours_is_refused(database_url: str, kind: str) -> None:
    """Serving, and every command, refuses it in words; the doctor says to mend it."""
    statement = (SQLITE if database_url.startswith("sqlite") else POSTGRES).get(kind, SQLITE["trigger"])
    if not database_url.startswith("sqlite"):
        statement = POSTGRES.get(kind, FUNCTION)
    await put_in(database_url, statement)
    with pytest.raises(DatabaseRefused, match="not Hearthside's"):
        await Store.open(database_url)
    (found,) = await of_database(database_url, House.with_key(SERVER_KEY, quick=True))
    assert found.verdict is Verdict.MEND
    assert "not Hearthside's" in found.sentence


@pytest.mark.parametrize("kind", sorted(SQLITE))
def test_a_backup_with_it_is_not_restored(
    furnished_sqlite_url: tuple[str, object], tmp_path: Path, kind: str
) -> None:
    """A restored file brings nothing with it that runs unnoticed; nothing is left where it would have been."""
    database = file_of(furnished_sqlite_url[0])
    assert database is not None
    copy, place = tmp_path / "copy", tmp_path / "place.sqlite3"
    back_up(database, copy)
    put_back(copy, tmp_path / "sound.sqlite3", SERVER_KEY)
    with closing(sqlite3.connect(copy)) as opened, opened:
        opened.execute(SQLITE[kind])
    with pytest.raises(BackupRefused, match="not Hearthside's"):
        put_back(copy, place, SERVER_KEY)
    assert not place.exists()
