"""Before what matters, people are asked once more who they are, and nothing they typed is lost by it."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from journal.authentication import tables as authentication_tables
from journal.authentication import web_sessions
from portal.http.client import get_device_name
from tests.cast import PASSWORDS
from tests.portal.browsing import Page
from tests.portal.conftest import Portal

KEY = "/account/recovery-key"
ASKED = "Is it you?"


async def test_signing_in_counts_for_ten_minutes(portal: Portal) -> None:
    """Who has just signed in is not asked; a little later they are, on GET and on POST alike."""
    async with portal.client("alice") as browser:
        portal.cast.clock.forward(minutes=9, seconds=59)
        assert Page.of(await browser.get(KEY)).heading != ASKED
        assert Page.of(await browser.post(KEY)).heading != ASKED
        portal.cast.clock.forward(seconds=1)
        for answer in (await browser.get(KEY), await browser.post(KEY)):
            assert (answer.status_code, Page.of(answer).heading) == (401, ASKED)


async def test_confirming_leads_on_and_changes_the_token(any_portal: Portal) -> None:
    """The password opens the page that was asked for, once more for ten minutes; the old cookie opens nothing."""
    any_portal.cast.clock.forward(minutes=20)
    async with any_portal.client("alice") as browser:
        page = Page.of(await browser.get(KEY))
        answer = await browser.post("/confirm", data=page.filled({"asked-again": PASSWORDS["alice"]}))
        assert (answer.status_code, answer.headers["location"]) == (303, KEY)
        assert (await browser.get(KEY)).status_code == 200
    async with any_portal.client("alice") as replayed:
        assert (await replayed.get("/account")).status_code == 401
    assert (
        await web_sessions.load_actor(any_portal.cast.installation, any_portal.cast.tokens["alice"]) is None
    )


async def test_a_form_goes_on_with_what_was_typed(any_portal: Portal) -> None:
    """What was sent comes back as it was, goes through after the password, and no view sees the password."""
    any_portal.cast.clock.forward(minutes=20)
    async with any_portal.client("alice") as browser:
        asked = Page.of(await browser.post(KEY, data={"note": 'two\r\nlines & "more"'}))
        assert asked.markup.one("form", id="confirm").attributes["action"] == KEY
        assert asked.fields["note"] == ['two\r\nlines & "more"']
        wrong = await browser.post(KEY, data=asked.filled({"asked-again": "not the password"}))
        again = Page.of(wrong)
        assert (wrong.status_code, again.heading) == (422, ASKED)
        assert again.fields["note"] == ['two\r\nlines & "more"']
        assert "not the password" not in wrong.text
        sent = await browser.post(KEY, data=again.filled({"asked-again": PASSWORDS["alice"]}))
        assert (sent.status_code, sent.headers["location"]) == (307, KEY)
        done = await browser.send(sent.next_request) if sent.next_request else sent
        assert Page.of(done).heading == "Your recovery key"
        assert PASSWORDS["alice"] not in done.text


async def test_a_confirmation_does_not_lengthen_the_day(portal: Portal) -> None:
    """However often somebody confirms, twelve hours after signing in the session is over."""
    cast = portal.cast
    (before,) = await authentication_tables.WebSession.filter(account_id=(await cast.actor("alice")).id)
    cast.tokens["alice"] = await web_sessions.confirm_session(await cast.actor("alice"), cast.tokens["alice"])
    (after,) = await authentication_tables.WebSession.filter(account_id=(await cast.actor("alice")).id)
    assert (after.handle, after.created_at, after.expires_at) == (
        before.handle,
        before.created_at,
        before.expires_at,
    )
    assert after.id != before.id


async def test_outsiders_are_not_asked(portal: Portal) -> None:
    """Who is signed out signs in; nobody's password opens somebody else's session."""
    async with portal.client() as browser:
        assert Page.of(await browser.get(KEY)).heading == "Sign in"
    portal.cast.clock.forward(minutes=20)
    async with portal.client("alice") as browser:
        answer = await browser.post("/confirm", data={"asked-again": PASSWORDS["bob"], "next": KEY})
        assert answer.status_code == 422
        answer = await browser.post(
            "/confirm", data={"asked-again": PASSWORDS["alice"], "next": "//evil.example"}
        )
        assert answer.headers["location"] == "/"


def test_devices_are_told_in_few_words() -> None:
    """The kind of browser and nothing finer: no version, no model, no address."""
    android = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.6478.122 Mobile Safari/537.36"
    mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15"
    fox = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
    told = {
        agent: get_device_name(Request({"type": "http", "headers": [(b"user-agent", agent.encode())]}))
        for agent in (android, mac, fox, "curl/8", "")
    }
    assert list(told.values()) == ["Chrome on Android", "Safari on Mac", "Firefox on Linux", "", ""]


@pytest.mark.parametrize("bent", ["", "bent", "ü", "שלום", "AAAA", "=" * 50, "A" * 9000])
async def test_an_offer_that_was_bent_is_over(portal: Portal, bent: str) -> None:
    """What a page brings back is not what it was given: the page is no longer good, and nothing is broken."""
    async with portal.client("alice") as browser:
        for path in (
            "/account/recovery-key/kit",
            "/account/recovery-key/confirmation",
            "/account/secret-key/kit",
            "/account/secret-key/confirmation",
            "/account/second-factor/proof",
            "/account/second-factor/kept",
        ):
            answer = await browser.post(
                path, data={"offer": bent, "typed": "ABCDE", "code": "123456", "kept": "yes"}
            )
            assert answer.status_code in (404, 409, 422), path


@pytest.mark.parametrize(
    "where", ["/שלום", "/jörnal", "/\u2028x", "/a b", "//evil.example", "/\\evil", "/\x7f"]
)
async def test_an_address_in_another_script_leads_home(portal: Portal, where: str) -> None:
    """Somebody who signs in with an address in the form that is none of ours comes to their first page."""
    async with portal.client() as browser:
        form = {"email": "alice@example.org", "password": PASSWORDS["alice"], "next": where}
        answer = await browser.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
