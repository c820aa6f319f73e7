"""
Between the password and the second factor: whoever knows the password alone is nobody yet.

Every address of the one table is asked with the cookie that waits; what comes back is what a stranger gets, and
holds no word of hers and no sealed or wrapped byte of anybody's.
"""

from __future__ import annotations

import re
import sqlite3
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from journal.authentication.second_factor import FactorMissing
from portal.access.guard import PUBLIC_PATHS
from portal.access.session_cookie import Audience
from portal.routes import ROUTES
from tests.attacks.browse import Sent
from tests.attacks.conftest import Target
from tests.attacks.test_routes import _data, address, tells
from tests.attacks.test_swapped import sealed_columns, write
from tests.cast import PASSWORDS
from tests.factors import app_code, enrolled

AFRESH = ("/sign-in", "/sign-in/second", "/sign-in/second/passkey", "/sign-in/passkey")
"""Where a stranger gets something else, or something drawn anew each time."""
MADE_UP = urlsafe_b64encode(bytes(32)).decode().rstrip("=")
SHORTEST = 16  # bytes: what is shorter turns up by chance


def every_sealed_byte(path: Path) -> set[str]:
    """Each value of each column of bytes, as it could stand in an answer: plain, in hexadecimal digits or base64."""
    found: set[str] = set()
    with sqlite3.connect(path) as connection:
        for table, column in sealed_columns():
            for (value,) in connection.execute(f"SELECT {column} FROM {table}").fetchall():
                if value is None or len(value) < SHORTEST:
                    continue
                found |= {value.decode("latin-1"), value.hex()}
                # Cut to whole groups of three: an encoder that goes on writes another end.
                whole = value[: len(value) // 3 * 3]
                found |= {b64encode(whole).decode(), urlsafe_b64encode(whole).decode()}
    connection.close()
    return found


def leaks(answer: Response, sealed: set[str]) -> list[str]:
    """What of it stands in an answer, body or headers."""
    whole = answer.content.decode("latin-1") + "\n".join(f"{k}: {v}" for k, v in answer.headers.items())
    return [one[:40] for one in sealed if one in whole or one.upper() in whole]


FRESH_ID = re.compile(r'(?<=name="ident" value=")[0-9a-f-]{36}')
"""By which a form is stored once: another one on each page, whoever asks."""


async def half_way(target: Target) -> AsyncClient:
    """A browser in which somebody gave alice's password, and no code."""
    browser = target.client()
    form = {"email": "alice@example.org", "password": PASSWORDS["alice"], "next": "/journal"}
    answer = await browser.post("/sign-in", data=form)
    assert answer.headers["location"] == "/sign-in/second?next=%2Fjournal"
    assert "hearthside-known" not in browser.cookies
    return browser


async def test_nothing_leaves_before_every_factor(target: Target, forms: dict[str, Sent]) -> None:
    """Each route, by each of its methods, with each form: 401, or just what a stranger gets."""
    secret, _ = await enrolled(target.portal.cast, "alice")
    target.portal.cast.clock.forward(minutes=1)
    sealed, before = every_sealed_byte(target.path), target.rows()
    assert len(sealed) > 100
    browser = await half_way(target)
    for rule in ROUTES:
        if rule.path in ("/sign-out", "/setup/{token}", "/invite/{token}"):
            continue  # below
        where = address(rule, target.world)
        for method in rule.methods:
            for extra in ({}, {"hx-request": "true"}):
                sent = _data(forms.get(rule.path, []) if method == "POST" else [])
                answer = await browser.request(method, where, data=sent, headers=extra)
                told = f"{method} {where}: {answer.status_code}"
                assert tells(answer) == [], told
                assert leaks(answer, sealed) == [], told
                if rule.audience is not Audience.ANYONE:
                    assert answer.status_code == 401, told
                elif rule.path not in AFRESH:
                    async with target.client() as stranger:
                        config = target.portal.app.state.config
                        device = (config.region_cookie, config.language_cookie)  # not hers
                        stranger.cookies.update({kept: browser.cookies.get(kept) or "" for kept in device})
                        if (
                            rule.path in PUBLIC_PATHS
                        ):  # where nobody looks whose cookie came: one made up gets the same
                            stranger.cookies.set(config.cookie, MADE_UP)
                        same = await stranger.request(method, where, data=sent, headers=extra)
                    seen, told_same = (FRESH_ID.sub("", page.text) for page in (answer, same))
                    assert (answer.status_code, seen) == (same.status_code, told_same), told
    for token in (*target.world.set_up.values(), *target.world.invited.values()):
        for path in (f"/setup/{token}", f"/invite/{token}"):
            answer = await browser.get(path)
            assert (tells(answer), leaks(answer, sealed)) == ([], []), path
    after = target.rows()
    # Whoever holds a sitter's link may note something by it, signed in or not. Of a calendar, the day of its last
    # use is kept.
    changed = {table for table in before if before[table] != after[table]}
    assert changed <= {"second_factor", "sitter_note", "calendar_feed"}
    # The control: the code opens it, and the search finds what is there.
    browser = await half_way(target)
    code = {"code": app_code(secret, target.portal.cast.clock()), "next": "/journal"}
    assert (await browser.post("/sign-in/second", data=code)).status_code == 303
    assert tells(await browser.get("/journal")) != []
    await browser.aclose()


def test_the_search_finds_what_is_there(target: Target) -> None:
    """The control: an answer that held a wrapped key, however written, would be noticed."""
    with sqlite3.connect(target.path) as connection:
        (wrapped,) = connection.execute("SELECT wrapped FROM key_slot LIMIT 1").fetchone()
    connection.close()
    sealed = every_sealed_byte(target.path)
    for written in (wrapped, wrapped.hex().encode(), b64encode(wrapped), urlsafe_b64encode(wrapped)):
        assert leaks(Response(200, content=b"<p>" + written + b"</p>"), sealed) != []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE web_session SET stage = 'open'",
        "DELETE FROM second_factor",
        "UPDATE second_factor SET revision = 1",
        "UPDATE second_factor SET sealed = (SELECT sealed FROM second_factor ORDER BY revision LIMIT 1)",
    ],
)
async def test_the_database_does_not_take_the_factor_off(target: Target, statement: str) -> None:
    """Who can write rows and has somebody's password still needs the code: what they change opens nothing."""
    await enrolled(target.portal.cast, "alice")
    target.portal.cast.clock.forward(minutes=1)
    browser = await half_way(target)
    write(target.path, statement)
    for path in ("/journal", "/account", "/sign-in/second", "/"):
        answer = await browser.get(path)
        assert tells(answer) == [], path
        assert answer.status_code in (200, 303, 401, 409), path
    answer = await browser.post("/sign-in/second", data={"code": "123456"})
    assert answer.status_code in (303, 409, 422)
    assert (await browser.get("/journal")).status_code in (401, 409)
    if "second_factor" in statement:
        form = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
        answer = await browser.post("/sign-in", data=form)
        assert str(FactorMissing.message) in answer.text
        assert (await browser.get("/journal")).status_code == 401
    await browser.aclose()
