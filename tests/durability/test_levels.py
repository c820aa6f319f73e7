"""Whatever isolation level a PostgreSQL database has by default, everybody can do everything at the same moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from journal.entries import entries
from journal.sharing import shares as sharing_shares
from journal.store import postgres as store_postgres
from journal.vault.entry_rows import Entry
from tests.cast import PASSWORDS, Furniture
from tests.durability.test_no_room import FULL
from tests.portal.browsing import autosaved, opened, pressed
from tests.portal.conftest import Portal, running
from tests.portal.views.sharing.test_shares import confirm, look
from tests.scenes import PARTS, written
from tests.waiting import PATIENCE

AT_ONCE = 4
NEW = "a lantern on the kitchen table"
STRICT = ["repeatable read", "serializable"]


async def writes(portal: Portal, number: int) -> list[int]:
    """Have alice write a page, which saves itself meanwhile."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=free")
        saved = await autosaved(browser, page, title=f"Page {number}")
        done = await pressed(browser, page, title=f"Page {number}", revision="1", **FULL)
        return [saved.status_code, done.status_code]


async def shares(portal: Portal, entry: Entry) -> list[int]:
    """Have alice share an entry with bob."""
    async with portal.client("alice") as browser:
        preview = await look(browser, entry, *PARTS, to=portal.cast.link)
        told = await confirm(browser, entry, preview)
        return [preview.status_code, told.status_code]


async def reads(portal: Portal, patient: object) -> list[int]:
    """Have bob look at his caseload and at what alice shares."""
    async with portal.client("bob") as browser:
        return [(await browser.get(path)).status_code for path in ("/patients", f"/patients/{patient}")]


async def signs_in(portal: Portal, name: str) -> list[int]:
    """Have somebody sign in from one more browser."""
    async with portal.client() as browser:
        form = {"email": f"{name}@example.org", "password": PASSWORDS[name]}
        return [(await browser.post("/sign-in", data=form)).status_code]


async def changes_password(portal: Portal, name: str) -> list[int]:
    """Have somebody change their password."""
    async with portal.client(name) as browser:
        form = {"current": PASSWORDS[name], "password": NEW, "repeated": NEW}
        return [(await browser.post("/account/password", data=form)).status_code]


@pytest.mark.parametrize("level", STRICT)
async def test_every_default_of_a_database_does(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path, level: str
) -> None:
    """People write, share, read, sign in and change a password at once: all of it is done, once."""
    url, furniture = furnished_postgres_url
    other = await asyncpg.connect(url, timeout=PATIENCE)
    name = urlsplit(url).path[1:]
    await other.execute(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = '{level}'")
    await other.close()
    async with running(url, furniture, tmp_path) as portal:
        given = [await written(portal.cast) for _ in range(AT_ONCE)]
        alice = await portal.cast.actor("alice")
        told = await asyncio.gather(
            *(writes(portal, number) for number in range(AT_ONCE)),
            *(shares(portal, entry) for entry in given),
            *(reads(portal, alice.id) for _ in range(AT_ONCE)),
            *(signs_in(portal, who) for who in ("alice", "bob", "dana", "erin")),
            changes_password(portal, "charlie"),
        )
        assert {status for statuses in told for status in statuses} <= {200, 303}, told
        alice = await portal.cast.actor("alice")
        titles = Counter(one.document.title for one in await entries.load_all_entries(alice))
        assert titles == Counter({"The sea": AT_ONCE} | {f"Page {number}": 1 for number in range(AT_ONCE)})
        assert len(await sharing_shares.list_shares(alice)) == AT_ONCE


@pytest.mark.parametrize("level", STRICT)
async def test_a_conflict_of_transactions_is_done_again(
    furnished_postgres_url: tuple[str, Furniture],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    level: str,
) -> None:
    """Also where the product itself runs at that level: conflicts are done again, and what is called saved is there."""
    monkeypatch.setattr(store_postgres, "ISOLATION", level)
    async with running(*furnished_postgres_url, tmp_path) as portal:
        told = await asyncio.gather(*(writes(portal, number) for number in range(AT_ONCE)))
        assert {status for statuses in told for status in statuses} <= {200, 303, 503}, told
        titles = {
            one.document.title for one in await entries.load_all_entries(await portal.cast.actor("alice"))
        }
        assert titles >= {f"Page {number}" for number, (_, done) in enumerate(told) if done == 303}
