"""Help now: for anybody, at once, and true about what was checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from httpx import AsyncClient

from journal.accounts import details
from journal.authentication import recovery_key
from journal.catalogue import crisis_contacts
from journal.practice import practice
from journal.practice.practice import PracticeSettings
from portal.config import Config
from portal.web.device_cookies import LIFETIME
from tests.authenticator import Authenticator
from tests.cast import PASSWORDS, PRACTICE
from tests.factors import app_code, enrolled
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.portal.test_statements import counted
from tests.scenes import in_session

COOKIE = "hearthside-region"
REGIONS = crisis_contacts.list_regions()


async def set_practice(portal: Portal, **settings: str) -> None:
    """Have erin set the practice's numbers and region, and every process know it."""
    await practice.change_practice(await portal.cast.actor("erin"), PracticeSettings(PRACTICE, **settings))
    await portal.app.state.practice.reload(portal.app.state.installation)


async def first_region(browser: AsyncClient) -> str:
    """Return the name of the region whose numbers stand first, or nothing."""
    page = await opened(browser, "/help-now")
    heading = page.markup.one("h2", id="place").words
    return "" if heading == "Where are you?" else heading


async def test_help_now_needs_nobody_signed_in(portal: Portal) -> None:
    """Every contact stands on the page with a link a phone can dial, and with the day it was checked."""
    async with portal.client() as browser:
        page = (await browser.get("/help-now")).text
    for region in REGIONS:
        for contact in region.all_contacts:
            assert f'href="{contact.href}"' in page
            if contact.verified:
                assert f"Checked on {contact.last_verified:%-d %b %Y}" in page
    assert "not an emergency service" in page
    assert "Look around" in page


async def test_without_a_region_every_emergency_number_is_one_tap_away(portal: Portal) -> None:
    """Whoever has chosen no region dials at once, above the list of places, with no list to open."""
    async with portal.client() as browser:
        page = await opened(browser, "/help-now")
        first = [one for one in page.markup.all("a", **{"class": "call"}) if "details" not in one.within]
        emergency = {one.emergency.href for one in REGIONS if one.emergency}
        assert {one.attributes["href"] for one in first} == emergency
        text = page.answer.text
        assert text.index(first[-1].attributes["href"]) < text.index("Where are you?")
        browser.cookies.set(COOKIE, REGIONS[0].code)
        assert (await opened(browser, "/help-now")).answer.text.count("Call ") < text.count("Call ")


@pytest.mark.parametrize("code", ["", *(one.code for one in REGIONS)])
async def test_each_region_is_listed_once(portal: Portal, code: str) -> None:
    """Whichever was chosen stands first and open, the others below and closed, and none of them twice."""
    async with portal.client() as browser:
        browser.cookies.set(COOKIE, code)
        page = await opened(browser, "/help-now")
    chosen = crisis_contacts.find_region(code)
    named = [one.words for one in page.markup.all("summary")] + ([chosen.name] if chosen else [])
    assert all(named.count(one.name) == 1 for one in REGIONS)
    if chosen:
        first = page.markup.all("a", **{"class": "call"})[0]
        assert first.attributes["href"] == chosen.all_contacts[0].href


async def test_a_region_is_chosen_once_on_a_device(portal: Portal) -> None:
    """The choice is kept in this browser for a year, and holds a code and nothing else."""
    async with portal.client() as browser:
        assert await first_region(browser) == ""
        told = await browser.post("/help-now", data={"region": "NZ"})
        assert (told.status_code, told.headers["location"]) == (303, "/help-now")
        (kept,) = told.headers.get_list("set-cookie")
        parts = {part.strip().lower() for part in kept.split(";")}
        assert parts == {
            f"{COOKIE}=nz", "httponly", f"max-age={LIFETIME}", "path=/", "samesite=lax",
        }  # fmt: skip
        assert await first_region(browser) == "New Zealand"
        assert 'href="tel:111"' in (await browser.get("/sign-in")).text


def test_the_cookie_is_for_this_host_alone(tmp_path: Path) -> None:
    """Over https it has the prefix that browsers enforce: this host, this path, never in the clear."""
    config = Config(tmp_path, "sqlite://:memory:", bytes(32), "https://h.example.org", "127.0.0.1", 8000)
    assert config.region_cookie == "__Host-hearthside-region"


@pytest.mark.parametrize("typed", ["", "nowhere", "NZ; Path=/x", "nz", "N" * 9000])
async def test_a_region_that_there_is_not_is_not_kept(portal: Portal, typed: str) -> None:
    """Neither a form nor a cookie brings anything else into a page; nobody in need meets an error."""
    async with portal.client() as browser:
        told = await browser.post("/help-now", data={"region": typed})
        assert told.status_code == 303
        assert "set-cookie" not in told.headers
        browser.headers["cookie"] = f"{COOKIE}={typed.partition(';')[0].lower()[:100]}"
        assert await first_region(browser) == ""


async def test_another_site_changes_no_region(portal: Portal) -> None:
    """A form of somebody else's is refused, as everywhere."""
    async with portal.client() as browser:
        browser.headers.update({"origin": "https://evil.example", "sec-fetch-site": "cross-site"})
        told = await browser.post("/help-now", data={"region": "NZ"})
        assert told.status_code == 403
        assert "set-cookie" not in told.headers


async def test_the_device_counts_before_the_account_and_that_before_the_practice(portal: Portal) -> None:
    """Nobody is without numbers, and whoever chose for themselves keeps their choice."""
    await set_practice(portal, region="DE")
    async with portal.client("alice") as browser:
        assert await first_region(browser) == "Germany"
        assert 'href="tel:112"' in (await browser.get("/account")).text
        await details.set_region(await portal.cast.actor("alice"), "GB")
        assert 'href="tel:999"' in (await browser.get("/account")).text
        await browser.post("/help-now", data={"region": "NZ"})
        assert await first_region(browser) == "New Zealand"
        assert 'href="tel:111"' in (await browser.get("/journal")).text


async def test_signing_in_brings_the_accounts_region_to_the_device(any_portal: Portal) -> None:
    """A phone that somebody else used shows one's own region once one has signed in; without a choice it stays."""
    await details.set_region(await any_portal.cast.actor("alice"), "IE")
    async with any_portal.client() as browser:
        await browser.post("/help-now", data={"region": "NZ"})
        for name, region in (("dana", "New Zealand"), ("alice", "Ireland"), ("dana", "Ireland")):
            form = {"email": f"{name}@example.org", "password": PASSWORDS[name]}
            assert (await browser.post("/sign-in", data=form)).status_code == 303
            assert await first_region(browser) == region
            await browser.post("/sign-out")
            assert await first_region(browser) == region


async def test_every_way_in_brings_it(any_portal: Portal) -> None:
    """A passkey, a code after the password and the recovery key do; the password before a code does not yet."""
    cast, device = any_portal.cast, Authenticator()
    alice = await cast.actor("alice")
    await details.set_region(alice, "IE")
    key = await recovery_key.offer_recovery_key(alice)
    token = cast.tokens["alice"]
    await recovery_key.confirm_recovery_key(alice, token, key.sealed, key.formatted_key)
    async with any_portal.client("alice") as browser:
        answer = device.make((await browser.get("/account/passkeys/options")).json())
        sent = {"name": "Phone", "credential": answer.credential, "prf": answer.prf}
        assert (await browser.post("/account/passkeys/new", data=sent)).status_code == 303
    secret, _ = await enrolled(cast, "alice")
    cast.clock.forward(minutes=1)
    async with any_portal.client() as browser:
        answer = device.use((await browser.get("/sign-in/passkey")).json())
        sent = {"credential": answer.credential, "prf": answer.prf, "next": "/"}
        await browser.post("/sign-in/passkey", data=sent)
        assert await first_region(browser) == "Ireland"
    async with any_portal.client() as browser:
        form = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
        await browser.post("/sign-in", data=form)
        assert await first_region(browser) == ""
        await browser.post("/sign-in/second", data={"code": app_code(secret, cast.clock()), "next": "/"})
        assert await first_region(browser) == "Ireland"
    async with any_portal.client() as browser:
        new = {"password": "seven small stones in a row", "repeated": "seven small stones in a row"}
        form = {"email": "alice@example.org", "recovery_key": key.formatted_key, **new}
        assert (await browser.post("/recover", data=form)).status_code == 303
        assert await first_region(browser) == "Ireland"


async def test_the_practices_numbers_are_for_whoever_is_signed_in(any_portal: Portal) -> None:
    """They come by a request of their own, as buttons that dial what they show; to nobody else."""
    await set_practice(any_portal, phone="030 1234", after_hours="+49 30 99")
    own = "/help-now/practice"
    for name in ("alice", "bob", "erin"):
        async with any_portal.client(name) as browser:
            page = await opened(browser, "/help-now")
            (place,) = [one for one in page.markup.elements if one.attributes.get("hx-get") == own]
            assert place.attributes["data-phones"] == "2"
            assert "030" not in page.answer.text
            assert page.answer.text.index(own) < page.answer.text.index("tel:")
            part = await browser.get(own, headers={"hx-request": "true"})
            assert (part.status_code, "<main" in part.text) == (200, False)
            whole = await opened(browser, own)
            for text in (part.text, whole.answer.text):
                assert 'href="tel:0301234"' in text
                assert "Call 030 1234" in text
                assert 'href="tel:+493099"' in text
    async with any_portal.client() as browser:
        assert own not in (await browser.get("/help-now")).text
        assert (await browser.get(own, headers={"hx-request": "true"})).status_code == 204
        assert "0301234" not in (await browser.get(own)).text


async def test_a_locked_session_gets_the_number_and_an_ended_one_does_not(any_portal: Portal) -> None:
    """Nobody types a password to call for help; nothing of whoever is locked stands beside the number."""
    await set_practice(any_portal, phone="030 1234", region="DE")
    async with any_portal.client("alice") as browser:
        token = {"cookie": f"hearthside={browser.cookies['hearthside']}"}
        assert (await browser.post("/lock", headers={"hx-request": "true"})).status_code == 204
        for headers in ({}, {"hx-request": "true"}):
            told = await browser.get("/help-now/practice", headers=headers)
            assert 'href="tel:0301234"' in told.text
            assert "Alice" not in told.text
        await browser.post("/sign-out")
        assert (
            await browser.get("/help-now/practice", headers=token | {"hx-request": "true"})
        ).status_code == 204
        whole = await browser.get("/help-now/practice", headers=token)
        assert "you are signed out" in whole.text
        assert "0301234" not in whole.text
        assert 'href="tel:112"' in (await browser.get("/help-now", headers=token)).text


async def test_a_practice_without_a_number_takes_no_room(portal: Portal) -> None:
    """Nothing is asked for that is not there, and whoever asks all the same is told."""
    async with portal.client("alice") as browser:
        assert "/help-now/practice" not in (await browser.get("/help-now")).text
        assert (await browser.get("/help-now/practice", headers={"hx-request": "true"})).status_code == 204
        assert "has not given a number" in (await opened(browser, "/help-now/practice")).words


async def test_neither_the_page_nor_a_choice_asks_the_database(portal: Portal) -> None:
    """Also for whoever is signed in, and where the practice has numbers."""
    await set_practice(portal, phone="030 1234", region="DE")
    async with portal.client("alice") as browser, counted(portal) as noted:
        assert (await browser.get("/help-now")).status_code == 200
        assert (await browser.post("/help-now", data={"region": "NZ"})).status_code == 303
    assert noted == []


async def test_help_is_one_tap_from_every_patient_page(portal: Portal) -> None:
    """Every page a patient can open has the link to help now."""
    async with portal.client("alice") as browser:
        for path in ("/", "/journal", "/journal/new", "/sessions", "/sharing", "/records", "/account"):
            page = await browser.get(path)
            assert page.status_code == 200, path
            assert 'href="/help-now"' in page.text, path


async def test_the_way_out_tells_nothing(portal: Portal) -> None:
    """The page that a quick exit lands on has no word of where somebody has been."""
    async with portal.client() as browser:
        page = (await browser.get("/leave")).text.lower()
    for word in ("hearthside", "journal", "therap", "session"):
        assert word not in page


@pytest.mark.parametrize("path", ["/journal", "/ground", "/help-now", "/patients"])
async def test_without_a_script_leaving_quickly_leads_away_as_well(portal: Portal, path: str) -> None:
    """The form of the quick exit signs out and leads where a script would go: to no page of ours by its looks."""
    async with portal.client("bob" if path == "/patients" else "alice") as browser:
        page = await opened(browser, path)
        form = next(one for one in page.markup.all("form") if "data-leave" in one.attributes)
        answer = await browser.post(form.attributes["action"] or "")
        assert (answer.status_code, answer.headers["location"]) == (303, form.attributes["data-leave"])
        assert (await browser.get("/account")).status_code == 401


async def test_whom_to_call_is_as_calm_as_the_page_that_leads_there(portal: Portal) -> None:
    """While a session is under way these pages are dark and large as well, locked or not; at other times only large."""

    async def looks(browser: AsyncClient) -> set[str]:
        pages = [await opened(browser, f"/help-now/{one}") for one in ("contacts", "practice")]
        return {(page.markup.one("html").attributes["class"] or "").strip() for page in pages}

    async with portal.client("alice") as browser:
        assert await looks(browser) == {"large"}
        await in_session(portal.cast)
        assert await looks(browser) == {"dark large"}
        await browser.post("/lock")
        assert await looks(browser) == {"dark large"}


async def test_help_now_is_as_dark_as_the_page_that_leads_there(portal: Portal) -> None:
    """It asks no database, so the link says it: on the pages of a session's day, locked or not, and after a choice."""
    await in_session(portal.cast)
    async with portal.client("alice") as browser:
        for path in ("/", "/journal", "/help-now/contacts"):
            page = await opened(browser, path)
            links = [one.attributes["href"] for one in page.markup.all("a") if "Help now" in one.words]
            assert set(links) == {"/help-now?look=dark"}, path
        await browser.post("/lock")
        assert 'href="/help-now?look=dark"' in (await browser.get("/journal")).text
        async with counted(portal) as noted:
            page = await opened(browser, "/help-now?look=dark")
            chosen = await browser.post("/help-now?look=dark", data={"region": "NZ"})
        assert noted == []
        assert page.markup.one("html").attributes["class"] == "dark large"
        assert chosen.headers["location"] == "/help-now?look=dark"
        assert (await opened(browser, "/help-now")).markup.one("html").attributes["class"] == "large"
