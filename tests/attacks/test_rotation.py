"""
The thief who has the old server key and comes back for the database once the key was changed.

And the columns: one that is sealed under the server key, but that the change of the key does not know, would be lost.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from typing import Any

from crypto import CryptoError, ServerKey
from journal.installation.server_keys import ServerKeys
from journal.key_rotation.server_columns import SERVER_COLUMNS, ServerColumn
from journal.key_rotation.server_key import reseal_all
from tests.attacks.conftest import Target
from tests.attacks.test_swapped import sealed_columns
from tests.attacks.world import WORDS
from tests.cast import NAMES, PRACTICE, SERVER_KEY
from tests.test_architecture import modules, source

NEW_KEY = b"n" * 32
OF_PEOPLE = {
    "account": {"public_identity", "identity", "access"},
    "key_slot": {"salt", "parameters", "commitment", "wrapped"},
    "web_session": {"wrapped"},
    "key_renewal": {"retired", "before"},
    "link_renewal": {"former"},
    "succession": {"statement"},
    "key_log": {"leaf", "salt", "nodes"},
    "witness": {"sealed"},
    "link_head": {"patient_head", "clinician_head"},
    "setup_link": {"secret"},
    "second_factor": {"sealed"},
    "sitter_link": {"sealed", "note_key"},
    "calendar_feed": {"sealed", "key"},
    "sitter_note": {"sealed", "mark"},
    "record_state": {"sealed"},
    "contents": {"sealed"},
    "contents_text": {"sealed"},
    "set_aside": {"retired", "plan_key"},
    "set_aside_slot": {"slot"},
    "set_aside_record": {"sealed"},
    "kept_share": {"sealed"},
    "given_back": {"sealed"},
    "handover": {"signature"},
    "invitation": {"voucher", "secret"},
    "care_link": {
        "patient_key",
        "clinician_key",
        "held_key",
        "patient_pin",
        "clinician_pin",
        "plan_copy",
        "voucher",
    },
    "kap_session": {"words"},
    "course": {"words"},
    "instructions_version": {"words"},
    "plan_key": {"wrapped"},
    "entry": {"sealed"},
    "entry_revision": {"sealed"},
    "share": {"sealed", "talked", "filed"},
    "talk_item": {"sealed", "said", "mark"},
    "talk_set": {"sealed"},
    "notice_policy": {"sealed"},
    "patient_notice": {"sealed", "backup_sealed", "done"},
    "care_note": {"sealed"},
    "reply": {"sealed"},
    "reply_draft": {"sealed"},
    "own_note": {"sealed"},
    "packet": {"sealed", "told", "layout", "file"},
    "import_run": {"sealed"},
    "import_part": {"sealed"},
}
"""Columns of bytes that the server key has no part in."""


def rows(target: Target, sealed: ServerColumn) -> list[tuple[Any, ...]]:
    """Every row that holds something sealed under the server key, as it stands in the file."""
    with sqlite3.connect(target.path) as connection:
        found = connection.execute(
            sealed.format_sql("SELECT {columns} FROM {table} WHERE {column} IS NOT NULL")
        ).fetchall()
    connection.close()
    return found


def opens(key: bytes, sealed: ServerColumn, row: tuple[Any, ...]) -> bool:
    """Return whether a key opens what a row holds, in its own place."""
    try:
        ServerKey(key).open(row[1], sealed.get_context(row))
    except CryptoError:
        return False
    return True


def test_every_column_is_known_to_be_the_servers_or_not() -> None:
    """A new column of bytes fails here until somebody says whose key it is sealed under."""
    known = {(one.table, one.column) for one in SERVER_COLUMNS}
    of_people = {(table, column) for table, columns in OF_PEOPLE.items() for column in columns}
    assert known & of_people == set()
    assert set(sealed_columns()) == known | of_people


def test_what_the_tables_say_is_what_is_changed() -> None:
    """Whatever the tables call the server key's, also what is looked up by, stands in the one list."""
    text = "".join(source(path) for path in modules("journal") if path.name.startswith("tables"))
    said: set[tuple[str, str]] = set()
    for model in re.split(r"^class ", text, flags=re.MULTILINE)[1:]:
        named = re.search(r'table = "(\w+)"', model)
        found = re.findall(r"^    (\w+) = fields\.BinaryField\([^)]*\)\s*# server key", model, re.MULTILINE)
        found += re.findall(
            r"^    (\w+) = fields\.CharField\([^)]*\)\s*# HMAC under the server key$", model, re.MULTILINE
        )
        said |= {(named[1], column) for column in found} if named else set()
    listed = {(one.table, one.column) for one in SERVER_COLUMNS} | {
        (one.table, one.index_column) for one in SERVER_COLUMNS if one.index_column
    }
    assert said == listed


async def test_the_old_key_opens_nothing_in_the_new_database(target: Target) -> None:
    """No name, no date, no address by guessing; and what it once opened is in no file."""
    before = {one.table: rows(target, one) for one in SERVER_COLUMNS}
    assert all(opens(SERVER_KEY, one, row) for one in SERVER_COLUMNS for row in before[one.table])
    assert {table for table, found in before.items() if not found} == {"outbox"}  # nobody has mail here
    installation = replace(target.portal.cast.installation, server_keys=ServerKeys((NEW_KEY, SERVER_KEY)))
    await reseal_all(installation)
    for one in SERVER_COLUMNS:
        after = rows(target, one)
        assert len(after) == len(before[one.table])
        assert not any(opens(SERVER_KEY, one, row) for row in after)
        assert all(opens(NEW_KEY, one, row) for row in after)
    everything = b"".join(path.read_bytes() for path in target.path.parent.glob("world.sqlite3*"))
    assert b"CREATE TABLE" in everything
    for one in SERVER_COLUMNS:
        assert not any(row[1] in everything for row in before[one.table])
    for name in NAMES:
        assert ServerKey(SERVER_KEY).blind_index(f"{name}@example.org").hex().encode() not in everything
        assert ServerKey(NEW_KEY).blind_index(f"{name}@example.org").hex().encode() in everything
    for word in (*WORDS, *NAMES.values(), PRACTICE):
        assert word.encode() not in everything
