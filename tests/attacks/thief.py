"""
What a thief of the whole machine reads: everything that the server key opens, and which words may be among it.

Words are looked at and not tables: each field of each form was typed into with a word of its own.
"""

from __future__ import annotations

from crypto import CryptoError, ServerKey
from journal.key_rotation.server_columns import SERVER_COLUMNS
from journal.store.database import Store, fetch_raw
from tests.cast import SERVER_KEY

SELECT = "SELECT {columns} FROM {table} WHERE {column} IS NOT NULL"

UNDER_SERVER_KEY: dict[tuple[str, str], str] = {}
"""The fields whose words the server key opens, and why it has to."""


async def read_with_server_key(url: str) -> dict[str, list[str]]:
    """Open every value of a database that the server key opens; return the texts by table and column."""
    store = await Store.open(url)
    try:
        with store.use():
            return await read_database()
    finally:
        await store.close()


async def read_database() -> dict[str, list[str]]:
    """Do the same in the database that is open."""
    key, found = ServerKey(SERVER_KEY), dict[str, list[str]]()
    for one in SERVER_COLUMNS:
        texts = found.setdefault(f"{one.table}.{one.column}", [])
        for row in await fetch_raw(one.format_sql(SELECT)):
            try:
                texts.append(key.open(bytes(row[1]), context=one.get_context(row)).decode("utf-8", "replace"))
            except CryptoError:
                continue
    return found
