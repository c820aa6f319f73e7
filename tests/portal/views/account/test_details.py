"""Name, time zone and address can be changed, and what was typed is never lost."""

from __future__ import annotations

from portal.web.forms import MAX_VALUE_LENGTH
from tests.cast import PASSWORDS
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal


async def test_name_and_zone(portal: Portal) -> None:
    """They stand on the account page from then on; a slip comes back with what was typed."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/account/details")
        assert (page.value("name"), page.value("time_zone")) == ("Alice Sample", "Europe/Berlin")
        slip = await browser.post("/account/details", data=page.filled({"name": " ", "time_zone": "UTC"}))
        assert (slip.status_code, Page.of(slip).value("time_zone")) == (422, "UTC")
        done = await browser.post("/account/details", data={"name": "Ada", "time_zone": "America/Lima"})
        assert done.headers["location"] == "/account?done=details"
        assert "Lima, Peru" in (await opened(browser, "/account")).words


async def test_the_address_asks_who_is_there(portal: Portal) -> None:
    """Later than ten minutes after signing in the password comes first; a taken address is answered kindly."""
    portal.cast.clock.forward(minutes=11)
    async with portal.client("alice") as browser:
        asked = Page.of(await browser.post("/account/email", data={"email": "ada@example.org"}))
        sent = await browser.post("/account/email", data=asked.filled({"asked-again": PASSWORDS["alice"]}))
        assert (sent.status_code, asked.value("email")) == (307, "ada@example.org")
        assert sent.next_request is not None
        assert (await browser.send(sent.next_request)).headers["location"] == "/account?done=email"
        taken = await browser.post("/account/email", data={"email": "bob@example.org"})
        assert (taken.status_code, "belongs to another account" in taken.text) == (422, True)
        assert "ada@example.org" in (await opened(browser, "/account")).words


async def test_an_endless_name_is_refused_before_it_is_worked_on(portal: Portal) -> None:
    """Twenty thousand accents on one letter are no name; what was there stays, and as much comes back as was read."""
    async with portal.client("alice") as browser:
        name = "e" + "\u0301\u0316" * 10_000
        slip = await browser.post("/account/details", data={"name": name, "time_zone": "UTC"})
        assert (slip.status_code, Page.of(slip).value("name") == name[:MAX_VALUE_LENGTH]) == (422, True)
        assert (await opened(browser, "/account/details")).value("name") == "Alice Sample"


async def test_an_old_name_of_a_zone_stays_chosen(any_portal: Portal) -> None:
    """Somebody's stored zone is on top and selected, although the list offers no old names."""
    async with any_portal.client("alice") as browser:
        sent = await browser.post("/account/details", data={"name": "Alice", "time_zone": "US/Eastern"})
        assert sent.status_code == 303
        page = await opened(browser, "/account/details")
        assert page.value("time_zone") == "US/Eastern"
        options = [one.attributes["value"] for one in page.markup.all("option")]
        assert options[0] == "US/Eastern"
        assert "US/Central" not in options
        page = await opened(browser, "/sessions/new")
        assert page.value("zone") == "US/Eastern"
