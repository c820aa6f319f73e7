"""People change what is written down about them, and hear of a sign-in from a browser that is new."""

from __future__ import annotations

from dataclasses import replace

import pytest

from journal.accounts import details as account_details
from journal.authentication import sign_in, web_sessions
from journal.authentication.web_sessions import Stage
from journal.care import links
from journal.errors import InvalidInput, WrongCredentials
from journal.installation.mail_server import MailServer
from journal.mail import tables as mail_tables
from tests.cast import PASSWORDS, Cast


async def test_a_new_name_is_what_others_see(cast: Cast) -> None:
    """It is tidied up, holds nothing that cannot be seen, and stands wherever the person does."""
    await account_details.change_details(
        await cast.actor("alice"), "  Ada\u202e \x00 Example\n", "America/Lima"
    )
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    assert (alice.name, alice.time_zone, alice.lock_minutes) == ("Ada Example", "America/Lima", 30)
    assert [link.peer_name for link in await links.load_my_links(bob)] == ["Ada Example"]


@pytest.mark.parametrize(
    ("name", "zone", "field"),
    [
        ("", "UTC", "name"),
        ("\u200b\x07", "UTC", "name"),
        ("x" * 101, "UTC", "name"),
        ("Ada", "Mars", "time_zone"),
    ],
)
async def test_what_cannot_be_used_is_said(cast: Cast, name: str, zone: str, field: str) -> None:
    """The field that needs another look is named, and nothing is changed."""
    before = await cast.actor("alice")
    with pytest.raises(InvalidInput) as caught:
        await account_details.change_details(before, name, zone)
    assert set(caught.value.fields) == {field}
    after = await cast.actor("alice")
    assert (after.name, after.time_zone) == (before.name, before.time_zone)


async def test_a_new_address_is_signed_in_with(cast: Cast) -> None:
    """From then on the new one opens the account, and the old one nothing."""
    await account_details.change_email(await cast.actor("alice"), " Ada@Example.org ")
    assert (await cast.actor("alice")).email == "Ada@Example.org"
    signed_in = await sign_in.sign_in(cast.installation, "ada@example.ORG", PASSWORDS["alice"])
    assert signed_in.stage is Stage.OPEN
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])


@pytest.mark.parametrize(
    "email", ["bob@example.org", "BOB@EXAMPLE.ORG", "nowhere", "", "two words@example.org"]
)
async def test_an_address_of_somebody_elses_or_none_is_refused(cast: Cast, email: str) -> None:
    """Nobody takes over another account's address, however it is spelled; one's own can be spelled anew."""
    with pytest.raises(InvalidInput):
        await account_details.change_email(await cast.actor("alice"), email)
    await account_details.change_email(await cast.actor("alice"), "ALICE@example.org")
    await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])
    await sign_in.sign_in(cast.installation, "bob@example.org", PASSWORDS["bob"])


async def messages(cast: Cast) -> int:
    """How many messages wait to be sent."""
    return await mail_tables.Outbox.all().count()


async def test_a_browser_that_is_new_is_told_of(cast: Cast) -> None:
    """The first is remembered, a second kind is told of once, and one that does not say what it is counts as well."""
    mail = MailServer("127.0.0.1", 25, "hearth@example.org", "https://hearth.example.org")
    cast = replace(cast, installation=replace(cast.installation, mail=mail))
    told = []
    for device in ("Firefox on Linux", "Firefox on Linux", "Safari on iPhone", "", "Safari on iPhone", ""):
        before = await messages(cast)
        await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"], device=device)
        told.append(await messages(cast) - before)
    assert told == [0, 0, 1, 1, 0, 0]
    assert (await cast.actor("alice")).name == "Alice Sample"


async def test_who_waits_for_the_second_factor_is_told_of_when_it_came(cast: Cast) -> None:
    """A password alone, without the second factor, neither warns anybody nor makes a browser known."""
    mail = MailServer("127.0.0.1", 25, "hearth@example.org", "https://hearth.example.org")
    cast = replace(cast, installation=replace(cast.installation, mail=mail))
    await sign_in.sign_in(
        cast.installation, "alice@example.org", PASSWORDS["alice"], device="Firefox on Linux"
    )
    alice = await cast.actor("alice")
    key = await web_sessions.load_account_key(alice, cast.tokens["alice"])
    token = await web_sessions.start_session(
        cast.installation, alice.id, key, device="Edge on Windows", stage=Stage.SECOND_FACTOR
    )
    assert await messages(cast) == 0
    await web_sessions.promote_session(cast.installation, token)
    assert await messages(cast) == 1
