"""
Every page, opened from an address that another site made up: nothing that anybody made is changed by it.

A browser opens such an address with the cookie, as it opens one that its owner typed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from portal.routes import ROUTES
from tests.attacks.conftest import BEGINNINGS, Target
from tests.attacks.test_routes import OWNERS, address
from tests.attacks.world import PASSING

FROM_ELSEWHERE = {
    "origin": "https://evil.example",
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
}
NOTED = {
    "calendar_feed.used_on": "on which day a calendar was asked for",
    "packet.layout": "where the pages of a preview begin",
    "reminder_slot.sealed": "what somebody is reminded of, worked out anew from their plan",
    "share.opened_at": "when a copy was first read, which its patient is told",
    "plan_key.carried_at": "that nothing of before has to be sealed under the key of a plan any more",
    "reply.read_at": "when a reply was first read",
}
"""What reading by itself writes: no words of anybody's, and nothing that anybody chose."""

Cells = dict[str, dict[str, dict[str, object]]]


def cells(target: Target) -> Cells:
    """Every row that people made, by table and id, with the name of each column."""
    found: Cells = {}
    with sqlite3.connect(f"file:{target.path}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            if name not in PASSING:
                rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
                found[name] = {f"{row[0]}": dict(row) for row in rows}
    connection.close()
    return found


def changed(before: Cells, after: Cells) -> Iterator[str]:
    """Go through what is different: a row that came or went by its table, and each column that has another value."""
    for table in before:
        old, new = before[table], after[table]
        yield from (f"a row of {table}" for _ in old.keys() ^ new.keys())
        for row in old.keys() & new.keys():
            yield from (f"{table}.{name}" for name in old[row] if old[row][name] != new[row][name])


async def test_opening_an_address_changes_nothing_that_anybody_made(target: Target) -> None:
    """Each page as the person for whom it is; what is noted of it stands in `NOTED` and changes no word."""
    people, noted = target.world.ids | target.world.people, set()
    with sqlite3.connect(target.path) as connection:
        connection.execute("UPDATE share SET opened_at = NULL")  # as if nobody had read anything yet
    connection.close()
    before = cells(target)
    for name, begin in BEGINNINGS.items():
        rules = [one for one in ROUTES if "GET" in one.methods and OWNERS[one.audience] in (None, name)]
        paths = [address(one, target.world) for one in rules] + [path.format_map(people) for path in begin]
        async with target.client(name) as browser:
            for path in dict.fromkeys(paths):
                await browser.get(path, headers=FROM_ELSEWHERE)
                after = cells(target)
                found = set(changed(before, after))
                assert found <= NOTED.keys(), (name, path)
                noted |= found
                before = after
    assert {"share.opened_at", "packet.layout"} <= noted


def test_a_changed_cell_and_a_new_row_are_found() -> None:
    """The control."""
    before: Cells = {"entry": {"1": {"id": 1, "sealed": b"a"}}}
    assert list(changed(before, {"entry": {"1": {"id": 1, "sealed": b"b"}}})) == ["entry.sealed"]
    assert list(changed(before, {"entry": {}})) == ["a row of entry"]
