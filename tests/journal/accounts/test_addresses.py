"""Accounts of earlier versions: found by what their addresses are now taken for, and none of them lost."""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import replace
from hmac import digest
from uuid import UUID

import pytest

from crypto import derive_key
from journal.accounts import addresses as account_addresses
from journal.accounts import details as account_details
from journal.accounts import tables as accounts_tables
from journal.accounts.addresses import upgrade_indexes
from journal.accounts.notices import queue_notice
from journal.accounts.profiles import Profile, profile_context
from journal.authentication import key_slots, sign_in, web_sessions
from journal.authentication.sign_in import verify_password
from journal.errors import InvalidInput, WrongCredentials
from journal.installation.installation import Installation
from journal.installation.server_keys import ServerKeys
from journal.key_rotation.server_key import count_rows, reseal_all
from journal.mail import messages
from journal.mail.messages import Message, Notice
from journal.mail.outbox import deliver_due
from journal.operations import diagnostics
from journal.operations.diagnostics import Verdict
from journal.practice import account_deletion
from journal.sealing import open_document, seal_document
from journal.store.database import Store, execute, fetch_raw
from journal.store.statements import parse_id
from tests.cast import PASSWORDS, SERVER_KEY, Cast, Furniture
from tests.receiver import receiving

NEW_KEY = b"n" * 32
BEFORE = {
    "alice": "alice@bücher.example",
    "bob": "Bob@faß.example",
    "charlie": "charlie@ΟΔΟΣ.example",
    "dana": "da\u00adna@example.org",
    "erin": "erin@☃.example",
}


def index_before(email: str, key: bytes = SERVER_KEY) -> str:
    """The index as versions made it that folded an address as a whole."""
    folded = unicodedata.normalize("NFKC", email).strip().casefold()
    folded = unicodedata.normalize("NFKC", folded)
    return digest(derive_key(key, "server-index"), folded.encode(), "sha256").hex()


async def as_before(cast: Cast, name: str, email: str) -> UUID:
    """Leave somebody's row as an earlier version wrote it, with *email* as its address."""
    ident = (await cast.actor(name)).id
    row, place = await accounts_tables.Account.get(id=ident), profile_context(ident)
    known = open_document(cast.installation.server_keys, bytes(row.sealed), place, Profile)
    sealed = seal_document(
        cast.installation.server_keys, Profile(known.name, email, known.time_zone, known.role), place
    )
    await accounts_tables.Account.filter(id=ident).update(sealed=sealed, email_index=index_before(email))
    return ident


async def signed_in_as(installation: Installation, email: str, password: str) -> UUID | None:
    """Who comes in with an address and a password, if anybody."""
    try:
        token = (await sign_in.sign_in(installation, email, password)).token
    except WrongCredentials:
        return None
    actor = await web_sessions.load_actor(installation, token)
    assert actor is not None
    return actor.id


async def indexes() -> dict[UUID, str]:
    """What each account is found by."""
    return {parse_id(ident): index for ident, index in await fetch_raw("SELECT id, email_index FROM account")}


async def told(installation: Installation) -> str:
    """What the doctor would say."""
    return "\n".join(await account_addresses.list_address_problems(installation))


async def test_accounts_of_before_are_carried_over(cast: Cast) -> None:
    """Each is found by every spelling of its address from then on; who had a plain one keeps the index it had."""
    untouched = await indexes()
    people = {name: await as_before(cast, name, email) for name, email in BEFORE.items() if name != "erin"}
    assert await upgrade_indexes(cast.installation, batch_size=2) == 4
    assert await upgrade_indexes(cast.installation) == 0
    for name, spellings in {
        "alice": (BEFORE["alice"], "ALICE@xn--bcher-kva.example"),
        "bob": (BEFORE["bob"], "bob@FAẞ.example", "bob@xn--fa-hia.example"),
        "charlie": (BEFORE["charlie"], "charlie@οδοσ.example", "charlie@xn--pxavbq.example"),
        "dana": (BEFORE["dana"], "dana@example.org"),
        "erin": ("erin@example.org",),
    }.items():
        for email in spellings:
            found = await signed_in_as(cast.installation, email, PASSWORDS[name])
            assert found == people.get(name, (await cast.actor(name)).id)
    assert await signed_in_as(cast.installation, "bob@fass.example", PASSWORDS["bob"]) is None
    erin = (await cast.actor("erin")).id
    assert (await indexes())[erin] == untouched[erin]
    assert await told(cast.installation) == ""


async def test_a_domain_that_cannot_be_mapped_keeps_its_account(cast: Cast) -> None:
    """Somebody who came in under such an address before still does, and can change it."""
    erin = await as_before(cast, "erin", BEFORE["erin"])
    assert await upgrade_indexes(cast.installation) == 0
    assert await signed_in_as(cast.installation, " ERIN@☃.example", PASSWORDS["erin"]) == erin
    with pytest.raises(InvalidInput):
        await account_details.change_email(await cast.actor("erin"), BEFORE["erin"])
    await account_details.change_email(await cast.actor("erin"), "erin@example.org")
    assert await signed_in_as(cast.installation, "erin@example.org", PASSWORDS["erin"]) == erin


async def test_any_number_of_processes_carry_over_at_once(
    cast: Cast, furnished_url: tuple[str, Furniture]
) -> None:
    """Each with a connection of its own: every row is written once."""
    for name, email in BEFORE.items():
        await as_before(cast, name, email)
    stores = [await Store.open(furnished_url[0]) for _ in range(4)]

    async def work(store: Store) -> int:
        with store.use():
            return await upgrade_indexes(cast.installation, batch_size=1)

    carried = await asyncio.gather(*(work(store) for store in stores))
    for store in stores:
        await store.close()
    assert sum(carried) == 4
    assert await upgrade_indexes(cast.installation) == 0
    for name, email in BEFORE.items():
        assert await signed_in_as(cast.installation, email, PASSWORDS[name])


TWICE = {
    "alice": "same@bücher.example",
    "dana": "same@xn--bcher-kva.example",
    "bob": "sa\u00adme@bücher.example",
}


async def two_of_one(cast: Cast) -> dict[str, UUID]:
    """Have three people have what is one address now, which only earlier versions let them."""
    people = {name: await as_before(cast, name, email) for name, email in TWICE.items()}
    await upgrade_indexes(cast.installation)
    return people


async def all_come_in(installation: Installation, people: dict[str, UUID]) -> None:
    """Everybody signs in with the spelling that they always had, in whatever case."""
    for name, ident in people.items():
        assert await signed_in_as(installation, TWICE[name].upper(), PASSWORDS[name]) == ident, name


async def test_accounts_that_have_one_address_now_are_all_kept(
    cast: Cast, furnished_url: tuple[str, Furniture]
) -> None:
    """Each is found by its own spelling; the doctor names those to ask, and nobody else can take the address."""
    people = await two_of_one(cast)
    await all_come_in(cast.installation, people)
    assert await upgrade_indexes(cast.installation) == 0
    spelled = await told(cast.installation)
    assert "in another spelling" in spelled
    named = [name for name, ident in people.items() if f"/people/{ident}" in spelled]
    assert len(named) == 2
    assert "same@" not in spelled
    said = await diagnostics.check_database(furnished_url[0], cast.installation)
    assert spelled in [one.sentence for one in said if one.verdict is Verdict.MEND]
    assert not any("server key" in one.sentence for one in said if one.verdict is Verdict.MEND)
    for email in TWICE.values():
        with pytest.raises(InvalidInput, match="another look"):
            await account_details.change_email(await cast.actor("charlie"), email)
    for name in people:  # once signed in, nobody's password is asked of another's account
        await verify_password(await cast.actor(name), PASSWORDS[name])


async def test_who_is_left_alone_with_an_address_has_all_of_it(cast: Cast) -> None:
    """When the others have changed theirs, every spelling leads to the one who stayed, at once."""
    people = await two_of_one(cast)
    for name in ("dana", "bob"):
        await account_details.change_email(await cast.actor(name), f"{name}@example.org")
    assert await told(cast.installation) == ""
    for email in TWICE.values():
        assert await signed_in_as(cast.installation, email, PASSWORDS["alice"]) == people["alice"]


@pytest.mark.parametrize("goes", ["moves", "is deleted"])
async def test_nobody_takes_an_address_that_is_handed_on(cast: Cast, goes: str) -> None:
    """Who was found by their own spelling has the address from the moment when its holder leaves it."""
    people = await two_of_one(cast)
    plain = cast.installation.server_keys.blind_index(TWICE["alice"]).hex()
    found = await indexes()
    holder = next(name for name, ident in people.items() if found[ident] == plain)
    if goes == "moves":
        await account_details.change_email(await cast.actor(holder), "another@example.org")
    else:
        installation = cast.installation
        await accounts_tables.Account.filter(id=people[holder]).update(
            status="leaving", leaves_at=installation.clock()
        )
        await account_deletion.delete_due_accounts(installation, installation.clock())
    for email in TWICE.values():
        with pytest.raises(InvalidInput, match="another look"):
            await account_details.change_email(await cast.actor("charlie"), email)
    left = {name: ident for name, ident in people.items() if name != holder}
    await all_come_in(cast.installation, left)
    found = await indexes()
    assert [found[ident] for ident in left.values()].count(plain) == 1


async def test_a_new_server_key_keeps_them_all(cast: Cast) -> None:
    """Before, at any point of, and after a change of the key each comes in with their own spelling."""
    people = await two_of_one(cast)
    both = replace(cast.installation, server_keys=ServerKeys((NEW_KEY, SERVER_KEY)))

    class Enough(Exception):
        """Broken off."""

    for rows in range(1, 5):
        left = iter(range(rows))

        def stop(_count: object, left: object = left) -> None:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise Enough

        with pytest.raises(Enough):
            await reseal_all(both, stop, batch_size=1)
        await all_come_in(both, people)
        assert await upgrade_indexes(both) == 0
    await reseal_all(both)
    only = replace(cast.installation, server_keys=ServerKeys((NEW_KEY,)))
    await all_come_in(only, people)
    assert not any(count.old for count in await count_rows(only))
    assert await upgrade_indexes(only) == 0


async def test_a_change_of_key_takes_accounts_of_before_along(cast: Cast) -> None:
    """Also when nothing was carried over yet: the doctor speaks of no older key, and the new one finds everybody."""
    for name, email in BEFORE.items():
        await as_before(cast, name, email)
    assert not any(count.old for count in await count_rows(cast.installation))
    both = replace(cast.installation, server_keys=ServerKeys((NEW_KEY, SERVER_KEY)))
    await reseal_all(both)
    only = replace(cast.installation, server_keys=ServerKeys((NEW_KEY,)))
    for name, email in BEFORE.items():
        assert await signed_in_as(only, email, PASSWORDS[name])


async def test_a_damaged_row_stops_nobody_else(cast: Cast) -> None:
    """A profile that opens under no key is left as it is, and the others are carried over."""
    alice = await as_before(cast, "alice", BEFORE["alice"])
    await as_before(cast, "bob", BEFORE["bob"])
    await execute("UPDATE account SET sealed = $1 WHERE id = $2", b"\x01\x01spoilt", alice)
    assert await upgrade_indexes(cast.installation) == 1
    assert (await indexes())[alice] == index_before(BEFORE["alice"])


async def test_what_somebody_writes_meanwhile_stands(cast: Cast) -> None:
    """A row that was changed after it was read is not written over."""
    alice = await as_before(cast, "alice", BEFORE["alice"])
    reading = account_addresses._iter_accounts(cast.installation, 10)
    seen = [one async for one in reading if one.id == alice]
    await account_details.change_email(await cast.actor("alice"), "alice@example.org")
    ((index, sealed),) = await fetch_raw("SELECT email_index, sealed FROM account WHERE id = $1", alice)
    swapped = await execute(account_addresses.UPDATE_INDEX, "0" * 64, alice, seen[0].index, seen[0].sealed)
    assert swapped == 0
    assert await fetch_raw("SELECT email_index, sealed FROM account WHERE id = $1", alice) == [
        (index, sealed)
    ]


async def test_an_unknown_address_and_one_that_two_have_take_as_many_statements(cast: Cast) -> None:
    """A look-up is one statement, whoever is looked for."""
    people = await two_of_one(cast)
    for email in (*TWICE.values(), "nobody@example.org", "a" * 300):
        found, _ = await key_slots.find_slot_by_email(cast.installation, email, "password")
        assert (found in people.values()) == email.startswith("sa")


async def test_the_doctor_names_the_address_and_not_the_server(cast: Cast) -> None:
    """An account whose address mail cannot be written to, and what was given up for it, are told for what they are."""
    alice = await as_before(cast, "alice", "jürgen@example.org")
    with receiving() as receiver:
        installation = replace(cast.installation, mail=receiver.server())
        await queue_notice(installation, alice, Notice.PASSWORD_CHANGED)
        await messages.queue_message(
            installation, Message("taro.@docomo.example", Notice.PASSWORD_CHANGED.value), installation.clock()
        )
        assert await deliver_due(installation) == 1
    assert receiver.commands == ['TO:<"taro."@docomo.example>']
    found = await diagnostics._check_mail(installation)
    assert [one.verdict for one in found] == [Verdict.NOTE]
    assert "1 messages were given up" in found[0].sentence
    assert "mail server is not at fault" in found[0].sentence
    said = await told(installation)
    assert f"/people/{alice}" in said
    assert "jürgen" not in said
    assert (
        await told(cast.installation) == ""
    )  # where no mail is sent, an address is only a name to sign in with
