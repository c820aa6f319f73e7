"""The second factor: codes of the RFC, each step once, recovery codes once, and nothing takes it off but its owner."""

from __future__ import annotations

import asyncio
from base64 import b32decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from crypto import Sealer, hash_recovery_code, parse_recovery_code
from journal.accounts.current_keys import ConcurrentChange
from journal.actor import Actor
from journal.authentication import second_factor, sign_in, totp_enrolment
from journal.authentication import tables as authentication_tables
from journal.authentication.second_factor import FactorMissing, SecondFactor
from journal.authentication.totp_enrolment import CODE_COUNT, EnrolmentExpired
from journal.errors import InvalidInput
from journal.sealing import seal_document
from tests.cast import PASSWORDS, Cast
from tests.factors import app_code, enrolled

RFC_SECRET = b"12345678901234567890"
LONG = PASSWORDS["alice"]


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(at: int, code: str) -> None:
    """RFC 6238 appendix B, SHA-1, the last six of its eight digits."""
    now = datetime.fromtimestamp(at, UTC)
    assert second_factor.find_step(RFC_SECRET, code, now) == at // 30
    for typed in (f" {code[:3]} {code[3:]} ", f"{code[:3]}-{code[3:]}", f"{code[:3]} – {code[3:]}\n"):
        assert second_factor.find_step(RFC_SECRET, typed, now) == at // 30


@pytest.mark.parametrize("zero", [0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE, 0x1E950])
def test_a_code_is_read_in_the_digits_of_every_script(zero: int) -> None:
    """Arabic-Indic, Persian, Devanagari, wide, bold and Adlam digits, with the marks that turn their direction."""
    now = datetime.fromtimestamp(1111111109, UTC)
    code = "081804".translate({ord("0") + digit: zero + digit for digit in range(10)})
    for typed in (code, f"\u200f{code}\u200e", f"\u2067{code[:3]} {code[3:]}\u2069"):
        assert second_factor.find_step(RFC_SECRET, typed, now) == 1111111109 // 30


@pytest.mark.parametrize(
    ("seconds", "taken"), [(-31, False), (-30, True), (0, True), (59, True), (60, False), (3600, False)]
)
def test_codes_of_neighbouring_steps_are_accepted(seconds: int, taken: bool) -> None:
    """A code holds in its own step and in the one before and after, no longer."""
    start = datetime.fromtimestamp(1234567890, UTC)  # where a step begins
    code = app_code(RFC_SECRET, start)
    assert bool(second_factor.find_step(RFC_SECRET, code, start + timedelta(seconds=seconds))) is taken


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "1234567",
        "abcdef",
        "28708²",
        "²⁸⁷⁰⁸²",
        "🦊",
        "\ud800",
        "287082" + " " * 100,
        "\u0301\u0316" * 99,
    ],
)
def test_what_is_no_code_is_none(typed: str) -> None:
    """Whatever is typed is compared and refused."""
    assert second_factor.find_step(RFC_SECRET, typed, datetime.fromtimestamp(59, UTC)) == 0


def test_a_step_counts_once_and_no_earlier_one_after_it() -> None:
    """Whoever looks over a shoulder has a code that was used; so has whoever kept the one before."""
    now = datetime.fromtimestamp(1234567890, UTC)
    factor = second_factor.use_code(SecondFactor(RFC_SECRET), app_code(RFC_SECRET, now), now)
    assert factor is not None
    for seconds in (0, -30):
        code = app_code(RFC_SECRET, now + timedelta(seconds=seconds))
        assert second_factor.use_code(factor, code, now) is None
    later = now + timedelta(seconds=30)
    assert second_factor.use_code(factor, app_code(RFC_SECRET, later), later) is not None


async def test_a_secret_of_less_than_112_bits_is_not_read(cast: Cast) -> None:
    """What stands in the row is refused when it would be too easy to guess."""
    alice = await cast.actor("alice")
    for size, accepted in ((13, False), (14, True)):
        await replace_factor(alice, SecondFactor(bytes(size)))
        if accepted:
            assert (await second_factor.load_second_factor(alice.id, alice.vault))[0].is_enabled
        else:
            with pytest.raises(FactorMissing):
                await second_factor.load_second_factor(alice.id, alice.vault)


async def replace_factor(alice: Actor, factor: SecondFactor) -> None:
    """Write what alice's own keys could write."""
    revision = (await authentication_tables.SecondFactor.get(account_id=alice.id)).revision
    assert await second_factor.replace_second_factor(alice.id, alice.vault, factor, revision)


async def test_enrolling_takes_a_code_and_a_promise(cast: Cast) -> None:
    """Nothing counts before the app was shown to work and the codes are kept; then both do."""
    alice = await cast.actor("alice")
    offer = await totp_enrolment.offer_enrolment(alice)
    assert offer.codes == ()
    secret = b32decode(offer.formatted_secret.replace(" ", ""))
    assert len(secret) == 20
    assert f"secret={offer.formatted_secret.replace(' ', '')}" in offer.provisioning_uri
    with pytest.raises(InvalidInput):
        await totp_enrolment.verify_app(alice, offer.sealed, "000000")
    with pytest.raises(EnrolmentExpired):
        await totp_enrolment.accept_offer(alice, offer.sealed, kept=True)
    proven = await totp_enrolment.verify_app(alice, offer.sealed, app_code(secret, alice.now))
    assert len(set(proven.codes)) == CODE_COUNT
    with pytest.raises(InvalidInput):
        await totp_enrolment.accept_offer(alice, proven.sealed, kept=False)
    assert not (await second_factor.load_second_factor(alice.id, alice.vault))[0].is_enabled
    await totp_enrolment.accept_offer(alice, proven.sealed, kept=True)
    factor, _ = await second_factor.load_second_factor(alice.id, alice.vault)
    assert factor.is_enabled
    assert second_factor.use_code(factor, app_code(secret, alice.now), alice.now) is None  # it was the proof
    hashes = {hash_recovery_code(parse_recovery_code(one), account=alice.id.bytes) for one in proven.codes}
    assert set(factor.codes) == hashes


async def test_an_older_page_restores_nothing(cast: Cast) -> None:
    """What was drawn counts once, for half an hour, for one person, and not after something newer."""
    alice = await cast.actor("alice")
    first, second = [await totp_enrolment.offer_enrolment(alice) for _ in range(2)]
    proven = []
    for offer in (first, second):
        code = app_code(b32decode(offer.formatted_secret.replace(" ", "")), alice.now)
        proven.append((await totp_enrolment.verify_app(alice, offer.sealed, code)).sealed)
    with pytest.raises(EnrolmentExpired):
        await totp_enrolment.accept_offer(
            replace(alice, now=alice.now + timedelta(minutes=31)), proven[0], kept=True
        )
    results = await asyncio.gather(
        *(totp_enrolment.accept_offer(alice, one, kept=True) for one in proven), return_exceptions=True
    )
    (refused,) = [one for one in results if one]
    assert isinstance(refused, EnrolmentExpired | ConcurrentChange)
    for old in proven:
        with pytest.raises(EnrolmentExpired):
            await totp_enrolment.accept_offer(alice, old, kept=True)
    await totp_enrolment.remove_second_factor(alice, LONG)
    for old in proven:
        with pytest.raises(EnrolmentExpired):
            await totp_enrolment.accept_offer(alice, old, kept=True)


async def test_new_recovery_codes_end_the_old_ones(cast: Cast) -> None:
    """The app goes on as it was; a code of before opens nothing."""
    alice = await cast.actor("alice")
    secret, old = await enrolled(cast, "alice")
    offer = await totp_enrolment.offer_new_codes(alice)
    assert offer.formatted_secret == ""
    await totp_enrolment.accept_offer(alice, offer.sealed, kept=True)
    factor, _ = await second_factor.load_second_factor(alice.id, alice.vault)
    assert factor.secret == secret
    assert [second_factor.use_recovery_code(factor, one, alice.id) for one in old] == [None] * CODE_COUNT
    left = second_factor.use_recovery_code(factor, offer.codes[3].lower(), alice.id)
    assert left is not None
    assert len(left.codes) == CODE_COUNT - 1
    assert second_factor.use_recovery_code(left, offer.codes[3], alice.id) is None


async def test_a_new_factor_signs_other_browsers_out(cast: Cast) -> None:
    """Whoever is in with the password alone is asked to come in again."""
    alice = await cast.actor("alice")
    again = await authentication_tables.WebSession.filter(account_id=alice.id).count()
    await enrolled(cast, "alice")
    assert again >= 1
    assert [one.id for one in await authentication_tables.WebSession.filter(account_id=alice.id)] == [
        alice.session
    ]


async def test_a_short_password_keeps_its_second_factor(cast: Cast) -> None:
    """Twelve characters are enough only while there is a second factor."""
    await enrolled(cast, "alice")
    alice = await cast.actor("alice")
    short = "kwz 7 brolfu"
    token = await sign_in.change_password(alice, LONG, short, short, "")
    cast.tokens["alice"] = token
    alice = await cast.actor("alice")
    with pytest.raises(InvalidInput, match="another look"):
        await totp_enrolment.remove_second_factor(alice, short)
    assert (await second_factor.load_second_factor(alice.id, alice.vault))[0].is_enabled
    cast.tokens["alice"] = await sign_in.change_password(alice, short, LONG, LONG, "")
    alice = await cast.actor("alice")
    await totp_enrolment.remove_second_factor(alice, LONG)
    assert not (await second_factor.load_second_factor(alice.id, alice.vault))[0].is_enabled
    with pytest.raises(InvalidInput):
        await sign_in.change_password(alice, LONG, short, short, "")


async def test_only_the_vault_key_writes_it(cast: Cast) -> None:
    """A row that is gone, moved, of another revision or another key keeps the account closed, and says so."""
    await enrolled(cast, "alice")
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    mine = await authentication_tables.SecondFactor.get(account_id=alice.id)
    hers = await authentication_tables.SecondFactor.get(account_id=dana.id)
    forged = seal_document(
        Sealer(bytes(32)), SecondFactor(), second_factor.second_factor_context(alice.id, mine.revision)
    )
    server = cast.installation.server_keys.seal(
        msgspec.json.encode(SecondFactor()), second_factor.second_factor_context(alice.id, mine.revision)
    )
    for change in ({"sealed": hers.sealed}, {"revision": 1}, {"sealed": forged}, {"sealed": server}):
        await authentication_tables.SecondFactor.filter(account_id=alice.id).update(**change)
        with pytest.raises(FactorMissing):
            await second_factor.load_second_factor(alice.id, alice.vault)
        await authentication_tables.SecondFactor.filter(account_id=alice.id).update(
            sealed=mine.sealed, revision=mine.revision
        )
    await authentication_tables.SecondFactor.filter(account_id=alice.id).delete()
    with pytest.raises(FactorMissing):
        await second_factor.load_second_factor(alice.id, alice.vault)
