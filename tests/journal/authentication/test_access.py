"""Which ways into an account are open: what somebody puts back into the database opens nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from crypto import Sealer, password_slot, recovery_slot
from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import ConcurrentChange, require_keys
from journal.authentication import idle_lock, key_slots, recovery_key, second_factor, sign_in, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.sign_in import verify_password
from journal.errors import Damaged, InvalidInput, WrongCredentials
from journal.rate_limiting import tables as rate_limiting_tables
from journal.store.database import transaction
from tests.cast import PASSWORDS, PRACTICE, Cast

EMAIL, OLD, NEW = "alice@example.org", PASSWORDS["alice"], "a lantern on the kitchen table"


async def change_password(cast: Cast) -> None:
    """Change alice's password."""
    alice = await cast.actor("alice")
    cast.tokens["alice"] = await sign_in.change_password(alice, OLD, NEW, NEW, PRACTICE)


async def load_rows(model: Any, **wanted: Any) -> list[dict[str, Any]]:
    """Every column of some rows."""
    return list(await model.filter(**wanted).values())


async def test_a_new_password_closes_the_old_ones_slot_for_good(cast: Cast) -> None:
    """The old slot, put back into the database, opens nothing; the recovery kit's slot stays open."""
    alice = await cast.actor("alice")
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(alice, cast.tokens["alice"], offer.sealed, offer.formatted_key)
    (old,) = await load_rows(authentication_tables.KeySlot, account_id=alice.id, kind="password")
    await change_password(cast)
    await authentication_tables.KeySlot.filter(account_id=alice.id, kind="password").delete()
    await authentication_tables.KeySlot.create(**old)
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, EMAIL, OLD)
    with pytest.raises(InvalidInput):
        await verify_password(await cast.actor("alice"), OLD)
    await sign_in.recover_account(cast.installation, EMAIL, offer.formatted_key, OLD, OLD, PRACTICE)
    await sign_in.sign_in(cast.installation, EMAIL, OLD)


async def test_a_used_kit_is_closed_for_good(cast: Cast) -> None:
    """A recovery kit opens once; its slot put back opens nothing."""
    alice = await cast.actor("alice")
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(alice, cast.tokens["alice"], offer.sealed, offer.formatted_key)
    (kit,) = await load_rows(authentication_tables.KeySlot, account_id=alice.id, kind="recovery")
    await sign_in.recover_account(cast.installation, EMAIL, offer.formatted_key, NEW, NEW, PRACTICE)
    await authentication_tables.KeySlot.create(**kit)
    with pytest.raises(InvalidInput):
        await sign_in.recover_account(cast.installation, EMAIL, offer.formatted_key, OLD, OLD, PRACTICE)


@pytest.mark.parametrize("epoch", [0, 1, 2, 99])
async def test_a_slot_passed_off_as_made_at_another_epoch(cast: Cast, epoch: int) -> None:
    """The epoch of a slot is authenticated: another number in its row opens nothing."""
    alice = await cast.actor("alice")
    slot = await authentication_tables.KeySlot.get(account_id=alice.id, kind="password")
    if slot.epoch == epoch:
        epoch += 1
    await authentication_tables.KeySlot.filter(id=slot.id).update(epoch=epoch)
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, EMAIL, OLD)


async def test_an_ended_session_that_is_put_back_is_over(cast: Cast) -> None:
    """A browser that a new password signed out stays out, though its row and its cookie are back."""
    alice, token = await cast.actor("alice"), cast.tokens["alice"]
    rows = await load_rows(authentication_tables.WebSession, account_id=alice.id)
    await change_password(cast)
    for row in rows:
        await authentication_tables.WebSession.create(**row)
    assert await web_sessions.load_actor(cast.installation, token) is None
    assert await web_sessions.load_actor(cast.installation, cast.tokens["alice"]) is not None
    for later in (2, 3, 4, 99):
        await authentication_tables.WebSession.filter(id=alice.session).update(epoch=later)
        with pytest.raises(Damaged):
            await web_sessions.load_actor(cast.installation, token)


async def test_an_access_document_cannot_be_deleted_or_replaced(cast: Cast) -> None:
    """Without its access document, or with an older one, the account stays closed."""
    alice = await cast.actor("alice")
    (before,) = await load_rows(accounts_tables.Account, id=alice.id)
    await change_password(cast)
    (now,) = await load_rows(accounts_tables.Account, id=alice.id)
    for epoch, word in (
        (0, None),
        (now["epoch"], None),
        (now["epoch"], before["access"]),
        (now["epoch"] + 1, now["access"]),
        (now["epoch"], b""),
    ):
        await accounts_tables.Account.filter(id=alice.id).update(epoch=epoch, access=word)
        await rate_limiting_tables.Throttle.all().delete()
        with pytest.raises(Damaged):
            await sign_in.sign_in(cast.installation, EMAIL, NEW)
        with pytest.raises(Damaged):
            assert await web_sessions.load_actor(cast.installation, cast.tokens["alice"])
    await accounts_tables.Account.filter(id=alice.id).update(epoch=now["epoch"], access=now["access"])
    await rate_limiting_tables.Throttle.all().delete()
    await sign_in.sign_in(cast.installation, EMAIL, NEW)


async def test_an_account_from_before_epochs_is_carried_over(cast: Cast) -> None:
    """Its owner's next sign-in writes down which slots open it; from then on nothing less is believed."""
    alice = await cast.actor("alice")
    key = await web_sessions.load_account_key(alice, cast.tokens["alice"])
    await as_before_epochs(cast, key)
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, EMAIL, "not the password")
    signed = await sign_in.sign_in(cast.installation, EMAIL, OLD)
    found = await web_sessions.load_actor(cast.installation, signed.token)
    assert found is not None
    account = await accounts_tables.Account.get(id=alice.id)
    assert account.epoch == 1
    ways = await key_slots.load_own_access(found)
    assert {way.kind for way in ways.document.ways} == {"password", "recovery"}
    await accounts_tables.Account.filter(id=alice.id).update(epoch=0, access=None)
    with pytest.raises(Damaged):
        await sign_in.sign_in(cast.installation, EMAIL, OLD)


async def as_before_epochs(cast: Cast, account_key: bytes) -> None:
    """Put alice's rows back to what an earlier version wrote."""
    alice = await cast.actor("alice")
    factor, revision = await second_factor.load_second_factor(alice.id, alice.vault)
    older = msgspec.structs.replace(factor, listed=False)
    assert await second_factor.replace_second_factor(alice.id, alice.vault, older, revision)
    for slot in await authentication_tables.KeySlot.filter(account_id=alice.id, kind="recovery"):
        await slot.delete()
    for made in (
        password_slot(account_key, OLD, account=alice.id.bytes, parameters=cast.installation.argon2),
        recovery_slot(account_key, bytes(20), account=alice.id.bytes),
    ):
        await key_slots.replace_slot(alice.id, made, alice.now)
    await accounts_tables.Account.filter(id=alice.id).update(epoch=0, access=None)
    await authentication_tables.WebSession.filter(account_id=alice.id).delete()


async def test_an_actor_with_replaced_keys_writes_nothing(cast: Cast) -> None:
    """A request that set out with keys that are the account's no more is told so, and leaves nothing sealed behind."""
    before = await cast.actor("alice")
    await accounts_tables.Account.filter(id=before.id).update(identity=b"another key sealed it")
    with pytest.raises(ConcurrentChange):
        await key_slots.load_own_access(replace(before, vault=Sealer(bytes(32))))
    with pytest.raises(ConcurrentChange):
        async with transaction():
            await require_keys(before)


async def test_a_made_up_session_row_names_nobody(cast: Cast) -> None:
    """Somebody who writes rows, without any key, gives a cookie of theirs another account: no name comes of it."""
    dana, alice = await cast.actor("dana"), await cast.actor("alice")
    token = cast.tokens["dana"]
    await idle_lock.lock_session(dana)
    assert (await idle_lock.find_locked_session(cast.installation, token)) is not None
    (hers,) = await load_rows(authentication_tables.WebSession, id=alice.session)
    row = authentication_tables.WebSession.filter(id=dana.session)
    for columns in (
        {"account_id": alice.id},
        {"account_id": alice.id, "epoch": hers["epoch"]},
        {"account_id": alice.id, "device": hers["device"], "epoch": hers["epoch"]},
    ):
        await row.update(**columns)
        with pytest.raises(Damaged):
            await idle_lock.find_locked_session(cast.installation, token)
    await authentication_tables.WebSession.filter(id=alice.session).delete()
    await row.update(handle=hers["handle"], device=hers["device"])
    with pytest.raises(Damaged):
        await idle_lock.find_locked_session(cast.installation, token)
