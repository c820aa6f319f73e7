"""Sessions that people see and end: what was ended opens nothing any more, whoever replays its cookie."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.types import Message, Receive, Scope, Send

from journal.accounts import tables as accounts_tables
from journal.authentication import active_sessions, sign_in
from journal.authentication import tables as authentication_tables
from tests.cast import PASSWORDS, Cast
from tests.portal.browsing import opened
from tests.portal.conftest import ORIGIN, Portal

LIST = "/account/sessions"
NEW = "seven small stones in a row"
FOX = "Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0"


async def another(cast: Cast, name: str = "alice", device: str = "") -> bytes:
    """Have somebody sign in once more, elsewhere; return the token."""
    done = await sign_in.sign_in(cast.installation, f"{name}@example.org", PASSWORDS[name], device=device)
    return done.token


def with_token(portal: Portal, token: bytes) -> AsyncClient:
    """A browser that holds this cookie, wherever it was copied from."""
    browser = portal.client()
    browser.cookies.set("hearthside", urlsafe_b64encode(token).rstrip(b"=").decode())
    return browser


async def refused(portal: Portal, token: bytes) -> bool:
    """Replay a raw cookie at pages that read, write and save by themselves."""
    async with with_token(portal, token) as thief:
        answers = [
            await thief.get("/journal"),
            await thief.get("/account"),
            await thief.post("/sharing/pause"),
            await thief.post(
                "/journal/6f2a3b86-5a55-4b8c-a2f5-3d8b9a0c1e11",
                data={"kind": "free", "revision": "0", "free.text": "typed"},
                headers={"hx-request": "true"},
            ),
        ]
    return [answer.status_code for answer in answers] == [401] * 4


async def test_the_list_says_which_browser_and_since_when(any_portal: Portal) -> None:
    """A person tells their browsers apart by kind and by when they were used; this one comes first."""
    await another(any_portal.cast, device="Safari on Mac")
    async with any_portal.client() as phone:
        form = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
        assert (await phone.post("/sign-in", data=form, headers={"user-agent": FOX})).status_code == 303
        any_portal.cast.clock.forward(minutes=3)
        page = await opened(phone, LIST)
        assert [heading.words for heading in page.markup.all("h2")][:2] == [
            "Firefox on Android",
            "Safari on Mac",
        ]
        assert "This browser" in page.words
        assert "127.0" not in page.words
        phone.headers["accept-language"] = "es"
        page = await opened(phone, LIST)
        assert next(heading.words for heading in page.markup.all("h2")) == "Firefox en Android"


async def test_a_use_is_written_once_a_minute_at_most(portal: Portal) -> None:
    """Last use is right to the minute, and reading pages quickly writes nothing."""
    async with portal.client("alice") as browser:
        alice = await portal.cast.actor("alice")
        portal.cast.clock.forward(seconds=59)
        await browser.get("/journal")
        row = await authentication_tables.WebSession.get(id=alice.session)
        assert row.used_at == alice.now
        portal.cast.clock.forward(seconds=1)
        await browser.get("/journal")
        row = await authentication_tables.WebSession.get(id=alice.session)
        assert row.used_at == portal.cast.clock.now


@pytest.mark.parametrize("path", ["/journal", f"/journal/{UUID(int=1)}"])
async def test_nobody_waits_for_a_use_to_be_written(any_portal: Portal, path: str) -> None:
    """It is written once a page has been sent; what is refused has the log's own write to wait for anyway."""
    cast = any_portal.cast
    alice = await cast.actor("alice")
    cast.clock.forward(minutes=5)
    seen: list[datetime] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def look(message: Message) -> None:
            if message["type"] == "http.response.body":
                seen.append((await authentication_tables.WebSession.get(id=alice.session)).used_at)
            await send(message)

        await any_portal.app(scope, receive, look)

    async with any_portal.client("alice") as known:
        cookies = dict(known.cookies)
    async with AsyncClient(transport=ASGITransport(watched), base_url=ORIGIN, cookies=cookies) as browser:
        assert (await browser.get(path)).status_code in (200, 404)
    assert seen == [alice.now if path == "/journal" else cast.clock.now]
    assert (await authentication_tables.WebSession.get(id=alice.session)).used_at == cast.clock.now


async def test_one_browser_is_signed_out_from_another(any_portal: Portal) -> None:
    """Ending one leaves the others alone, and its cookie gets 401 from then on."""
    token = await another(any_portal.cast)
    async with any_portal.client("alice") as browser:
        there = next(
            one
            for one in await active_sessions.list_active_sessions(await any_portal.cast.actor("alice"))
            if not one.is_current
        )
        answer = await browser.post(f"{LIST}/{there.id}/end")
        assert answer.headers["location"] == f"{LIST}?done=one"
        assert (await browser.get(LIST)).status_code == 200
        assert (await browser.post(f"{LIST}/{there.id}/end")).status_code == 404
    assert await refused(any_portal, token)


@pytest.mark.parametrize("name", ["bob", "dana"])
async def test_nobody_ends_somebody_elses(portal: Portal, name: str) -> None:
    """A browser of alice's cannot be signed out by others, even by who knows its name."""
    there = (await active_sessions.list_active_sessions(await portal.cast.actor("alice")))[0]
    async with portal.client(name) as browser:
        assert (await browser.post(f"{LIST}/{there.id}/end")).status_code == 404
        assert (await browser.post(f"{LIST}/end", data={"which": "all"})).status_code == 303
    async with portal.client("alice") as browser:
        assert (await browser.get(LIST)).status_code == 200


async def everywhere_else(portal: Portal, browser: AsyncClient) -> None:
    assert (await browser.post(f"{LIST}/end", data={"which": "others"})).status_code == 303
    assert (await browser.get(LIST)).status_code == 200


async def everywhere(portal: Portal, browser: AsyncClient) -> None:
    answer = await browser.post(f"{LIST}/end", data={"which": "all"})
    assert answer.headers["location"] == "/sign-in"
    assert await refused(portal, portal.cast.tokens["alice"])


async def a_new_password(portal: Portal, browser: AsyncClient) -> None:
    form = {"current": PASSWORDS["alice"], "password": NEW, "repeated": NEW}
    assert (await browser.post("/account/password", data=form)).status_code == 303
    assert await refused(portal, portal.cast.tokens["alice"])


async def a_suspension(portal: Portal, browser: AsyncClient) -> None:
    alice = await portal.cast.actor("alice")
    await accounts_tables.Account.filter(id=alice.id).update(status="suspended")
    assert await refused(portal, portal.cast.tokens["alice"])


async def twelve_hours(portal: Portal, browser: AsyncClient) -> None:
    for _ in range(22):  # somebody is there all the time, and shows now and then who they are
        portal.cast.clock.forward(minutes=29, seconds=50)
        assert (await browser.get("/confirm")).status_code == 200
        await browser.post("/confirm", data={"asked-again": PASSWORDS["alice"]})
    portal.cast.clock.forward(minutes=4)  # the cast signed in an hour before the clock began
    assert (await browser.get("/account")).status_code == 401
    portal.cast.clock.forward(hours=1)


@pytest.mark.parametrize("after", [everywhere_else, everywhere, a_new_password, a_suspension, twelve_hours])
async def test_a_cookie_replayed_afterwards_gets_401(
    any_portal: Portal, after: Callable[[Portal, AsyncClient], Awaitable[None]]
) -> None:
    """Whoever copied a cookie before has nothing of it once its owner has acted, or its day is over."""
    stolen = await another(any_portal.cast)
    assert not await refused(any_portal, stolen)
    async with any_portal.client("alice") as browser:
        await after(any_portal, browser)
    assert await refused(any_portal, stolen)


async def test_a_cookie_replayed_after_signing_out_gets_401(any_portal: Portal) -> None:
    """Signing out ends the session on the server, not only in the browser that asked."""
    token = await another(any_portal.cast)
    async with with_token(any_portal, token) as browser:
        assert (await browser.post("/sign-out")).status_code == 303
    assert await refused(any_portal, token)
