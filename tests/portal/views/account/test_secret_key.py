"""The pages of a secret key: turned on once copied down, kept by the browser, shown again, forgotten, turned off."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from httpx import AsyncClient, Response

from journal.authentication.sign_in import SECRET_KEY_MISSING
from tests.cast import PASSWORDS
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.portal.documents.test_recovery_kit import pages

HERE, COOKIE = "/account/secret-key", "hearthside-keys"
PASSWORD, NEW = PASSWORDS["alice"], "seven small stones in a row"


async def turned_on(browser: AsyncClient) -> str:
    """Turn it on as a browser does; return the key as it is shown."""
    shown = Page.of(await browser.post(HERE, data={"current": PASSWORD}))
    key = shown.markup.one("p", id="secret-key").words.replace(" ", "-")
    answer = await browser.post(
        f"{HERE}/confirmation", data={"offer": shown.value("offer"), "typed": key[-5:]}
    )
    assert answer.headers["location"] == f"{HERE}?done=added"
    return key


async def signed_in(browser: AsyncClient, secret_key: str = "", password: str = PASSWORD) -> Response:
    """Send the form of the sign-in page."""
    form = {"email": "alice@example.org", "password": password, "secret_key": secret_key, "next": "/"}
    return await browser.post("/sign-in", data=form)


async def test_turning_it_on_page_by_page(portal: Portal) -> None:
    """What it is for, the password, the key as text and picture, its last group; then this browser keeps it."""
    async with portal.client("alice") as browser:
        assert "Most people do not need one" in (await opened(browser, HERE)).words
        slip = Page.of(await browser.post(HERE, data={"current": "not the password"}))
        assert (slip.answer.status_code, slip.heading) == (422, "Secret key")
        shown = Page.of(await browser.post(HERE, data={"current": PASSWORD}))
        key = shown.markup.one("p", id="secret-key").words
        assert key.startswith("SK ")
        assert shown.markup.one("img").attributes["src"].startswith("data:image/svg+xml")
        form = {"offer": shown.value("offer"), "typed": "AAAAA"}
        slip = Page.of(await browser.post(f"{HERE}/confirmation", data=form))
        assert (slip.answer.status_code, slip.markup.one("p", id="secret-key").words) == (422, key)
        printed = await browser.post(f"{HERE}/kit", data=form)
        assert printed.headers["content-type"] == "application/pdf"
        [words] = pages(printed.content)
        assert key in words
        assert "not an emergency service" in words
        done = await browser.post(f"{HERE}/confirmation", data=form | {"typed": key[-5:].lower()})
        assert done.headers["location"] == f"{HERE}?done=added"
        assert COOKIE in browser.cookies
        on = await opened(browser, done.headers["location"])
        assert "It is on, and this browser keeps your key." in on.words
        assert key not in on.words
        assert "Sign out and forget this browser" in (await opened(browser, "/account")).words
        again = Page.of(await browser.post(f"{HERE}/shown", data={"current": PASSWORD}))
        assert again.markup.one("p", id="secret-key").words == key
        assert (await browser.post(f"{HERE}/confirmation", data=form)).status_code == 409


async def test_a_new_device_asks_once(portal: Portal) -> None:
    """Password alone does not open, password and key do; then the browser keeps it, until it is to forget it."""
    async with portal.client("alice") as browser:
        key = await turned_on(browser)
    async with portal.client() as browser:
        refused = Page.of(await signed_in(browser))
        assert "Did you turn on a secret key?" in refused.words
        slip = Page.of(await signed_in(browser, key[:-1]))
        assert (slip.answer.status_code, slip.value("email")) == (422, "alice@example.org")
        assert key[:-1] not in slip.answer.text
        assert "open" in slip.markup.one("details").attributes
        assert (await signed_in(browser, key)).status_code == 303
        await browser.post("/sign-out")
        assert (await signed_in(browser)).status_code == 303
        gone = await browser.post("/sign-out?forget=yes")
        assert (gone.status_code, COOKIE in browser.cookies) == (303, False)
        assert (await signed_in(browser)).status_code != 303


async def test_the_cookie_is_closed_and_sealed(portal: Portal) -> None:
    """Scripts cannot read it, other sites do not send it, and the key is not in it; a bent one is as none."""
    async with portal.client("alice") as browser:
        key = await turned_on(browser)
    async with portal.client() as browser:
        answer = await signed_in(browser, key)
        ((_, kept),) = [
            one
            for line in answer.headers.get_list("set-cookie")
            for one in SimpleCookie(line).items()
            if one[0] == COOKIE
        ]
        assert (kept["httponly"], kept["samesite"], kept["path"]) == (True, "strict", "/")
        assert key not in kept.value
        for bent in ("", "A", "ü", "A" * 3000, kept.value[:-4] + "AAAA"):
            bare = {b"cookie": f"{COOKIE}={bent}".encode()}
            form = {"email": "alice@example.org", "password": PASSWORD, "next": "/"}
            async with portal.client() as other:
                assert (await other.post("/sign-in", data=form, headers=bare)).status_code == 422


async def test_a_refused_sign_in_looks_alike_whoever_has_one(portal: Portal) -> None:
    """Nobody who does not know password and key learns from the page whether an account needs a key."""
    async with portal.client("alice") as browser:
        await turned_on(browser)
    told = set()
    for email, password in (
        ("alice@example.org", PASSWORD),
        ("dana@example.org", "not her password"),
        ("nobody@example.org", PASSWORD),
    ):
        async with portal.client() as browser:
            answer = await browser.post("/sign-in", data={"email": email, "password": password, "next": "/"})
        told.add((answer.status_code, answer.text.replace(email, "somebody")))
    assert len(told) == 1


@pytest.mark.parametrize("path", ["/account/renewal", f"{HERE}/removal", "/account/password"])
async def test_a_browser_without_the_key_says_so(portal: Portal, path: str) -> None:
    """Whoever signed in with a passkey where the key is not kept is told what to do, and nothing is changed."""
    async with portal.client("alice") as browser:
        await turned_on(browser)
        browser.cookies.delete(COOKIE)
        assert "this browser does not have your key" in (await opened(browser, HERE)).words
        form = {
            "current": PASSWORD,
            "password": NEW,
            "repeated": NEW,
        }
        refused = Page.of(await browser.post(path, data=form))
    assert refused.answer.status_code == 422
    assert SECRET_KEY_MISSING in refused.words


async def test_turning_it_off(portal: Portal) -> None:
    """With the password; from then on that is enough anywhere, and the browser keeps nothing."""
    async with portal.client("alice") as browser:
        await turned_on(browser)
        assert (await browser.post(f"{HERE}/removal", data={"current": "wrong"})).status_code == 422
        done = await browser.post(f"{HERE}/removal", data={"current": PASSWORD})
        assert (done.headers["location"], COOKIE in browser.cookies) == (f"{HERE}?done=removed", False)
    async with portal.client() as browser:
        assert (await signed_in(browser)).status_code == 303
