"""A session that its owner keeps for 7 days: after twelve hours only their passkey opens it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crypto import session_id
from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links
from journal.accounts import tables as accounts_tables
from journal.authentication import active_sessions, idle_lock, recovery_key, sign_in, web_sessions
from journal.authentication.key_slots import AccessRevoked
from journal.authentication.tables import KEPT_LIFETIME, WebSession
from journal.errors import Damaged, InvalidInput, NotFound
from journal.key_rotation import account_key
from journal.passkeys import management as passkey_management
from journal.passkeys import sign_in as passkey_sign_in
from tests.authenticator import PRESENT, SITE, VERIFIED, Authenticator
from tests.cast import PASSWORDS, PRACTICE, Cast
from tests.factors import enrolled
from tests.journal.passkeys.test_passkeys import add_passkey

HALF_A_DAY = 12 * 60
EMAIL = "alice@example.org"
NEW = "seven small stones in a row"


async def keep(cast: Cast) -> Authenticator:
    """Add a passkey for alice, and keep her device; return the passkey."""
    device = Authenticator()
    await add_passkey(cast, device)
    cast.tokens["alice"] = await active_sessions.keep_session(
        await cast.actor("alice"), cast.tokens["alice"], True
    )
    return device


async def open_by_passkey(cast: Cast, device: Authenticator) -> bytes:
    """Open alice's locked session with *device*; return its new token."""
    token = cast.tokens["alice"]
    options = await passkey_sign_in.build_unlocking_options(cast.installation, token, SITE)
    return await passkey_sign_in.unlock_session(cast.installation, token, SITE, device.use(options))


async def make_recovery_key(cast: Cast) -> str:
    """Make a recovery key for alice, and return it."""
    alice = await cast.actor("alice")
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(alice, cast.tokens["alice"], offer.sealed, offer.formatted_key)
    return offer.formatted_key


async def recover(cast: Cast, key: str) -> None:
    """Have alice set a new password with her recovery *key*, in another browser."""
    await sign_in.recover_account(cast.installation, EMAIL, key, NEW, NEW, PRACTICE)


async def reset(cast: Cast) -> None:
    """Have alice begin anew with a reset link of her therapist's, in another browser."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    link = await reset_links.create_reset_link(bob, alice.id)
    await account_reset.reset_account(
        cast.installation, link.token, EMAIL, NEW, NEW, PRACTICE, understood=True
    )


async def load_row(cast: Cast) -> WebSession:
    return await WebSession.get(id=session_id(cast.tokens["alice"]).hex())


@pytest.mark.parametrize("way", ["password", "passkey"])
@pytest.mark.parametrize("locked", [False, True], ids=["open", "locked"])
@pytest.mark.parametrize(
    ("minutes", "kept", "opens"),
    [
        (HALF_A_DAY - 1, False, {"password", "passkey"}),
        (HALF_A_DAY - 1, True, {"password", "passkey"}),
        (HALF_A_DAY, False, set()),
        (HALF_A_DAY, True, {"passkey"}),
        (7 * 24 * 60 - 1, True, {"passkey"}),
        (7 * 24 * 60, True, set()),
    ],
)
async def test_what_opens_it(
    cast: Cast, minutes: int, kept: bool, opens: set[str], locked: bool, way: str
) -> None:
    """Up to twelve hours all is as ever; then a kept session opens to its passkey alone, until 7 days are over."""
    device = await keep(cast)
    if not kept:
        cast.tokens["alice"] = await active_sessions.keep_session(
            await cast.actor("alice"), cast.tokens["alice"], False
        )
    if locked:
        await idle_lock.lock_session(await cast.actor("alice"))
    cast.clock.now = (await load_row(cast)).created_at + timedelta(minutes=minutes)
    token = cast.tokens["alice"]
    assert await web_sessions.load_actor(cast.installation, token) is None
    try:
        if way == "password":
            fresh = await idle_lock.unlock_session(cast.installation, token, PASSWORDS["alice"])
        else:
            fresh = await open_by_passkey(cast, device)
    except (NotFound, InvalidInput):
        assert way not in opens
    else:
        assert way in opens
        assert await web_sessions.load_actor(cast.installation, fresh) is not None


async def test_locked_it_holds_no_key(cast: Cast) -> None:
    """After twelve hours the purge takes the key from the row; after 7 days, the row."""
    await keep(cast)
    cast.clock.forward(hours=12)
    await idle_lock.lock_unused_sessions(cast.installation, cast.clock.now)
    assert (await load_row(cast)).wrapped is None
    owner = await idle_lock.find_locked_session(cast.installation, cast.tokens["alice"])
    assert owner is not None
    assert owner.needs_passkey
    cast.clock.forward(days=7)
    await idle_lock.lock_unused_sessions(cast.installation, cast.clock.now)
    assert not await WebSession.filter(id=session_id(cast.tokens["alice"]).hex()).exists()


async def test_the_first_request_takes_the_key(cast: Cast) -> None:
    """A request after twelve hours removes the key, where no purge came before."""
    await keep(cast)
    cast.clock.forward(hours=12)
    assert await idle_lock.find_locked_session(cast.installation, cast.tokens["alice"]) is not None
    assert (await load_row(cast)).wrapped is None


async def test_each_opening_lasts_twelve_hours(cast: Cast) -> None:
    """An opening lasts for twelve hours, never beyond 7 days from signing in."""
    device = await keep(cast)
    began = (await load_row(cast)).created_at
    cast.clock.forward(hours=6 * 24 + 18)
    cast.tokens["alice"] = await open_by_passkey(cast, device)
    row = await load_row(cast)
    assert row.expires_at == began + KEPT_LIFETIME
    cast.clock.forward(hours=6)
    with pytest.raises(NotFound):
        await open_by_passkey(cast, device)


@pytest.mark.parametrize("which", ["unverified", "another account's"])
async def test_no_other_passkey_opens_it(cast: Cast, which: str) -> None:
    """Neither a touch without verification of the person, nor the passkey of another account."""
    device, other = await keep(cast), Authenticator()
    await add_passkey(cast, other, "dana")
    cast.clock.forward(hours=13)
    device.flags = PRESENT
    with pytest.raises(InvalidInput):
        await open_by_passkey(cast, device if which == "unverified" else other)
    device.flags = PRESENT | VERIFIED
    assert await open_by_passkey(cast, device)


async def test_an_altered_row_gains_nothing(cast: Cast) -> None:
    """A later end in the row lets no password in after twelve hours, and no passkey after 7 days."""
    device = await keep(cast)
    chosen = await load_row(cast)
    await idle_lock.lock_session(await cast.actor("alice"))
    cast.clock.forward(hours=13)
    here = WebSession.filter(id=chosen.id)
    await here.update(expires_at=cast.clock.now + timedelta(hours=3), created_at=cast.clock.now)
    with pytest.raises(InvalidInput) as refused:
        await idle_lock.unlock_session(cast.installation, cast.tokens["alice"], PASSWORDS["alice"])
    assert refused.value.fields == {"current": idle_lock.NEEDS_PASSKEY}
    cast.clock.forward(days=7)
    await here.update(expires_at=cast.clock.now + timedelta(hours=3), created_at=cast.clock.now)
    with pytest.raises(NotFound):
        await open_by_passkey(cast, device)


async def test_an_earlier_choice_put_back_is_damaged(cast: Cast) -> None:
    """Who stopped keeping a device is not undone by whoever puts the row's old document back."""
    await keep(cast)
    chosen = bytes((await load_row(cast)).device)
    cast.tokens["alice"] = await active_sessions.keep_session(
        await cast.actor("alice"), cast.tokens["alice"], False
    )
    await idle_lock.lock_session(await cast.actor("alice"))
    await WebSession.filter(id=session_id(cast.tokens["alice"]).hex()).update(device=chosen)
    cast.clock.forward(hours=13)
    with pytest.raises(Damaged):
        await idle_lock.find_locked_session(cast.installation, cast.tokens["alice"])


@pytest.mark.parametrize(
    "act",
    [
        "password",
        "passkey added",
        "passkey removed",
        "renewal",
        "second factor",
        "suspended",
        "signed out",
        "new recovery key",
        "recovery",
        "reset",
    ],
)
async def test_a_change_of_keys_ends_it(cast: Cast, act: str) -> None:
    """Whatever changes how the account is opened ends it, and so do suspension and signing out."""
    key = await make_recovery_key(cast)
    device = await keep(cast)
    if act == "password":
        new = "a wholly other sentence"
        await sign_in.change_password(await cast.actor("alice"), PASSWORDS["alice"], new, new, PRACTICE)
    elif act == "passkey added":
        await add_passkey(cast, Authenticator())
    elif act == "passkey removed":
        alice = await cast.actor("alice")
        [mine] = await passkey_management.list_passkeys(alice)
        await passkey_management.remove_passkey(alice, mine.id)
    elif act == "renewal":
        await account_key.begin_rotation(await cast.actor("alice"), PASSWORDS["alice"])
    elif act == "second factor":
        await enrolled(cast, "alice")
    elif act == "suspended":
        await accounts_tables.Account.filter(id=(await cast.actor("alice")).id).update(status="suspended")
    elif act == "new recovery key":
        await make_recovery_key(cast)
    elif act == "recovery":
        await recover(cast, key)
    elif act == "reset":
        await reset(cast)
    else:
        await web_sessions.end_session(cast.installation, cast.tokens["alice"])
    cast.clock.forward(hours=13)
    assert await idle_lock.find_locked_session(cast.installation, cast.tokens["alice"]) is None
    with pytest.raises(NotFound):
        await open_by_passkey(cast, device)


@pytest.mark.parametrize("by_key", [True, False], ids=["recovery", "reset"])
async def test_a_lost_password_ends_it_for_good(cast: Cast, by_key: bool) -> None:
    """After the recovery key or a reset link, the session's row put back opens to nothing, nor with the old epoch."""
    key = await make_recovery_key(cast)
    device = await keep(cast)
    mine = accounts_tables.Account.filter(id=(await cast.actor("alice")).id)
    before, kept = (await mine.get()).epoch, await load_row(cast)
    await (recover(cast, key) if by_key else reset(cast))
    assert not await WebSession.filter(id=kept.id).exists()
    await kept.save(force_create=True)
    cast.clock.forward(hours=13)
    with pytest.raises(NotFound):
        await idle_lock.unlock_session(cast.installation, cast.tokens["alice"], PASSWORDS["alice"])
    with pytest.raises(NotFound):
        await open_by_passkey(cast, device)
    await mine.update(epoch=before)
    with pytest.raises((NotFound, InvalidInput, Damaged)):
        await open_by_passkey(cast, device)


async def test_an_epoch_put_back_opens_nothing(cast: Cast) -> None:
    """Whoever writes the number of before into the account's row does not undo a new password."""
    device = await keep(cast)
    alice = await cast.actor("alice")
    mine, new = accounts_tables.Account.filter(id=alice.id), "a wholly other sentence"
    before, kept = (await mine.get()).epoch, await load_row(cast)
    await sign_in.change_password(alice, PASSWORDS["alice"], new, new, PRACTICE)
    await mine.update(epoch=before)
    await WebSession.filter(id=kept.id).delete()
    await kept.save(force_create=True)
    cast.clock.forward(hours=13)
    with pytest.raises((NotFound, AccessRevoked, Damaged)):
        await open_by_passkey(cast, device)


async def test_its_owner_sees_and_ends_it(cast: Cast) -> None:
    """The list says until when a device is kept, also after its twelve hours, and ends it."""
    device = await keep(cast)
    row = await load_row(cast)
    until = row.created_at + KEPT_LIFETIME
    cast.clock.forward(hours=13)
    other = await passkey_sign_in.sign_in_with_passkey(
        cast.installation, SITE, device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    )
    alice = await web_sessions.load_actor(cast.installation, other)
    assert alice is not None
    here, kept = await active_sessions.list_active_sessions(alice)
    assert (here.is_current, here.kept_until) == (True, None)
    assert (kept.id, kept.kept_until, kept.locked) == (row.handle, until, True)
    await active_sessions.end_session(alice, kept.id)
    with pytest.raises(NotFound):
        await open_by_passkey(cast, device)
