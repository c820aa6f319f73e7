"""The administrator's side: who comes in as what, who is kept out, and what stays closed to whoever decides it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import Profile, profile_context
from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.authentication import sign_in, web_sessions
from journal.authentication.registration import NewAccount
from journal.care import invitations, lifecycle, link_keys
from journal.care import links as care_links
from journal.care import tables as care_tables
from journal.entries import entries
from journal.errors import Damaged, InvalidInput, LinkExpired, NotFound, WrongCredentials
from journal.practice import audit_review, people, setup_links
from journal.practice import registration as staff_registration
from journal.practice import tables as practice_tables
from journal.records import collection as records_collection
from journal.roles import ADMINISTRATOR, POSITIONS, STAFF_POSITIONS, Profession, Role
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sessions.rows import load_my_sessions
from journal.sharing import caseload, reading, shares
from tests.cast import PASSWORDS, PRACTICE, ZONE, Cast
from tests.log import chain_all, logged
from tests.scenes import connected, opened_by, shared, written


def somebody(name: str) -> NewAccount:
    """What a new colleague types."""
    password = f"{name} keeps the lamp lit"
    return NewAccount(f"{name.capitalize()} New", f"{name}@example.org", password, password, ZONE)


async def joined(cast: Cast, name: str, position: str) -> Actor:
    """Have erin make a link, and somebody use it."""
    erin = await cast.actor("erin")
    link = await setup_links.load_setup_link(
        erin, await setup_links.create_setup_link_for(erin, name, position)
    )
    cast.tokens[name] = await staff_registration.register_staff(
        cast.installation, link.token, PRACTICE, somebody(name)
    )
    return await cast.actor(name)


async def test_each_link_makes_of_its_user_what_it_says(cast: Cast) -> None:
    """A therapist, a prescriber, a nurse, an administrator: role and profession come from the link alone."""
    for position in STAFF_POSITIONS:
        actor = await joined(cast, f"new{position.key}", position.key)
        assert (actor.role, actor.profession) == (position.role, position.profession or "")
    erin = await cast.actor("erin")
    told = {one.name: one.position.key for one in await people.list_people(erin)}
    assert told["Newnurse New"] == "nurse"
    assert told["Alice Sample"] == "patient"
    assert told["Erin Keeper"] == "administrator"


async def test_a_link_that_storage_changed_opens_no_account(sqlite_cast: Cast) -> None:
    """Who writes the database can neither make a link, nor raise one, nor give one more time."""
    cast, clock = sqlite_cast, sqlite_cast.clock
    erin = await cast.actor("erin")
    nurse = await setup_links.load_setup_link(
        erin, await setup_links.create_setup_link_for(erin, "Nora", "nurse")
    )
    await setup_links.create_setup_link_for(erin, "Ada", "administrator")
    raised = await practice_tables.SetupLink.get(lookup=setup_links.hash_token(nurse.token))
    (other,) = await practice_tables.SetupLink.filter(used_at=None).exclude(lookup=raised.lookup)
    rows = practice_tables.SetupLink.filter(lookup=raised.lookup)
    for change in (
        {"sealed": other.sealed},
        {"sealed": b""},
        {"maker_id": None},
        {"maker_id": (await cast.actor("bob")).id},
    ):
        await rows.update(**change)
        with pytest.raises(Damaged):
            await staff_registration.register_staff(
                cast.installation, nurse.token, PRACTICE, somebody("nora")
            )
        await rows.update(sealed=raised.sealed, maker_id=erin.id)
    token = "A" * 43
    await practice_tables.SetupLink.create(
        id=uuid4(), lookup=setup_links.hash_token(token), sealed=other.sealed, created_at=clock.now,
        expires_at=clock.now + timedelta(days=1), maker_id=erin.id,
    )  # fmt: skip
    with pytest.raises(Damaged):
        await staff_registration.register_staff(cast.installation, token, PRACTICE, somebody("mallory"))
    clock.forward(days=8)
    await rows.update(expires_at=clock.now + timedelta(days=1))
    with pytest.raises(LinkExpired):
        await staff_registration.register_staff(cast.installation, nurse.token, PRACTICE, somebody("nora"))
    clock.forward(days=-8)
    assert await staff_registration.register_staff(
        cast.installation, nurse.token, PRACTICE, somebody("nora")
    )  # the control


async def test_a_link_ends_when_withdrawn_and_with_its_maker(cast: Cast) -> None:
    """A withdrawn link, and one whose maker was suspended, read like one that never was."""
    erin = await cast.actor("erin")
    await joined(cast, "ada", "administrator")
    ada = await cast.actor("ada")
    links = [
        await setup_links.load_setup_link(
            maker, await setup_links.create_setup_link_for(maker, "Nora", "nurse")
        )
        for maker in (erin, ada)
    ]
    assert (await setup_links.load_setup_link(erin, links[1].id)).token == ""  # only its maker can open it
    await setup_links.withdraw_setup_link(erin, links[0].id)
    await people.suspend_person(erin, ada.id)
    for link in links:
        with pytest.raises(LinkExpired):
            await staff_registration.register_staff(cast.installation, link.token, PRACTICE, somebody("nora"))
    with pytest.raises(NotFound):
        await setup_links.withdraw_setup_link(erin, links[0].id)
    assert [one.state for one in await setup_links.list_setup_links(erin)].count("withdrawn") == 1


@pytest.mark.parametrize(("name", "position", "field"), [
    ("", "nurse", "name"), ("x" * 101, "nurse", "name"), ("Nora", "patient", "position"),
    ("Nora", "clinician", "position"), ("Nora", "", "position"),
])  # fmt: skip
async def test_a_link_needs_a_name_and_a_position(
    sqlite_cast: Cast, name: str, position: str, field: str
) -> None:
    """Nobody becomes a patient by a set-up link, or nothing in particular."""
    erin = await sqlite_cast.actor("erin")
    with pytest.raises(InvalidInput) as refused:
        await setup_links.create_setup_link_for(erin, name, position)
    assert set(refused.value.fields) == {field}
    assert await setup_links.list_setup_links(erin) == tuple(
        one for one in await setup_links.list_setup_links(erin) if one.state == "used"
    )


async def test_a_suspension_ends_every_session_at_once(cast: Cast) -> None:
    """The cookie opens nothing from then on, nor does the password; afterwards both people find all as it was."""
    erin, bob, alice = [await cast.actor(name) for name in ("erin", "bob", "alice")]
    share = await shared(cast, await written(cast))
    await people.suspend_person(erin, bob.id)
    assert await web_sessions.load_actor(cast.installation, cast.tokens["bob"]) is None
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, "bob@example.org", PASSWORDS["bob"])
    with pytest.raises(LinkExpired):
        await invitations.preview_invitation(cast.installation, "A" * 43)
    (link,) = await care_links.load_my_links(alice)
    assert link.peer_suspended
    assert (await people.load_person(erin, bob.id)).suspended
    await people.suspend_person(erin, bob.id)  # once more changes nothing
    await people.unsuspend_person(erin, bob.id)
    assert await web_sessions.load_actor(cast.installation, cast.tokens["bob"]) is None
    cast.tokens["bob"] = (await sign_in.sign_in(cast.installation, "bob@example.org", PASSWORDS["bob"])).token
    await opened_by(cast, "bob", share)
    assert [one.action for one in await logged(object_id=bob.id)] == [
        Act.SUSPENDED.value,
        Act.UNSUSPENDED.value,
    ]


async def test_a_patient_reads_what_was_done_about_them(cast: Cast) -> None:
    """A suspension, its end and a look at the log about them stand in their own log."""
    erin, alice = await cast.actor("erin"), await cast.actor("alice")
    await people.suspend_person(erin, alice.id)
    await people.unsuspend_person(erin, alice.id)
    await audit_review.load_audit_page(erin, limit=10, person=alice.id)
    await audit_review.load_audit_page(erin, limit=10)
    acts = [one.action for one in await audit_events.list_patient_events(alice.id)]
    assert acts[:3] == [Act.LOG_READ, Act.UNSUSPENDED, Act.SUSPENDED]
    assert acts.count(Act.LOG_READ) == 1


async def test_the_last_administrator_cannot_suspend_themselves(cast: Cast) -> None:
    """Somebody who can let people back in is always left."""
    erin = await cast.actor("erin")
    with pytest.raises(InvalidInput):
        await people.suspend_person(erin, erin.id)
    assert await web_sessions.load_actor(cast.installation, cast.tokens["erin"]) is not None
    ada = await joined(cast, "ada", "administrator")
    await people.suspend_person(erin, erin.id)
    assert await web_sessions.load_actor(cast.installation, cast.tokens["erin"]) is None
    with pytest.raises(InvalidInput):
        await people.suspend_person(ada, ada.id)


async def test_administrators_who_suspend_each_other_at_once_leave_one(cast: Cast) -> None:
    """However many do it at the same moment, one can still sign in."""
    names = ["erin", "ada", "gus", "ivo"]
    for name in names[1:]:
        await joined(cast, name, "administrator")
    actors = [await cast.actor(name) for name in names]
    pairs = [(one, other) for one in actors for other in actors if one.id != other.id]
    done = await asyncio.gather(
        *(people.suspend_person(one, other.id) for one, other in pairs), return_exceptions=True
    )
    assert all(one is None or isinstance(one, InvalidInput) for one in done)
    left = await accounts_tables.Account.filter(role=Role.ADMINISTRATOR.value, status="active").count()
    assert left == 1


async def test_only_administrators_have_these_services(cast: Cast) -> None:
    """For patients and clinicians there are no people, no links and no log of everybody's."""
    erin = await cast.actor("erin")
    made = await setup_links.create_setup_link_for(erin, "Nora", "nurse")
    for name in ("alice", "bob"):
        actor = await cast.actor(name)
        for attempt in (
            people.list_people(actor),
            people.load_person(actor, erin.id),
            people.load_suspension_impact(actor, erin.id),
            people.suspend_person(actor, erin.id),
            people.unsuspend_person(actor, erin.id),
            setup_links.list_setup_links(actor),
            setup_links.load_setup_link(actor, made),
            setup_links.create_setup_link_for(actor, "Nora", "nurse"),
            setup_links.withdraw_setup_link(actor, made),
            audit_review.load_audit_page(actor, limit=1),
        ):
            with pytest.raises(NotFound):
                await attempt
    with pytest.raises(NotFound):
        await people.load_person(erin, made)


async def test_an_administrator_is_on_neither_side_of_care(cast: Cast) -> None:
    """Every service of patients and clinicians is closed to them, also when a row puts them into a care link."""
    share = await shared(cast, await written(cast))
    erin, alice = await cast.actor("erin"), await cast.actor("alice")
    await care_tables.CareLink.filter(id=cast.link).update(clinician_id=erin.id)
    for attempt in (
        entries.load_timeline(erin),
        entries.load_all_entries(erin),
        shares.list_shares(erin),
        shares.revoke_share(erin, share),
        care_links.load_my_links(erin),
        care_links.load_my_link(erin, cast.link),
        care_links.load_link_with(erin, alice.id),
        lifecycle.pause_sharing(erin),
        lifecycle.end_care(erin, cast.link),
        caseload.load_caseload(erin),
        reading.load_folder(erin, alice.id),
        reading.read_share(erin, alice.id, share),
        session_plan.load_patient_plan(erin, alice.id),
        load_my_sessions(erin),
        records_collection.collect_patient_records(erin, PRACTICE),
        records_collection.collect_shared_records(erin, PRACTICE, alice.id),
        invitations.create_invitation(erin, "Alice"),
        invitations.list_invitations(erin),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_the_whole_log_is_paged_and_filtered(cast: Cast) -> None:
    """All of it, newest first, the look itself on top; by person and by class; its head is that of what is chained."""
    await opened_by(cast, "bob", await shared(cast, await written(cast)))
    await chain_all(cast.installation)
    erin, bob, dana = [await cast.actor(name) for name in ("erin", "bob", "dana")]
    looked = await audit_review.load_audit_page(erin, limit=500)
    numbers = [one.event.id for one in looked.events]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[1:] == list(range(numbers[1], 0, -1))
    assert looked.events[0].event.action is Act.LOG_READ
    assert looked.head is not None
    assert looked.head.sequence == numbers[1]
    page = await audit_review.load_audit_page(erin, limit=3, before=numbers[4])
    assert [one.event.id for one in page.events] == numbers[5:8]
    about = await audit_review.load_audit_page(erin, limit=500, person=bob.id, room="share")
    assert {one.event.action for one in about.events} == {Act.SHARED, Act.SHARE_OPENED}
    nothing = await audit_review.load_audit_page(erin, limit=500, person=dana.id, room="share")
    assert nothing.events == ()


async def test_a_profession_is_believed_from_the_sealed_profile(cast: Cast) -> None:
    """It stands beside the name for the patient and comes from nowhere else."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    (link,) = await care_links.load_my_links(alice)
    assert (link.peer_name, link.peer_profession) == ("Bob Example", "therapist")
    profile = Profile(bob.name, bob.email, bob.time_zone, "clinician", "prescriber")
    await accounts_tables.Account.filter(id=bob.id).update(
        sealed=seal_document(cast.installation.server_keys, profile, profile_context(bob.id))
    )
    (link,) = await care_links.load_my_links(alice)
    assert link.peer_profession == "prescriber"


async def test_three_clinicians_at_once_each_read_their_own(cast: Cast) -> None:
    """A therapist, a prescriber and a nurse in one team: what one is given, the others do not see."""
    await joined(cast, "paula", "prescriber")
    await joined(cast, "nora", "nurse")
    links = {"bob": cast.link, "paula": await connected(cast, "paula"), "nora": await connected(cast, "nora")}
    alice = await cast.actor("alice")
    team = await care_links.load_my_links(alice)
    assert [one.peer_profession for one in team] == ["therapist", "prescriber", "nurse"]
    codes = {await link_keys.derive_safety_code(alice, one) for one in team}
    assert len(codes) == 3
    given = {}
    for name, link in links.items():
        given[name] = await shared(cast, await written(cast), to=link)
    for name, link in links.items():
        folder = await reading.load_folder(await cast.actor(name), alice.id)
        assert [one.id for one in folder.shared] == [given[name]]
        others = [share for other, share in given.items() if other != name]
        for other in others:
            with pytest.raises(NotFound):
                await reading.read_share(await cast.actor(name), alice.id, other)
        assert await link_keys.derive_safety_code(await cast.actor(name), folder.link) in codes
        await lifecycle.pause_sharing(alice, link)
        assert (await reading.load_folder(await cast.actor(name), alice.id)).paused
    await lifecycle.end_care(alice, links["paula"])
    assert [one.peer_name for one in await care_links.load_my_links(alice)] == ["Bob Example", "Nora New"]


def test_every_position_has_its_key() -> None:
    """What forms and the command line call somebody leads back to the same position."""
    assert {POSITIONS[one.key] for one in STAFF_POSITIONS} == set(STAFF_POSITIONS)
    assert (ADMINISTRATOR.role, ADMINISTRATOR.profession) == (Role.ADMINISTRATOR, None)
    assert {one.profession for one in STAFF_POSITIONS} == {*Profession, None}
