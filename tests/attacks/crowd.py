"""Enough of everything beside the world's people that a row can be made wrong while others stand next to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links, retained_records, returned_shares
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import recovery_key, registration, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.registration import NewAccount
from journal.care import invitations
from journal.care import tables as care_tables
from journal.catalogue.fields import Answers, EntryKind
from journal.entries import entries, removal
from journal.installation.installation import Installation
from journal.passkeys import management as passkey_management
from journal.roles import Role
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.sharing import copies, handover_offers, reading, shares
from journal.store.database import Store
from journal.vault.documents import EntryDocument
from tests.attacks.world import HERS, YEAR, World, answers_of
from tests.authenticator import SITE, Authenticator
from tests.cast import NOON, PRACTICE, SERVER_KEY, ZONE, Clock, just_come_in
from tests.log import chain_all

SEVERAL = 4


async def gather(url: str, world: World) -> None:
    """Add to the world in the database at *url*; *world* learns the new ids and otto."""
    clock = Clock(NOON - timedelta(minutes=10))
    installation = Installation.with_key(SERVER_KEY, clock=clock, quick=True)
    store = await Store.open(url)
    try:
        with store.use():
            await authentication_tables.WebSession.all().update(used_at=clock.now)
            await _alice(world, installation, clock)
            await _otto(world, installation)
            await chain_all(installation)
            await _pending(world, installation)
            await just_come_in()
    finally:
        await store.close()


async def _alice(world: World, installation: Installation, clock: Clock) -> None:
    """Give alice several earlier versions, shares, deleted entries, passkeys and browsers, and a second suggestion."""
    alice = await _actor(world, installation, "alice")
    entry = world.ids["entry"]
    for number in range(SEVERAL):
        at = _at(alice, clock, minutes=-120 + 20 * number)
        now = await entries.load_entry(at, entry)
        answers = answers_of(EntryKind.INTEGRATION) | {"integration.bring": f"{HERS} text {number}"}
        await entries.save_entry(
            at, entry, now.revision, EntryDocument("integration", f"{HERS} later", answers=answers)
        )
        ident = world.ids[f"loose {number}"] = uuid4()
        words: Answers = {"free.text": f"{HERS} loose leaf {number}"}
        await entries.save_entry(at, ident, 0, EntryDocument("free", f"{HERS} loose {number}", answers=words))
        await shares.share_entry(at, ident, world.ids["link"], [copies.TITLE, "free.text"], previewed=1)
        gone = world.ids[f"gone {number}"] = uuid4()
        await entries.save_entry(at, gone, 0, EntryDocument("free", f"{HERS} gone {number}", answers=words))
        await removal.delete_entry(at, gone)
        device = Authenticator()
        answer = device.make(await passkey_management.build_creation_options(alice, SITE))
        await passkey_management.add_passkey(
            alice, world.furniture.tokens["alice"], SITE, f"{HERS} key {number}", answer.credential, ""
        )
        key = await web_sessions.load_account_key(alice, world.furniture.tokens["alice"])
        await web_sessions.start_session(installation, alice.id, key, device=f"{HERS} browser {number}")
    for number in range(3):
        local = f"{YEAR}-05-{number + 10}T09:00"
        details = SessionDetails(SessionKind.MEDICAL_CHECKIN, local, ZONE, 30, Setting.CLINIC)
        world.ids[f"check-in {number}"] = await session_plan.add_session(alice, alice.id, details)
    karl = await _actor(world, installation, "karl")
    world.ids["karl's handover"] = await handover_offers.suggest_colleague(
        karl, alice.id, str(world.people["charlie"])
    )


async def _otto(world: World, installation: Installation) -> None:
    """Have otto lose everything he shared with bob, and be given some of it back."""
    new = NewAccount(
        "Otto Example", "otto@example.org", "otto keeps the lamp lit", "otto keeps the lamp lit", ZONE
    )
    readied = await registration.prepare_account(installation, new)
    await registration.create_account(installation, Role.PATIENT, readied)
    tokens = world.furniture.tokens
    tokens["otto"] = await web_sessions.start_session(installation, readied.id, readied.account_key)
    bob = await _actor(world, installation, "bob")
    link = await invitations.accept_invitation(
        await _actor(world, installation, "otto"), (await invitations.create_invitation(bob, "Otto")).token
    )
    otto = await _actor(world, installation, "otto")
    world.people["otto"] = otto.id
    for number in range(SEVERAL):
        entry = uuid4()
        document = EntryDocument("free", f"Geese {number}", answers={"free.text": "above us"})
        await entries.save_entry(otto, entry, 0, document)
        await shares.share_entry(otto, entry, link, [copies.TITLE, "free.text"], previewed=1)
    offered = await reset_links.create_reset_link(bob, otto.id)
    again = "otto lights the lamp anew"
    tokens["otto"] = await account_reset.reset_account(
        installation, offered.token, "otto@example.org", again, again, PRACTICE, understood=True
    )
    otto = await _actor(world, installation, "otto")
    offer = await recovery_key.offer_recovery_key(otto)
    await recovery_key.confirm_recovery_key(otto, tokens["otto"], offer.sealed, offer.formatted_key)
    await reading.load_folder(bob, otto.id)  # pins the keys of now
    await returned_shares.return_shares(bob, otto.id)
    world.ids["otto's aside"] = (await retained_records.list_retained_records(otto))[0].id
    world.ids["otto's old link"] = link
    (now,) = await care_tables.CareLink.filter(patient_id=otto.id, ended_at=None).values_list("id", flat=True)
    world.ids["otto's link"] = UUID(str(now))


async def _pending(world: World, installation: Installation) -> None:
    """Have alice take her records several times: events that have no place in the chain yet."""
    alice = await _actor(world, installation, "alice")
    for _ in range(SEVERAL):
        await audit_log.record_event(alice, Act.RECORDS_TAKEN, patient=alice.id)


async def _actor(world: World, installation: Installation, name: str) -> Actor:
    actor = await web_sessions.load_actor(installation, world.furniture.tokens[name])
    assert actor is not None
    return actor


def _at(actor: Actor, clock: Clock, **by: float) -> Actor:
    return replace(actor, now=clock.now + timedelta(**by))
