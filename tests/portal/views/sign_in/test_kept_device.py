"""A device that a patient keeps for 7 days, as its pages show it."""

from __future__ import annotations

from tests.authenticator import Authenticator
from tests.cast import PASSWORDS
from tests.journal.passkeys.test_passkeys import add_passkey
from tests.portal.browsing import Page
from tests.portal.conftest import Portal

KEEP = "/account/sessions/keep"


async def test_after_twelve_hours_the_page_asks_for_the_passkey_alone(any_portal: Portal) -> None:
    """It names nobody and takes no password; before that, the cookie lives for 7 days, and only where it was chosen."""
    cast = any_portal.cast
    await add_passkey(cast, Authenticator())
    await cast.just_asked()
    async with any_portal.client("alice") as browser:
        assert "Keep this device" in (await browser.get("/account/sessions")).text
        chosen = await browser.post(KEEP, data={"keep": "yes"})
        assert chosen.status_code == 303
        cookie = chosen.headers["set-cookie"].lower()
        age = int(cookie.partition("max-age=")[2].partition(";")[0])
        assert 6 * 24 * 3600 < age <= 7 * 24 * 3600
        assert "Stop keeping this device" in (await browser.get("/account/sessions")).text
        cast.clock.forward(hours=12)
        answer = await browser.get("/journal")
        assert (answer.status_code, Page.of(answer).heading) == (401, "Locked")
        assert "asked-again" not in answer.text
        assert "Alice" not in answer.text
        assert "Sign in again" in answer.text
        assert "This browser cannot use passkeys, or JavaScript is turned off in it." in answer.text
        refused = await browser.post("/unlock", data={"asked-again": PASSWORDS["alice"], "next": "/"})
        assert refused.status_code == 422
        assert "Use your passkey, or sign in again." in refused.text
        late = await browser.post("/journal/new", data={"title": "typed late"})
        assert late.status_code in (401, 405)
        assert "set-cookie" not in refused.headers


async def test_a_stopped_choice_shortens_the_cookie(any_portal: Portal) -> None:
    """Who stops keeping a device has a cookie of twelve hours again."""
    cast = any_portal.cast
    await add_passkey(cast, Authenticator())
    await cast.just_asked()
    async with any_portal.client("alice") as browser:
        await browser.post(KEEP, data={"keep": "yes"})
        stopped = await browser.post(KEEP, data={"keep": "no"})
        assert f"max-age={12 * 3600}" in stopped.headers["set-cookie"].lower()


async def test_staff_and_who_has_no_passkey_cannot_keep_a_device(any_portal: Portal) -> None:
    """Staff share desks; and without a passkey nothing could open it again."""
    await any_portal.cast.just_asked()
    for who in ("bob", "erin", "alice"):
        async with any_portal.client(who) as browser:
            assert (await browser.post(KEEP, data={"keep": "yes"})).status_code == 404
            assert "Keep this device" not in (await browser.get("/account/sessions")).text


async def test_the_choice_asks_who_is_there(any_portal: Portal) -> None:
    """Ten minutes after the last confirmation, it asks for password or passkey first."""
    await any_portal.cast.just_asked()
    any_portal.cast.clock.forward(minutes=11)
    async with any_portal.client("alice") as browser:
        assert (await browser.post(KEEP, data={"keep": "yes"})).status_code == 401
