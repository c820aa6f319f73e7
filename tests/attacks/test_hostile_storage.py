"""
Hostile storage, through the pages: what was put back, taken away or bent is said, and the rest stays usable.

Every case is undone at the end, and then all opens again without a word: nothing was lost by noticing.
"""

from __future__ import annotations

import sqlite3
from html import unescape

import pytest

from journal.entries import entries
from journal.records import collection as records_collection
from journal.sessions import tables as sessions_tables
from journal.vault import record_state
from journal.vault import tables as vault_tables
from tests.attacks.conftest import Target
from tests.attacks.test_swapped import AS_LEFT, DAMAGED, SHARING, Look, made_by_people, names, write
from tests.attacks.world import HERS

CASES = {
    "an entry as it was before": "UPDATE entry SET revision = {revision}, sealed = x'{sealed}' WHERE id = '{free}'",
    "an entry taken away": "DELETE FROM entry WHERE id = '{reframe}'",
    "a list cut short": "DELETE FROM entry WHERE owner_id = '{alice}' AND id NOT IN ('{entry}', '{free}')",
    "an entry hidden": "UPDATE entry SET deleted_at = '2026-11-22 11:00:00+00:00' WHERE id = '{reframe}'",
    "a deleted entry put back": "UPDATE entry SET deleted_at = NULL WHERE id = '{deleted}'",
    "the state taken away": "DELETE FROM record_state WHERE id = '{alice}'",
    "the table of contents taken away": "DELETE FROM contents WHERE owner_id = '{alice}'",
    "a page as it was before": (
        "UPDATE contents SET revision = {page_revision}, sealed = x'{page}' WHERE owner_id = '{alice}'"
    ),
    "a page and its entry as they were before": (
        "UPDATE contents SET revision = {page_revision}, sealed = x'{page}' WHERE owner_id = '{alice}';"
        "UPDATE entry SET revision = {revision}, sealed = x'{sealed}' WHERE id = '{free}'"
    ),
    "the state as it was before": (
        "UPDATE record_state SET revision = {state_revision}, sealed = x'{state}' WHERE id = '{alice}'"
    ),
    "pages of somebody else": (
        "UPDATE contents SET sealed = (SELECT sealed FROM contents WHERE owner_id = '{dana}' LIMIT 1)"
        " WHERE owner_id = '{alice}'"
    ),
    "the state of somebody else": (
        "UPDATE record_state SET sealed = (SELECT sealed FROM record_state WHERE id = '{dana}') WHERE id = '{alice}'"
    ),
    "a state of a later version": (
        "UPDATE record_state SET sealed = CAST(x'02' || substr(sealed, 2) AS BLOB) WHERE id = '{alice}'"
    ),
}
JOURNAL = Look("alice", "/journal", AS_LEFT)
ENTRY = Look("alice", "/journal/{entry}", AS_LEFT)
WRITING = Look("alice", "/journal/{entry}/edit", AS_LEFT)
SEARCH = Look("alice", "/journal", AS_LEFT, {"q": HERS})
HOME = Look("alice", "/", AS_LEFT)
SESSION = Look("alice", "/sessions/{session}", AS_LEFT)
COMPARED = Look("alice", "/journal/comparison", AS_LEFT)
RECORDS = Look("alice", "/records", AS_LEFT)
RENEWAL = Look("alice", "/account/renewal", AS_LEFT)
SHARE = Look("alice", "/journal/{entry}/shares", AS_LEFT, SHARING)


async def older(target: Target) -> dict[str, str]:
    """Go on with an entry; returns the rows of before, as an old backup holds them."""
    alice = await target.portal.cast.actor("alice")
    one = await entries.load_entry(alice, target.world.ids["free"])
    before, state = await vault_tables.Entry.get(id=one.id), await vault_tables.RecordState.get(id=alice.id)
    (page,) = await vault_tables.ContentsPage.filter(owner_id=alice.id)
    document = type(one.document)(one.document.kind, "Later words", answers=one.document.answers)
    await entries.save_entry(alice, one.id, one.revision, document)
    return {
        "revision": str(before.revision),
        "sealed": before.sealed.hex(),
        "page_revision": str(page.revision),
        "page": page.sealed.hex(),
        "state_revision": str(state.revision),
        "state": state.sealed.hex(),
    }


@pytest.mark.parametrize("name", CASES)
async def test_what_storage_did_to_a_journal_is_said_on_its_pages(target: Target, name: str) -> None:
    """Each page that shows entries says so, and the one that explains it; nothing is shared, what opens can be read."""
    known = names(target) | await older(target)
    for look in (HOME, JOURNAL, ENTRY, WRITING, SESSION, SEARCH, RECORDS, RENEWAL):
        assert not look.told(await look.at(target)), look.path
    with sqlite3.connect(target.path) as connection:
        kept = {
            table: connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in ("entry", "entry_revision", "contents", "record_state", "share")
        }
    connection.close()
    with sqlite3.connect(target.path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.executescript(CASES[name].format_map(known))
    connection.close()
    before = made_by_people(target)
    for look in (JOURNAL, HOME, ENTRY, WRITING, SESSION, SEARCH, RECORDS, RENEWAL, COMPARED):
        answer = await look.at(target)
        assert answer.status_code == 200, look.path
        assert look.told(answer), look.path
    assert HERS in (await ENTRY.at(target)).text
    refused = await SHARE.at(target)
    assert refused.status_code == 409
    assert SHARE.told(refused)
    assert made_by_people(target) == before
    with sqlite3.connect(target.path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for table, rows in kept.items():
            connection.execute(f"DELETE FROM {table}")
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
    connection.close()
    for look in (HOME, JOURNAL, ENTRY, SESSION, SEARCH):
        assert not look.told(await look.at(target)), look.path


@pytest.mark.parametrize("at", [40, -1])
async def test_one_damaged_entry_closes_nothing_else(target: Target, at: int) -> None:
    """
    It says so where it is opened: on its page, in a search, and in the journal unless the table of contents fits it.

    Everything else is there as ever.
    """
    known = names(target)
    with sqlite3.connect(target.path) as connection:
        found = "SELECT sealed FROM entry WHERE id = ?"
        (sealed,) = connection.execute(found, (known["free"],)).fetchone()
    connection.close()
    bent = bytearray(sealed)
    bent[at] ^= 1
    write(target.path, "UPDATE entry SET sealed = ? WHERE id = ?", bytes(bent), known["free"])
    async with target.client("alice") as browser:
        journal, search = await browser.get("/journal"), await browser.post("/journal", data={"q": HERS})
        for answer, says in ((journal, at == -1), (search, True)):
            text = unescape(answer.text)
            assert answer.status_code == 200
            assert (DAMAGED[0] in text) == says
            assert text.count(HERS) > 2
        own = await browser.get("/journal/" + known["free"])
        assert own.status_code == 409
        assert HERS not in own.text
        assert (await browser.get("/journal/" + known["entry"])).status_code == 200
    write(target.path, "UPDATE entry SET sealed = ? WHERE id = ?", sealed, known["free"])
    async with target.client("alice") as browser:
        assert DAMAGED[0] not in unescape((await browser.get("/journal")).text)


async def test_one_damaged_course_does_not_keep_the_records_back(target: Target) -> None:
    """The archive names it among what could not be read, and holds the rest."""
    alice = await target.portal.cast.actor("alice")
    await sessions_tables.Course.filter(id=target.world.ids["course"]).update(sealed=bytes(80))
    taken = await records_collection.collect_patient_records(alice, "Practice")
    assert ("course", target.world.ids["course"]) in [(one.what, one.id) for one in taken.unreadable]
    assert len(taken.entries) > 3
    assert (await record_state.compare_records(alice)).is_intact
