"""Care links: whose they are, pausing and resuming, the end of care, and keys that changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from crypto import PrivateIdentity, ServerKey
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import Profile, profile_context
from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.care import lifecycle, link_keys, links
from journal.care import tables as care_tables
from journal.care.link_keys import SharingPaused
from journal.care.links import UNKNOWN_NAME, CareTeam, Link
from journal.errors import Damaged, HeldUntilRested, InvalidInput, NotFound, StaleRevision, TrustBroken
from journal.held_acts import Asked, HeldAct
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sessions import plan_key
from journal.sessions.tables import PlanKey
from journal.sharing import caseload, reading, shares
from journal.sharing.recipients import UNKNOWN_CONNECTION, Reader, load_readers
from tests.cast import NAMES, NOON, Cast
from tests.log import logged
from tests.scenes import (
    at_rest,
    connected,
    in_session,
    opened_by,
    read_by,
    rested,
    shared,
    signed_in_again,
    written,
)


async def row(cast: Cast, link: UUID | None = None) -> care_tables.CareLink:
    """Return the row of a care link."""
    return await care_tables.CareLink.get(id=link or cast.link)


async def swap_keys(actor: Actor, identity: PrivateIdentity | None = None) -> None:
    """Replace somebody's public keys in the database."""
    other = (identity or PrivateIdentity.generate()).public().encode()
    await accounts_tables.Account.filter(id=actor.id).update(public_identity=other)


async def test_each_sees_the_other(cast: Cast) -> None:
    """The link bears the other one's name, on both sides."""
    (mine,) = await links.load_my_links(await cast.actor("alice"))
    (theirs,) = await links.load_my_links(await cast.actor("bob"))
    assert (mine.peer_name, theirs.peer_name) == ("Bob Example", "Alice Sample")
    assert mine.id == theirs.id == cast.link
    assert mine.state == "active"


async def test_outsiders_have_no_link(cast: Cast) -> None:
    """Nobody else can load it or act on it, and it stays as it was."""
    before = await at_rest(care_tables.CareLink, cast.link)
    for who in ("charlie", "dana"):
        actor = await cast.actor(who)
        assert await links.load_my_links(actor, ended=True) == ()
        for act in (links.load_my_link, lifecycle.end_care):
            with pytest.raises(NotFound):
                await act(actor, cast.link)
    dana = await cast.actor("dana")
    for patient_act in (lifecycle.pause_sharing, lifecycle.resume_sharing):
        with pytest.raises(NotFound):
            await patient_act(dana, cast.link)
    await lifecycle.pause_sharing(dana)
    assert await at_rest(care_tables.CareLink, cast.link) == before


async def test_a_clinician_neither_pauses_nor_resumes(cast: Cast) -> None:
    """Those are the patient's."""
    bob = await cast.actor("bob")
    for act in (
        lifecycle.pause_sharing(bob),
        lifecycle.pause_sharing(bob, cast.link),
        lifecycle.resume_sharing(bob, cast.link),
    ):
        with pytest.raises(NotFound):
            await act
    assert (await row(cast)).paused_at is None


async def test_pausing_takes_the_clinicians_key_away(cast: Cast) -> None:
    """While sharing is paused there is no copy of the key that the clinician could open."""
    share = await shared(cast, await written(cast))
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await lifecycle.pause_sharing(alice, cast.link)
    assert (await row(cast)).clinician_key is None
    folder = await reading.load_folder(bob, alice.id)
    assert folder.paused
    assert folder.shared == ()
    with pytest.raises(SharingPaused):
        await reading.read_share(bob, alice.id, share)
    (case,) = (await caseload.load_caseload(bob)).cases
    assert (case.paused, case.unread) == (True, 0)
    (mine,) = await links.load_my_links(alice)
    assert mine.state == "paused"


async def test_resuming_gives_the_same_copies_back(cast: Cast) -> None:
    """Nothing was lost by pausing."""
    await shared(cast, await written(cast))
    before, alice = await read_by(cast, "bob"), await cast.actor("alice")
    await lifecycle.pause_sharing(alice)
    await lifecycle.resume_sharing(alice, cast.link)
    assert await read_by(cast, "bob") == before
    assert (await row(cast)).paused_at is None


async def test_pausing_and_resuming_twice_is_once(cast: Cast) -> None:
    """A button pressed twice does no harm, and is logged once."""
    alice = await cast.actor("alice")
    await lifecycle.pause_sharing(alice)
    since = (await row(cast)).paused_at
    cast.clock.forward(minutes=1)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    assert (await row(cast)).paused_at == since
    for _ in range(2):
        await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    counts = [len(await logged(f"care.sharing-{act}")) for act in ("paused", "resumed")]
    assert counts == [1, 1]


async def test_pausing_all_pauses_each(cast: Cast) -> None:
    """One act stops every clinician; resuming is one by one."""
    second = await connected(cast, "charlie")
    entry = await written(cast)
    await shared(cast, entry)
    await shared(cast, entry, to=second)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    assert [(await row(cast, link)).clinician_key for link in (cast.link, second)] == [None, None]
    await lifecycle.resume_sharing(await cast.actor("alice"), second)
    assert len(await read_by(cast, "charlie")) == 1
    assert await read_by(cast, "bob") == ()


async def test_a_key_put_back_by_storage_opens_nothing_while_paused(cast: Cast) -> None:
    """Whoever restores the deleted key column alone does not undo a pause."""
    await shared(cast, await written(cast))
    kept = (await row(cast)).clinician_key
    await lifecycle.pause_sharing(await cast.actor("alice"))
    await care_tables.CareLink.filter(id=cast.link).update(clinician_key=kept)
    assert await read_by(cast, "bob") == ()


async def test_pausing_works_during_a_session_and_resuming_waits(cast: Cast) -> None:
    """A pause takes nothing away for good; what is opened after resuming cannot be unread."""
    await shared(cast, await written(cast))
    session = await in_session(cast)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    assert (await row(cast)).clinician_key is None
    with pytest.raises(HeldUntilRested):
        await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert (await row(cast)).clinician_key is None
    await rested(cast, session)
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert len(await read_by(cast, "bob")) == 1


async def test_nothing_damaged_stands_in_the_way_of_a_pause(cast: Cast) -> None:
    """With the clinician's name and keys and the patient's own key all overwritten, pausing still works."""
    bob = await cast.actor("bob")
    await accounts_tables.Account.filter(id=bob.id).update(sealed=b"?" * 80, public_identity=b"?")
    await care_tables.CareLink.filter(id=cast.link).update(patient_key=b"?" * 60, patient_pin=b"?")
    await lifecycle.pause_sharing(await cast.actor("alice"))
    assert (await row(cast)).clinician_key is None


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_the_end_of_care_destroys_both_keys_and_every_copy(cast: Cast, who: str) -> None:
    """Whoever ends it: no key copy and no share is left, and the clinician finds nobody there."""
    for _ in range(3):
        await shared(cast, await written(cast))
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await lifecycle.end_care(await cast.actor(who), cast.link)
    left = await row(cast)
    assert (left.patient_key, left.clinician_key, left.pair) == (None, None, None)
    assert (left.patient_pin, left.clinician_pin, left.voucher) == (None, None, b"")
    assert left.ended_at == cast.clock.now
    assert await care_tables.Share.all().count() == 0
    for gone in (
        reading.load_folder(bob, alice.id),
        session_plan.load_patient_plan(bob, alice.id),
        links.load_link_with(bob, alice.id),
    ):
        with pytest.raises(NotFound):
            await gone
    assert (await caseload.load_caseload(bob)).cases == ()
    assert await shares.list_shares(alice) == ()
    (past,) = await links.load_my_links(alice, ended=True)
    assert past.state == "ended"
    with pytest.raises(NotFound):
        await lifecycle.end_care(alice, cast.link)


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_care_ends_with_one_person_alone(sqlite_cast: Cast, who: str) -> None:
    """Somebody else's care goes on; the link that ended keeps no pin of either side, and is named in the log."""
    cast = sqlite_cast
    other = await connected(cast, "charlie")
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await reading.load_folder(bob, alice.id)
    assert (await row(cast)).clinician_pin is not None
    await lifecycle.end_care(await cast.actor(who), cast.link)
    assert [link.id for link in await links.load_my_links(alice)] == [other]
    left = await row(cast)
    assert (left.patient_pin, left.clinician_pin) == (None, None)
    (event,) = [
        one for one in await audit_events.list_all_patient_events(alice.id) if one.action is Act.CARE_ENDED
    ]
    assert event.object_id == cast.link


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_damaged_row_names_nobody(cast: Cast, who: str) -> None:
    """One that lasts counts as not agreed on, and one that ended is counted; the others are as they were."""
    other = await connected(cast, "charlie")
    actor = await cast.actor(who)
    await care_tables.CareLink.filter(id=cast.link).update(key_number=-1)
    team = await links.load_care_team(actor)
    assert (team.unagreed, team.damaged) == ((cast.link,), 0)
    assert [one.id for one in team.links] == ([other] if who == "alice" else [])
    with pytest.raises(TrustBroken):
        team.get_link(cast.link)
    await care_tables.CareLink.filter(id=cast.link).update(ended_at=NOON)
    team = await links.load_care_team(actor, ended=True)
    assert (team.unagreed, team.damaged) == ((), 1)
    with pytest.raises(NotFound):
        team.get_link(cast.link)


async def test_a_link_says_what_it_is(cast: Cast) -> None:
    """Whose it is, since when, and what is known of the other person, each in its place."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    (hers,), (his,) = [await links.load_my_links(one) for one in (alice, bob)]
    there = await row(cast)
    for link, peer in ((hers, bob), (his, alice)):
        assert (link.id, link.patient, link.clinician, link.peer) == (cast.link, alice.id, bob.id, peer.id)
        assert (link.peer_name, link.peer_zone, link.peer_profession) == (
            peer.name,
            peer.time_zone,
            peer.profession,
        )
        assert (link.since, link.paused_at, link.ended_at) == (there.created_at, None, None)
        assert (link.trusted, link.is_doubted, link.peer_suspended, link.ended_by) == (True, False, False, "")
        assert (link.peer_keys, link.peer_former, link.own_former) == (peer.public_keys, (), ())
        assert (link.state, link.is_renewing, link.followed_at, link.due_at) == ("active", False, None, None)
    await accounts_tables.Account.filter(id=bob.id).update(sealed=b"?" * 80)
    (nameless,) = await links.load_my_links(alice)
    assert (nameless.peer_name, nameless.peer_zone, nameless.peer_profession) == (UNKNOWN_NAME, "UTC", "")


@pytest.mark.parametrize("lock", [links.require_active, links.require_cared_for])
async def test_a_link_is_locked_as_it_was_read(cast: Cast, lock: Callable[[Link], Awaitable[None]]) -> None:
    """An end that came first is said; so is a pause, to what shares alone, and a key drawn anew, once it is done."""
    alice = await cast.actor("alice")
    link = await links.load_my_link(alice, cast.link)
    await lock(link)
    await care_tables.CareLink.filter(id=cast.link).update(key_number=link.row.key_number + 1)
    with pytest.raises(StaleRevision) as renewed:
        await lock(link)
    await care_tables.LinkRenewal.create(
        id=cast.link, patient_id=alice.id, former=b"", place="", began_at=NOON
    )
    await lock(link)
    await care_tables.CareLink.filter(id=cast.link).update(key_number=link.row.key_number + 2)
    with pytest.raises(StaleRevision):
        await lock(link)
    await care_tables.CareLink.filter(id=cast.link).update(key_number=link.row.key_number, paused_at=NOON)
    if lock is links.require_active:
        with pytest.raises(StaleRevision):
            await lock(link)
    else:
        await lock(link)
    await care_tables.CareLink.filter(id=cast.link).update(ended_at=NOON)
    with pytest.raises(StaleRevision) as ended:
        await lock(link)
    assert renewed.value.message == links.KEYS_RENEWED
    assert ended.value.message.startswith("Sharing" if lock is links.require_active else "Care ended")


async def test_what_is_held_is_named(cast: Cast) -> None:
    """What waits for rest says which act it was and of which link, so that it can be asked again."""
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    await in_session(cast)
    alice = await cast.actor("alice")
    for act, attempt in ((HeldAct.RESUME, lifecycle.resume_sharing), (HeldAct.END_CARE, lifecycle.end_care)):
        with pytest.raises(HeldUntilRested) as held:
            await attempt(alice, cast.link)
        assert held.value.asked == Asked(act, cast.link)


async def test_resuming_gives_the_words_of_the_plan_back(cast: Cast) -> None:
    """The clinician has the plan's key again, sealed anew; while sharing is paused they have no copy of it."""
    alice = await cast.actor("alice")
    await lifecycle.pause_sharing(alice, cast.link)
    assert (await row(cast)).plan_copy is None
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert (await row(cast)).plan_copy
    await lifecycle.pause_sharing(await cast.actor("alice"))
    left = await row(cast)
    assert (left.plan_copy, left.clinician_key, left.held_key, left.paused_at) == (
        None,
        None,
        None,
        cast.clock.now,
    )


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_the_plan_has_another_key_after_care(cast: Cast, who: str) -> None:
    """Whoever was in the care team had the key of the plan: it is due to be drawn anew, as after a pause."""
    alice = await cast.actor("alice")
    await plan_key.load_or_draw(alice)
    assert (await PlanKey.get(id=alice.id)).due_at is None
    await lifecycle.end_care(await cast.actor(who), cast.link)
    assert (await PlanKey.get(id=alice.id)).due_at == cast.clock.now


async def hang_rows(link: UUID, patient: UUID) -> None:
    """Hang a row of every kind on a care link, as another part of the product would."""
    some: dict[str, Any] = {"sealed": b"sealed", "created_at": NOON}
    await care_tables.LinkHead.create(id=link, patient_id=patient)
    await care_tables.LinkRenewal.create(id=link, patient_id=patient, former=b"", place="", began_at=NOON)
    await care_tables.CareNote.create(id=uuid4(), link_id=link, note=uuid4(), version=1, **some)
    await care_tables.TalkItem.create(id=uuid4(), link_id=link, session_id=uuid4(), **some)
    await care_tables.GivenBack.create(id=uuid4(), link_id=link, kept_id=uuid4(), **some)
    await care_tables.NoticePolicy.create(id=link, patient_id=patient, revision=1, sealed=b"sealed")


async def count_rows(link: UUID) -> list[int]:
    """Return how many rows of each of these kinds hang on a care link."""
    by_id = (care_tables.LinkHead, care_tables.LinkRenewal, care_tables.NoticePolicy)
    by_link = (care_tables.CareNote, care_tables.TalkItem, care_tables.GivenBack)
    return [
        *[await table.filter(id=link).count() for table in by_id],
        *[await table.filter(link_id=link).count() for table in by_link],
    ]


async def note(patient: UUID, link: UUID, backup: UUID | None, **more: object) -> UUID:
    """Store a notice for the clinician of a link, and one for the backup's."""
    copies: dict[str, Any] = {"sealed": b"first", "backup_sealed": b"second", "done": b"done"} | more
    made = await care_tables.PatientNotice.create(
        id=uuid4(),
        patient_id=patient,
        link_id=link,
        backup_id=backup,
        created_at=NOON,
        release_at=NOON,
        **copies,
    )
    return made.id


async def copies_of(ident: UUID) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Return what a notice holds."""
    found = await care_tables.PatientNotice.get(id=ident)
    first, second, done = (
        None if one is None else bytes(one) for one in (found.sealed, found.backup_sealed, found.done)
    )
    return first, second, done


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_the_end_of_care_takes_what_hangs_on_the_link(cast: Cast, who: str) -> None:
    """Rows of every kind go with it, and those of another link of the same patient stay."""
    other, alice = await connected(cast, "charlie"), await cast.actor("alice")
    for link in (cast.link, other):
        await hang_rows(link, alice.id)
    await lifecycle.end_care(await cast.actor(who), cast.link)
    assert await count_rows(cast.link) == [0] * 6
    assert await count_rows(other) == [1] * 6


async def test_ended_links_keep_no_notice(cast: Cast) -> None:
    """Of a copy that went it stays that it did, and of one that did not go nothing; other links' are as they were."""
    other, alice = await connected(cast, "charlie"), await cast.actor("alice")
    went: dict[str, Any] = {"released_at": NOON, "backup_released_at": NOON}
    waiting, gone = await note(alice.id, cast.link, other), await note(alice.id, cast.link, other, **went)
    as_backup = await note(alice.id, other, cast.link, **went)
    backup_waits = await note(alice.id, other, cast.link)
    acknowledged = await note(alice.id, other, None, **went, acknowledged_by=cast.link)
    elsewhere = await note(alice.id, other, None, acknowledged_by=other)
    await lifecycle.end_notices(cast.link)
    assert await copies_of(waiting) == (None, b"second", b"done")
    assert await copies_of(gone) == (b"", b"second", b"done")
    assert await copies_of(as_backup) == (b"first", b"", b"done")
    assert await copies_of(backup_waits) == (b"first", None, b"done")
    assert await copies_of(acknowledged) == (b"first", b"second", None)
    assert await copies_of(elsewhere) == (b"first", b"second", b"done")


async def test_a_pause_keeps_back_what_has_not_gone(cast: Cast) -> None:
    """A notice that waits is erased, and one that went stays, over the paused link alone."""
    other, alice = await connected(cast, "charlie"), await cast.actor("alice")
    went: dict[str, Any] = {"released_at": NOON, "backup_released_at": NOON}
    waiting, gone = await note(alice.id, cast.link, other), await note(alice.id, cast.link, other, **went)
    backup_waits = await note(alice.id, other, cast.link)
    await lifecycle.pause_sharing(alice, cast.link)
    assert await copies_of(waiting) == (None, b"second", b"done")
    assert await copies_of(gone) == (b"first", b"second", b"done")
    assert await copies_of(backup_waits) == (b"first", None, b"done")


async def test_no_notice_waits_for_an_account_that_goes(cast: Cast) -> None:
    """What is agreed on with anybody ends, and copies that wait are erased: of this patient, and of nobody else."""
    other, alice, bob = await connected(cast, "charlie"), await cast.actor("alice"), await cast.actor("bob")
    went: dict[str, Any] = {"released_at": NOON, "backup_released_at": NOON}
    await hang_rows(cast.link, alice.id)
    await hang_rows(other, bob.id)
    waiting, gone = await note(alice.id, cast.link, other), await note(alice.id, cast.link, other, **went)
    elsewhere = await note(bob.id, cast.link, other)
    await lifecycle.withhold_all_notices(alice.id)
    assert await copies_of(waiting) == (None, None, b"done")
    assert await copies_of(gone) == (b"first", b"second", b"done")
    assert await copies_of(elsewhere) == (b"first", b"second", b"done")
    assert [one.id for one in await care_tables.NoticePolicy.all()] == [other]


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_what_is_not_to_be_lost_is_kept_first(cast: Cast, who: str) -> None:
    """Whoever ends care: what is handed in runs before anything is deleted, in the same transaction."""
    await shared(cast, await written(cast))
    seen = []

    async def look() -> None:
        seen.append(await care_tables.Share.all().count())

    await lifecycle.end_care(await cast.actor(who), cast.link, before=look)
    assert seen == [1]


async def test_clinicians_are_asked_about_their_own_notes(cast: Cast) -> None:
    """When care ends, about theirs on this patient: not others' notes, nor theirs on others."""
    alice, bob, charlie = [await cast.actor(name) for name in ("alice", "bob", "charlie")]
    made = {}
    for name, owner, patient in (
        ("hers", bob.id, alice.id),
        ("of another", charlie.id, alice.id),
        ("on another", bob.id, uuid4()),
    ):
        made[name] = uuid4()
        await care_tables.OwnNote.create(
            id=made[name], owner_id=owner, patient=patient, revision=1, sealed=b"", written_at=NOON
        )
    await lifecycle.end_care(alice, cast.link)
    asked = {name: (await care_tables.OwnNote.get(id=ident)).ask_from for name, ident in made.items()}
    assert asked == {
        "hers": cast.clock.now + lifecycle.OWN_NOTES_KEPT,
        "of another": None,
        "on another": None,
    }


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_an_ended_link_is_not_revived_by_storage(cast: Cast, who: str) -> None:
    """With its end taken back, in the row as it was left, it is nobody's: neither name nor plan is seen again."""
    await shared(cast, await written(cast))
    await lifecycle.end_care(await cast.actor(who), cast.link)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await care_tables.CareLink.filter(id=cast.link).update(ended_at=None, pair=f"{alice.id}:{bob.id}")
    assert await links.load_care_team(bob) == CareTeam((), (cast.link,))
    assert await links.load_care_team(alice) == CareTeam((), (cast.link,))
    for look in (links.load_link_with, session_plan.load_patient_plan, reading.load_folder):
        with pytest.raises(TrustBroken):
            await look(bob, alice.id)
    assert await caseload.load_caseload(bob) == caseload.Caseload((), 1)


async def test_a_link_that_storage_points_elsewhere_shows_nobody(cast: Cast) -> None:
    """Neither the clinician it names now nor the patient sees the other; the patient can be rid of it."""
    entry = await written(cast)
    await shared(cast, entry)
    alice, charlie = await cast.actor("alice"), await cast.actor("charlie")
    kept = (await row(cast)).clinician_id  # type: ignore[attr-defined]
    await care_tables.CareLink.filter(id=cast.link).update(clinician_id=charlie.id)
    for look in (links.load_link_with, session_plan.load_patient_plan, reading.load_folder):
        with pytest.raises(TrustBroken):
            await look(charlie, alice.id)
    assert await caseload.load_caseload(charlie) == caseload.Caseload((), 1)
    assert await links.load_care_team(alice) == CareTeam((), (cast.link,))
    assert await load_readers(alice, {entry.id: entry.updated_at}) == {
        str(entry.id): (Reader(UNKNOWN_CONNECTION, False),)
    }
    with pytest.raises(TrustBroken):
        await lifecycle.end_care(charlie, cast.link)
    await care_tables.CareLink.filter(id=cast.link).update(clinician_id=kept)
    (link,) = await links.load_my_links(alice)
    assert link.trusted
    assert len(await read_by(cast, "bob")) == 1
    await care_tables.CareLink.filter(id=cast.link).update(clinician_id=charlie.id)
    await lifecycle.end_care(alice, cast.link)
    assert await links.load_care_team(alice) == CareTeam((), ())


async def test_an_ended_link_takes_no_share(cast: Cast) -> None:
    """A page that was open when care ended shares nothing."""
    entry = await written(cast)
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    with pytest.raises(NotFound):
        await shared(cast, entry)
    assert await care_tables.Share.all().count() == 0


async def test_keys_kept_from_before_the_end_open_nothing_after_a_new_start(cast: Cast) -> None:
    """A new care link has a new key: a former copy of the key is of no use for it."""
    await shared(cast, await written(cast))
    kept = (await row(cast)).clinician_key
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    again = await connected(cast, "bob")
    await shared(cast, await written(cast), to=again)
    assert len(await read_by(cast, "bob")) == 1
    await care_tables.CareLink.filter(id=again).update(clinician_key=kept)
    with pytest.raises(TrustBroken):
        await read_by(cast, "bob")


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_ending_care_waits_for_rest_from_either_side(cast: Cast, who: str) -> None:
    """It cannot be undone: nobody decides it under the medicine, nor leaves somebody who is under it."""
    session = await in_session(cast)
    with pytest.raises(HeldUntilRested):
        await lifecycle.end_care(await cast.actor(who), cast.link)
    assert (await row(cast)).ended_at is None
    await rested(cast, session)
    await lifecycle.end_care(await cast.actor(who), cast.link)
    assert (await row(cast)).ended_at is not None


async def test_a_patient_who_never_answers_binds_no_clinician_for_ever(cast: Cast) -> None:
    """A week after rest could have been confirmed, a clinician's own word takes the place of the patient's."""
    await in_session(cast)
    cast.clock.forward(days=7)
    await signed_in_again(cast)
    with pytest.raises(HeldUntilRested):
        await lifecycle.end_care(await cast.actor("bob"), cast.link, knows_no_rest=True)
    cast.clock.forward(days=1)
    await signed_in_again(cast)
    with pytest.raises(HeldUntilRested):
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
    with pytest.raises(InvalidInput):
        await lifecycle.end_care(await cast.actor("bob"), cast.link)
    assert (await row(cast)).ended_at is None
    await lifecycle.end_care(await cast.actor("bob"), cast.link, knows_no_rest=True)
    assert (await row(cast)).ended_at is not None


async def test_ended_twice_at_once_ends_once(cast: Cast) -> None:
    """Both press the button in the same moment."""
    both = [lifecycle.end_care(await cast.actor(who), cast.link) for who in ("alice", "bob")]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", "NotFound"]
    assert len(await logged("care.ended")) == 1


async def test_both_sides_see_the_same_safety_code(cast: Cast) -> None:
    """Sixty digits, twelve groups of five; another pair has other ones."""
    await connected(cast, "bob", "dana")
    codes = []
    for who, at in (("alice", 0), ("bob", 0), ("dana", 0), ("bob", 1)):
        actor = await cast.actor(who)
        codes.append(await link_keys.derive_safety_code(actor, (await links.load_my_links(actor))[at]))
    assert codes[0] == codes[1] != codes[2] == codes[3]
    assert [len(group) for group in codes[0].split()] == [5] * 12
    for who, seen in (("alice", codes[0]), ("bob", codes[0]), ("bob", codes[2])):
        assert (await cast.actor(who)).fingerprint in (seen[:35], seen[36:])


async def test_the_safety_code_stands_for_the_keys_one_holds(cast: Cast) -> None:
    """Own public keys swapped in the database give an error, not a code that would match a lie."""
    alice = await cast.actor("alice")
    await swap_keys(alice)
    alice = await cast.actor("alice")
    (link,) = await links.load_my_links(alice)
    with pytest.raises(Damaged):
        await link_keys.derive_safety_code(alice, link)


Try = Callable[[Cast, Actor], Awaitable[object]]


async def try_to_share(cast: Cast, alice: Actor) -> object:
    return await shared(cast, await written(cast))


async def try_to_resume(cast: Cast, alice: Actor) -> object:
    await lifecycle.resume_sharing(alice, cast.link)
    return None


async def try_the_code(cast: Cast, alice: Actor) -> object:
    return await link_keys.derive_safety_code(alice, await links.load_my_link(alice, cast.link))


@pytest.mark.parametrize("attempt", [try_to_share, try_to_resume, try_the_code])
@pytest.mark.parametrize("tampering", ["keys", "pin", "no keys"])
async def test_changed_keys_stop_everything_that_would_trust_them(
    cast: Cast, attempt: Try, tampering: str
) -> None:
    """Whether the clinician's keys or the patient's pin of them were altered, nothing is given to them."""
    bob = await cast.actor("bob")
    if attempt is try_to_resume:
        await lifecycle.pause_sharing(await cast.actor("alice"))
    if tampering == "keys":
        await swap_keys(bob)
    elif tampering == "no keys":
        await accounts_tables.Account.filter(id=bob.id).update(public_identity=b"")
    else:
        kept = (await row(cast)).patient_pin or bytes(1)
        bent = kept[:-1] + bytes([kept[-1] ^ 1])  # never the byte that was there
        await care_tables.CareLink.filter(id=cast.link).update(patient_pin=bent)
    before = await at_rest(care_tables.CareLink, cast.link)
    with pytest.raises(TrustBroken):
        await attempt(cast, await cast.actor("alice"))
    assert await at_rest(care_tables.CareLink, cast.link) == before
    assert await care_tables.Share.all().count() == 0


async def test_a_patients_changed_keys_stop_the_clinicians_reading(cast: Cast) -> None:
    """Before the first reading the invitation's secret tells, afterwards the pin does."""
    share = await shared(cast, await written(cast))
    alice, kept = await cast.actor("alice"), (await cast.actor("alice")).public_identity.encode()
    for _ in range(2):
        await swap_keys(alice)
        with pytest.raises(TrustBroken):
            await reading.read_share(await cast.actor("bob"), alice.id, share)
        await accounts_tables.Account.filter(id=alice.id).update(public_identity=kept)
        await opened_by(cast, "bob", share)


async def test_a_link_moved_to_another_clinician_is_not_trusted(cast: Cast) -> None:
    """A row rewritten to name charlie gets no share sealed for charlie, and charlie opens nothing."""
    await shared(cast, await written(cast))
    alice, charlie = await cast.actor("alice"), await cast.actor("charlie")
    await care_tables.CareLink.filter(id=cast.link).update(clinician_id=charlie.id)
    with pytest.raises(TrustBroken):
        await shared(cast, await written(cast))
    with pytest.raises((TrustBroken, Damaged)):
        await reading.load_folder(charlie, alice.id)


async def test_a_link_made_up_by_storage_is_not_trusted(cast: Cast) -> None:
    """A whole row made up for charlie, with charlie's own key in it, takes no share of alice's."""
    alice, charlie = await cast.actor("alice"), await cast.actor("charlie")
    ident, real = uuid4(), await row(cast)
    await care_tables.CareLink.create(
        id=ident,
        patient_id=alice.id,
        clinician_id=charlie.id,
        pair=f"{alice.id}:{charlie.id}",
        patient_key=real.patient_key,
        clinician_key=real.clinician_key,
        patient_pin=real.patient_pin,
        voucher=real.voucher,
        created_at=alice.now,
    )
    with pytest.raises(TrustBroken):
        await shared(cast, await written(cast), to=ident)
    assert await care_tables.Share.all().count() == 0


async def test_nobodys_name_is_taken_from_another_row(cast: Cast) -> None:
    """A profile copied from another account does not open as this one's, and nobody is called by it."""
    charlie, bob = await cast.actor("charlie"), await cast.actor("bob")
    copied = (await accounts_tables.Account.get(id=charlie.id)).sealed
    await accounts_tables.Account.filter(id=bob.id).update(sealed=copied)
    (link,) = await links.load_my_links(await cast.actor("alice"))
    assert link.peer_name == UNKNOWN_NAME


async def test_a_name_sealed_with_another_server_key_is_refused(cast: Cast) -> None:
    """Storage without the server key cannot rename anybody."""
    bob = await cast.actor("bob")
    forged = seal_document(
        ServerKey(b"x" * 32),
        Profile("Somebody Else", bob.email, bob.time_zone, "clinician"),
        profile_context(bob.id),
    )
    await accounts_tables.Account.filter(id=bob.id).update(sealed=forged)
    (link,) = await links.load_my_links(await cast.actor("alice"))
    assert link.peer_name == UNKNOWN_NAME


async def test_every_opening_is_written_down_for_the_patient(cast: Cast) -> None:
    """Each time, with who and when; a patient's own looking is not."""
    share = await shared(cast, await written(cast))
    moments = [await opened_by(cast, "bob", share) for _ in range(3)]
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await shares.list_shares(alice)
    assert await audit_events.load_share_openings(alice.id, [share]) == {share: tuple(moments)}
    events = [
        one for one in await audit_events.list_patient_events(alice.id) if one.action is Act.SHARE_OPENED
    ]
    assert {one.actor_id for one in events} == {bob.id}
    assert [one.at for one in events] == moments[::-1]
    page = await audit_events.list_patient_events(alice.id, limit=2, before=events[0].id)
    assert [one.id for one in page] == [events[1].id, events[2].id]


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_an_ended_link_that_points_elsewhere_names_nobody(cast: Cast, who: str) -> None:
    """Whoever ended it: with another clinician, patient or dates in its row it shows no stranger's name or dates."""
    await lifecycle.end_care(await cast.actor(who), cast.link)
    alice, charlie, dana = [await cast.actor(name) for name in ("alice", "charlie", "dana")]
    kept = care_tables.CareLink.filter(id=cast.link)
    (before,) = await links.load_my_links(alice, ended=True)
    assert (before.peer_name, before.ended_at) == (NAMES["bob"], alice.now)
    was = await row(cast)
    await kept.update(clinician_id=charlie.id)
    assert await links.load_my_links(alice, ended=True) == ()
    assert await links.load_my_links(charlie, ended=True) == ()
    await kept.update(clinician_id=was.clinician_id, patient_id=dana.id)  # type: ignore[attr-defined]
    assert await links.load_my_links(dana, ended=True) == ()
    await kept.update(patient_id=alice.id, ended_at=NOON, created_at=NOON)
    (after,) = await links.load_my_links(alice, ended=True)
    assert (after.peer_name, after.since, after.ended_at) == (NAMES["bob"], before.since, before.ended_at)
    await kept.update(past=None)
    assert await links.load_my_links(alice, ended=True) == ()
