"""Two changes at once to what somebody has written down about themselves: both take effect, in some order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from itertools import combinations_with_replacement, product
from types import MappingProxyType
from typing import Any

import pytest

from journal.accounts import details as account_details
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import Profile, profile_context
from journal.actor import Actor
from journal.authentication import registration
from journal.authentication import sign_in as authentication_sign_in
from journal.authentication.registration import NewAccount
from journal.errors import InvalidInput
from journal.installation.installation import Installation
from journal.installation.server_keys import ServerKeys
from journal.roles import Role
from journal.sealing import open_document
from tests.cast import PASSWORDS, SERVER_KEY, ZONE, Cast
from tests.races.test_keys import TABLES, TIMINGS
from tests.races.turns import at_once, every_row, pauses, put_back

NAMES, ADDRESSES = ("Ada", "Ida"), ("ada@example.org", "ida@example.org")
ANOTHER_KEY = bytes(range(32, 64))
DEVICES = ("A new telephone", "A new computer")


async def rename(cast: Cast, alice: Actor, who: int) -> None:
    await account_details.change_details(alice, NAMES[who], ZONE)


async def move(cast: Cast, alice: Actor, who: int) -> None:
    await account_details.change_email(alice, ADDRESSES[who])


async def wait_less(cast: Cast, alice: Actor, who: int) -> None:
    await account_details.set_lock_minutes(alice, (5, 15)[who])


async def sign_in(cast: Cast, alice: Actor, who: int) -> None:
    await authentication_sign_in.sign_in(
        cast.installation, "alice@example.org", PASSWORDS["alice"], device=DEVICES[who]
    )


Claim = Callable[[Installation, Actor], Awaitable[None]]
Act = Callable[[Cast, Actor, int], Awaitable[None]]
ACTS: Mapping[str, Act] = MappingProxyType(
    {"rename": rename, "move": move, "wait less": wait_less, "sign in": sign_in}
)


@pytest.mark.parametrize(("one", "other"), [*combinations_with_replacement(ACTS, 2)])
async def test_two_at_once(cast: Cast, one: str, other: str) -> None:
    """Whatever their timing, nothing that was answered as done is undone, and the account is found by its address."""
    rows = await every_row(TABLES)
    for seed in range(TIMINGS):
        if seed:  # the first finds everything as it was
            await put_back(rows)
        alice = await cast.actor("alice")
        with pauses():
            found = await at_once(
                seed, *(act_of(cast, alice, name, who) for who, name in enumerate((one, other)))
            )
        outcomes = [
            (name, who) for who, name in enumerate((one, other)) if not isinstance(found[who], Exception)
        ]
        row = await accounts_tables.Account.get(id=alice.id)
        kept = open_document(
            cast.installation.server_keys, bytes(row.sealed), profile_context(alice.id), Profile
        )
        assert outcomes, (seed, found)
        done = {name: [who for act, who in outcomes if act == name] for name in ACTS}
        assert kept.name in [NAMES[who] for who in done["rename"]] or not done["rename"], seed
        assert kept.email in [ADDRESSES[who] for who in done["move"]] or not done["move"], seed
        assert kept.lock_minutes in [(5, 15)[who] for who in done["wait less"]] or not done["wait less"], seed
        assert {DEVICES[who] for who in done["sign in"]} <= set(kept.devices), seed
        assert row.email_index == cast.installation.server_keys.blind_index(kept.email).hex(), seed


def act_of(cast: Cast, alice: Actor, name: str, who: int) -> Callable[[], Awaitable[Any]]:
    """Return what one of the two does."""
    return lambda: ACTS[name](cast, alice, who)


NEW_ADDRESS = "both-want-this@example.org"


async def take(installation: Installation, actor: Actor) -> None:
    await account_details.change_email(replace(actor, installation=installation), NEW_ADDRESS)


async def sign_up(installation: Installation, _actor: Actor) -> None:
    words = "a long quiet sentence"
    readied = await registration.prepare_account(
        installation, NewAccount("Ada", NEW_ADDRESS, words, words, ZONE)
    )
    await registration.create_account(installation, Role.PATIENT, readied)


@pytest.mark.parametrize(("one", "other"), [*product((take, sign_up), repeat=2)])
async def test_one_address_is_given_once_while_the_server_key_changes(
    cast: Cast, one: Claim, other: Claim
) -> None:
    """Of two processes, one of which already finds accounts by the new key, one is told that the address is taken."""
    rows = await every_row(TABLES)
    houses = [
        Installation.from_server_keys(ServerKeys(keys), clock=cast.clock, quick=True)
        for keys in ((SERVER_KEY, ANOTHER_KEY), (ANOTHER_KEY, SERVER_KEY))
    ]
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    for seed in range(TIMINGS):
        if seed:  # the first finds everything as it was
            await put_back(rows)
        with pauses():
            found = await at_once(seed, lambda: one(houses[0], alice), lambda: other(houses[1], bob))
        refused = [error for error in found if error is not None]
        assert len(refused) == 1, (seed, found)
        assert isinstance(refused[0], InvalidInput)
        assert "email" in refused[0].fields
        every = [index.hex() for index in houses[0].server_keys.blind_indexes(NEW_ADDRESS)]
        assert await accounts_tables.Account.filter(email_index__in=every).count() == 1
