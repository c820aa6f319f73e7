"""One address, one account: at every door, however it is spelled and whatever a browser makes of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from journal.accounts import tables as accounts_tables
from journal.care import invitations
from journal.mail.outbox import deliver_due
from journal.practice import practice
from journal.store.database import Store
from portal.web.forms import MAX_VALUE_LENGTH
from tests.cast import PASSWORDS, ZONE, Furniture, cast_of
from tests.journal.accounts.test_addresses import as_before
from tests.portal.access.test_guessing import browser_at
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal, running
from tests.portal.views.account.test_account import field, groups
from tests.portal.views.sign_in.test_account_reset import handed_over
from tests.receiver import receiving

PASSWORD = "seven small stones in a row"
OTHER = "eight warm lamps along the wall"
TYPED = "Anna@bücher.example"
SPELLINGS = (
    TYPED,
    "anna@xn--bcher-kva.example",  # as Chromium sends it
    "anna@XN--BCHER-KVA.Example.",
    "ANNA@BÜCHER.EXAMPLE",
    "anna@bu\u0308cher.example",
    "anna@bücher\u3002example",
    "  \ufeffan\u200bna@bü\u00adcher.example\u200e ",
    "\uff41nna\uff20bücher\uff0eexample",
)
SECRETS = {"password": PASSWORD, "repeated": PASSWORD}
NEW = {"name": "Anna Sample", "time_zone": ZONE, "adult": "yes"} | SECRETS


async def invited(portal: Portal) -> str:
    """The path of an invitation from bob."""
    made = await invitations.create_invitation(await portal.cast.actor("bob"), "Anna")
    return f"/invite/{made.token}"


async def signed_up(portal: Portal, email: str) -> str:
    """Open an account for anna by invitation; return her recovery key."""
    async with portal.client() as browser:
        answer = await browser.post(await invited(portal), data=NEW | {"email": email})
        assert answer.headers["location"] == "/account/recovery-key"
        shown = (await browser.post("/account/recovery-key")).text
        offer = {"offer": field(shown, "offer"), "typed": groups(shown)[-1]}
        assert (await browser.post("/account/recovery-key/confirmation", data=offer)).status_code == 303
        return "-".join(groups(shown))


async def signs_in(browser: AsyncClient, email: str, password: str = PASSWORD) -> Response:
    """Send the form of the sign-in page."""
    return await browser.post("/sign-in", data={"email": email, "password": password})


@pytest.mark.parametrize("first", SPELLINGS[:2])
async def test_whichever_spelling_comes_first_every_other_opens_the_account(
    any_portal: Portal, first: str
) -> None:
    """What a person typed and what the browser made of it are one, when signing in as when opening the account."""
    await signed_up(any_portal, first)
    for spelling in SPELLINGS:
        async with any_portal.client() as browser:
            assert (await signs_in(browser, spelling)).status_code == 303, spelling
            assert "bücher.example" in (await opened(browser, "/account")).words  # and never xn--


async def test_a_second_account_in_another_spelling_is_taken(any_portal: Portal) -> None:
    """By an invitation, by a set-up link and by a change of address; what was typed stays in the form."""
    await signed_up(any_portal, TYPED)
    count = await accounts_tables.Account.all().count()
    setting_up = f"/setup/{await practice.create_setup_link(any_portal.cast.installation)}"
    invitation = await invited(any_portal)
    async with any_portal.client() as browser, any_portal.client("alice") as alice:
        for spelling in SPELLINGS:
            for path in (invitation, setting_up):
                refused = await browser.post(path, data=NEW | {"email": spelling})
                assert (refused.status_code, "already has an account" in refused.text) == (422, True), (
                    spelling
                )
            await any_portal.cast.just_asked()
            refused = await alice.post("/account/email", data={"email": spelling})
            assert (refused.status_code, "another account here" in refused.text) == (422, True), spelling
    assert await accounts_tables.Account.all().count() == count


async def test_a_changed_address_is_one_in_every_spelling(any_portal: Portal) -> None:
    """Whoever changes to an address signs in with each spelling of it, and with the old one no more."""
    async with any_portal.client("alice") as alice:
        done = await alice.post("/account/email", data={"email": SPELLINGS[1]})
        assert done.headers["location"] == "/account?done=email"
    for spelling in SPELLINGS:
        async with any_portal.client() as browser:
            assert (await signs_in(browser, spelling, PASSWORDS["alice"])).status_code == 303, spelling
    async with any_portal.client() as browser:
        assert (await signs_in(browser, "alice@example.org", PASSWORDS["alice"])).status_code == 422


async def test_coming_back_takes_every_spelling(any_portal: Portal) -> None:
    """The recovery key opens the account beside any spelling of its address."""
    key = await signed_up(any_portal, TYPED)
    for spelling in SPELLINGS:
        async with any_portal.client() as browser:
            form = {"email": spelling, "recovery_key": key, "password": OTHER, "repeated": OTHER}
            answer = await browser.post("/recover", data=form)
            assert answer.headers["location"] == "/account/recovery-key", spelling
            shown = (await browser.post("/account/recovery-key")).text
            offer = {"offer": field(shown, "offer"), "typed": groups(shown)[-1]}
            assert (await browser.post("/account/recovery-key/confirmation", data=offer)).status_code == 303
            key = "-".join(groups(shown))


@pytest.mark.parametrize("spelling", [SPELLINGS[1], SPELLINGS[6]])
async def test_beginning_anew_takes_every_spelling(any_portal: Portal, spelling: str) -> None:
    """The link from the clinician is for the account, not for one way to write its address."""
    async with any_portal.client("alice") as alice:
        assert (await alice.post("/account/email", data={"email": TYPED})).status_code == 303
    patient = str((await any_portal.cast.actor("alice")).id)
    async with any_portal.client("bob") as bob, any_portal.client() as browser:
        path = await handed_over(bob, patient)
        form = SECRETS | {"understood": "yes"}
        assert (await browser.post(path, data=form | {"email": "anna@buecher.example"})).status_code == 422
        answer = await browser.post(path, data=form | {"email": spelling})
        assert answer.headers["location"] == "/account/recovery-key"


async def test_guessing_in_other_spellings_is_counted_as_one(any_portal: Portal) -> None:
    """Five tries from one place and twenty from anywhere are as many as there are, in however many spellings."""
    await signed_up(any_portal, TYPED)
    async with browser_at(any_portal, "192.0.2.1") as browser:
        answers = [(await signs_in(browser, one, "not the password")).status_code for one in SPELLINGS]
        assert answers == [422] * 5 + [429] * 3
    answers = []
    for number in range(16):
        async with browser_at(any_portal, f"198.51.100.{number}") as browser:
            spelling = SPELLINGS[number % len(SPELLINGS)]
            answers.append((await signs_in(browser, spelling, "not the password")).status_code)
    assert answers == [422] * 15 + [429]


async def test_two_domains_that_only_look_alike_are_two(any_portal: Portal) -> None:
    """Whoever has an address at `faß.example` and whoever has it at `fass.example` are two people."""
    await signed_up(any_portal, "anna@faß.example")
    async with any_portal.client() as browser:
        assert (await signs_in(browser, "anna@fass.example")).status_code == 422
        form = NEW | {"email": "anna@fass.example", "password": OTHER, "repeated": OTHER}
        assert (await browser.post(await invited(any_portal), data=form)).status_code == 303
    for email, password in (("anna@FAẞ.example", PASSWORD), ("anna@fass.example", OTHER)):
        async with any_portal.client() as browser:
            assert (await signs_in(browser, email, password)).status_code == 303


async def test_what_a_browser_made_of_an_address_still_opens_the_account(any_portal: Portal) -> None:
    """Who typed `faß` into a field of type email has an account at `fass`, since Chromium sent that: both come in."""
    key = await signed_up(any_portal, "anna@fass.example")
    for email in ("anna@faß.example", "anna@xn--fa-hia.example", "anna@fass.example"):
        async with any_portal.client() as browser:
            assert (await signs_in(browser, email)).status_code == 303
    async with any_portal.client() as browser:
        form = {"email": "anna@faß.example", "recovery_key": key, "password": OTHER, "repeated": OTHER}
        assert (await browser.post("/recover", data=form)).status_code == 303
        await browser.post("/sign-out")
        # Somebody else may have an account at the domain that was never hers, and from then on it is theirs alone.
        other = NEW | {"email": "anna@faß.example"}
        assert (await browser.post(await invited(any_portal), data=other)).status_code == 303
        await browser.post("/sign-out")
        assert (await signs_in(browser, "anna@faß.example", OTHER)).status_code == 422
        assert (await signs_in(browser, "anna@fass.example", OTHER)).status_code == 303
    async with (
        any_portal.client("alice") as alice,
        any_portal.client("bob") as bob,
        any_portal.client() as browser,
    ):
        assert (await alice.post("/account/email", data={"email": "alice@fass.example"})).status_code == 303
        path = await handed_over(bob, str((await any_portal.cast.actor("alice")).id))
        form = SECRETS | {"understood": "yes", "email": "alice@faß.example"}
        assert (await browser.post(path, data=form)).headers["location"] == "/account/recovery-key"


async def test_ways_to_write_ss_give_nobody_more_tries(portal: Portal) -> None:
    """Each of them leads to the account at the domain with `ss`, so all are counted as one."""
    answers = []
    for number in range(22):
        domain = ("mississippi", "mißissippi", "missißippi", "mißißippi")[number % 4]
        async with browser_at(portal, f"192.0.2.{number}") as browser:
            answer = await signs_in(browser, f"anna@{domain}.example", "not the password")
            answers.append(answer.status_code)
    assert answers == [422] * 20 + [429] * 2


NONE = (
    "anna@bücher..example",
    "anna@xn---bbk.example",
    "anna@☃.example",
    "anna@-bücher.example",
    "anna@㏂.example",
    "anna@bü cher.example",
    "anna@bü:cher.example",
    "an na@example.org",
    "anna@anna@example.org",
    "anna@localhost",
    "anna@127.0.0.1",
    "anna@[127.0.0.1]",
    "@example.org",
    "anna@",
    "a" * 250 + "@example.org",
    "e" + "\u0301\u0316" * 10_000 + "@example.org",
)


async def test_what_is_no_address_is_refused_and_kept(portal: Portal) -> None:
    """At sign-up and at a change, with a sentence beside the field; nothing is made, and the words are still there."""
    invitation, count = await invited(portal), await accounts_tables.Account.all().count()
    async with portal.client() as browser, portal.client("alice") as alice:
        for path, sender in ((invitation, browser), ("/account/email", alice)):
            for email in NONE:
                refused = await sender.post(path, data=NEW | {"email": email})
                assert refused.status_code == 422, email[:40]
                assert Page.of(refused).value("email") == email[:MAX_VALUE_LENGTH], email[:40]
                (sentence,) = (one.words for one in Page.of(refused).markup.all("p", id="email-error"))
                assert re.search(r"name@example\.org|after the @", sentence), email[:40]
    assert await accounts_tables.Account.all().count() == count


async def test_an_address_that_is_too_long_is_nobody_s(portal: Portal) -> None:
    """Signing in and coming back say what they say to any stranger, and count the try."""
    long = "e" + "\u0301\u0316" * 10_000 + "@example.org"
    form = {"recovery_key": "-".join(["0000"] * 9)} | SECRETS
    for path, more in (("/sign-in", {"password": "not the password"}), ("/recover", form)):
        pages = []
        for number, email in enumerate((long, "nobody@example.org")):
            async with browser_at(portal, f"192.0.2.{number}") as browser:
                answers = [await browser.post(path, data=more | {"email": email}) for _ in range(6)]
                assert [answer.status_code for answer in answers] == [422] * 5 + [429]
                pages.append(answers[0].text.replace(email[:MAX_VALUE_LENGTH], "ADDRESS"))
        assert pages[0] == pages[1]


@pytest.mark.parametrize("email", ["jürgen@example.org", "taro.@docomo.example", "a..b@docomo.example"])
async def test_without_mail_an_address_is_only_a_name_to_sign_in_with(portal: Portal, email: str) -> None:
    """Nothing is ever sent to it, so it can be one that mail would not reach."""
    await signed_up(portal, email)
    async with portal.client() as browser:
        assert (await signs_in(browser, email.upper())).status_code == 303


UNREACHED = ("jürgen@example.org", "jo²e@example.org", '"a b"@example.org', "a" * 65 + "@example.org")


async def test_where_mail_is_sent_it_has_to_reach_people(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Sign-up and a change refuse a mailbox that nothing can be written to; what can be quoted is taken, and told."""
    with receiving() as receiver:
        async with running(*furnished_url, tmp_path) as portal:
            portal.app.state.installation = replace(portal.app.state.installation, mail=receiver.server())
            setting_up = f"/setup/{await practice.create_setup_link(portal.cast.installation)}"
            async with portal.client() as browser, portal.client("alice") as alice:
                for path, sender in (
                    (await invited(portal), browser),
                    (setting_up, browser),
                    ("/account/email", alice),
                ):
                    for email in UNREACHED:
                        refused = await sender.post(path, data=NEW | {"email": email})
                        page = Page.of(refused)
                        assert (refused.status_code, page.value("email")) == (422, email)
                        assert re.search(r"before the @|name@example\.org", page.words)
                for email in ("taro.@docomo.example", "taro@faß.example"):
                    done = await alice.post("/account/email", data={"email": email})
                    assert done.headers["location"] == "/account?done=email"
            assert await deliver_due(portal.app.state.installation) == 2
    assert receiver.commands == ["TO:<alice@example.org>", 'TO:<"taro."@docomo.example>']


async def test_an_invitation_goes_to_the_domain_that_was_typed(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Its link opens an account: it is mailed to `faß.example` as registries know it, or nowhere."""
    with receiving() as receiver:
        async with running(*furnished_url, tmp_path) as portal:
            portal.app.state.installation = replace(portal.app.state.installation, mail=receiver.server())
            async with portal.client("bob") as bob:
                for email in ("anna@faß..example", "anna@☃.example", "ännä@faß.example"):
                    refused = await bob.post("/invitations", data={"name": "Anna", "email": email})
                    assert (refused.status_code, Page.of(refused).value("email")) == (422, email)
                made = await bob.post("/invitations", data={"name": "Anna", "email": "anna@faß.example"})
                assert made.status_code == 303
            assert await deliver_due(portal.app.state.installation) == 1
    assert receiver.commands == ["TO:<anna@xn--fa-hia.example>"]


async def test_everybody_of_before_comes_in_as_soon_as_pages_are_served(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """The start of a newer version carries the addresses over before it answers."""
    store = await Store.open(furnished_url[0])
    with store.use():
        cast = cast_of(furnished_url[1])
        await as_before(cast, "alice", "alice@bücher.example")
        await as_before(cast, "dana", "da\u00adna@example.org")
    await store.close()
    async with running(*furnished_url, tmp_path) as portal:
        for name, email in (("alice", "alice@xn--bcher-kva.example"), ("dana", "dana@example.org")):
            async with portal.client() as browser:
                assert (await signs_in(browser, email, PASSWORDS[name])).status_code == 303


async def test_who_is_not_reached_is_told_so(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Where mail is switched on later, somebody whose address it cannot reach reads it beside the address."""
    with receiving() as receiver:
        async with running(*furnished_sqlite_url, tmp_path) as portal, portal.client("alice") as alice:
            await alice.post("/account/email", data={"email": "älice@example.org"})
            assert "This site sends no mail" in (await opened(alice, "/account")).words
            portal.app.state.installation = replace(portal.app.state.installation, mail=receiver.server())
            assert "cannot reach your e-mail address" in (await opened(alice, "/account")).words
            assert "gets a short message" not in (await opened(alice, "/account/email")).words
            await alice.post("/account/email", data={"email": "alice@bücher.example"})
            assert "we tell you by mail" in (await opened(alice, "/account")).words
            assert "gets a short message" in (await opened(alice, "/account/email")).words
