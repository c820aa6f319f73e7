"""A secret key: turned on once it is copied down, asked for wherever a password is, and off when its owner says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crypto import ServerKey, format_secret_key, new_secret_key, parse_secret_key
from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links, retained_records
from journal.actor import Actor
from journal.authentication import idle_lock, recovery_key, sign_in, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.sign_in import NOT_A_SECRET_KEY, SECRET_KEY_MISSING
from journal.errors import InvalidInput, WrongCredentials
from journal.installation.kept_secret_keys import MAX_KEPT, add_secret_key, find_secret_key, remove_secret_key
from journal.installation.server_keys import ServerKeys
from journal.key_rotation import account_key
from journal.secret_keys import secret_keys
from journal.secret_keys.secret_keys import SecretKeyOfferExpired
from tests.cast import PASSWORDS, PRACTICE, SERVER_KEY, Cast
from tests.scenes import written

EMAIL, OLD, NEW = "alice@example.org", PASSWORDS["alice"], "seven small stones in a row"


async def turned_on(cast: Cast, name: str = "alice") -> tuple[Actor, str]:
    """Turn a secret key on; return its owner in a browser that keeps it, and the key as text."""
    actor = await cast.actor(name)
    offer = await secret_keys.offer_secret_key(actor, PASSWORDS[name])
    last = offer.formatted_key.rpartition("-")[2]
    return replace(
        actor, kept_keys=await secret_keys.confirm_secret_key(actor, offer.sealed, last)
    ), offer.formatted_key


async def test_it_is_on_once_its_owner_has_it(cast: Cast) -> None:
    """An offer changes nothing, nor does a wrong group; then password and key open the account, and neither alone."""
    alice = await cast.actor("alice")
    elsewhere = (await sign_in.sign_in(cast.installation, EMAIL, OLD)).token
    offer = await secret_keys.offer_secret_key(alice, OLD)
    for typed in ("", "00000", offer.formatted_key[:-1]):
        with pytest.raises(InvalidInput):
            await secret_keys.confirm_secret_key(alice, offer.sealed, typed)
    await sign_in.sign_in(cast.installation, EMAIL, OLD)
    assert not (await secret_keys.load_state(alice)).is_on
    kept = await secret_keys.confirm_secret_key(alice, offer.sealed, offer.formatted_key)
    assert (await secret_keys.load_state(replace(alice, kept_keys=kept))) == secret_keys.SecretKeyState(
        True, True
    )
    assert await web_sessions.load_actor(cast.installation, elsewhere) is None
    assert await web_sessions.load_actor(cast.installation, cast.tokens["alice"]) is not None
    for wrong in ("", _other_key()):
        with pytest.raises(WrongCredentials):
            await sign_in.sign_in(cast.installation, EMAIL, OLD, secret_key=wrong)
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, EMAIL, NEW, secret_key=offer.formatted_key)
    typed_in = await sign_in.sign_in(cast.installation, EMAIL, OLD, secret_key=offer.formatted_key.lower())
    again = await sign_in.sign_in(cast.installation, EMAIL, OLD, kept_keys=typed_in.kept_keys)
    assert again.token
    with pytest.raises(SecretKeyOfferExpired):
        await secret_keys.confirm_secret_key(alice, offer.sealed, offer.formatted_key)


def _other_key() -> str:

    return format_secret_key(new_secret_key())


async def test_an_offer_ends_with_time_and_with_any_change(cast: Cast) -> None:
    """Half an hour, a new recovery key, another person's page: no old page turns on a key."""
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    late, changed = [await secret_keys.offer_secret_key(alice, OLD) for _ in range(2)]
    with pytest.raises(SecretKeyOfferExpired):
        secret_keys.reopen_offer(dana, late.sealed)
    cast.clock.forward(minutes=31)
    with pytest.raises(SecretKeyOfferExpired):
        secret_keys.reopen_offer(await cast.actor("alice"), late.sealed)
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(alice, cast.tokens["alice"], offer.sealed, offer.formatted_key)
    with pytest.raises(SecretKeyOfferExpired):
        await secret_keys.confirm_secret_key(alice, changed.sealed, changed.formatted_key)
    await sign_in.sign_in(cast.installation, EMAIL, OLD)


async def test_it_is_asked_for_wherever_the_password_is(cast: Cast) -> None:
    """Confirming, unlocking, a new password and new keys: with what the browser keeps; the key stays through all."""
    alice, key = await turned_on(cast)
    with pytest.raises(InvalidInput) as refused:
        await sign_in.verify_password(replace(alice, kept_keys=b""), OLD)
    assert refused.value.fields == {"current": SECRET_KEY_MISSING}
    await sign_in.verify_password(alice, OLD)
    await idle_lock.lock_session(alice)
    with pytest.raises(InvalidInput):
        await idle_lock.unlock_session(cast.installation, cast.tokens["alice"], OLD)
    cast.tokens["alice"] = await idle_lock.unlock_session(
        cast.installation, cast.tokens["alice"], OLD, alice.kept_keys
    )
    alice = replace(await cast.actor("alice"), kept_keys=alice.kept_keys)
    cast.tokens["alice"] = await sign_in.change_password(alice, OLD, NEW, NEW, PRACTICE)
    alice = replace(await cast.actor("alice"), kept_keys=alice.kept_keys)
    cast.tokens["alice"] = await account_key.begin_rotation(alice, NEW)
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, EMAIL, NEW)
    await sign_in.sign_in(cast.installation, EMAIL, NEW, secret_key=key)
    shown = await secret_keys.show_secret_key(
        replace(await cast.actor("alice"), kept_keys=alice.kept_keys), NEW
    )
    assert shown.formatted_key == key
    with pytest.raises(SecretKeyOfferExpired):
        await secret_keys.confirm_secret_key(await cast.actor("alice"), shown.sealed, key)


async def test_it_is_turned_off_with_password_and_key(cast: Cast) -> None:
    """Not by a browser that does not keep it; afterwards the password is enough, and the browser forgets."""
    alice, key = await turned_on(cast, "alice")
    with pytest.raises(InvalidInput):
        await secret_keys.remove_secret_key(replace(alice, kept_keys=b""), OLD)
    assert await secret_keys.remove_secret_key(alice, OLD) == b""
    signed_in = await sign_in.sign_in(cast.installation, EMAIL, OLD)
    assert signed_in.kept_keys == b""
    assert (await sign_in.sign_in(cast.installation, EMAIL, OLD, secret_key=key)).kept_keys == b""
    with pytest.raises(SecretKeyOfferExpired):
        await secret_keys.show_secret_key(await cast.actor("alice"), OLD)


@pytest.mark.parametrize("name", ["bob", "erin"])
async def test_clinicians_and_administrators_have_one_too(cast: Cast, name: str) -> None:
    """It belongs to an account, whoever's."""
    _, key = await turned_on(cast, name)
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, f"{name}@example.org", PASSWORDS[name])
    await sign_in.sign_in(cast.installation, f"{name}@example.org", PASSWORDS[name], secret_key=key)


async def test_the_recovery_key_opens_without_it_and_turns_it_off(cast: Cast) -> None:
    """Paper and devices lost: the recovery key alone opens, says that the secret key is off, and so it is."""
    alice = await cast.actor("alice")
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(alice, cast.tokens["alice"], offer.sealed, offer.formatted_key)
    await turned_on(cast)
    recovered = await sign_in.recover_account(
        cast.installation, EMAIL, offer.formatted_key, NEW, NEW, PRACTICE
    )
    assert recovered.secret_key_removed
    await sign_in.sign_in(cast.installation, EMAIL, NEW)


async def test_what_was_set_aside_opens_with_both(cast: Cast) -> None:
    """After a reset the old password needs the secret key that belonged to it, kept or typed; the new one none."""
    alice, key = await turned_on(cast)
    await written(cast)
    token = (await reset_links.create_reset_link(await cast.actor("bob"), alice.id)).token
    cast.tokens["alice"] = await account_reset.reset_account(
        cast.installation, token, EMAIL, NEW, NEW, PRACTICE, understood=True
    )
    await sign_in.sign_in(cast.installation, EMAIL, NEW)
    after = await cast.actor("alice")
    for typed in ("", _other_key()):
        with pytest.raises(InvalidInput) as refused:
            await retained_records.restore_records(after, OLD, typed)
        assert refused.value.fields.keys() == {"secret"}
    with pytest.raises(InvalidInput) as refused:
        await retained_records.restore_records(after, OLD, key[:-1])
    assert refused.value.fields == {"secret_key": NOT_A_SECRET_KEY}
    assert await retained_records.restore_records(replace(after, kept_keys=alice.kept_keys), OLD) == 1


async def test_signing_in_tells_nobody_who_has_one(cast: Cast) -> None:
    """Unknown address, wrong password, missing key: one answer. What is no key at all is refused unasked."""
    await turned_on(cast)
    for email, typed in (
        ("nobody@example.org", ""),
        ("dana@example.org", _other_key()),
        (EMAIL, ""),
        (EMAIL, _other_key()),
    ):
        password = OLD if email == EMAIL else "a wrong password of mine"
        with pytest.raises(WrongCredentials):
            await sign_in.sign_in(cast.installation, email, password, secret_key=typed)
    for email in (EMAIL, "nobody@example.org"):
        with pytest.raises(InvalidInput) as refused:
            await sign_in.sign_in(cast.installation, email, OLD, secret_key="SK-NONE")
        assert refused.value.fields == {"secret_key": NOT_A_SECRET_KEY}
    await sign_in.sign_in(cast.installation, "dana@example.org", PASSWORDS["dana"], secret_key=_other_key())


async def test_nothing_of_it_is_in_the_database(cast: Cast) -> None:
    """Not the key, not what the browser keeps: the slot says that one is needed, and no more."""
    alice, key = await turned_on(cast)
    raw = parse_secret_key(key)
    for row in await authentication_tables.KeySlot.filter(account_id=alice.id).values():
        stored = b"".join(value for value in map(_as_bytes, row.values()))
        assert raw not in stored
        assert alice.kept_keys not in stored


def _as_bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


def test_a_browser_keeps_those_of_three_people() -> None:
    """The newest first and each person's once; another server's key opens none, and a renewed one all."""
    keys, people = ServerKeys([SERVER_KEY]), [bytes([number]) * 16 for number in range(5)]
    secrets = {person: new_secret_key() for person in people}
    kept = b""
    for person in [*people, people[3]]:
        kept = add_secret_key(keys, kept, person, secrets[person])
    found = [person for person in people if find_secret_key(keys, kept, person) == secrets[person]]
    assert found == people[-MAX_KEPT:]
    assert all(find_secret_key(ServerKeys([b"x" * 32]), kept, person) is None for person in people)
    renewed = ServerKeys([b"x" * 32, SERVER_KEY])
    assert find_secret_key(renewed, kept, people[4]) == secrets[people[4]]
    kept = remove_secret_key(keys, kept + b"what somebody put behind it" * 50, people[3])
    assert [person for person in people if find_secret_key(keys, kept, person)] == [people[2], people[4]]
    assert find_secret_key(keys, b"\xff" * 1000, people[0]) is None
    assert ServerKey(SERVER_KEY).open_secret_key(kept[:62], account=people[4]) == secrets[people[4]]
