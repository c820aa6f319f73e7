"""The second step of signing in, as somebody meets it: taken up, asked for, lost, and taken off."""

from __future__ import annotations

import asyncio
import re
from base64 import b32decode

import pyotp
import pytest
from httpx import AsyncClient, Response

from journal.authentication import tables as authentication_tables
from journal.authentication.passwords import TOO_SHORT, TOO_SHORT_WITH_FACTOR
from journal.authentication.second_factor import FactorMissing
from tests.cast import PASSWORDS
from tests.factors import app_code, enrolled
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal

CODES = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(?: [0-9A-HJKMNP-TV-Z]{4}){3}")
SECOND = "/sign-in/second"
NEW = "seven small stones in a row"


async def password(browser: AsyncClient, where: str = "/journal") -> Response:
    """Return alice's password."""
    form = {"email": "alice@example.org", "password": PASSWORDS["alice"], "next": where}
    return await browser.post("/sign-in", data=form)


async def send(browser: AsyncClient, page: Page, **typed: str) -> Response:
    """Fill in the page's own form and send it."""
    form = page.markup.one("form", **{"class": "form"}).attributes
    return await browser.post(form["action"], data=page.filled(typed))


async def test_taking_it_up_page_by_page(portal: Portal) -> None:
    """A picture and its text, a code to prove it, ten codes shown once, a promise; then it is on."""
    async with portal.client("alice") as browser:
        assert "Set up" in (await opened(browser, "/account/second-factor")).words
        shown = Page.of(await browser.post("/account/second-factor/app"))
        assert shown.markup.one("img").attributes["src"].startswith("data:image/svg+xml")
        secret = b32decode("".join(re.findall(r"<span>([A-Z2-7]{4})</span>", shown.answer.text)))
        slip = Page.of(await send(browser, shown, code="000000"))
        assert slip.answer.status_code == 422
        assert slip.markup.one("img").attributes["src"] == shown.markup.one("img").attributes["src"]
        codes = Page.of(await send(browser, slip, code=app_code(secret, portal.cast.clock())))
        found = CODES.findall(codes.words)
        assert len(set(found)) == 10
        slip = Page.of(await send(browser, codes))
        assert (slip.answer.status_code, CODES.findall(slip.words)) == (422, found)
        done = await send(browser, slip, kept="yes")
        assert done.headers["location"] == "/account/second-factor?done=added"
        again = await opened(browser, done.headers["location"])
        assert "You have 10 recovery codes left" in again.words
        assert CODES.findall(again.words) == []
        assert (await browser.post("/account/second-factor/app")).status_code == 409


async def test_one_tap_opens_the_app_on_the_same_phone(portal: Portal) -> None:
    """The link holds the secret that is shown, and nothing but plain text names the account; it stays after a slip."""
    async with portal.client("alice") as browser:
        shown = Page.of(await browser.post("/account/second-factor/app"))
        slip = Page.of(await send(browser, shown, code="000000"))
    for page in (shown, slip):
        (link,) = [
            one for one in page.markup.all("a") if one.attributes.get("href", "").startswith("otpauth:")
        ]
        assert link.words == "Open in your authenticator app"
        kept = pyotp.parse_uri(link.attributes["href"])
        assert isinstance(kept, pyotp.TOTP)
        shown_secret = "".join(re.findall(r"<span>([A-Z2-7]{4})</span>", page.answer.text))
        assert (kept.secret, kept.issuer, kept.name) == (shown_secret, "Hearthside", "alice@example.org")
        policy = page.answer.headers["content-security-policy"]
        assert "navigate-to" not in policy  # it would keep the app from being opened


async def test_a_code_leads_on_to_where_one_was_going(any_portal: Portal) -> None:
    """Password and code open the page that was wanted; the cookie that waited opens nothing."""
    secret, _ = await enrolled(any_portal.cast, "alice")
    any_portal.cast.clock.forward(minutes=1)
    async with any_portal.client() as browser:
        answer = await password(browser, "/sharing/log")
        waiting = browser.cookies["hearthside"]
        page = await opened(browser, answer.headers["location"])
        assert page.value("next") == "/sharing/log"
        field = page.markup.one("input", name="code").attributes
        assert (field["inputmode"], field["autocomplete"]) == ("numeric", "one-time-code")
        slip = await send(browser, page, code="000000")
        assert slip.status_code == 422
        answer = await send(browser, Page.of(slip), code=app_code(secret, any_portal.cast.clock()))
        assert answer.headers["location"] == "/sharing/log"
        assert (await browser.get("/sharing/log")).status_code == 200
        browser.cookies.set("hearthside", waiting)
        assert (await browser.get("/sharing/log")).status_code == 401
        assert (await browser.get(SECOND)).headers["location"].startswith("/sign-in?")


async def test_of_two_with_one_code_one_comes_in(any_portal: Portal) -> None:
    """Ten browsers send the same code at the same moment: its step counts once."""
    secret, _ = await enrolled(any_portal.cast, "alice")
    any_portal.cast.clock.forward(minutes=1)
    browsers = [any_portal.client() for _ in range(4)]
    for browser in browsers:
        await password(browser)
    form = {"code": app_code(secret, any_portal.cast.clock()), "next": "/journal"}
    answers = await asyncio.gather(*(browser.post(SECOND, data=form) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
    pages = [(await browser.get("/journal")).status_code for browser in browsers]
    assert sorted(pages) == [200, 401, 401, 401]
    for browser in browsers:
        await browser.aclose()


async def test_a_recovery_code_works_once(any_portal: Portal) -> None:
    """Of several browsers with one recovery code one comes in, and nobody after it."""
    _, codes = await enrolled(any_portal.cast, "alice")
    browsers = [any_portal.client() for _ in range(3)]
    for browser in browsers:
        await password(browser)
    page = await opened(browsers[0], f"{SECOND}?with=recovery-code&next=/journal")
    form = page.filled({"recovery_code": codes[4].lower().replace("-", " ")})
    answers = await asyncio.gather(*(browser.post(SECOND, data=form) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    inside = next(b for b, answer in zip(browsers, answers, strict=True) if answer.status_code == 303)
    assert "You have 9 recovery codes left" in (await opened(inside, "/account/second-factor")).words
    for browser in browsers:
        await browser.aclose()


async def test_the_second_step_waits_ten_minutes(portal: Portal) -> None:
    """After that the password is asked for again, and where one was going is kept."""
    secret, _ = await enrolled(portal.cast, "alice")
    async with portal.client() as browser:
        await password(browser)
        portal.cast.clock.forward(minutes=10)
        form = {"code": app_code(secret, portal.cast.clock()), "next": "/journal"}
        answer = await browser.post(SECOND, data=form)
        assert answer.headers["location"] == "/sign-in?next=%2Fjournal"
        assert (await browser.get("/journal")).status_code == 401


async def test_the_next_page_is_ours(portal: Portal) -> None:
    """A link cannot use the second step to lead people elsewhere."""
    secret, _ = await enrolled(portal.cast, "alice")
    portal.cast.clock.forward(minutes=1)
    async with portal.client() as browser:
        await password(browser)
        form = {"code": app_code(secret, portal.cast.clock()), "next": "//evil.example"}
        assert (await browser.post(SECOND, data=form)).headers["location"] == "/"


async def test_a_row_that_is_gone_keeps_the_account_closed_and_the_recovery_key_opens_it(
    any_portal: Portal,
) -> None:
    """Whoever deletes the second factor from the database does not take it off: kind words, and a way back."""
    alice = await any_portal.cast.actor("alice")
    async with any_portal.client("alice") as browser:
        shown = Page.of(await browser.post("/account/recovery-key"))
        key = "-".join(one.words for one in shown.markup.all("span") if "key" in str(one.within))
        key = "-".join(re.findall(r"<span>(\w{4})</span>", shown.answer.text)) or key
        await browser.post(
            "/account/recovery-key/confirmation", data={"offer": shown.value("offer"), "typed": key}
        )
    await enrolled(any_portal.cast, "alice")
    await authentication_tables.SecondFactor.filter(account_id=alice.id).delete()
    sessions = await authentication_tables.WebSession.filter(account_id=alice.id).count()
    async with any_portal.client() as browser:
        refused = await password(browser)
        assert refused.status_code == 409
        assert "set-cookie" not in refused.headers
        assert str(FactorMissing.message) in Page.of(refused).words
        assert await authentication_tables.WebSession.filter(account_id=alice.id).count() == sessions
        form = {"email": "alice@example.org", "recovery_key": key, "password": NEW, "repeated": NEW}
        answer = await browser.post("/recover", data=form)
        assert "Two-step sign-in is off" in (await opened(browser, answer.headers["location"])).words
    async with any_portal.client() as browser:
        form = {"email": "alice@example.org", "password": NEW, "next": "/"}
        assert (await browser.post("/sign-in", data=form)).headers["location"] == "/"


async def test_twelve_characters_are_enough_only_beside_it(portal: Portal) -> None:
    """The page says which length applies; a short password is not left alone."""
    short = "kwz 7 brolfu"
    form = {"current": PASSWORDS["alice"], "password": short, "repeated": short}
    async with portal.client("alice") as browser:
        page = await opened(browser, "/account/password")
        assert "At least 15 characters" in page.words
        assert TOO_SHORT in Page.of(await browser.post("/account/password", data=form)).words
        await enrolled(portal.cast, "alice")
        assert "At least 12 characters" in (await opened(browser, "/account/password")).words
        shorter = form | {"password": short[1:], "repeated": short[1:]}
        assert TOO_SHORT_WITH_FACTOR in Page.of(await browser.post("/account/password", data=shorter)).words
        assert (await browser.post("/account/password", data=form)).status_code == 303
        off = await browser.post("/account/second-factor/removal", data={"current": short})
        assert off.status_code == 422
        assert "fewer than 15 characters" in Page.of(off).words
        long = {"current": short, "password": NEW, "repeated": NEW}
        assert (await browser.post("/account/password", data=long)).status_code == 303
        off = await browser.post("/account/second-factor/removal", data={"current": NEW})
        assert off.headers["location"] == "/account/second-factor?done=removed"
    async with portal.client() as browser:
        answer = await browser.post("/sign-in", data={"email": "alice@example.org", "password": NEW})
        assert answer.headers["location"] == "/"


@pytest.mark.parametrize("path", ["app", "proof", "codes", "kept", "removal"])
async def test_every_change_asks_who_it_is(portal: Portal, path: str) -> None:
    """A browser that was left open for a quarter of an hour changes nothing of it."""
    portal.cast.clock.forward(minutes=15)
    async with portal.client("alice") as browser:
        answer = await browser.post(f"/account/second-factor/{path}", data={"kept": "yes"})
        assert answer.status_code == 401
        assert Page.of(answer).heading == "Is it you?"
