"""A session that waits for its second factor opens nothing, whatever storage says of it."""

from __future__ import annotations

from uuid import UUID

import pytest

from crypto import session_id, unwrap_account_key
from journal.accounts import tables as accounts_tables
from journal.authentication import active_sessions, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.web_sessions import Stage
from journal.errors import Damaged, NotFound
from tests.cast import Cast


async def waiting(cast: Cast) -> tuple[UUID, bytes, bytes]:
    """Start a sign-in of alice's that waits for her second factor; return her id, account key and token."""
    alice = await cast.actor("alice")
    row = await authentication_tables.WebSession.get(id=alice.session)
    key = unwrap_account_key(
        cast.tokens["alice"], bytes(row.wrapped or b""), account=alice.id.bytes, epoch=row.epoch
    )
    token = await web_sessions.start_session(cast.installation, alice.id, key, stage=Stage.SECOND_FACTOR)
    return alice.id, key, token


async def test_a_waiting_session_opens_nothing(cast: Cast) -> None:
    """It signs nobody in, and gives its account only to the page that asks for the second factor."""
    account, key, token = await waiting(cast)
    assert await web_sessions.load_actor(cast.installation, token) is None
    assert await web_sessions.find_waiting_session(cast.installation, token) == (account, key)
    assert await web_sessions.find_waiting_session(cast.installation, cast.tokens["alice"]) is None


async def test_a_stage_flipped_in_storage_opens_nothing(cast: Cast) -> None:
    """The stage is sealed into what the cookie opens: a changed column is refused with words."""
    _, _, token = await waiting(cast)
    await authentication_tables.WebSession.filter(stage=Stage.SECOND_FACTOR.value).update(
        stage=Stage.OPEN.value
    )
    with pytest.raises(Damaged):
        await web_sessions.load_actor(cast.installation, token)
    await authentication_tables.WebSession.all().update(
        stage=Stage.SECOND_FACTOR.value, created_at=cast.clock.now
    )
    with pytest.raises(Damaged):
        await web_sessions.find_waiting_session(cast.installation, cast.tokens["alice"])


async def test_the_second_factor_opens_it_under_another_token(cast: Cast) -> None:
    """Promoted once, it opens for twelve hours from the sign-in; the token of before is worth nothing."""
    account, _, token = await waiting(cast)
    cast.clock.forward(minutes=9)
    promoted = await web_sessions.promote_session(cast.installation, token)
    actor = await web_sessions.load_actor(cast.installation, promoted)
    assert actor is not None
    assert (actor.id, actor.is_recently_confirmed) == (account, True)
    assert await web_sessions.load_actor(cast.installation, token) is None
    assert await web_sessions.find_waiting_session(cast.installation, promoted) is None
    with pytest.raises(NotFound):
        await web_sessions.promote_session(cast.installation, token)
    row = await authentication_tables.WebSession.get(id=actor.session)
    assert row.expires_at == row.created_at + web_sessions.LIFETIME


async def test_it_waits_ten_minutes(cast: Cast) -> None:
    """After that the password is asked for again."""
    _, _, token = await waiting(cast)
    cast.clock.forward(minutes=10)
    assert await web_sessions.find_waiting_session(cast.installation, token) is None
    with pytest.raises(NotFound):
        await web_sessions.promote_session(cast.installation, token)


async def test_a_suspended_account_does_not_wait(cast: Cast) -> None:
    """Who is suspended while they look for their phone does not come in."""
    account, _, token = await waiting(cast)
    await accounts_tables.Account.filter(id=account).update(status="suspended")
    assert await web_sessions.find_waiting_session(cast.installation, token) is None


async def test_the_device_is_sealed(cast: Cast) -> None:
    """What kind of browser it is stands under the server key, bound to this session."""
    alice = await cast.actor("alice")
    key = await web_sessions.load_account_key(alice, cast.tokens["alice"])
    token = await web_sessions.start_session(cast.installation, alice.id, key, device="Firefox on Android")
    row = await authentication_tables.WebSession.get(id=session_id(token).hex())
    assert b"Firefox" not in bytes(row.device)
    assert "Firefox on Android" in [
        visit.device for visit in await active_sessions.list_active_sessions(alice)
    ]
