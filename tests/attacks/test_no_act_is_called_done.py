"""A disk that fails under every act there is: none is called done, none is done by half, and no word is lost."""

from __future__ import annotations

import html
import re
import sqlite3
from contextlib import closing

import pytest

from portal.routes import ROUTES, Rule
from portal.web.forms import RESTORABLE_FIELDS
from tests.attacks.browse import Sent
from tests.attacks.conftest import STRANGE, Target
from tests.attacks.test_routes import OWNERS, _data, address
from tests.durability.test_no_room import no_more_than

acts = pytest.mark.parametrize(
    "rule", [rule for rule in ROUTES if "POST" in rule.methods], ids=lambda rule: rule.path
)


def whole(target: Target) -> list[str]:
    """Everything that the database holds, the log included, but when somebody is reminded: it follows what they did."""
    with closing(sqlite3.connect(target.path)) as opened:
        return [line for line in opened.iterdump() if 'INTO "reminder_slot"' not in line]


@acts
async def test_no_act_is_called_done_on_a_broken_disk(
    target: Target, forms: dict[str, Sent], rule: Rule
) -> None:
    """What would have changed something answers 503, changes nothing, and gives back what was typed."""
    where, sent = address(rule, target.world), forms[rule.path]
    if rule.path == "/sign-out":
        return  # see below
    async with target.client(OWNERS[rule.audience]) as browser:
        before = whole(target)
        with no_more_than(4096):
            told = await browser.post(where, data=_data(sent))
            line = await browser.post(where, data=_data(sent), headers={"hx-request": "true"})
        assert whole(target) == before
        assert "Saved" not in line.text
        await browser.post(where, data=_data(sent))
        if whole(target) == before:
            return  # nothing was there to be done, or it was undone at once
    assert (told.status_code, line.status_code) == (503, 503)
    words = [value for name, value in sent if STRANGE in value and name in RESTORABLE_FIELDS]
    assert [word for word in words if word not in html.unescape(told.text)] == []
    secrets = {name for name, _ in sent if name not in RESTORABLE_FIELDS}
    assert not [name for name in secrets if re.search(rf'name="{name}" value="[^"]', told.text)]


async def test_signing_out_on_a_broken_disk(target: Target) -> None:
    """The browser forgets its cookie all the same, and the page does not say that the session was ended."""
    async with target.client("alice") as browser:
        before = whole(target)
        with no_more_than(4096):
            told = await browser.post("/sign-out")
        assert whole(target) == before
        assert told.status_code == 503
        assert "not ended yet" in told.text
        assert told.headers["set-cookie"].startswith('hearthside=""; expires=')
        assert "Max-Age=0" in told.headers["set-cookie"]
