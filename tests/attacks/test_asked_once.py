"""What a page shows is loaded once and passed on: no page asks the database the same question twice."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.attacks import browse
from tests.attacks.conftest import BEGINNINGS, Target
from tests.portal.test_statements import counted


@pytest.mark.parametrize("name", BEGINNINGS)
async def test_no_page_asks_the_same_twice(target: Target, name: str) -> None:
    """On every page that somebody can reach by links: each link, entry and plan comes from one statement."""
    begin = [path.format_map(target.world.ids | target.world.people) for path in BEGINNINGS[name]]
    repeated: dict[str, list[str]] = {}
    async with target.client(name) as browser:
        pages = await browse.walk(browser, begin)
        for page in pages:
            async with counted(target.portal) as asked:
                await browser.get(page.url)
            times = Counter(sql for sql in asked if sql.lstrip().startswith("SELECT"))
            if again := [sql for sql, count in times.items() if count > 1]:
                repeated[page.url] = again
    assert len(pages) > 1
    assert repeated == {}
