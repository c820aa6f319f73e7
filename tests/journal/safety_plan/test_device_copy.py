"""A copy that a browser keeps: made when rested, renewed, and ended from elsewhere, with the account, or by a tap."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from journal.authentication import active_sessions, sign_in, web_sessions
from journal.device_copies import copies, tables
from journal.entries import entries, only_entry, removal
from journal.errors import HeldUntilRested, InvalidInput, LinkExpired, NotFound
from journal.practice import account_deletion
from journal.practice.account_deletion import DELETION_DELAY
from journal.safety_plan import device_copy
from journal.safety_plan import plan as safety_plan
from journal.store.database import execute
from journal.vault.documents import EntryDocument
from tests.cast import PASSWORDS, Cast
from tests.scenes import in_session

NEW = "nine slow boats on a wide river"
WRITTEN = EntryDocument("safety", answers={"safety.people": "Jo +1 202 555 0143"})


async def made(cast: Cast) -> str:
    """Have alice write her plan and keep it in the browser of her session; return what the browser holds."""
    alice = await cast.actor("alice")
    await only_entry.begin_written_entry(alice, uuid4(), WRITTEN)
    return (await device_copy.make_copy(alice)).token


async def test_it_is_made_of_a_plan_and_held(cast: Cast) -> None:
    """Without a plan there is none; in a hold none is made, and what there is goes on and can be ended."""
    alice = await cast.actor("alice")
    with pytest.raises(NotFound):
        await device_copy.make_copy(alice)
    token = await made(cast)
    with pytest.raises(NotFound):
        await device_copy.make_copy(await cast.actor("bob"))
    await in_session(cast)
    alice = await cast.actor("alice")
    with pytest.raises(HeldUntilRested):
        await device_copy.make_copy(alice)
    assert await tables.DeviceCopy.all().count() == 1
    newer = await device_copy.renew_copy(alice, token, 0)
    assert newer is not None
    await copies.end_copy(alice, (await copies.list_copies(alice))[0].id)
    assert not await copies.is_kept(token)


async def test_it_follows_new_versions(cast: Cast) -> None:
    """Nothing is sent to a browser that has the newest; nothing of an ended copy; a plan that went takes it along."""
    token = await made(cast)
    alice = await cast.actor("alice")
    entry = (await safety_plan.load_plan(alice)).entry
    assert entry is not None
    assert await device_copy.renew_copy(alice, token, entry.revision) is None
    changed = EntryDocument("safety", answers={"safety.alone": "Walk"})
    await entries.save_entry(alice, entry.id, entry.revision, changed)
    newer = await device_copy.renew_copy(alice, token, entry.revision)
    assert newer is not None
    assert [part.field_id for part in newer.plan.parts] == ["safety.alone"]
    await removal.delete_entry(alice, entry.id)
    with pytest.raises(LinkExpired):
        await device_copy.renew_copy(alice, token, entry.revision)
    assert not await copies.is_kept(token)
    with pytest.raises(NotFound):
        await device_copy.renew_copy(alice, token, 0)


async def test_nobody_else_gets_or_ends_it(cast: Cast) -> None:
    """Another patient in the same browser gets nothing of it, and ends it by no address; no made up token is one."""
    token = await made(cast)
    dana, alice = await cast.actor("dana"), await cast.actor("alice")
    (mine,) = await copies.list_copies(alice)
    assert mine.is_here
    assert await copies.list_copies(dana) == ()
    with pytest.raises(NotFound):
        await device_copy.renew_copy(dana, token, 0)
    with pytest.raises(NotFound):
        await copies.end_copy(dana, mine.id)
    for wrong in ("", "x" * 64, token.upper() + "0", token[:-2], "0" * 64):
        assert not await copies.is_kept(wrong)
        await copies.end_held_copy(wrong)
    assert await copies.is_kept(token)
    assert token not in str(await tables.DeviceCopy.all().values())


@pytest.mark.parametrize("way", ["one", "others", "all", "password"])
async def test_it_ends_when_its_browser_is_signed_out_elsewhere(cast: Cast, way: str) -> None:
    """By its line in the list, with every other browser, or with a new password; signing out there leaves it."""
    token = await made(cast)
    phone = await cast.actor("alice")
    other = (await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])).token
    desk = await web_sessions.load_actor(cast.installation, other)
    assert desk is not None
    kept = (await device_copy.make_copy(desk)).token
    if way == "one":
        (line,) = [one for one in await active_sessions.list_active_sessions(desk) if not one.is_current]
        await active_sessions.end_session(desk, line.id)
    elif way == "password":
        await sign_in.change_password(desk, PASSWORDS["alice"], NEW, NEW, "Quiet Practice")
    else:
        await active_sessions.end_all_sessions(desk, include_current=way == "all")
    assert not await copies.is_kept(token)
    assert await copies.is_kept(kept)
    assert phone.session


async def test_signing_out_leaves_it_and_signing_in_again_finds_it(cast: Cast) -> None:
    """It is there for when somebody is signed out; the next session of that browser is the one that can be ended."""
    token = await made(cast)
    await web_sessions.end_session(cast.installation, cast.tokens["alice"])
    assert await copies.is_kept(token)
    again = (await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])).token
    alice = await web_sessions.load_actor(cast.installation, again)
    assert alice is not None
    assert not (await copies.list_copies(alice))[0].is_here
    await device_copy.renew_copy(alice, token, 0)
    assert (await copies.list_copies(alice))[0].is_here
    await active_sessions.end_session(alice, (await active_sessions.list_active_sessions(alice))[0].id)
    assert await copies.is_kept(token), "signed out here"


async def test_a_browser_that_was_signed_out_meanwhile_renews_and_makes_none(cast: Cast) -> None:
    """What was asked before it was signed out from elsewhere, and is done after, leaves no copy that nothing ends."""
    token = await made(cast)
    alice = await cast.actor("alice")
    await web_sessions.end_session(cast.installation, cast.tokens["alice"])
    with pytest.raises(NotFound):
        await device_copy.renew_copy(alice, token, 0)
    with pytest.raises(NotFound):
        await device_copy.make_copy(alice)
    assert await tables.DeviceCopy.all().count() == 1


async def test_it_goes_with_the_account(cast: Cast) -> None:
    """While the account can be taken back the copy stays; then it is gone."""
    token = await made(cast)
    await account_deletion.request_deletion(await cast.actor("alice"), "delete")
    assert await copies.is_kept(token)
    later = cast.clock.now + DELETION_DELAY + timedelta(minutes=1)
    await account_deletion.delete_due_accounts(cast.installation, later)
    assert not await copies.is_kept(token)
    assert await tables.DeviceCopy.all().count() == 0


async def test_there_are_not_endlessly_many(cast: Cast) -> None:
    """As many as somebody has browsers; a further one is refused, and there is room again when one is removed."""
    await made(cast)
    alice = await cast.actor("alice")
    for _ in range(copies.MAX_COPIES - 1):
        await device_copy.make_copy(alice)
    with pytest.raises(InvalidInput):
        await device_copy.make_copy(alice)
    await copies.end_copy(alice, (await copies.list_copies(alice))[-1].id)
    await device_copy.make_copy(alice)


async def test_a_row_that_cannot_be_read_is_left_out(sqlite_cast: Cast) -> None:
    """The plan's page lists the others, and the copy itself is still found by what its browser holds."""
    token = await made(sqlite_cast)
    await execute("UPDATE device_copy SET created_at = $1", "words")
    alice = await sqlite_cast.actor("alice")
    await device_copy.make_copy(alice)
    assert len(await copies.list_copies(alice)) == 1
    assert await copies.is_kept(token)
