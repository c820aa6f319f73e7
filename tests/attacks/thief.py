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

IDENTITY = (
    "who somebody is, by which they are found, named in mail, and shown to those who are not signed in yet"
)
BEFORE_KEYS = "shown to the person whom a link invites, who has no key yet"
WITHOUT_A_KEY = "shown where nobody's key is at hand: on a sitter's link, or a calm page of a locked browser"
HOURS = (
    "told to all patients of a clinician alike, and about no session: nobody's key seals it for all of them"
)
UNDER_SERVER_KEY: dict[tuple[str, str], str] = {
    ("/account/details", "name"): IDENTITY,
    ("/account/email", "email"): IDENTITY,
    ("/setup/{token}", "name"): IDENTITY,
    ("account.sealed", ""): IDENTITY,  # an address with the word and no number
    ("/people/practice", "practice_name"): IDENTITY,
    ("/account/contact", "emergency_name"): IDENTITY,
    ("/account/contact", "emergency_relation"): IDENTITY,
    ("/invitations", "name"): BEFORE_KEYS,
    ("/people/invitations", "name"): BEFORE_KEYS,
    ("/patients/{id:uuid}/contacts/{contact:uuid}", "name"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/{contact:uuid}", "outside"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/{contact:uuid}", "purpose"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/new", "name"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/new", "outside"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/contacts/new", "purpose"): WITHOUT_A_KEY,
    ("/patients/{id:uuid}/instructions/single", "sitter_text"): WITHOUT_A_KEY,
    ("/account/reading-hours", "covers"): HOURS,
    ("/account/reading-hours", "words"): HOURS,
}
"""The fields whose words the server key opens, and why. What is written of a session is not among them."""


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
