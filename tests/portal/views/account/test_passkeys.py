"""The pages of passkeys, as a browser without JavaScript meets them; what the script fills in is filled in here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from httpx import AsyncClient

from journal.passkeys import management as passkey_management
from portal.config import Config
from tests.authenticator import Authenticator
from tests.cast import PASSWORDS, SERVER_KEY
from tests.factors import enrolled
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal

LIST = "/account/passkeys"
HERE, NAMED = "127.0.0.1:8000", "localhost:8000"


async def made(browser: AsyncClient, device: Authenticator, name: str = "My phone") -> Page:
    """Add a passkey on the page, and go where that leads."""
    answer = device.make((await browser.get(f"{LIST}/options")).json())
    sent = {"name": name, "credential": answer.credential, "prf": answer.prf}
    return await followed(browser, await browser.post(f"{LIST}/new", data=sent))


async def test_a_passkey_is_added_renamed_and_removed(any_portal: Portal) -> None:
    """The list says what each does; a name can be changed; a removed one is gone."""
    async with any_portal.client("alice") as browser:
        page = await made(browser, Authenticator())
        assert "It opens your journal by itself" in page.words
        page = await made(browser, Authenticator(prf=False), "Old key")
        assert "you still need your password" in page.words
        assert page.words.count("Opens the journal by itself") == 1
        assert page.words.count("Works with your password") == 1
        alice = await any_portal.cast.actor("alice")
        (one,) = [
            passkey for passkey in await passkey_management.list_passkeys(alice) if passkey.document.opens
        ]
        one_page = await opened(browser, f"{LIST}/{one.id}")
        assert one_page.value("name") == "My phone"
        page = await followed(browser, await browser.post(f"{LIST}/{one.id}", data={"name": "Blue <phone>"}))
        assert "Blue <phone>" in page.words
        assert "Blue <phone>" not in page.answer.text
        page = await followed(browser, await browser.post(f"{LIST}/{one.id}/removal"))
        assert "Blue" not in page.words
        assert "Old key" in page.words


async def test_what_is_refused_comes_back_with_words(portal: Portal) -> None:
    """A form without an answer, or without a name, comes back with what was typed and what to do."""
    async with portal.client("alice") as browser:
        refused = await browser.post(f"{LIST}/new", data={"name": "My phone", "credential": "", "prf": ""})
        page = Page.of(refused)
        assert (refused.status_code, page.value("name")) == (422, "My phone")
        assert passkey_management.NOT_VERIFIED in page.words
        refused = await browser.post(f"{LIST}/new", data={"name": " "})
        assert refused.status_code == 422
        assert passkey_management.NAMELESS in Page.of(refused).words
    async with portal.client() as browser:
        refused = await browser.post("/sign-in/passkey", data={"credential": "{}", "next": "/journal"})
        page = Page.of(refused)
        assert (refused.status_code, page.heading) == (422, "Sign in")
        assert set(page.fields["next"]) == {"/journal"}
        assert "set-cookie" not in refused.headers


async def test_one_tap_leads_to_where_one_was_going(any_portal: Portal) -> None:
    """Signing in by passkey sets a new cookie, ends what the browser had before, and goes to a page of ours only."""
    device = Authenticator()
    async with any_portal.client("alice") as browser:
        await made(browser, device)
    for wanted, where in (("/journal", "/journal"), ("//evil.example", "/")):
        async with any_portal.client() as browser:
            answer = device.use((await browser.get("/sign-in/passkey")).json())
            sent = {"credential": answer.credential, "prf": answer.prf, "next": wanted}
            signed_in = await browser.post("/sign-in/passkey", data=sent)
            assert (signed_in.status_code, signed_in.headers["location"]) == (303, where)
            assert answer.prf not in str(signed_in.headers)
            assert (await browser.get("/journal")).status_code == 200


async def test_a_passkey_answers_in_the_place_of_the_password(any_portal: Portal) -> None:
    """Who is asked again can use a passkey that cannot open the journal; who has none is not offered it."""
    device = Authenticator(prf=False)
    async with any_portal.client("alice") as browser:
        await made(browser, device)
        any_portal.cast.clock.forward(minutes=20)
        page = Page.of(await browser.get(f"{LIST}/new"))
        assert page.heading == "Is it you?"
        assert page.markup.all("form", action="/confirm/passkey")
        answer = device.use((await browser.get("/confirm/passkey")).json())
        confirmed = await browser.post("/confirm/passkey", data={"credential": answer.credential})
        assert confirmed.status_code == 204
        assert Page.of(await browser.get(f"{LIST}/new")).heading == "Add a passkey"
        async with any_portal.client("bob") as other:
            page = Page.of(await other.get(f"{LIST}/new"))
            assert page.heading == "Is it you?"
            assert not page.markup.all("form", action="/confirm/passkey")
            assert (await other.get("/confirm/passkey")).status_code == 404
        any_portal.cast.clock.forward(minutes=20)
        again = await browser.post("/confirm/passkey", data={"credential": answer.credential})
        assert again.status_code == 422
        assert Page.of(await browser.get(f"{LIST}/new")).heading == "Is it you?"


async def test_a_passkey_takes_the_place_of_the_code(any_portal: Portal) -> None:
    """The page of the second step offers it to whoever has one, and it leads to where they were going."""
    device = Authenticator(prf=False)
    async with any_portal.client("alice") as browser:
        await made(browser, device)
    await enrolled(any_portal.cast, "alice")
    async with any_portal.client() as browser:
        for path in ("/sign-in/second", "/sign-in/second/passkey"):
            assert (await browser.get(path)).headers["location"].startswith("/sign-in?")
        form = {"email": "alice@example.org", "password": PASSWORDS["alice"], "next": "/journal"}
        waiting = await followed(browser, await browser.post("/sign-in", data=form))
        assert waiting.markup.all("form", action="/sign-in/second/passkey")
        refused = await browser.post("/sign-in/second/passkey", data={"credential": "{}", "next": "/journal"})
        assert (refused.status_code, Page.of(refused).heading) == (422, "One more step")
        assert (await browser.get("/journal")).status_code == 401
        answer = device.use((await browser.get("/sign-in/second/passkey")).json())
        sent = {"credential": answer.credential, "next": "/journal"}
        done = await browser.post("/sign-in/second/passkey", data=sent)
        assert (done.status_code, done.headers["location"]) == (303, "/journal")
        assert (await browser.get("/journal")).status_code == 200


async def test_a_locked_page_opens_by_passkey_and_goes_on(any_portal: Portal) -> None:
    """A passkey that holds the key is offered where a session is locked; what was sent goes on after it."""
    device = Authenticator()
    async with any_portal.client("alice") as browser:
        any_portal.cast.clock.forward(minutes=31)
        assert not Page.of(await browser.get(LIST)).markup.all("form", action="/unlock/passkey")
        locked = Page.of(await browser.get(LIST))
        await browser.post("/unlock", data=locked.filled({"asked-again": PASSWORDS["alice"]}))
        await made(browser, device)
        any_portal.cast.clock.forward(minutes=31)
        locked = Page.of(await browser.post(f"{LIST}/new", data={"name": "x" * 61}))
        assert locked.markup.one("form", id="unlock").attributes["action"] == f"{LIST}/new"
        (form,) = locked.markup.all("form", action="/unlock/passkey")
        assert form.attributes["data-then"] == "unlock"
        answer = device.use((await browser.get("/unlock/passkey")).json())
        sent = {"credential": answer.credential, "prf": answer.prf}
        assert (await browser.post("/unlock/passkey", data=sent)).status_code == 204
        refused = await browser.post(f"{LIST}/new", data=locked.filled({}))
        assert refused.status_code == 422
        assert passkey_management.TOO_LONG in Page.of(refused).words
        again = await browser.post("/unlock/passkey", data=sent)
        assert (again.status_code, again.headers["location"]) == (303, "/sign-in")


async def test_this_machine_answers_by_its_name_as_well(portal: Portal) -> None:
    """At 127.0.0.1 the page leads to localhost, where passkeys are good; the two do not take each other's forms."""
    async with portal.client("alice") as browser:
        page = await opened(browser, LIST)
        assert f"http://{NAMED}" in page.words
        named = await browser.get(LIST, headers={"host": NAMED})
        assert named.status_code == 200
        assert f"http://{NAMED}" not in Page.of(named).words
        for host, origin, status in (
            (NAMED, NAMED, 303),
            (HERE, HERE, 303),
            (NAMED, HERE, 403),
            (HERE, NAMED, 403),
        ):
            headers = {"host": host, "origin": f"http://{origin}"}
            assert (await browser.post("/sharing/pause", headers=headers)).status_code == status, headers


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        ("http://127.0.0.1:8000", "http://localhost:8000"),
        ("http://127.0.0.1", "http://localhost"),
        ("http://[::1]:8000", "http://localhost:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://hearth.example.org", "https://hearth.example.org"),
        ("https://192.0.2.7", ""),
        ("https://127.0.0.1", ""),
    ],
)
def test_passkeys_need_a_name(tmp_path: Path, origin: str, named: str) -> None:
    """Only loopback has another name than the one that people type; a number elsewhere has none."""
    config = Config(tmp_path, "sqlite://", SERVER_KEY, origin, "127.0.0.1", 8000)
    assert config.named_origin == named
    assert config.origins == {origin, named} - {""}


async def test_without_a_name_there_are_no_passkeys(portal: Portal) -> None:
    """Where people come by a number, nothing is offered, and what asks for a passkey finds nothing."""
    state = portal.app.state
    state.config = replace(state.config, origin="https://192.0.2.7")
    async with portal.client("alice") as browser:
        browser.cookies.set(state.config.cookie, browser.cookies["hearthside"])
        page = await opened(browser, LIST)
        assert "Passkeys need an address with a name" in page.words
        for path in ("/sign-in/passkey", f"{LIST}/options", "/confirm/passkey"):
            assert (await browser.get(path)).status_code == 404
