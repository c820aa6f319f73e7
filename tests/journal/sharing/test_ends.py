"""A share with a last day: nobody opens it after that day, whatever storage, a clock or a time zone says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from journal.accounts import details as account_details
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.brief.brief import build_brief
from journal.care import lifecycle, links, share_list, tables
from journal.care.link_keys import open_shared_key
from journal.care.share_list import ShareEnd, ShareList
from journal.entries import acceptance, entries
from journal.errors import HeldUntilRested, InvalidInput, NotFound, StaleRevision
from journal.packets import shared as packets
from journal.replies import conversation, writing
from journal.replies.drafts import Typed
from journal.sharing import (
    caseload,
    copies,
    ends,
    handover_answers,
    opening,
    reading,
    recipients,
    saving,
    shares,
    terms,
)
from journal.sharing.shares import OutgoingShare
from journal.store.database import execute
from tests.cast import NAMES, NOON, ZONE, Cast
from tests.journal.sharing.test_handovers import suggested
from tests.scenes import PARTS, at_rest, in_session, read_by, rewritten, signed_in_again, written

TODAY = NOON.astimezone(ZoneInfo(ZONE)).date()
ZONES = sorted(available_timezones())


async def share_until(cast: Cast, until: date | None) -> UUID:
    """Have alice share a new entry with bob until a day."""
    entry, alice = await written(cast), await cast.actor("alice")
    return await shares.share_entry(alice, entry.id, cast.link, PARTS, previewed=entry.revision, until=until)


def end_of(one: OutgoingShare) -> ShareEnd:
    """Return the end of a share that has one."""
    assert one.end is not None
    return one.end


async def to_the_end(cast: Cast) -> None:
    """Go to the moment at which the only share of alice's ends."""
    (one,) = await shares.list_shares(await cast.actor("alice"))
    cast.clock.now = end_of(one).moment
    await signed_in_again(cast)


@given(day=st.dates(date(1950, 1, 1), date(2090, 1, 1)), zone=st.sampled_from(ZONES))
@example(day=date(2026, 10, 31), zone="America/Havana")  # midnight comes twice
@example(day=date(2008, 11, 1), zone="America/St_Johns")  # and so does the last hour of the day
@example(day=date(2018, 11, 3), zone="America/Sao_Paulo")  # midnight does not come
@example(day=date(2011, 12, 29), zone="Pacific/Apia")  # the next day does not come
def test_a_day_ends_when_it_is_over(day, zone):
    """The moment before is that day or one before it, never a later; from then on the day does not come again."""
    at = ends.find_end_of_day(day, ZoneInfo(zone))
    before = (at - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date()
    assert before <= day
    for hours in range(49):
        assert (at + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).date() > day


@given(at=st.text(max_size=40))
def test_an_end_that_cannot_be_read_is_over(at):
    """What says when nobody opens it any more fails towards nobody."""
    end = ShareEnd("2026-11-22", at)
    try:
        known = datetime.fromisoformat(at).tzinfo is not None
    except ValueError:
        known = False
    assert known or end.is_over(datetime(1970, 1, 1, tzinfo=UTC))


@given(now=st.datetimes(timezones=st.just(UTC)), at=st.datetimes(timezones=st.just(UTC)))
def test_a_listed_copy_is_open_before_its_end_alone(now, at):
    """Whoever asks whether a copy is listed is told that it is not, from its end on."""
    ident = UUID(int=1)
    listed = ShareList(copies={ident.hex: (1, b"x".hex())}, ends={ident.hex: ShareEnd("", at.isoformat())})
    assert share_list.is_listed(listed, (ident, 1, b"x"), now) == (now < at)
    assert listed.list_current(now) == (frozenset({ident.hex}) if now < at else frozenset())


async def test_until_the_end_it_is_as_any_other_and_both_see_the_day(cast: Cast) -> None:
    """Today is a day to choose; it is over at midnight of its patient's."""
    await share_until(cast, TODAY)
    (one,) = await shares.list_shares(await cast.actor("alice"))
    cast.clock.now = end_of(one).moment - timedelta(seconds=1)
    await signed_in_again(cast)
    (theirs,) = (await reading.load_folder(await cast.actor("bob"), (await cast.actor("alice")).id)).shared
    assert theirs.end == one.end
    assert (end_of(one).day, end_of(one).moment.astimezone(ZoneInfo(ZONE)).hour) == (TODAY.isoformat(), 0)


async def test_from_the_end_on_nobody_opens_it_also_where_its_row_is_still_there(cast: Cast) -> None:
    """Neither a page, a brief, a packet nor a reply does; and nothing is called damaged or missing."""
    share = await share_until(cast, TODAY)
    before, row = (await read_by(cast, "bob"))[0], await at_rest(tables.Share, share)
    await to_the_end(cast)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    link = await links.load_link_with(bob, alice.id)
    folder = await reading.load_folder(bob, alice.id)
    assert (folder.shared, folder.closed, folder.damaged, folder.missing) == ((), (), (), False)
    assert [one.day for one in folder.ended] == [TODAY.isoformat()]
    with pytest.raises(reading.ShareOver):
        await reading.read_share(bob, alice.id, share, by_tap=True)
    with pytest.raises(NotFound):
        await conversation.read_of_copy(bob, alice.id, share)
    brief = await build_brief(bob, alice.id)
    assert str(before.answers["int.meaning"]) not in repr(brief)
    assert not (await packets.load_folder(bob, link)).shared
    assert await shares.list_shares_and_missing(alice) == ((), frozenset())
    assert await at_rest(tables.Share, share) == row


async def test_the_job_deletes_the_copy_and_logs_it_once(cast: Cast) -> None:
    """It needs no key; nobody is called a reader from then on, and the patient's log has an act of its own."""
    share, there = await share_until(cast, TODAY), await share_until(cast, None)
    assert await ends.end_due(cast.installation) == 0
    (one,) = [one for one in await shares.list_shares(await cast.actor("alice")) if one.end]
    cast.clock.now = end_of(one).moment
    await signed_in_again(cast)
    assert [await ends.end_due(cast.installation), await ends.end_due(cast.installation)] == [1, 0]
    alice, row = await cast.actor("alice"), await at_rest(tables.Share, share)
    assert (row["sealed"], row["talked"], row["ended_at"]) == (b"", None, cast.clock.now)
    assert set(await recipients.load_readers(alice, {one.entry: cast.clock.now})) == set()
    assert len(await recipients.load_shared_ids(alice)) == 1
    events = await audit_events.list_patient_events(alice.id, limit=9)
    assert [(each.object_id, each.actor_id) for each in events if each.action is Act.SHARE_ENDED] == [
        (share, None)
    ]
    (case,) = (await caseload.load_caseload(await cast.actor("bob"))).cases
    assert case.unread == 1
    with pytest.raises(reading.ShareOver):
        await reading.read_share(await cast.actor("bob"), alice.id, share)
    assert await reading.read_share(await cast.actor("bob"), alice.id, there)


async def test_storage_that_takes_the_end_away_opens_nothing(cast: Cast) -> None:
    """The row's own end only says when to delete it; that it is over stands in the sealed list."""
    share = await share_until(cast, TODAY)
    before = await at_rest(tables.Share, share)
    await to_the_end(cast)
    await ends.end_due(cast.installation)
    await tables.Share.filter(id=share).update(sealed=before["sealed"], due=None, ended_at=None)
    with pytest.raises(reading.ShareOver):
        await reading.read_share(await cast.actor("bob"), (await cast.actor("alice")).id, share)
    assert await read_by(cast, "bob") == ()


async def test_storage_that_takes_an_ended_row_away_begins_nothing_again(sqlite_cast: Cast) -> None:
    """Accepted as it is, the list still says that it ended: nothing that is shared as completed brings it back."""
    cast = sqlite_cast
    share = await share_until(cast, TODAY)
    (one,) = await shares.list_shares(await cast.actor("alice"))
    await to_the_end(cast)
    await ends.end_due(cast.installation)
    await tables.Share.filter(id=share).delete()
    alice = await cast.actor("alice")
    await acceptance.accept_journal(alice)
    (row,) = await tables.CareLink.filter(id=cast.link)
    assert await share_list.was_stopped(alice, cast.link, row.patient_key, one.entry, NOON)


async def test_storage_that_ends_a_share_early_is_noticed(cast: Cast) -> None:
    """A row that only says that it ended is a copy that is missing."""
    share = await share_until(cast, TODAY)
    await tables.Share.filter(id=share).update(ended_at=NOON)
    alice = await cast.actor("alice")
    assert (await reading.load_folder(await cast.actor("bob"), alice.id)).missing
    assert (await shares.list_shares_and_missing(alice))[1] == {cast.link}


async def test_what_is_opened_at_the_end_is_not_recorded(cast: Cast) -> None:
    """The transaction that records an opening asks once more whether it is over."""
    await share_until(cast, TODAY)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    folder = await reading.load_folder(bob, alice.id)
    await to_the_end(cast)
    assert not await opening.mark_as_read(await cast.actor("bob"), folder.link, folder.shared)


async def test_no_zone_pause_or_clock_opens_it_again(cast: Cast) -> None:
    """It is over for good: where it is still that day, after a pause, in a new session, and by a clock set back."""
    share = await share_until(cast, TODAY)
    end = end_of((await shares.list_shares(await cast.actor("alice")))[0])
    await _move_to(cast, "Pacific/Kiritimati")  # where that day is over long before
    cast.clock.now = end.moment - timedelta(seconds=1)
    await signed_in_again(cast)
    assert len(await read_by(cast, "bob")) == 1
    await to_the_end(cast)
    for where in ("Etc/GMT+12", "America/New_York"):  # where it is that day still
        await _move_to(cast, where)
        assert await _is_closed(cast, share)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert await _is_closed(cast, share)
    await signed_in_again(cast)
    assert await _is_closed(cast, share)
    await ends.end_due(cast.installation)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert await _is_closed(cast, share)
    cast.clock.now = NOON  # what is deleted stays so, whatever the server believes of the time
    await signed_in_again(cast)
    assert await _is_closed(cast, share)


async def test_what_takes_the_place_of_a_damaged_copy_ends_with_it(cast: Cast) -> None:
    """Its row is a new one, and says so as well when to delete it."""
    await share_until(cast, TODAY)
    (one,) = await shares.list_shares(await cast.actor("alice"))
    await execute("UPDATE share SET revision = -1")
    link = (await links.load_my_links(await cast.actor("alice")))[0]
    await _extend(cast, link, await _load_entry(cast, one.entry))
    (new,) = await shares.list_shares(await cast.actor("alice"))
    assert (new.end, new.id == one.id, new.damaged) == (one.end, False, False)
    await to_the_end(cast)
    assert await ends.end_due(cast.installation) == 1


async def test_an_end_is_changed_and_taken_away(cast: Cast) -> None:
    """A later day, none, an earlier one: list and row have the same, and the log says so each time."""
    share = await share_until(cast, TODAY)
    for until in (TODAY + timedelta(days=9), None, TODAY):
        await terms.change_terms(await cast.actor("alice"), share, until, False)
        (one,) = await shares.list_shares(await cast.actor("alice"))
        row = await at_rest(tables.Share, share)
        assert end_of(one).day == until.isoformat() if until else one.end is None
        assert (row["ends"], row["due"] is not None) == (until is not None, until is not None)
    await terms.change_terms(await cast.actor("alice"), share, TODAY, False)  # no change
    events = await audit_events.list_patient_events((await cast.actor("alice")).id, limit=9)
    assert [one.action for one in events].count(Act.SHARE_END_CHANGED) == 3


async def test_what_is_over_is_not_begun_again_by_another_day(cast: Cast) -> None:
    """It is shared anew instead, as everything is; the same copy then opens again, until the new day."""
    share = await share_until(cast, TODAY)
    (one,) = await shares.list_shares(await cast.actor("alice"))
    await to_the_end(cast)
    alice = await cast.actor("alice")
    with pytest.raises(NotFound):
        await terms.change_terms(alice, share, None, False)
    await ends.end_due(cast.installation)
    again = await shares.share_entry(alice, one.entry, cast.link, PARTS, previewed=1)
    assert again == share
    assert len(await read_by(cast, "bob")) == 1
    assert (await at_rest(tables.Share, share))["due"] is None


@pytest.mark.parametrize("days", [-1, 366 * 11])
async def test_a_day_that_cannot_be_is_refused(cast: Cast, days: int) -> None:
    """One that has passed, or one in the far future: nothing is shared."""
    with pytest.raises(InvalidInput) as refused:
        await share_until(cast, TODAY + timedelta(days=days))
    assert set(refused.value.fields) == {"until_date"}
    assert await tables.Share.all().count() == 0


async def test_in_a_hold_a_share_gets_shorter_alone(cast: Cast) -> None:
    """What takes something back is never held; what lets somebody read longer is."""
    share = await share_until(cast, TODAY + timedelta(days=9))
    await in_session(cast)
    for until in (TODAY + timedelta(days=10), None):
        with pytest.raises(HeldUntilRested):
            await terms.change_terms(await cast.actor("alice"), share, until, False)
    await terms.change_terms(await cast.actor("alice"), share, TODAY + timedelta(days=1), False)
    (one,) = await shares.list_shares(await cast.actor("alice"))
    assert end_of(one).day == (TODAY + timedelta(days=1)).isoformat()


async def test_a_copy_that_grows_keeps_its_end(cast: Cast) -> None:
    """What is added later, or goes by a standing share, moves no end; and nothing is added after it."""
    share = await share_until(cast, TODAY)
    alice, link = await cast.actor("alice"), (await links.load_my_links(await cast.actor("alice")))[0]
    (one,) = await shares.list_shares(alice)
    entry = await rewritten(cast, await _load_entry(cast, one.entry), **{"int.meaning": "More."})
    await _extend(cast, link, entry)
    (now,) = await shares.list_shares(await cast.actor("alice"))
    assert (now.end, now.document.answers["int.meaning"], now.id) == (one.end, "More.", share)
    await to_the_end(cast)
    with pytest.raises(StaleRevision):
        await _extend(cast, link, entry)
    key = {link.id: link.row.patient_key}[link.id]
    assert await share_list.was_stopped(await cast.actor("alice"), link.id, key, one.entry, NOON)


async def test_a_handover_takes_the_end_along_and_not_that_it_may_be_filed(cast: Cast) -> None:
    """The colleague reads it until the same day; to file it was allowed to one person."""
    share = await share_until(cast, TODAY)
    await terms.change_terms(await cast.actor("alice"), share, TODAY, True)
    offer = await suggested(cast)
    await handover_answers.accept_handover(await cast.actor("alice"), offer, [share])
    both = {one.link.peer_name: one for one in await shares.list_shares(await cast.actor("alice"))}
    mine, theirs = both["Bob Example"], both["Charlie Outsider"]
    assert (end_of(mine).moment, mine.may_file) == (end_of(theirs).moment, True)
    assert not theirs.may_file
    cast.clock.now = end_of(mine).moment
    await signed_in_again(cast)
    assert await read_by(cast, "charlie") == ()
    assert await ends.end_due(cast.installation) == 2


async def test_what_was_replied_stays_with_its_patient(cast: Cast) -> None:
    """A reply that she had not opened is there after the end; nothing more can be sent, and she is told why."""
    share = await share_until(cast, TODAY)
    (one,) = await shares.list_shares(await cast.actor("alice"))
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    await writing.send_of_copy(bob, alice.id, share, Typed("I read it."), UUID(int=7))
    await to_the_end(cast)
    await ends.end_due(cast.installation)
    _, found = await conversation.read_mine(await cast.actor("alice"), one.entry, cast.link)
    assert [each.text for each in found.replies] == ["I read it."]
    assert (found.closed, found.copy) == (conversation.Closed.RAN_OUT, None)
    with pytest.raises(StaleRevision):
        await writing.send_mine(
            await cast.actor("alice"), one.entry, cast.link, Typed("Thank you."), UUID(int=8)
        )


async def _move_to(cast: Cast, zone: str) -> None:
    """Have alice and bob live in another time zone."""
    for name in ("alice", "bob"):
        await account_details.change_details(await cast.actor(name), NAMES[name], zone)


async def _is_closed(cast: Cast, share: UUID) -> bool:
    """Return whether bob can open a copy neither in the folder nor by itself, and alice sees no reader of it."""
    alice = await cast.actor("alice")
    with pytest.raises(NotFound):
        await reading.read_share(await cast.actor("bob"), alice.id, share, by_tap=True)
    return await read_by(cast, "bob") == () and await shares.list_shares(alice) == ()


async def _load_entry(cast: Cast, wanted: UUID):
    return await entries.load_entry(await cast.actor("alice"), wanted)


async def _extend(cast: Cast, link, entry) -> None:
    alice = await cast.actor("alice")
    document = copies.build_copy(entry, PARTS, alice.now, alice.zone)
    await saving.save_copy(alice, link, entry, document, await open_shared_key(alice, link))
