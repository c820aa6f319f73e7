"""A session that waits for its second factor opens nothing, whatever storage says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from crypto import session_id, unwrap_account_key
from journal.accounts import profiles
from journal.accounts import tables as accounts_tables
from journal.authentication import active_sessions, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.web_sessions import Stage
from journal.errors import Damaged, NotFound
from journal.sealing import seal_document
from journal.store.database import Statement, fetch_raw
from journal.store.statements import Subquery, parse_id
from tests.cast import Cast
from tests.factors import enrolled
from tests.log import logged
from tests.scenes import written


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


async def test_what_opens_a_browser_is_logged(cast: Cast) -> None:
    """The second factor of a sign-in, and a password asked for again; each once, of the account itself."""
    account, _, token = await waiting(cast)
    before = len(await logged("account.signed-in", actor_id=account))
    promoted = await web_sessions.promote_session(cast.installation, token)
    assert len(await logged("account.signed-in", actor_id=account)) == before + 1
    actor = await web_sessions.load_actor(cast.installation, promoted)
    assert actor is not None
    before = len(await logged("account.confirmed", actor_id=account))
    await web_sessions.confirm_session(actor, promoted)
    assert len(await logged("account.confirmed", actor_id=account)) == before + 1


async def test_a_browser_is_stored_as_open(cast: Cast) -> None:
    """What is sealed says the session and the stage that the columns say, so it is listed among the open ones."""
    _, _, token = await waiting(cast)
    promoted = await web_sessions.promote_session(cast.installation, token)
    actor = await web_sessions.load_actor(cast.installation, promoted)
    assert actor is not None
    row, _ = await web_sessions.load_own(actor, promoted)
    browser = web_sessions.open_browser(cast.installation, row)
    assert (browser.session, browser.stage) == (actor.session, Stage.OPEN.value)


async def test_how_far_an_account_has_come_is_what_its_rows_say(cast: Cast) -> None:
    """Its records, its second factor, its memory of the log and the practice's events, each in its own place."""
    await enrolled(cast, "alice")
    alice = await cast.actor("alice")
    for _ in range(3):
        await written(cast)
    await accounts_tables.Witness.filter(id=alice.id).update(revision=9)
    seen = (await cast.actor("alice")).seen
    assert seen is not None
    root = await fetch_raw("SELECT revision, sealed FROM record_state WHERE id = $1", alice.id)
    factor = await fetch_raw("SELECT revision FROM second_factor WHERE account_id = $1", alice.id)
    ((events,),) = await fetch_raw("SELECT MAX(id) FROM audit_event")
    assert (seen.revision, seen.tag) == (root[0][0], bytes(root[0][1])[-7:])
    assert (seen.factor, seen.memory, seen.events) == (factor[0][0], 9, events or 0)
    assert len({seen.revision, seen.factor, seen.memory, seen.epoch}) == 4


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


async def test_an_actor_is_who_their_profile_says(cast: Cast) -> None:
    """Everything that pages go by comes from the sealed profile and the row, each in its own place."""
    alice = await cast.actor("alice")
    before = await profiles.load_profile(cast.installation, alice.id)
    choices = {
        "name": "Alice Anders",
        "email": "anders@example.org",
        "time_zone": "Asia/Tokyo",
        "profession": "potter",
        "lock_minutes": 45,
        "region": "DE",
        "language": "es",
        "is_neutral": True,
        "hides_numbers": True,
        "has_day_lines": True,
        "wants_no_offers": True,
        "told_restoration": "a backup",
    }
    changed = msgspec.structs.replace(
        before,
        **choices,
        reminders=profiles.ReminderChoices(("talk",)),
        dosing_day=profiles.DosingDay("acute", cast.clock.now + timedelta(hours=1)),
    )
    sealed = seal_document(cast.installation.server_keys, changed, profiles.profile_context(alice.id))
    await accounts_tables.Account.filter(id=alice.id).update(sealed=sealed)
    later = await cast.actor("alice")
    assert {name: getattr(later, name) for name in choices} == choices
    assert (later.is_reminded, later.dosing_day) == (True, "acute")
    assert (alice.is_reminded, alice.dosing_day, alice.has_day_lines) == (False, "", False)
    assert (later.now, later.zone) == (cast.clock.now, ZoneInfo("Asia/Tokyo"))
    row = await accounts_tables.Account.get(id=alice.id)
    assert (later.opened_at, later.sealed_identity) == (row.created_at, bytes(row.identity))
    assert (later.recovery_ready, later.former_identity, later.prefetched) == (True, None, [])
    assert later.seen is not None
    assert (later.seen.epoch, later.seen.at) == (row.epoch, int(cast.clock.now.timestamp()))
    assert later.seen.events > 0


async def test_what_a_page_asks_beside_is_of_the_sessions_account(cast: Cast) -> None:
    """A page's own statements run with the question whose session it is, about that account alone."""
    alice = await cast.actor("alice")

    def ask(account: Subquery) -> Sequence[Statement]:
        return [("SELECT id FROM account WHERE id = $1", (account,))]

    actor = await web_sessions.load_actor(cast.installation, cast.tokens["alice"], ask)
    assert actor is not None
    ((found,),) = actor.prefetched
    assert parse_id(found[0]) == alice.id


@pytest.mark.parametrize("minutes", [29, 30, 31, 32, 45])
async def test_an_unused_session_locks(cast: Cast, minutes: int) -> None:
    """After as long as its owner chose, counted from its last use; a clock that was set back locks nothing."""
    alice = await cast.actor("alice")
    cast.clock.forward(minutes=minutes)
    unused = timedelta(minutes=minutes)
    actor = await web_sessions.load_actor(cast.installation, cast.tokens["alice"])
    is_open = unused < timedelta(minutes=alice.lock_minutes) + web_sessions.USE_INTERVAL
    assert (actor is not None) is is_open
    if actor is not None:
        assert actor.is_use_due is (unused >= web_sessions.USE_INTERVAL)


@pytest.mark.parametrize(
    "changed",
    [
        {"created_at": timedelta(minutes=-10)},
        {"created_at": timedelta(minutes=11)},
        {"expires_at": timedelta(0)},
        {"expires_at": timedelta(seconds=-1)},
    ],
)
async def test_a_waiting_session_ends_by_either_time(cast: Cast, changed: dict[str, timedelta]) -> None:
    """Whichever of its two times storage wrote anew, the other or a bound still ends it."""
    _, _, token = await waiting(cast)
    moved: Any = {name: cast.clock.now + by for name, by in changed.items()}
    await authentication_tables.WebSession.filter(stage=Stage.SECOND_FACTOR.value).update(**moved)
    assert await web_sessions.find_waiting_session(cast.installation, token) is None
