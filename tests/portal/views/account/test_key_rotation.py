"""Renewing the keys as a person meets it: a password, a new kit, and a page that goes on by itself or by a button."""

from __future__ import annotations

from journal.authentication import tables as authentication_tables
from journal.key_rotation.account_key import SETTLING_TIME
from tests.cast import PASSWORDS
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.portal.views.account.test_account import field, groups
from tests.scenes import written


async def test_password_then_kit_then_the_rest(any_portal: Portal) -> None:
    """Until the new kit is confirmed nothing else opens; then the page goes on, and says when it is done."""
    entry = await written(any_portal.cast)
    async with any_portal.client("alice") as browser, any_portal.client("alice") as elsewhere:
        before = browser.cookies["hearthside"]
        page = await opened(browser, "/account/renewal")
        assert "Your recovery key and your passkeys stop working" in page.words
        begun = await browser.post("/account/renewal", data={"current": PASSWORDS["alice"]})
        assert begun.headers["location"] == "/account/recovery-key"
        assert begun.cookies["hearthside"] != before
        browser.cookies.clear()
        browser.cookies.set("hearthside", begun.cookies["hearthside"])
        assert (await elsewhere.get("/journal")).status_code == 401
        assert (await browser.get("/journal")).headers["location"] == "/account/recovery-key"
        shown = (await browser.post("/account/recovery-key")).text
        offer = {"offer": field(shown, "offer"), "typed": groups(shown)[-1]}
        confirmed = await browser.post("/account/recovery-key/confirmation", data=offer)
        assert confirmed.headers["location"] == "/account/renewal"
        assert "0 of" in (await opened(browser, "/account/renewal")).words
        assert "Go on with it" in (await opened(browser, "/")).words
        assert (await opened(browser, f"/journal/{entry.id}")).heading == "The sea"
        for _ in range(2):
            answer = await browser.post("/account/renewal/batches")
            assert "looked through once more" in answer.text
        any_portal.cast.clock.forward(seconds=SETTLING_TIME.total_seconds())
        done = await browser.post("/account/renewal/batches", headers={"hx-request": "true"})
        assert done.headers["hx-redirect"] == "/account?done=renewed"
        assert "Your keys are renewed" in (await opened(browser, "/account?done=renewed")).words
        assert (await opened(browser, f"/journal/{entry.id}")).heading == "The sea"
        assert "Go on with it" not in (await opened(browser, "/")).words


async def test_a_wrong_password_begins_nothing(portal: Portal) -> None:
    """The page says so, and the session goes on as it was."""
    async with portal.client("bob") as browser:
        answer = await browser.post("/account/renewal", data={"current": "not his"})
        assert answer.status_code == 422
        assert "That is not your password" in answer.text
        assert not await authentication_tables.KeyRenewal.exists()
        assert (await browser.get("/patients")).status_code == 200


async def test_it_goes_on_in_another_browser(portal: Portal) -> None:
    """Whoever leaves in the middle signs in again and goes on; htmx is given the part that shows how far it is."""
    entries = [await written(portal.cast) for _ in range(3)]
    async with portal.client("alice") as browser:
        await browser.post("/account/renewal", data={"current": PASSWORDS["alice"]})
    async with portal.client() as browser:
        signed_in = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
        assert (await browser.post("/sign-in", data=signed_in)).status_code == 303
        shown = (await browser.post("/account/recovery-key")).text
        offer = {"offer": field(shown, "offer"), "typed": groups(shown)[-1]}
        await browser.post("/account/recovery-key/confirmation", data=offer)
        part = await browser.post("/account/renewal/batches", headers={"hx-request": "true"})
        assert part.text.lstrip().startswith("<form")
        assert "5s" in part.text
        portal.cast.clock.forward(seconds=SETTLING_TIME.total_seconds())
        whole = await browser.post("/account/renewal/batches")
        assert whole.headers["location"] == "/account?done=renewed"
        for entry in entries:
            assert (await opened(browser, f"/journal/{entry.id}")).heading == "The sea"
