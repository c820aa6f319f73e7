"""Passkeys: who holds one comes in, and nobody else, however the answer was got or made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from crypto import ServerKey
from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import ConcurrentChange
from journal.audit import tables as audit_tables
from journal.audit.acts import Act
from journal.authentication import idle_lock, sign_in, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.web_sessions import Stage
from journal.entries import entries
from journal.errors import Damaged, InvalidInput, NotFound
from journal.installation.installation import Installation
from journal.key_rotation import account_key as account_key_renewal
from journal.operations.retention import purge_deleted
from journal.passkeys import challenges
from journal.passkeys import management as passkey_management
from journal.passkeys import rows as passkey_rows
from journal.passkeys import sign_in as passkey_sign_in
from journal.passkeys import tables as passkeys_tables
from journal.passkeys import verification as passkey_verification
from journal.passkeys.challenges import PasskeyRequest, Purpose
from journal.passkeys.rows import Passkey
from journal.passkeys.verification import Answer
from journal.store.database import execute
from tests.authenticator import (
    BACKED_UP,
    ELIGIBLE,
    PRESENT,
    SITE,
    VERIFIED,
    Authenticator,
    ed25519_key,
    encoded,
    p256_key,
    p384_key,
    rsa_key,
)
from tests.cast import PASSWORDS, SERVER_KEY, Cast, Clock
from tests.factors import enrolled
from tests.log import logged
from tests.scenes import written


async def add_passkey(cast: Cast, device: Authenticator, who: str = "alice", name: str = "Phone") -> Passkey:
    """Add a passkey of somebody of the cast."""
    actor = await cast.actor(who)
    answer = device.make(await passkey_management.build_creation_options(actor, SITE))
    return await passkey_management.add_passkey(
        actor, cast.tokens[who], SITE, name, answer.credential, answer.prf
    )


async def sign_in_with(cast: Cast, device: Authenticator) -> bytes:
    """Sign in with a passkey; return the token."""
    answer = device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    return await passkey_sign_in.sign_in_with_passkey(cast.installation, SITE, answer)


async def assert_refused(cast: Cast, answer: Answer, sentence: str) -> None:
    """Assert that signing in with *answer* is refused with *sentence* and starts no session."""
    before = await authentication_tables.WebSession.all().count()
    with pytest.raises(InvalidInput) as refused:
        await passkey_sign_in.sign_in_with_passkey(cast.installation, SITE, answer)
    assert refused.value.fields == {"passkey": sentence}
    assert await authentication_tables.WebSession.all().count() == before


async def refusals() -> list[tuple[Any, Any]]:
    """Who was refused, and with which passkey, in the log."""
    return [(event.actor_id, event.object_id) for event in await logged(Act.PASSKEY_REFUSED)]


@pytest.mark.parametrize("key", [ed25519_key, p256_key, rsa_key])
async def test_one_tap_opens_the_journal(cast: Cast, key: Callable[[], Any]) -> None:
    """A passkey with a PRF signs its owner in and opens what they wrote, with each algorithm we ask for."""
    entry, device = await written(cast), Authenticator(key())
    passkey = await add_passkey(cast, device)
    cast.clock.forward(hours=13)
    for uses in (1, 2):
        token = await sign_in_with(cast, device)
        actor = await web_sessions.load_actor(cast.installation, token)
        assert actor is not None
        assert (await entries.load_entry(actor, entry.id)).document == entry.document
        (mine,) = await passkey_management.list_passkeys(actor)
        assert (mine.document.sign_count, mine.last_used_at) == (uses, cast.clock.now)
    event = (await logged(Act.SIGNED_IN_BY_PASSKEY))[-1]
    assert (event.actor_id, event.object_id) == (passkey.account, passkey.id)


async def test_several_passkeys_open_one_journal(cast: Cast) -> None:
    """Each opens by itself; taking one away takes its slot, and leaves the other ways in as they are."""
    first, second = Authenticator(), Authenticator(p256_key())
    phone = await add_passkey(cast, first)
    cast.clock.forward(minutes=1)
    key = await add_passkey(cast, second, name="  Blue   key ")
    alice = await cast.actor("alice")
    assert [one.document.name for one in await passkey_management.list_passkeys(alice)] == [
        "Phone",
        "Blue key",
    ]
    await passkey_management.rename_passkey(alice, key.id, "Red key")
    await passkey_management.remove_passkey(alice, phone.id)
    assert not await authentication_tables.KeySlot.exists(passkey_id=phone.id)
    answer = first.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    await assert_refused(cast, answer, passkey_verification.UNKNOWN_PASSKEY)
    assert await sign_in_with(cast, second)
    kinds = [slot.kind for slot in await authentication_tables.KeySlot.filter(account_id=alice.id)]
    assert sorted(kinds) == ["passkey", "password", "recovery"]
    (mine,) = await passkey_management.list_passkeys(alice)
    assert mine.document.name == "Red key"


async def test_what_is_removed_leaves_the_file(sqlite_cast: Cast) -> None:
    """The slot and the sealed row of a removed passkey stand nowhere in the database's files."""
    passkey = await add_passkey(sqlite_cast, Authenticator())
    row, slot = (
        await authentication_tables.Passkey.get(id=passkey.id),
        await authentication_tables.KeySlot.get(passkey_id=passkey.id),
    )
    traces = [bytes(row.sealed)[-40:], bytes(slot.wrapped)[-40:], row.lookup.encode()]
    ((_, _, name),) = (await authentication_tables.Passkey._meta.db.execute_query("PRAGMA database_list"))[1]

    def kept() -> list[bool]:
        files = b"".join(Path(name + end).read_bytes() for end in ("", "-wal"))
        return [trace in files for trace in traces]

    assert kept() == [True, True, True]
    await passkey_management.remove_passkey(await sqlite_cast.actor("alice"), passkey.id)
    assert kept() == [False, False, False]


async def test_without_a_prf_it_opens_nothing(cast: Cast) -> None:
    """A passkey without PRF gets no slot and is no way in, whatever is sent along with it."""
    device = Authenticator(prf=False)
    passkey = await add_passkey(cast, device)
    assert not passkey.document.opens
    assert not await authentication_tables.KeySlot.exists(passkey_id=passkey.id)
    for prf in ("", encoded(bytes(32)), "not base64url!"):
        answer = device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
        await assert_refused(cast, Answer(answer.credential, prf), passkey_verification.OPENS_NOTHING)


async def test_another_prf_output_opens_nothing(cast: Cast) -> None:
    """A proven passkey with an output that is not the slot's is refused, and the attempt is in the log."""
    device = Authenticator()
    passkey = await add_passkey(cast, device)
    cases = (
        ("", passkey_verification.NO_PRF_OUTPUT),
        (encoded(bytes(31)), passkey_verification.NO_PRF_OUTPUT),
        (encoded(bytes(32)), passkey_verification.SLOT_REVOKED),
    )
    for prf, sentence in cases:
        answer = device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
        await assert_refused(cast, Answer(answer.credential, prf), sentence)
    assert await refusals() == [(passkey.account, passkey.id)]
    assert await sign_in_with(cast, device)


WRONG: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "https://hearthside.example"},
    "the same host by another port": {"origin": "http://localhost:8001"},
    "the same host by another scheme": {"origin": "https://localhost:8000"},
    "a host that only begins like ours": {"origin": "http://localhost:8000.evil.example"},
    "another relying party": {"host": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody there": {"flags": VERIFIED},
    "a page inside another": {"cross_origin": True},
    "another key": {"key": ed25519_key()},
    "another person": {"handle": bytes(16)},
    "no person": {"handle": None},
}


@pytest.mark.parametrize("how", WRONG)
async def test_an_answer_that_does_not_verify_is_refused(cast: Cast, how: str) -> None:
    """An answer from elsewhere, for elsewhere, without its person, or signed by another key opens nothing."""
    device = Authenticator()
    await add_passkey(cast, device)
    honest = vars(device).copy()
    vars(device).update(WRONG[how])
    await assert_refused(
        cast,
        device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE)),
        passkey_verification.NOT_VERIFIED,
    )
    if how != "a page inside another":  # which is told before anybody looks whose passkey it is
        assert len(await logged(Act.PASSKEY_REFUSED)) == 1
    vars(device).update(honest)
    assert await sign_in_with(cast, device)


async def test_a_tampered_answer_is_refused(cast: Cast) -> None:
    """One changed bit anywhere in what was signed, or in the signature, opens nothing; neither does rubbish."""
    device = Authenticator()
    passkey = await add_passkey(cast, device)
    for part in ("authenticatorData", "signature"):
        said = json.loads(
            device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE)).credential
        )
        value = said["response"][part]
        said["response"][part] = ("B" if value[0] == "A" else "A") + value[1:]
        await assert_refused(cast, Answer(json.dumps(said), "x"), passkey_verification.NOT_VERIFIED)
    assert await refusals() == [(passkey.account, passkey.id)] * 2
    for rubbish in ("", "{}", "[]", "null", "{" * 5000, "x" * 30_000, '{"response": {"clientDataJSON": 7}}'):
        await assert_refused(cast, Answer(rubbish), passkey_verification.NOT_VERIFIED)
    assert len(await refusals()) == 2


async def test_a_challenge_is_valid_once(cast: Cast) -> None:
    """The same answer a second time, and the same challenge answered anew, are refused; of ten at once one wins."""
    device = Authenticator()
    await add_passkey(cast, device)
    options = passkey_sign_in.build_sign_in_options(cast.installation, SITE)
    answer = device.use(options)
    assert await passkey_sign_in.sign_in_with_passkey(cast.installation, SITE, answer)
    await assert_refused(cast, answer, challenges.CHALLENGE_EXPIRED)
    await assert_refused(cast, device.use(options), challenges.CHALLENGE_EXPIRED)
    before = await authentication_tables.WebSession.all().count()
    answer = device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    tries = (passkey_sign_in.sign_in_with_passkey(cast.installation, SITE, answer) for _ in range(10))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["InvalidInput"] * 9 + ["bytes"]
    assert await authentication_tables.WebSession.all().count() == before + 1


def test_a_challenge_has_128_random_bits() -> None:
    """Of those drawn in one moment for one request no two are alike, and the random part is what differs."""
    installation = Installation.with_key(SERVER_KEY, clock=Clock(), quick=True)
    drawn = [challenges.issue_challenge(installation, PasskeyRequest(Purpose.SIGN_IN)) for _ in range(100)]
    ends, random = {one[:8] for one in drawn}, {one[8:24] for one in drawn}
    assert (len(ends), len(random), {len(one) for one in drawn}) == (1, 100, {8 + 16 + 32})
    assert all(len({one[place] for one in drawn}) > 8 for place in range(8, 24))


async def test_a_challenge_expires(cast: Cast) -> None:
    """After five minutes an answer comes too late; what is remembered of those before is then forgotten."""
    device = Authenticator()
    await add_passkey(cast, device)
    late = device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    cast.clock.forward(minutes=5)
    await assert_refused(cast, late, challenges.CHALLENGE_EXPIRED)
    assert await sign_in_with(cast, device)
    assert await passkeys_tables.SpentChallenge.all().count() == 2
    await purge_deleted(cast.installation, cast.clock.now)
    assert await passkeys_tables.SpentChallenge.all().count() == 1
    await purge_deleted(cast.installation, cast.clock.now + timedelta(minutes=6))
    assert await passkeys_tables.SpentChallenge.all().count() == 0


async def test_a_challenge_is_for_one_request(cast: Cast) -> None:
    """What was asked for another purpose, of another person, by another server, or by nobody is not believed."""
    device, alice = Authenticator(), await cast.actor("alice")
    await add_passkey(cast, device)
    options = passkey_sign_in.build_sign_in_options(cast.installation, SITE)
    elsewhere = cast.installation.with_key(bytes(32), clock=cast.clock)
    assert elsewhere.server_keys.mac("x", b"") != ServerKey(bytes(range(32))).mac("x", b"")
    for challenge in (
        *(
            challenges.issue_challenge(cast.installation, PasskeyRequest(purpose, who))
            for purpose in Purpose
            for who in (alice.id, uuid4())
        ),
        challenges.issue_challenge(cast.installation, PasskeyRequest(Purpose.CONFIRM)),
        challenges.issue_challenge(elsewhere, PasskeyRequest(Purpose.SIGN_IN)),
        challenges.issue_challenge(cast.installation, PasskeyRequest(Purpose.SIGN_IN))[:-1],
        bytes(56),
        b"",
    ):
        await assert_refused(
            cast, device.use(options | {"challenge": encoded(challenge)}), challenges.CHALLENGE_EXPIRED
        )
    for_dana = PasskeyRequest(Purpose.CONFIRM, (await cast.actor("dana")).id)
    answer = device.use(
        options | {"challenge": encoded(challenges.issue_challenge(cast.installation, for_dana))}
    )
    with pytest.raises(InvalidInput):
        await passkey_sign_in.confirm_with_passkey(alice, cast.tokens["alice"], SITE, answer)


async def test_asking_writes_nothing(cast: Cast) -> None:
    """However often a stranger asks, and whatever they answer with a passkey of their own making, nothing grows."""

    async def rows() -> list[int]:
        return [
            await table.all().count()
            for table in (
                passkeys_tables.SpentChallenge,
                audit_tables.AuditPending,
                authentication_tables.WebSession,
            )
        ]

    before, stranger = await rows(), Authenticator(handle=bytes(16))
    for _ in range(20):
        await assert_refused(
            cast,
            stranger.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE)),
            passkey_verification.UNKNOWN_PASSKEY,
        )
    assert await rows() == before


async def test_a_signature_count_that_went_back_is_refused(cast: Cast) -> None:
    """A count that does not go on is refused and logged; a device that never counts is welcome."""
    device, copy = Authenticator(), Authenticator(p256_key(), step=0)
    passkey = await add_passkey(cast, device)
    await add_passkey(cast, copy)
    assert await sign_in_with(cast, copy)
    assert await sign_in_with(cast, copy)
    assert await sign_in_with(cast, device)
    for step in (0, -1):
        device.step = step
        answer = device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
        await assert_refused(cast, answer, passkey_verification.COUNT_WENT_BACK)
    assert await refusals() == [(passkey.account, passkey.id)] * 2


async def test_a_suspended_account_is_answered_like_an_unknown_one(cast: Cast) -> None:
    """A suspended account's passkey opens nothing, and is answered like one that nobody knows."""
    device = Authenticator()
    passkey = await add_passkey(cast, device)
    await accounts_tables.Account.filter(id=passkey.account).update(status="suspended")
    answer = device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    await assert_refused(cast, answer, passkey_verification.UNKNOWN_PASSKEY)


async def test_the_actors_own_passkey_confirms(cast: Cast) -> None:
    """Any passkey of theirs, with a PRF or not, shows who somebody is; somebody else's does not."""
    mine, hers = Authenticator(prf=False), Authenticator()
    await add_passkey(cast, mine)
    other = await add_passkey(cast, hers, "dana")
    alice = await cast.actor("alice")
    options = await passkey_sign_in.build_confirmation_options(alice, SITE)
    assert [one["id"] for one in options["allowCredentials"]] == [encoded(mine.credential)]
    with pytest.raises(InvalidInput):
        await passkey_sign_in.confirm_with_passkey(alice, cast.tokens["alice"], SITE, hers.use(options))
    assert await refusals() == [(alice.id, other.id)]
    cast.tokens["alice"] = await passkey_sign_in.confirm_with_passkey(
        alice, cast.tokens["alice"], SITE, mine.use(options)
    )
    assert (await cast.actor("alice")).is_recently_confirmed
    with pytest.raises(NotFound):
        await passkey_sign_in.build_confirmation_options(await cast.actor("bob"), SITE)


async def test_new_keys_end_every_passkey(cast: Cast) -> None:
    """After the keys are renewed no passkey opens anything, nor can one that was on its way be added."""
    device, late = Authenticator(), Authenticator()
    await add_passkey(cast, device)
    before, token = await cast.actor("alice"), cast.tokens["alice"]
    answer = late.make(await passkey_management.build_creation_options(before, SITE))
    cast.tokens["alice"] = await account_key_renewal.begin_rotation(before, PASSWORDS["alice"])
    await assert_refused(
        cast,
        device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE)),
        passkey_verification.UNKNOWN_PASSKEY,
    )
    with pytest.raises(ConcurrentChange):
        await passkey_management.add_passkey(before, token, SITE, "Late", answer.credential, answer.prf)
    assert await passkey_management.list_passkeys(await cast.actor("alice")) == ()


async def test_a_locked_session_opens_by_passkey(cast: Cast) -> None:
    """Its owner's passkey opens it if it holds the key; one that holds none, and one of somebody else's, do not."""
    mine, plain, hers = Authenticator(), Authenticator(prf=False), Authenticator()
    await add_passkey(cast, mine)
    await add_passkey(cast, plain)
    await add_passkey(cast, hers, "dana")
    entry, token = await written(cast), cast.tokens["alice"]
    with pytest.raises(NotFound):
        await passkey_sign_in.build_unlocking_options(cast.installation, token, SITE)
    await idle_lock.lock_session(await cast.actor("alice"))
    options = await passkey_sign_in.build_unlocking_options(cast.installation, token, SITE)
    assert [one["id"] for one in options["allowCredentials"]] == [encoded(mine.credential)]
    for device in (plain, hers):
        with pytest.raises(InvalidInput):
            await passkey_sign_in.unlock_session(cast.installation, token, SITE, device.use(options))
    assert await web_sessions.load_actor(cast.installation, token) is None
    options = await passkey_sign_in.build_unlocking_options(cast.installation, token, SITE)
    cast.tokens["alice"] = await passkey_sign_in.unlock_session(
        cast.installation, token, SITE, mine.use(options)
    )
    assert (await entries.load_entry(await cast.actor("alice"), entry.id)).document == entry.document
    with pytest.raises(NotFound):
        await passkey_sign_in.unlock_session(cast.installation, token, SITE, mine.use(options))


async def test_a_passkey_is_the_second_step(cast: Cast) -> None:
    """After the password any passkey of theirs opens what waits, once; alone, one with a key needs no second step."""
    mine, plain, hers = Authenticator(), Authenticator(prf=False), Authenticator()
    await add_passkey(cast, mine)
    await add_passkey(cast, plain)
    await add_passkey(cast, hers, "dana")
    await enrolled(cast, "alice")
    actor = await web_sessions.load_actor(cast.installation, await sign_in_with(cast, mine))
    assert actor is not None
    waiting = await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])
    assert waiting.stage is Stage.SECOND_FACTOR
    options = await passkey_sign_in.build_second_step_options(cast.installation, waiting.token, SITE)
    assert {one["id"] for one in options["allowCredentials"]} == {
        encoded(mine.credential),
        encoded(plain.credential),
    }
    with pytest.raises(InvalidInput):
        await passkey_sign_in.complete_second_step(cast.installation, waiting.token, SITE, hers.use(options))
    assert await web_sessions.load_actor(cast.installation, waiting.token) is None
    answer = plain.use(options)
    token = await passkey_sign_in.complete_second_step(cast.installation, waiting.token, SITE, answer)
    opened = await web_sessions.load_actor(cast.installation, token)
    assert opened is not None
    assert opened.id == actor.id
    for late in (waiting.token, cast.tokens["dana"]):
        with pytest.raises(NotFound):
            await passkey_sign_in.complete_second_step(cast.installation, late, SITE, answer)


async def test_adding_takes_a_proof_as_well(cast: Cast) -> None:
    """A passkey made elsewhere, unverified, of another algorithm, twice, or for somebody else is not added."""
    alice = await cast.actor("alice")

    async def refused(device: Authenticator, sentence: str, options: dict[str, Any] | None = None) -> None:
        answer = device.make(options or await passkey_management.build_creation_options(alice, SITE))
        with pytest.raises(InvalidInput) as told:
            await passkey_management.add_passkey(
                alice, cast.tokens["alice"], SITE, "Phone", answer.credential, answer.prf
            )
        assert told.value.fields == {"passkey": sentence}

    for how in (*list(WRONG.values())[:8], {"key": p384_key()}):
        await refused(Authenticator(**how), passkey_management.NOT_VERIFIED)
    for_dana = await passkey_management.build_creation_options(await cast.actor("dana"), SITE)
    await refused(Authenticator(), challenges.CHALLENGE_EXPIRED, for_dana)
    assert not await authentication_tables.Passkey.all().count()
    device = Authenticator(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP)
    options = await passkey_management.build_creation_options(alice, SITE)
    answer = device.make(options)
    first = await passkey_management.add_passkey(
        alice, cast.tokens["alice"], SITE, "Phone", answer.credential, answer.prf
    )
    assert first.document.backed_up
    await refused(Authenticator(), challenges.CHALLENGE_EXPIRED, options)
    await refused(device, passkey_management.KNOWN_ALREADY)
    hers = Authenticator(credential=device.credential)
    with pytest.raises(InvalidInput):
        await add_passkey(cast, hers, "dana")
    excluded = (await passkey_management.build_creation_options(alice, SITE))["excludeCredentials"]
    assert [(one["id"], one["transports"]) for one in excluded] == [
        (encoded(device.credential), ["hybrid", "internal"])
    ]


async def test_names_and_numbers_have_bounds(cast: Cast) -> None:
    """A passkey without a name, with a very long one, and the twenty-first are refused; nobody names another's."""
    alice = await cast.actor("alice")
    for name, sentence in ((" ", passkey_management.NAMELESS), ("n" * 61, passkey_management.TOO_LONG)):
        with pytest.raises(InvalidInput) as told:
            await add_passkey(cast, Authenticator(), name=name)
        assert told.value.fields == {"name": sentence}
    for _ in range(passkey_management.MAX_PASSKEYS):
        passkey = await add_passkey(cast, Authenticator())
    with pytest.raises(InvalidInput) as told:
        await add_passkey(cast, Authenticator())
    assert told.value.fields == {"passkey": passkey_management.TOO_MANY}
    assert len(await passkey_management.list_passkeys(alice)) == passkey_management.MAX_PASSKEYS
    for stranger in (await cast.actor("dana"), await cast.actor("bob")):
        with pytest.raises(NotFound):
            await passkey_management.rename_passkey(stranger, passkey.id, "Mine")
        with pytest.raises(NotFound):
            await passkey_management.remove_passkey(stranger, passkey.id)
    assert len(await passkey_management.list_passkeys(alice)) == passkey_management.MAX_PASSKEYS


async def test_a_passkey_moved_to_another_account_is_damaged(cast: Cast) -> None:
    """Who can write the database can neither hang a passkey of theirs under alice nor put in an older revision."""
    theirs = Authenticator()
    passkey, alice = await add_passkey(cast, theirs, "dana"), await cast.actor("alice")
    old = await authentication_tables.Passkey.get(id=passkey.id)
    await execute("UPDATE passkey SET account_id = $1 WHERE id = $2", alice.id, passkey.id)
    await execute("UPDATE key_slot SET account_id = $1 WHERE passkey_id = $2", alice.id, passkey.id)
    theirs.handle = alice.id.bytes
    with pytest.raises(Damaged):
        await sign_in_with(cast, theirs)
    mine = await passkey_management.list_passkeys(alice)
    assert (mine, mine.damaged) == ((), (passkey.id,))
    with pytest.raises(Damaged):
        await passkey_sign_in.build_confirmation_options(alice, SITE)
    await execute("UPDATE passkey SET account_id = $1 WHERE id = $2", passkey.account, passkey.id)
    await execute("UPDATE key_slot SET account_id = $1 WHERE passkey_id = $2", passkey.account, passkey.id)
    theirs.handle = passkey.account.bytes
    assert await sign_in_with(cast, theirs)
    await execute("UPDATE passkey SET sealed = $1 WHERE id = $2", bytes(old.sealed), passkey.id)
    with pytest.raises(Damaged):
        await sign_in_with(cast, theirs)


async def test_a_passkey_made_with_the_server_key_is_worth_nothing(cast: Cast) -> None:
    """Who has the server key and alice's password cannot put in a passkey of theirs, nor exchange hers for it."""
    hers, theirs = Authenticator(), Authenticator()
    passkey, alice = await add_passkey(cast, hers), await cast.actor("alice")
    other = await add_passkey(cast, theirs, "dana")
    forged = replace(
        passkey.document, credential=theirs.credential, public_key=other.document.public_key, sign_count=0
    )
    await passkey_management.remove_passkey(await cast.actor("dana"), other.id)
    await passkey_rows.save_passkey(cast.installation, passkey, forged)
    await authentication_tables.Passkey.filter(id=passkey.id).update(
        lookup=passkey_rows.hash_credential_id(theirs.credential)
    )
    theirs.handle = alice.id.bytes
    answer = theirs.use(await passkey_sign_in.build_confirmation_options(alice, SITE))
    with pytest.raises(Damaged):
        await passkey_sign_in.confirm_with_passkey(alice, cast.tokens["alice"], SITE, answer)
    theirs.secret = hers.secret  # as if they had the device too
    with pytest.raises(Damaged):
        await sign_in_with(cast, theirs)


async def test_a_slot_put_in_by_storage_opens_nothing(cast: Cast) -> None:
    """A slot of somebody else's, one that is gone, and one for a passkey that holds no key open no account."""
    mine, hers, plain = Authenticator(), Authenticator(), Authenticator(prf=False)
    passkey, other = await add_passkey(cast, mine), await add_passkey(cast, hers, "dana")
    without = await add_passkey(cast, plain)
    columns = "salt, commitment, wrapped"
    slot = await authentication_tables.KeySlot.get(passkey_id=passkey.id)
    await execute(
        f"UPDATE key_slot SET ({columns}) = (SELECT {columns} FROM key_slot WHERE passkey_id = $1)"
        " WHERE passkey_id = $2", other.id, passkey.id,
    )  # fmt: skip
    mine.secret = hers.secret
    answer = mine.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    await assert_refused(cast, answer, passkey_verification.SLOT_REVOKED)
    await execute("UPDATE key_slot SET passkey_id = $1 WHERE id = $2", without.id, slot.id)
    answer = mine.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    await assert_refused(cast, answer, passkey_verification.SLOT_REVOKED)
    plain.prf = True
    answer = plain.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    await assert_refused(cast, answer, passkey_verification.OPENS_NOTHING)
