"""Guessing at the doors: who waits, who does not, what they are told, and what it costs us."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from secrets import token_bytes
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from crypto import slots
from journal.audit.acts import Act
from journal.authentication import recovery_key
from journal.installation.password_work import MAX_PENDING, PasswordQueue
from journal.practice import practice
from journal.rate_limiting import tables as rate_limiting_tables
from tests.cast import PASSWORDS
from tests.factors import app_code, enrolled
from tests.log import logged
from tests.portal.browsing import Page
from tests.portal.conftest import ORIGIN, Portal
from tests.portal.test_statements import counted

ALICE, NOBODY = "alice@example.org", "nobody@example.org"
NEW = "seven small stones in a row"
WAIT = "There were many tries. Please wait"


def browser_at(portal: Portal, source: str) -> AsyncClient:
    """A browser in which nobody is signed in, at some address."""
    return AsyncClient(
        transport=ASGITransport(portal.app, client=(source, 40000)),
        base_url=ORIGIN,
        headers={"origin": ORIGIN, "sec-fetch-site": "same-origin"},
    )


async def guess(browser: AsyncClient, email: str = ALICE, password: str = "not the password") -> Response:
    """Try a password."""
    return await browser.post("/sign-in", data={"email": email, "password": password, "next": "/"})


class Stretching(ThreadPoolExecutor):
    """The threads that hash passwords, counted."""

    def __init__(self) -> None:
        super().__init__(2)
        self.asked = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Count and go on."""
        self.asked += 1
        return super().submit(fn, *args, **kwargs)


def stretching(portal: Portal) -> Stretching:
    """Count from now on how often a password is hashed."""
    counting = Stretching()
    portal.app.state.installation = dataclasses.replace(
        portal.app.state.installation, password_queue=PasswordQueue(counting)
    )
    return counting


async def test_after_five_tries_somebody_waits_and_is_told_how_long(any_portal: Portal) -> None:
    """Known and unknown addresses read alike; what was typed stays, and no work is done for those who wait."""
    pages = []
    for email, source in ((ALICE, "192.0.2.1"), (NOBODY, "192.0.2.2")):
        async with browser_at(any_portal, source) as browser:
            assert [(await guess(browser, email)).status_code for _ in range(5)] == [422] * 5
            hashed, events = stretching(any_portal), len(await logged())
            answer = await guess(browser, email, PASSWORDS["alice"])
            assert answer.status_code == 429
            assert 0 < int(answer.headers["retry-after"]) <= 30
            assert f"{WAIT} half a minute" in Page.of(answer).words
            assert Page.of(answer).value("email") == email
            assert (hashed.asked, len(await logged())) == (0, events)
            pages.append(answer.text.replace(email, "ADDRESS"))
    assert pages[0] == pages[1]
    await any_portal.cast.later(seconds=30)
    async with browser_at(any_portal, "192.0.2.1") as browser:
        assert (await guess(browser, password=PASSWORDS["alice"])).status_code == 303
        assert [(await guess(browser)).status_code for _ in range(5)] == [422] * 5


async def test_a_thousand_addresses_guess_no_faster(portal: Portal) -> None:
    """Whoever guesses at one account from many places is counted by the account."""
    answers = []
    for number in range(30):
        async with browser_at(portal, f"192.0.2.{number}") as browser:
            answers.append((await guess(browser)).status_code)
    assert answers == [422] * 20 + [429] * 10


async def test_one_place_cannot_try_everybody(portal: Portal) -> None:
    """Whoever tries one password with many addresses is counted by where they come from; others are not."""
    async with browser_at(portal, "2001:db8::1") as browser, browser_at(portal, "2001:db8:0:1::1") as other:
        answers = [(await guess(browser, f"{number}@example.org")).status_code for number in range(62)]
        assert answers == [422] * 60 + [429] * 2
        assert (await guess(other, ALICE, PASSWORDS["alice"])).status_code == 303


async def test_a_known_browser_is_not_locked_out_by_others(any_portal: Portal) -> None:
    """However much others guess, also from the same address, its owner comes in; and it opens nothing by itself."""
    async with browser_at(any_portal, "192.0.2.9") as hers:
        assert (await guess(hers, password=PASSWORDS["alice"])).status_code == 303
        del hers.cookies["hearthside"]
        assert (await hers.get("/journal")).status_code == 401
        for number in range(30):
            async with browser_at(any_portal, f"192.0.2.{number}") as browser:
                await guess(browser)
        async with browser_at(any_portal, "192.0.2.9") as browser:
            assert (await guess(browser, password=PASSWORDS["alice"])).status_code == 429
        assert (await guess(hers, password=PASSWORDS["alice"])).status_code == 303
        assert [(await guess(hers)).status_code for _ in range(6)] == [422] * 5 + [429]


async def test_a_mark_is_of_one_account_and_one_password(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing in as oneself marks no browser for guessing at others; a new password ends every mark."""
    monkeypatch.setattr(
        slots, "token_bytes", token_bytes
    )  # a mark is of a salt, and these come back in tests
    async with browser_at(portal, "192.0.2.9") as hers:
        await guess(hers, password=PASSWORDS["alice"])
        for number in range(20):
            async with browser_at(portal, f"192.0.2.{100 + number}") as browser:
                await guess(browser, "dana@example.org")
        assert (await guess(hers, "dana@example.org")).status_code == 429
        form = {"current": PASSWORDS["alice"], "password": NEW, "repeated": NEW}
        assert (await hers.post("/account/password", data=form)).status_code == 303
        for number in range(20):
            async with browser_at(portal, f"192.0.2.{200 + number}") as browser:
                await guess(browser)
        assert (await guess(hers, password=NEW)).status_code == 429


@pytest.mark.parametrize("cookie", ["", "nonsense!", "AAAA", "A" * 64, "A" * 4096])
async def test_a_made_up_mark_is_nobody_s(portal: Portal, cookie: str) -> None:
    """Whatever stands in the cookie is counted like a browser that has none."""
    async with browser_at(portal, "192.0.2.1") as browser:
        answers = []
        for number in range(7):
            browser.cookies.set("hearthside-known", f"{cookie[:-1]}{'ABCDEFG'[number]}" if cookie else "")
            answers.append((await guess(browser)).status_code)
        assert answers == [422] * 5 + [429] * 2


async def test_six_digits_are_not_to_be_guessed(any_portal: Portal) -> None:
    """Whoever knows the password tries five codes; signing in again, elsewhere, gives no more of them."""
    secret, codes = await enrolled(any_portal.cast, "alice")
    any_portal.cast.clock.forward(minutes=1)
    right = app_code(secret, any_portal.cast.clock())
    wrong = [code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code != right][
        :5
    ]
    for source in ("192.0.2.1", "192.0.2.2"):
        async with browser_at(any_portal, source) as browser:
            assert (await guess(browser, password=PASSWORDS["alice"])).status_code == 303
            tried = [
                (await browser.post("/sign-in/second", data={"code": code})).status_code for code in wrong
            ]
            assert tried == ([422] * 5 if source == "192.0.2.1" else [429] * 5)
            answer = await browser.post("/sign-in/second", data={"code": right, "next": "/journal"})
            assert answer.status_code == 429
            assert WAIT in Page.of(answer).words
            assert Page.of(answer).value("next") == "/journal"
    async with browser_at(any_portal, "192.0.2.3") as browser:  # her paper is not locked
        await guess(browser, password=PASSWORDS["alice"])
        answer = await browser.post("/sign-in/second", data={"recovery_code": codes[0], "next": "/journal"})
        assert answer.headers["location"] == "/journal"


async def test_recovery_codes_and_keys_are_counted_by_source(portal: Portal) -> None:
    """They are too long to guess, so whoever tries waits, and nobody else does."""
    _, codes = await enrolled(portal.cast, "alice")
    recover = {"email": ALICE, "recovery_key": "0000", "password": NEW, "repeated": NEW}
    async with browser_at(portal, "192.0.2.1") as browser:
        await guess(browser, password=PASSWORDS["alice"])
        for path, data in (("/sign-in/second", {"recovery_code": "0000"}), ("/recover", recover)):
            answers = [(await browser.post(path, data=data)).status_code for _ in range(6)]
            assert answers == [422] * 5 + [429]
    async with browser_at(portal, "192.0.2.2") as browser:
        await guess(browser, password=PASSWORDS["alice"])
        assert (await browser.post("/recover", data=recover)).status_code == 422
        assert (await browser.post("/sign-in/second", data={"recovery_code": codes[0]})).status_code == 303


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/confirm", "asked-again"),
        ("/account/password", "current"),
        ("/records", "current"),
        ("/sharing/disclosures", "current"),
    ],
)
async def test_whoever_holds_the_phone_waits_as_well(portal: Portal, path: str, field: str) -> None:
    """The password that is asked for again is counted by the session; another of theirs is free."""
    token = portal.cast.tokens["alice"]
    async with portal.client("alice") as browser:
        form = {field: "not the password", "next": "/", "passphrase": NEW}
        answers = [await browser.post(path, data=form) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [422] * 5 + [429]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 30
        assert WAIT in Page.of(answers[-1]).words
    async with browser_at(portal, "192.0.2.1") as other:
        assert (await guess(other, password=PASSWORDS["alice"])).status_code == 303
        assert (await other.post(path, data=form)).status_code == 422
    assert token == portal.cast.tokens["alice"]


async def test_links_are_counted_by_source(portal: Portal) -> None:
    """Whoever tries many links that do not work waits; one that works costs nothing."""
    good = f"/setup/{await practice.create_setup_link(portal.cast.installation)}"
    async with browser_at(portal, "192.0.2.1") as browser, browser_at(portal, "192.0.2.2") as other:
        for _ in range(70):
            assert (await other.get(good)).status_code == 200
        answers = [(await browser.get(f"/invite/{number:043}")).status_code for number in range(62)]
        assert answers == [404] * 60 + [429] * 2
        assert (await browser.get(good)).status_code == 429
        assert (await other.get(good)).status_code == 200


VALUES = re.compile(r"x?'[^']*'|\bNULL\b|\b\d+\b", re.IGNORECASE)


@pytest.mark.parametrize(
    ("path", "form", "hashed"),
    [
        ("/sign-in", {"password": "not the password"}, 1),
        ("/recover", {"recovery_key": "-".join(["0000"] * 9), "password": NEW, "repeated": NEW}, 1),
    ],
)
async def test_an_address_that_nobody_has_takes_the_same_way(
    portal: Portal, path: str, form: dict[str, str], hashed: int
) -> None:
    """For a known and an unknown address the same statements run in the same order, and as much is hashed."""
    ran: list[list[str]] = []
    async with browser_at(portal, "192.0.2.1") as browser:
        await browser.get("/sign-in")
        await browser.post(path, data=form | {"email": "warm@example.org"})
        await browser.get("/journal")  # opens the reading connection
        async with portal.client("alice") as other:
            await other.get("/journal")
        for email in (ALICE, NOBODY):
            counting = stretching(portal)
            async with counted(portal) as noted:
                assert (await browser.post(path, data=form | {"email": email})).status_code == 422
            ran.append([VALUES.sub("?", " ".join(one.split())) for one in noted])
            assert counting.asked == hashed
    assert ran[0] == ran[1]
    assert any("throttle" in one for one in ran[0])
    assert any("audit_pending" in one for one in ran[0])


async def test_what_is_counted_is_purged(portal: Portal) -> None:
    """Nothing is left of tries that are forgotten, and refusals stand in the log while they count."""
    from journal.operations.retention import purge_deleted

    async with browser_at(portal, "192.0.2.1") as browser:
        await guess(browser)
    assert await rate_limiting_tables.Throttle.all().count() == 3
    assert len(await logged(Act.SIGN_IN_REFUSED)) == 1
    await portal.cast.later(days=2)
    await purge_deleted(portal.cast.installation, portal.cast.clock())
    assert await rate_limiting_tables.Throttle.all().count() == 0


@contextmanager
def full(queue: PasswordQueue) -> Iterator[None]:
    """Let every place of a queue be taken."""
    for _ in range(MAX_PENDING):
        assert queue.slots.acquire(blocking=False)
    try:
        yield
    finally:
        queue.slots.release(MAX_PENDING)


async def test_past_the_queue_what_was_typed_is_kept_and_nothing_is_counted(any_portal: Portal) -> None:
    """503 says when to come again, the address is still there, the password is not; it was no try at it."""
    installation = any_portal.app.state.installation
    async with browser_at(any_portal, "192.0.2.1") as browser:
        with full(installation.password_queue):
            for _ in range(8):
                answer = await guess(browser, password=PASSWORDS["alice"])
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "Please try again in a moment" in Page.of(answer).words
            assert Page.of(answer).value("email") == ALICE
            assert PASSWORDS["alice"] not in answer.text
        assert [(await guess(browser)).status_code for _ in range(6)] == [422] * 5 + [429]


async def test_strangers_make_nobody_wait_who_came_in_before(portal: Portal) -> None:
    """While strangers fill their queue and the meter's, whoever is signed in is asked for the password and goes on."""
    installation = portal.app.state.installation
    async with portal.client("alice") as browser:
        with full(installation.password_queue), full(installation.strength_queue):
            form = {"asked-again": PASSWORDS["alice"], "next": "/journal"}
            assert (await browser.post("/confirm", data=form)).status_code == 303
            form = {"current": PASSWORDS["alice"], "password": NEW, "repeated": NEW}
            assert (await browser.post("/account/password", data=form)).status_code == 303
        with full(installation.returning_password_queue):
            answer = await browser.post("/confirm", data={"asked-again": NEW, "next": "/journal"})
            assert answer.status_code == 503
            told = await browser.post("/unlock", data={"asked-again": NEW}, headers={"hx-request": "true"})
            assert told.status_code == 503


async def test_a_meter_that_is_busy_stops_nothing_else(portal: Portal) -> None:
    """It says nothing then; pages are answered, and a password that is sent is judged as ever."""
    with full(portal.app.state.installation.strength_queue):
        async with browser_at(portal, "192.0.2.1") as browser:
            told = await browser.post("/password-strength", data={"password": NEW})
            assert (told.status_code, told.headers["retry-after"]) == (503, "5")
            assert NEW not in told.text
            form = {"email": ALICE, "recovery_key": "0000", "password": "short", "repeated": "short"}
            assert (await browser.post("/recover", data=form)).status_code == 422


async def test_a_new_password_is_not_judged_for_who_has_to_wait(portal: Portal) -> None:
    """At the door for recovery a try is counted before any work."""
    form = {"email": ALICE, "recovery_key": "0000", "password": NEW, "repeated": NEW}
    async with browser_at(portal, "192.0.2.1") as browser:
        assert [(await browser.post("/recover", data=form)).status_code for _ in range(5)] == [422] * 5
        hashed = stretching(portal)
        assert (await browser.post("/recover", data=form)).status_code == 429
        assert hashed.asked == 0


async def test_a_new_password_that_will_not_do_is_no_guess(any_portal: Portal) -> None:
    """Whoever looks for a good password at the door for recovery has all tries at their key left."""
    alice, token = await any_portal.cast.actor("alice"), any_portal.cast.tokens["alice"]
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(alice, token, offer.sealed, offer.formatted_key)
    form = {"email": ALICE, "recovery_key": offer.formatted_key}
    short, other = {"password": "short", "repeated": "short"}, {"password": NEW, "repeated": f"{NEW}."}
    async with browser_at(any_portal, "192.0.2.1") as browser:
        for chosen in (short, other) * 4:
            answer = await browser.post("/recover", data=form | chosen)
            assert answer.status_code == 422
            assert Page.of(answer).value("email") == ALICE
        came = await browser.post("/recover", data=form | {"password": NEW, "repeated": NEW})
        assert came.status_code == 303
