"""A calendar's address: it leads to the plan as it is now, to nobody else's, and to nothing once it has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from journal.accounts import tables as accounts_tables
from journal.audit.acts import Act
from journal.calendar import feeds, reading, tables
from journal.calendar.feeds import ENDED_FOR, MAX_ENDED, MAX_TITLE
from journal.calendar.reading import Feed, FeedEnded
from journal.calendar.rendering import render_parts
from journal.care import lifecycle, links
from journal.care import tables as care_tables
from journal.errors import Damaged, HeldUntilRested, InvalidInput, LinkExpired, NotFound
from journal.key_rotation import account_key
from journal.operations.retention import purge_deleted
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.cast import PASSWORDS, Cast
from tests.journal.calendar.parsers import PARSERS
from tests.log import logged
from tests.scenes import at_rest, connected, in_session, rested

TALK = SessionDetails(
    SessionKind.INTEGRATION,
    "2027-03-27T09:00",
    "Europe/Berlin",
    50,
    Setting.TELEHEALTH_HOME,
    join="https://video.example.org/room",
    note="Bring the blue notebook",
)
DAYLIGHT = timedelta(hours=1)


async def planned(cast: Cast, details: SessionDetails = TALK, who: str = "alice") -> UUID:
    """Have somebody plan a session of their own."""
    actor = await cast.actor(who)
    return await session_plan.add_session(actor, actor.id, details)


async def made(cast: Cast, who: str = "alice", title: str = "Busy", *, has_initials: bool = False) -> str:
    """Have somebody make an address; return its token."""
    actor = await cast.actor(who)
    team = await links.load_my_links(actor) if who in ("bob", "charlie") else ()
    return await feeds.make_feed(actor, title, team, has_initials=has_initials)


async def shown(cast: Cast, token: str) -> Feed:
    """Return what a calendar is shown."""
    return await reading.open_feed(cast.installation, token)


async def moved(cast: Cast, wanted: UUID, who: str = "bob", **changes: object) -> None:
    """Have somebody change a session."""
    actor = await cast.actor(who)
    one = await session_plan.load_session(actor, wanted)
    await session_plan.change_session(
        actor, wanted, one.revision, msgspec.structs.replace(one.details, **changes)
    )


async def equals_plan(cast: Cast, token: str, who: str = "alice") -> None:
    """Verify that both programs read the times of the plan, and of each session whether it is cancelled."""
    alice = await cast.actor("alice")
    plan = await session_plan.load_patient_plan(alice, alice.id)
    expected = [(one.starts_at, one.ends_at, one.status is Status.CANCELLED) for one in plan]
    feed = await shown(cast, token)
    content = b"".join(render_parts(feed.title, feed.appointments))
    for read in PARSERS:
        assert [(one.starts_at, one.ends_at, one.is_cancelled) for one in read(content)] == expected


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_feed_equals_the_plan_whoever_changed_it_last(cast: Cast, who: str) -> None:
    """Before and after a move over a change of the clocks, a cancellation and its end, and nothing was renewed."""
    token = await made(cast, who)
    await equals_plan(cast, token, who)
    session = await planned(cast)
    other = await planned(cast, msgspec.structs.replace(TALK, local="2027-03-28T02:30", minutes=90))
    await equals_plan(cast, token, who)
    before = {one.uid: one for one in (await shown(cast, token)).appointments}
    cast.clock.forward(minutes=5)
    await moved(cast, session, "bob", local="2027-03-29T09:00")
    await equals_plan(cast, token, who)
    cast.clock.forward(minutes=5)
    await session_plan.change_status(await cast.actor("alice"), other, Status.CANCELLED)
    await equals_plan(cast, token, who)
    after = {one.uid: one for one in (await shown(cast, token)).appointments}
    assert before.keys() == after.keys()
    starts = sorted((before[uid].starts_at, one.starts_at) for uid, one in after.items())
    assert starts[0][1] - starts[0][0] == timedelta(days=2) - DAYLIGHT
    for uid, one in after.items():
        assert (one.changes, one.changed_at > before[uid].changed_at) == (before[uid].changes + 1, True)


async def test_nothing_of_what_happens_in_a_session_shows(cast: Cast) -> None:
    """From its start until rest, and after it, a dosing session is the same event, byte for byte."""
    token = await made(cast)
    session = await in_session(cast)
    during = await shown(cast, token)
    await rested(cast, session)
    await moved(cast, session, "bob", note="another word", join="another room")
    assert await shown(cast, token) == during
    assert during.appointments[0].changes == 0


async def test_what_is_over_and_what_is_cancelled_go_after_sixty_days(cast: Cast) -> None:
    """One cancelled long before its day goes sixty days after that; one that is over sixty days after its end."""
    token = await made(cast)
    far = await planned(cast, msgspec.structs.replace(TALK, local="2027-11-01T09:00"))
    await planned(cast, msgspec.structs.replace(TALK, local="2026-11-25T09:00"))
    await session_plan.change_status(await cast.actor("alice"), far, Status.CANCELLED)
    assert [one.is_cancelled for one in (await shown(cast, token)).appointments] == [False, True]
    await cast.later(days=59, hours=23)
    assert [one.is_cancelled for one in (await shown(cast, token)).appointments] == [False, True]
    await cast.later(hours=2)
    assert [one.is_cancelled for one in (await shown(cast, token)).appointments] == [False]
    await cast.later(days=3)
    assert (await shown(cast, token)).appointments == ()


async def test_an_address_is_kept_nowhere(cast: Cast) -> None:
    """No column holds the token, the secret in it, the title or a time; what the owner keeps finds nothing."""
    await planned(cast)
    token = await made(cast, "alice", "Piano lesson")
    (row,) = await tables.CalendarFeed.all()
    stored = b"|".join(
        value if isinstance(value, bytes) else str(value).encode()
        for value in (await at_rest(tables.CalendarFeed, row.id)).values()
    )
    secret, lookup = reading._parse_token(token)
    for word in (token.encode(), secret, secret.hex().encode(), b"Piano", b"2027-03-27"):
        assert word not in stored
    alice = await cast.actor("alice")
    mine = await feeds._fetch_open(alice)
    assert mine is not None
    _, key = feeds._open_own(alice, mine)
    assert key not in (secret, bytes.fromhex(lookup))


async def test_a_new_address_ends_the_one_before_and_knows_its_events(cast: Cast) -> None:
    """The old one has ended, the new one has the same events under the same ids, and a title is a change of each."""
    await planned(cast)
    old = await made(cast)
    (before,) = (await shown(cast, old)).appointments
    new = await made(cast, "alice", "Piano lesson")
    with pytest.raises(FeedEnded):
        await shown(cast, old)
    (after,) = (await shown(cast, new)).appointments
    assert (after.uid, after.title, after.changes) == (before.uid, "Piano lesson", before.changes + 1)
    await feeds.change_feed(await cast.actor("alice"), "Choir")
    (last,) = (await shown(cast, new)).appointments
    assert (last.uid, last.title, last.changes) == (before.uid, "Choir", before.changes + 2)
    await feeds.end_feed(await cast.actor("alice"))
    with pytest.raises(FeedEnded):
        await shown(cast, new)
    assert await feeds.load_own_feed(await cast.actor("alice")) is None
    assert [
        len(await logged(act)) for act in (Act.CALENDAR_MADE, Act.CALENDAR_CHANGED, Act.CALENDAR_ENDED)
    ] == [
        2,
        1,
        2,
    ]
    assert {(one.sealed, one.key) for one in await tables.CalendarFeed.all()} == {(None, None)}


async def test_ended_addresses_are_remembered_for_a_while(cast: Cast) -> None:
    """An address that ended says so for a year, the latest twenty of an account; then there is none."""
    tokens = []
    for _ in range(MAX_ENDED + 2):
        tokens.append(await made(cast))
        cast.clock.forward(minutes=1)
    with pytest.raises(LinkExpired):
        await shown(cast, tokens[0])
    with pytest.raises(FeedEnded):
        await shown(cast, tokens[1])
    cast.clock.now += ENDED_FOR + timedelta(days=1)
    await purge_deleted(cast.installation, cast.clock.now)
    with pytest.raises(LinkExpired):
        await shown(cast, tokens[1])
    await shown(cast, tokens[-1])


@pytest.mark.parametrize("token", ["", "no", "A" * 43, "A" * 44, "ä" * 43, "A" * 5000, "../feed"])
async def test_what_was_never_made_leads_nowhere(cast: Cast, token: str) -> None:
    """Whatever is asked for."""
    await made(cast)
    with pytest.raises(LinkExpired):
        await shown(cast, token)


async def test_two_people_of_one_session_have_nothing_in_common_but_its_times(cast: Cast) -> None:
    """A patient's events have other ids than their clinician's; initials stand in the latter by choice alone."""
    await planned(cast)
    mine, theirs = await shown(cast, await made(cast)), await shown(cast, await made(cast, "bob"))
    (one,), (other,) = mine.appointments, theirs.appointments
    assert (one.starts_at, one.title) == (other.starts_at, other.title)
    assert one.uid != other.uid
    assert mine.state != theirs.state
    named = await shown(cast, await made(cast, "bob", has_initials=True))
    assert [two.title for two in named.appointments] == ["Busy A. S."]
    alone = await shown(cast, await made(cast, "alice", has_initials=True))
    assert [two.title for two in alone.appointments] == ["Busy"]


async def test_a_patient_who_came_later_shows_once_their_clinician_has_seen_them(cast: Cast) -> None:
    """The clinician's own keys say whose times these are."""
    await planned(cast)
    token = await made(cast, "charlie")
    await connected(cast, "charlie")
    assert (await shown(cast, token)).appointments == ()
    charlie = await cast.actor("charlie")
    await feeds.remember_patients(charlie, await links.load_my_links(charlie))
    assert len((await shown(cast, token)).appointments) == 1
    before = await tables.CalendarFeed.all().values()
    await feeds.remember_patients(charlie, await links.load_my_links(charlie))
    assert await tables.CalendarFeed.all().values() == before  # what is known already is not written again


async def test_a_care_link_that_storage_made_up_shows_nobodys_times(cast: Cast) -> None:
    """It is in no list that a clinician's keys sealed, before they look at their patients and after it."""
    await planned(cast)
    token = await made(cast, "charlie")
    charlie = await cast.actor("charlie")
    await care_tables.CareLink.filter(id=cast.link).update(clinician_id=charlie.id)
    assert (await shown(cast, token)).appointments == ()
    await feeds.remember_patients(charlie, await links.load_my_links(charlie))
    assert (await shown(cast, token)).appointments == ()


async def test_a_care_link_that_storage_points_elsewhere_shows_nobodys_times(cast: Cast) -> None:
    """Bob's list names alice for it, so that dana's times do not show in her place."""
    await planned(cast, who="dana")
    token = await made(cast, "bob")
    await care_tables.CareLink.filter(id=cast.link).update(patient_id=(await cast.actor("dana")).id)
    assert (await shown(cast, token)).appointments == ()


async def test_whoever_left_care_is_gone_at_once(cast: Cast) -> None:
    """The end of care is enough; the clinician need not sign in for it."""
    await planned(cast)
    bob = await cast.actor("bob")
    token = await feeds.make_feed(bob, "Busy")
    assert (await shown(cast, token)).appointments == ()
    await feeds.remember_patients(bob, await links.load_my_links(bob))
    assert len((await shown(cast, token)).appointments) == 1
    alice = await cast.actor("alice")
    await lifecycle.end_care(alice, cast.link)
    assert (await shown(cast, token)).appointments == ()


async def test_a_row_pointed_at_somebody_else_opens_nobodys_times(cast: Cast) -> None:
    """Storage that gives an address to another account, or puts another's document into it, shows nothing."""
    await planned(cast, who="dana")
    token, other = await made(cast), await made(cast, "dana")
    dana = await cast.actor("dana")
    (row,) = await tables.CalendarFeed.filter(account_id=dana.id)
    mine = tables.CalendarFeed.exclude(account_id=dana.id)
    (before,) = await mine
    await mine.update(sealed=row.sealed, key=row.key)
    with pytest.raises(Damaged):
        await shown(cast, token)
    assert (await feeds.load_own_feed(await cast.actor("alice"))).is_damaged  # type: ignore[union-attr]
    await mine.update(sealed=before.sealed, key=before.key)
    await tables.CalendarFeed.filter(id=before.id).update(account_id=dana.id)
    with pytest.raises(Damaged):
        await shown(cast, token)
    assert len((await shown(cast, other)).appointments) == 1


async def test_from_the_start_of_a_session_until_rest_none_is_made_or_changed_and_any_is_ended(
    cast: Cast,
) -> None:
    """Making one gives times away for as long as it lasts; ending one gives nothing away."""
    token = await made(cast)
    session = await in_session(cast)
    alice = await cast.actor("alice")
    with pytest.raises(HeldUntilRested):
        await feeds.make_feed(alice, "Busy")
    with pytest.raises(HeldUntilRested):
        await feeds.change_feed(alice, "Other")
    await shown(cast, token)
    await feeds.end_feed(alice)
    with pytest.raises(FeedEnded):
        await shown(cast, token)
    await rested(cast, session)
    await made(cast)


async def test_keys_that_are_renewed_end_it(cast: Cast) -> None:
    """Whoever had the old keys may have made it."""
    token = await made(cast)
    await cast.just_asked()
    await account_key.begin_rotation(await cast.actor("alice"), PASSWORDS["alice"])
    with pytest.raises(FeedEnded):
        await shown(cast, token)


@pytest.mark.parametrize("status", ["suspended", "leaving"])
async def test_an_account_that_cannot_be_used_shows_nothing_meanwhile(cast: Cast, status: str) -> None:
    """Once it can be used again, the same address shows the plan again."""
    await planned(cast)
    token = await made(cast)
    mine = accounts_tables.Account.filter(id=(await cast.actor("alice")).id)
    await mine.update(status=status)
    with pytest.raises(Damaged):
        await shown(cast, token)
    await mine.update(status="active")
    assert len((await shown(cast, token)).appointments) == 1


async def test_it_goes_with_its_account(cast: Cast) -> None:
    """No row is left."""
    await made(cast)
    await accounts_tables.Account.filter(id=(await cast.actor("alice")).id).delete()
    assert await tables.CalendarFeed.all().count() == 0


async def test_its_last_use_is_a_day(cast: Cast) -> None:
    """No hour is kept, and nobody's address."""
    token = await made(cast)
    alice = await cast.actor("alice")
    feed = await feeds.load_own_feed(alice)
    assert feed is not None
    assert feed.used_on is None
    await reading.record_use(cast.installation, await shown(cast, token))
    assert not (await shown(cast, token)).is_use_due
    cast.clock.now = datetime(2026, 11, 23, 0, 1, tzinfo=UTC)
    await reading.record_use(cast.installation, await shown(cast, token))
    feed = await feeds.load_own_feed(alice)
    assert feed is not None
    assert feed.used_on == "2026-11-23"


@pytest.mark.parametrize("title", ["", " \n\t", "x" * (MAX_TITLE + 1)])
async def test_a_title_is_needed_and_is_short(cast: Cast, title: str) -> None:
    """Nothing is changed without one."""
    token = await made(cast)
    for act in (feeds.make_feed, feeds.change_feed):
        with pytest.raises(InvalidInput) as refused:
            await act(await cast.actor("alice"), title)
        assert set(refused.value.fields) == {"title"}
    assert (await shown(cast, token)).title == "Busy"


async def test_an_administrator_has_none(cast: Cast) -> None:
    """They are in nobody's care team, and have no plan."""
    erin = await cast.actor("erin")
    for act in (feeds.load_own_feed, feeds.end_feed):
        with pytest.raises(NotFound):
            await act(erin)
    with pytest.raises(NotFound):
        await feeds.make_feed(erin, "Busy")
    with pytest.raises(NotFound):
        await feeds.change_feed(await cast.actor("alice"), "Busy")  # she has none that could be changed
