"""Opening an account, signing in and out, changing the password, recovering."""

from __future__ import annotations

import re

import pytest

from journal.accounts import signing_keys
from journal.care import invitations, link_keys, links
from journal.practice import practice
from journal.store.database import transaction
from tests.cast import PASSWORDS
from tests.portal.conftest import Portal
from tests.portal.markup import Markup

NEW = "seven small stones in a row"


def field(html: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no field {name}"
    return found[1]


def groups(html: str) -> list[str]:
    """The groups of the recovery key that a page shows."""
    found = re.search(r'<p class="key"[^>]*>(.*?)</p>', html, re.DOTALL)
    assert found, "no recovery key"
    return re.findall(r"<span>(\w+)</span>", found[1])


async def test_signing_in_leads_home_and_out_again(any_portal: Portal) -> None:
    """Address and password open the journal; after signing out the old cookie opens nothing."""
    async with any_portal.client() as browser:
        answer = await browser.post(
            "/sign-in", data={"email": " Alice@Example.org", "password": PASSWORDS["alice"]}
        )
        assert answer.status_code == 303
        cookie = browser.cookies["hearthside"]
        assert "Hello, Alice" in (await browser.get("/")).text
        out = await browser.post("/sign-out")
        assert "cache" in out.headers["clear-site-data"]
        browser.cookies.set("hearthside", cookie)
        assert (await browser.get("/journal")).status_code == 401


async def test_wrong_password_and_unknown_address_read_alike(portal: Portal) -> None:
    """Nobody learns from the answer who has an account."""
    pages = []
    for email in ("alice@example.org", "nobody@example.org"):
        async with portal.client() as browser:
            answer = await browser.post("/sign-in", data={"email": email, "password": "not the password"})
            assert answer.status_code == 422
            pages.append(answer.text.replace(email, "ADDRESS"))
    assert pages[0] == pages[1]


async def test_a_new_patient_comes_in_by_invitation(any_portal: Portal) -> None:
    """The link opens an account once; the recovery key is confirmed before anything else opens."""
    bob = await any_portal.cast.actor("bob")
    invited = await invitations.create_invitation(bob, "Frieda")
    form = {
        "name": "Frieda Sample",
        "email": "frieda@example.org",
        "time_zone": "Europe/Berlin",
        "adult": "yes",
    }
    async with any_portal.client() as browser:
        where = f"/invite/{invited.token}"
        assert "Bob Example invites you" in (await browser.get(where)).text
        refused = await browser.post(where, data=form | {"password": "short", "repeated": "short"})
        assert refused.status_code == 422
        assert "frieda@example.org" in refused.text
        accepted = await browser.post(where, data=form | {"password": NEW, "repeated": NEW})
        assert accepted.headers["location"] == "/account/recovery-key"
        assert (await browser.get("/journal")).headers["location"] == "/account/recovery-key"
        shown = (await browser.post("/account/recovery-key")).text
        confirmation = "/account/recovery-key/confirmation"
        wrong = await browser.post(confirmation, data={"offer": field(shown, "offer"), "typed": "0000"})
        assert wrong.status_code == 422
        assert groups(shown) == groups(wrong.text)
        answer = {"offer": field(wrong.text, "offer"), "typed": groups(shown)[-1]}
        assert (await browser.post(confirmation, data=answer)).status_code == 303
        assert (await browser.get("/account")).status_code == 200
        assert (await browser.get(where)).status_code == 404


async def test_everything_that_needs_another_look_is_said_at_once(portal: Portal) -> None:
    """Whoever forgot the tick and chose a short password hears of both, and of being 18 also when that is all."""
    invited = await invitations.create_invitation(await portal.cast.actor("bob"), "Erin")
    form = {"name": "Erin Sample", "email": "erin@example.org", "time_zone": "Europe/Berlin"}
    async with portal.client() as browser:
        both = await browser.post(
            f"/invite/{invited.token}", data=form | {"password": "short", "repeated": "short"}
        )
        assert both.status_code == 422
        assert "18 or older. Tick this if you are." in both.text
        assert both.text.count('aria-invalid="true"') == 2
        one = await browser.post(f"/invite/{invited.token}", data=form | {"password": NEW, "repeated": NEW})
        assert one.status_code == 422
        assert one.text.count('aria-invalid="true"') == 1


async def test_a_signed_in_patient_accepts_a_second_clinician(portal: Portal) -> None:
    """Somebody who has a journal only presses a button."""
    invited = await invitations.create_invitation(await portal.cast.actor("charlie"), "Alice")
    async with portal.client("alice") as browser:
        assert (await browser.post(f"/invite/{invited.token}")).headers["location"] == "/sharing"


async def test_a_set_up_link_works_once_and_keeps_what_was_typed(portal: Portal) -> None:
    """A clinician opens an account with the link; a slip loses neither the link nor the words."""
    token = await practice.create_setup_link(portal.cast.installation)
    form = {
        "name": "Gil Example",
        "email": "gil@example",
        "time_zone": "Mars/Olympus",
        "password": NEW,
        "repeated": NEW,
    }
    async with portal.client() as browser:
        refused = await browser.post(f"/setup/{token}", data=form)
        assert refused.status_code == 422
        assert "Gil Example" in refused.text
        assert "gil@example" in refused.text
        form |= {"email": "gil@example.org", "time_zone": "Europe/Berlin"}
        assert (await browser.post(f"/setup/{token}", data=form)).status_code == 303
        assert (await browser.post(f"/setup/{token}", data=form)).status_code == 404


async def test_a_changed_password_signs_other_browsers_out(any_portal: Portal) -> None:
    """The browser that changed it goes on with a new token; the old token and password open nothing, the new do."""
    async with any_portal.client("alice") as browser, any_portal.client("alice") as other:
        form = {"current": PASSWORDS["alice"], "password": NEW, "repeated": NEW}
        wrong = await browser.post("/account/password", data=form | {"current": "something else"})
        assert wrong.status_code == 422
        assert (await browser.post("/account/password", data=form)).status_code == 303
        assert (await browser.get("/account")).status_code == 200
        assert (await other.get("/account")).status_code == 401
        old = await other.post(
            "/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]}
        )
        assert old.status_code == 422
        new = await other.post("/sign-in", data={"email": "alice@example.org", "password": NEW})
        assert new.status_code == 303


async def test_recovering_sets_a_new_password_and_asks_for_a_new_key(portal: Portal) -> None:
    """The recovery key opens the account once; afterwards it is useless, and a new one is made."""
    async with portal.client("alice") as browser:
        shown = (await browser.post("/account/recovery-key")).text
        key = "-".join(groups(shown))
        confirm = {"offer": field(shown, "offer"), "typed": key}
        assert (await browser.post("/account/recovery-key/confirmation", data=confirm)).status_code == 303
    form = {"email": "alice@example.org", "recovery_key": key.lower(), "password": NEW, "repeated": NEW}
    async with portal.client() as browser:
        wrong = await browser.post("/recover", data=form | {"email": "dana@example.org"})
        assert wrong.status_code == 422
        assert (await browser.post("/recover", data=form)).headers["location"] == "/account/recovery-key"
        assert (await browser.get("/journal")).headers["location"] == "/account/recovery-key"
    async with portal.client() as browser:
        assert (await browser.post("/recover", data=form)).status_code == 422


async def test_a_form_sent_after_the_session_ended_comes_back_with_its_words(portal: Portal) -> None:
    """Nothing typed is lost when the session has run out."""
    async with portal.client() as browser:
        answer = await browser.post(
            "/journal/6f2a3b86-5a55-4b8c-a2f5-3d8b9a0c1e11", data={"free.text": "my <words>"}
        )
        assert answer.status_code == 401
        assert "my &lt;words&gt;" in answer.text


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
async def test_another_site_cannot_send_our_forms(portal: Portal, headers: dict[str, str]) -> None:
    """A request that another site started changes nothing."""
    async with portal.client("alice") as browser:
        assert (await browser.post("/sign-out", headers=headers)).status_code == 403
        assert (await browser.get("/account")).status_code == 200


async def test_the_next_page_after_signing_in_is_ours(portal: Portal) -> None:
    """A link cannot use the sign-in page to lead people elsewhere."""
    async with portal.client() as browser:
        for next_page in ("https://evil.example", "//evil.example", "/\\evil.example"):
            form = {"email": "alice@example.org", "password": PASSWORDS["alice"], "next": next_page}
            assert (await browser.post("/sign-in", data=form)).headers["location"] == "/"


async def test_the_account_page_shows_the_half_of_every_safety_code(portal: Portal) -> None:
    """Its digits are those in the code that the other one sees, and an administrator, who exports nothing, has none."""
    alice, bob = await portal.cast.actor("alice"), await portal.cast.actor("bob")
    code = await link_keys.derive_safety_code(bob, await links.load_link_with(bob, alice.id))
    halves = []
    for who in ("alice", "bob"):
        async with portal.client(who) as browser:
            page = Markup((await browser.get("/account")).text)
            halves.append(page.one(id="fingerprint").words)
            assert (
                "In use since 22 Nov 2026." in page.one("section", **{"aria-labelledby": "key-heading"}).words
            )
    assert " ".join(halves) == code or " ".join(halves[::-1]) == code
    async with portal.client("erin") as browser:
        assert "fingerprint" not in (await browser.get("/account")).text


async def test_an_earlier_key_is_listed_with_its_day(portal: Portal) -> None:
    """After a reset: the fingerprint of then, and since when it is retired."""
    alice = await portal.cast.actor("alice")
    assert "Earlier keys" not in await account_of(portal)
    async with transaction():
        await signing_keys.retire_keys(portal.cast.installation, alice.id, alice.public_keys, alice.now)
    page = await account_of(portal)
    assert "Earlier keys" in page
    assert f"{alice.fingerprint}, retired since 22 Nov 2026" in page


async def account_of(portal: Portal) -> str:
    async with portal.client("alice") as browser:
        return (await browser.get("/account")).text
