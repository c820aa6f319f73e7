"""Renewing the keys as a person meets it: a password, a new kit, and a page that goes on by itself or by a button."""

from __future__ import annotations

from base64 import urlsafe_b64decode

import pytest

from journal.accounts import tables as accounts_tables
from journal.actor import Actor
from journal.authentication import tables as authentication_tables
from journal.key_rotation import account_key
from journal.key_rotation.account_key import SETTLING_TIME
from journal.records import collection
from journal.records.archive import pack_archive
from journal.records.verification import verify_zip
from tests.cast import PASSWORDS
from tests.factors import enrolled
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.portal.views.account.test_account import field, groups
from tests.scenes import in_session, shared, signed_in_again, written


async def test_password_then_kit_then_the_rest(any_portal: Portal) -> None:
    """Until the new kit is confirmed nothing else opens; then the page goes on, and says when it is done."""
    entry = await written(any_portal.cast)
    async with any_portal.client("alice") as browser, any_portal.client("alice") as elsewhere:
        before = browser.cookies["hearthside"]
        page = await opened(browser, "/account/renewal")
        assert "Your recovery key and your passkeys stop working" in page.words
        assert "Two-step sign-in" not in page.words
        assert "secret key" not in page.words
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


@pytest.mark.parametrize(
    ("who", "ended", "anew"),
    [("bob", "open invitation", "/invitations"), ("erin", "set-up link", "/people/invitations")],
)
async def test_what_ends_is_said_before_and_after(portal: Portal, who: str, ended: str, anew: str) -> None:
    """Two-step sign-in, and what was handed out to people who are to come: with the way to make each anew."""
    await enrolled(portal.cast, who)
    async with portal.client(who) as browser:
        before = (await opened(browser, "/account/renewal")).words
        assert "Two-step sign-in is turned off" in before
        assert ended in before
        begun = await browser.post("/account/renewal", data={"current": PASSWORDS[who]})
        assert begun.headers["location"] == "/account/recovery-key?second-step=off"
        portal.cast.tokens[who] = urlsafe_b64decode(begun.cookies["hearthside"] + "=")
    async with portal.client(who) as browser:
        said = "whoever had your old keys knows its secret"
        assert said in (await opened(browser, "/account/recovery-key?second-step=off")).words
        await accounts_tables.Account.all().update(recovery_ready=True)
        after = await opened(browser, "/account?done=renewed")
        assert "Two-step sign-in, if it was on, is off now" in after.words
        assert f"{ended}s" in after.words
        assert f'href="{anew}"' in after.answer.text


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


async def test_an_archive_of_before_stays_whole_and_its_key_is_listed(portal: Portal) -> None:
    """Whoever compares finds its fingerprint on the account page, with the day since when it is retired."""
    cast = portal.cast
    await written(cast)
    before = await cast.actor("alice")
    old = await packed(before)
    await renewed(portal, "alice")
    after = await cast.actor("alice")
    new = await packed(after)
    async with portal.client("alice") as browser:
        page = (await opened(browser, "/account")).words
    assert f"{before.fingerprint}, retired since 22 Nov 2026" in page
    assert "In use since 22 Nov 2026." in page
    assert verify_zip(old, before.fingerprint).is_whole
    assert verify_zip(new, after.fingerprint).is_whole
    assert not verify_zip(new, before.fingerprint).is_whole


async def packed(actor: Actor) -> bytes:
    """Return somebody's archive, without pages, as it is before a passphrase seals it."""
    records = await collection.collect_patient_records(actor, "A practice")
    return pack_archive(records, {}, "1.0", actor.open_identity())


async def renewed(portal: Portal, who: str) -> None:
    """Have somebody renew their keys, to the end."""
    cast = portal.cast
    cast.tokens[who] = await account_key.begin_rotation(await cast.actor(who), PASSWORDS[who])
    while not (await account_key.reseal_batches(await cast.actor(who), 50)).finished:
        cast.clock.forward(seconds=SETTLING_TIME.total_seconds())
    await accounts_tables.Account.all().update(recovery_ready=True)
    await cast.in_use()


async def test_both_sides_are_told(portal: Portal) -> None:
    """Bob sees with whom his new keys wait, alice that they are new; once she came, nothing waits any more."""
    cast = portal.cast
    await shared(cast, await written(cast))
    await renewed(portal, "bob")
    alice = await cast.actor("alice")
    async with portal.client("bob") as bob:
        assert "Your new keys wait for one patient" in (await opened(bob, "/patients")).words
        renewal = (await opened(bob, "/account/renewal")).words
        assert "Still open with your old keys" in renewal
        assert "Alice Sample" in renewal
    async with portal.client("alice") as browser:
        home = (await opened(browser, "/")).words
        assert "renewed their keys" in home
        assert "The code is another one since then" in (await opened(browser, f"/sharing/{cast.link}")).words
        assert "What you share is still being encrypted again" in home
        cast.clock.forward(seconds=SETTLING_TIME.total_seconds())
        await cast.in_use()
        await opened(browser, "/")
        home = (await opened(browser, "/")).words
        assert "renewed their keys" in home
        assert "encrypted again" not in home
        await in_session(cast)  # that day has room for one thing
        assert "renewed their keys" not in (await opened(browser, "/")).words
    async with portal.client("bob") as bob:
        assert "Your new keys wait" not in (await opened(bob, "/patients")).words
        assert "Still open" not in (await opened(bob, "/account/renewal")).words
        assert "another one since then" not in (await opened(bob, f"/patients/{alice.id}/trust")).words


async def test_a_clinician_is_told_that_a_patients_keys_are_new(portal: Portal) -> None:
    """On the caseload for two weeks, and beside the safety code for as long as care lasts."""
    cast = portal.cast
    cast.tokens["alice"] = await account_key.begin_rotation(await cast.actor("alice"), PASSWORDS["alice"])
    alice = await cast.actor("alice")
    async with portal.client("bob") as bob:
        assert "Alice Sample renewed their keys" in (await opened(bob, "/patients")).words
        assert (
            "The code is another one since then" in (await opened(bob, f"/patients/{alice.id}/trust")).words
        )
        cast.clock.forward(days=15)
    await signed_in_again(cast)
    async with portal.client("bob") as bob:
        assert "renewed their keys" not in (await opened(bob, "/patients")).words
        assert (
            "The code is another one since then" in (await opened(bob, f"/patients/{alice.id}/trust")).words
        )


async def test_what_waits_for_somebody_elses_keys_goes_on_by_a_button_too(portal: Portal) -> None:
    """The page of a renewal shows it, and leads home when it is done."""
    cast = portal.cast
    await shared(cast, await written(cast))
    cast.tokens["bob"] = await account_key.begin_rotation(await cast.actor("bob"), PASSWORDS["bob"])
    async with portal.client("alice") as browser:
        await opened(browser, "/sharing")
        page = await opened(browser, "/account/renewal")
        assert page.heading == "What you share is being encrypted again"
        await browser.post("/account/renewal/batches")
        cast.clock.forward(seconds=SETTLING_TIME.total_seconds())
        await cast.in_use()
        assert (await browser.post("/account/renewal/batches")).headers["location"] == "/"
