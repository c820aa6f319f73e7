"""Entries of one and the same moment are all found in the timeline, wherever its pages end."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.portal.conftest import Portal
from tests.scenes import written

ENTRY = re.compile(r'href="/journal/([0-9a-f-]{36})"')
OLDER = re.compile(r'href="(/journal\?before=[^"]+)" rel="next"')


@pytest.mark.parametrize("after", [28, 29, 30])
async def test_no_page_passes_over_one(portal: Portal, after: int) -> None:
    """Two copies of one entry that were given back are of one moment: the next page leaves neither out."""
    made = set()
    for number in range(40 + after):
        if number not in (39, 40):
            portal.cast.clock.forward(minutes=1)
        made.add(str((await written(portal.cast)).id))
    found, address = set[str](), "/journal"
    async with portal.client("alice") as browser:
        while address:
            text = (await browser.get(address)).text
            found |= set(ENTRY.findall(text))
            address = unescape(next(iter(OLDER.findall(text)), ""))
    assert found == made
