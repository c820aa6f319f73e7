"""Every class of event is written by the act that it stands for, whoever does it and however it ends."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import suppress
from uuid import uuid4

import pytest
from msgspec.structs import replace

from crypto import PrivateIdentity
from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links, retained_records, returned_shares
from journal.accounts import details as account_details
from journal.accounts import key_log
from journal.accounts.profiles import ContactDetails
from journal.audit.acts import REFUSALS, Act, Outcome
from journal.audit.verification import verify_log
from journal.authentication import (
    active_sessions,
    idle_lock,
    recovery_key,
    second_step,
    sign_in,
    totp_enrolment,
    web_sessions,
)
from journal.authentication.sign_in import verify_password
from journal.calendar import feeds
from journal.care import invitations, lifecycle
from journal.care import tables as care_tables
from journal.care.documents import Attention
from journal.care.share_list import ShareEnd
from journal.care_notes import notes as care_notes
from journal.care_notes.notes import NoteKind
from journal.clinic import call_contacts, ended_care, text_writing
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.clinic.instructions import InstructionsDetails
from journal.coming_talk import afterwards, answers, setting
from journal.coming_talk.documents import Mark, Thing, Word
from journal.entries import acceptance, entries, removal
from journal.errors import InvalidInput, WrongCredentials
from journal.key_rotation import account_key as account_key_renewal
from journal.measures.records import find_offered
from journal.notices import agreements, inbox
from journal.notices import writing as notice_writing
from journal.operations import restoration
from journal.operations.retention import purge_deleted
from journal.passkeys import management as passkey_management
from journal.passkeys import sign_in as passkey_sign_in
from journal.practice import account_deletion, audit_review, closing, people, practice, setup_links
from journal.practice.practice import PracticeSettings
from journal.rate_limiting.attempts import Visitor
from journal.reading_hours import hours as reading_hours
from journal.reading_hours.hours import Hours
from journal.reframing import later
from journal.replies import conversation
from journal.replies import writing as reply_writing
from journal.replies.drafts import Typed
from journal.scheduling import plan as session_plan
from journal.secret_keys import secret_keys
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.sharing import ends, handover_answers, handover_offers, reading, shares, terms
from journal.sitter import links as sitter_links
from journal.standing import standing
from journal.store.database import transaction
from journal.vault.documents import EntryDocument
from journal.witness import checking
from tests.authenticator import SITE, Authenticator
from tests.cast import PASSWORDS, PRACTICE, ZONE, Cast
from tests.factors import enrolled
from tests.log import Logged, chain_all, logged
from tests.portal.conftest import Portal
from tests.portal.markup import Markup
from tests.scenes import connected, opened_by, shared, signed_in_again, told_contact, written

NEW = "seven small stones in a row"


async def last(act: Act) -> Logged:
    """The latest event of a class."""
    found = await logged(act)
    assert found, act
    return found[-1]


async def confirmed(cast: Cast, token: bytes) -> str:
    """Have alice make a recovery key; return it."""
    actor = await web_sessions.load_actor(cast.installation, token)
    assert actor is not None
    offer = await recovery_key.offer_recovery_key(actor)
    await recovery_key.confirm_recovery_key(actor, token, offer.sealed, offer.formatted_key)
    return offer.formatted_key


async def at_the_door(portal: Portal) -> None:
    """Come in, be refused, lose the password and come back, go."""
    cast = portal.cast
    alice, installation = await cast.actor("alice"), cast.installation
    token = (await sign_in.sign_in(installation, "alice@example.org", PASSWORDS["alice"])).token
    assert (await last(Act.SIGNED_IN)).actor_id == alice.id
    for email, who in (("alice@example.org", alice.id), ("nobody@example.org", None)):
        with pytest.raises(WrongCredentials):
            await sign_in.sign_in(installation, email, "not the password")
        assert (await last(Act.SIGN_IN_REFUSED)).actor_id == who
        with pytest.raises(InvalidInput):
            await sign_in.recover_account(installation, email, "not the key", NEW, NEW, PRACTICE)
        assert (await last(Act.RECOVERY_REFUSED)).actor_id == who
    with pytest.raises(InvalidInput):
        await verify_password(alice, "not the password")
    assert (await last(Act.PASSWORD_REFUSED)).patient_id == alice.id
    with pytest.raises(InvalidInput):
        await verify_password(await cast.actor("bob"), "not the password")
    assert (await last(Act.PASSWORD_REFUSED)).patient_id is None
    await with_a_passkey(cast)
    words = await confirmed(cast, token)
    recovered = await sign_in.recover_account(installation, "alice@example.org", words, NEW, NEW, PRACTICE)
    cast.tokens["alice"] = recovered.token
    await confirmed(cast, cast.tokens["alice"])
    alice = await cast.actor("alice")
    await sign_in.change_password(alice, NEW, PASSWORDS["alice"], PASSWORDS["alice"], PRACTICE)
    cast.tokens["alice"] = (
        await sign_in.sign_in(installation, "alice@example.org", PASSWORDS["alice"])
    ).token
    async with portal.client("alice") as browser:
        for _ in range(2):  # a second sign-out has nobody to sign out
            assert (await browser.post("/sign-out")).status_code == 303
    assert (await last(Act.SIGNED_OUT)).actor_id == alice.id
    assert len(await logged(Act.SIGNED_OUT)) == 1
    cast.tokens["alice"] = (
        await sign_in.sign_in(installation, "alice@example.org", PASSWORDS["alice"])
    ).token
    cast.tokens["alice"] = await web_sessions.confirm_session(await cast.actor("alice"), cast.tokens["alice"])
    assert (await last(Act.CONFIRMED)).actor_id == alice.id
    await idle_lock.lock_session(await cast.actor("alice"))
    cast.tokens["alice"] = await idle_lock.unlock_session(
        installation, cast.tokens["alice"], PASSWORDS["alice"]
    )
    assert (await last(Act.UNLOCKED)).actor_id == alice.id
    await account_details.change_details(await cast.actor("alice"), "Alice Sample", ZONE)
    assert (await last(Act.DETAILS_CHANGED)).actor_id == alice.id
    await reading_hours.save_hours(await cast.actor("bob"), Hours(), base=0)
    assert (await last(Act.READING_HOURS_CHANGED)).actor_id == (await cast.actor("bob")).id
    await feeds.make_feed(await cast.actor("alice"), "Busy")
    feed = (await last(Act.CALENDAR_MADE)).object_id
    await feeds.change_feed(await cast.actor("alice"), "Choir")
    assert (await last(Act.CALENDAR_CHANGED)).object_id == feed
    await feeds.end_feed(await cast.actor("alice"))
    assert (await last(Act.CALENDAR_ENDED)).object_id == feed
    await told_contact(cast, ContactDetails("030 1234"))
    assert (await last(Act.CONTACT_CHANGED)).actor_id == alice.id
    nurse = CallDetails(CallRole.NURSE, "", "030 5678")
    contact = await call_contacts.save_contact(await cast.actor("bob"), alice.id, nurse)
    assert (await last(Act.CALL_CONTACT_CHANGED)).object_id == contact
    await call_contacts.remove_contact(await cast.actor("bob"), alice.id, contact)
    assert (await last(Act.CALL_CONTACT_REMOVED)).object_id == contact
    text = await text_writing.save_instructions(
        await cast.actor("bob"), alice.id, None, InstructionsDetails("As written."), is_checked=True
    )
    assert (await last(Act.INSTRUCTIONS_WRITTEN)).object_id == text
    total = {"name": "WHO-5", "day": "2026-11-20", "total": "60"}
    note = await care_notes.write_note(await cast.actor("bob"), alice.id, NoteKind.TOTAL, total, uuid4())
    assert (await last(Act.NOTE_WRITTEN)).object_id == note
    details = SessionDetails(SessionKind.INTEGRATION, "2026-12-03T13:00", ZONE, 50, Setting.CLINIC)
    talk = await session_plan.add_session(alice, alice.id, details)
    bob, thing = await cast.actor("bob"), Thing("question", "carry", "", "Why.")
    (item,) = await setting.set_things(bob, alice.id, talk, (thing,))
    assert (await last(Act.TALK_SET)).object_id == item
    for word in (Word.NOT_NOW, None):
        await answers.say_word(alice, item, word)
        assert (await last(Act.TALK_SAID)).recipient_id == bob.id
    await afterwards.mark_item(bob, alice.id, item, Mark.LET_GO)
    assert (await last(Act.TALK_MARKED)).object_id == item
    await afterwards.mark_item(bob, alice.id, item, None)
    await setting.withdraw_item(bob, alice.id, item)
    assert (await last(Act.TALK_WITHDRAWN)).object_id == item
    dosing = SessionDetails(SessionKind.DOSING, "2026-12-01T13:00", ZONE, 120, Setting.HOME)
    session = await session_plan.add_session(alice, alice.id, dosing)
    link = await sitter_links.make_link(await cast.actor("alice"), session)
    assert (await last(Act.SITTER_LINK_MADE)).object_id == link.id
    await sitter_links.end_link(await cast.actor("alice"), session)
    assert (await last(Act.SITTER_LINK_ENDED)).object_id == link.id
    await account_details.change_email(await cast.actor("alice"), "alice@example.org")
    assert (await last(Act.EMAIL_CHANGED)).actor_id == alice.id
    await account_deletion.request_deletion(await cast.actor("alice"), "delete")
    assert (await last(Act.ACCOUNT_LEAVING)).actor_id == alice.id
    cast.tokens["alice"] = (
        await sign_in.sign_in(installation, "alice@example.org", PASSWORDS["alice"])
    ).token
    assert (await last(Act.ACCOUNT_KEPT)).actor_id == alice.id
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    await active_sessions.end_all_sessions(await cast.actor("alice"))
    assert (await last(Act.SESSION_ENDED)).actor_id == alice.id
    for is_kept, act in ((True, Act.DEVICE_KEPT), (False, Act.DEVICE_NOT_KEPT)):
        alice = await cast.actor("alice")
        cast.tokens["alice"] = await active_sessions.keep_session(alice, cast.tokens["alice"], is_kept)
        assert (await last(act)).actor_id == alice.id
    await with_a_second_factor(cast)
    await practice.create_setup_link(installation)
    assert (await last(Act.SETUP_LINK_MADE)).actor_id is None
    await closing.tell_closing(installation, closing.parse_closing_day(installation, "2027-03-31"))
    assert (await last(Act.CLOSING_CHANGED)).actor_id is None
    await restoration.announce_restoration(installation)
    assert (await last(Act.BACKUP_RESTORED)).actor_id is None


async def with_a_passkey(cast: Cast) -> None:
    """Add a passkey, come in with it, be refused with it, take it away."""
    alice, device = await cast.actor("alice"), Authenticator()
    answer = device.make(await passkey_management.build_creation_options(alice, SITE))
    passkey = await passkey_management.add_passkey(
        alice, cast.tokens["alice"], SITE, "Phone", answer.credential, answer.prf
    )
    await passkey_sign_in.sign_in_with_passkey(
        cast.installation, SITE, device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    )
    device.origin = "https://elsewhere.example"
    with pytest.raises(InvalidInput):
        await passkey_sign_in.sign_in_with_passkey(
            cast.installation,
            SITE,
            device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE)),
        )
    asked = await passkey_sign_in.build_confirmation_options(alice, SITE)
    with pytest.raises(InvalidInput):
        await passkey_sign_in.confirm_with_passkey(alice, cast.tokens["alice"], SITE, device.use(asked))
    assert (await last(Act.PASSKEY_REFUSED)).patient_id == alice.id
    await passkey_management.remove_passkey(alice, passkey.id)
    for act in (Act.PASSKEY_ADDED, Act.SIGNED_IN_BY_PASSKEY, Act.PASSKEY_REFUSED, Act.PASSKEY_REMOVED):
        event = await last(act)
        assert (event.actor_id, event.object_id) == (alice.id, passkey.id)


async def with_a_second_factor(cast: Cast) -> None:
    """Take a second factor up, be refused, come in with a recovery code, renew those, give it up; then a secret key."""
    _, codes = await enrolled(cast, "alice")
    alice, installation, visitor = await cast.actor("alice"), cast.installation, Visitor()
    assert (await last(Act.SECOND_FACTOR_ADDED)).actor_id == alice.id
    waiting = (await sign_in.sign_in(installation, "alice@example.org", PASSWORDS["alice"])).token
    with pytest.raises(InvalidInput):
        await second_step.verify_code(installation, waiting, "000000", visitor)
    assert (await last(Act.SECOND_FACTOR_REFUSED)).actor_id == alice.id
    opened = await second_step.verify_recovery_code(installation, waiting, codes[0], visitor)
    assert (await last(Act.RECOVERY_CODE_USED)).actor_id == alice.id
    cast.tokens["alice"] = opened.token
    alice = await cast.actor("alice")
    await totp_enrolment.accept_offer(alice, (await totp_enrolment.offer_new_codes(alice)).sealed, kept=True)
    assert (await last(Act.RECOVERY_CODES_MADE)).actor_id == alice.id
    await totp_enrolment.remove_second_factor(alice, PASSWORDS["alice"])
    assert (await last(Act.SECOND_FACTOR_REMOVED)).actor_id == alice.id
    offer = await secret_keys.offer_secret_key(alice, PASSWORDS["alice"])
    kept = await secret_keys.confirm_secret_key(alice, offer.sealed, offer.formatted_key)
    assert (await last(Act.SECRET_KEY_ADDED)).actor_id == alice.id
    await secret_keys.remove_secret_key(dataclasses.replace(alice, kept_keys=kept), PASSWORDS["alice"])
    assert (await last(Act.SECRET_KEY_REMOVED)).actor_id == alice.id


async def with_words(cast: Cast) -> None:
    """Share, update, read, take back; delete, bring back, erase."""
    entry = await written(cast)
    share = await shared(cast, entry)
    await opened_by(cast, "bob", share)
    await shared(cast, entry)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    for act in (Act.SHARED, Act.SHARE_UPDATED):
        event = await last(act)
        assert (event.object_id, event.actor_id, event.recipient_id) == (share, alice.id, bob.id)
    reframe = await written(cast, document=EntryDocument("reframe", answers={"reframe.body": "x"}))
    given = await shared(cast, reframe, ("reframe.body",))
    await afterwards.mark_share(await cast.actor("bob"), alice.id, given, revision=1, is_talked=True)
    assert (await last(Act.TALKED_ABOUT)).object_id == given
    await later.give_tick(alice, reframe.id, given)
    event = await last(Act.LATER_SHARED)
    assert (event.object_id, event.actor_id, event.recipient_id) == (given, alice.id, bob.id)
    await later.stop_tick(alice, reframe.id, given)
    assert (await last(Act.LATER_STOPPED)).object_id == given
    await standing.give_standing(alice, cast.link, "readings")
    event = await last(Act.STANDING_GIVEN)
    assert (event.object_id, event.actor_id, event.recipient_id) == (cast.link, alice.id, bob.id)
    await standing.end_standing(alice, cast.link, "readings")
    assert (await last(Act.STANDING_ENDED)).object_id == cast.link
    await agreements.propose(alice, cast.link, None, 24)
    proposed = (await agreements.load_agreement(bob, alice.id)).proposed
    assert proposed is not None
    await agreements.agree_as_clinician(bob, alice.id, proposed.id, "")
    event = await last(Act.NOTICES_AGREED)
    assert (event.object_id, event.actor_id, event.patient_id) == (cast.link, bob.id, alice.id)
    measure = await notice_writing.save_answers(alice, find_offered("phq9"), {"9": 1}, uuid4(), 0)
    event = await last(Act.NOTICE_WRITTEN)
    assert (event.object_id, event.actor_id, event.recipient_id) == (cast.link, alice.id, bob.id)
    await notice_writing.withdraw(alice, measure.id)
    assert (await last(Act.NOTICE_WITHDRAWN)).actor_id == alice.id
    await notice_writing.send_now(alice, measure.id, cast.link)
    (one,) = await inbox.list_open(bob)
    await inbox.acknowledge(bob, alice.id, [one.id], "We spoke.")
    assert (await last(Act.NOTICE_ACKNOWLEDGED)).patient_id == alice.id
    await agreements.end(alice, cast.link)
    assert (await last(Act.NOTICES_ENDED)).object_id == cast.link
    await shares.change_attention(alice, share, Attention.IF_RAISED)
    assert (await last(Act.SHARE_ATTENTION_CHANGED)).object_id == share
    await terms.change_terms(alice, share, cast.clock.now.date(), False)
    assert (await last(Act.SHARE_END_CHANGED)).recipient_id == bob.id
    await terms.change_terms(alice, share, cast.clock.now.date(), True)
    assert (await last(Act.SHARE_FILING_CHANGED)).recipient_id == bob.id
    _, read = await reading.read_share(bob, alice.id, share, by_tap=True)
    await terms.file_share(bob, alice.id, share, read.revision)
    assert (await last(Act.SHARE_FILED)).actor_id == bob.id
    over = ShareEnd("", cast.clock.now.isoformat())
    columns = ends.build_columns(cast.installation, cast.link, given, over)
    await care_tables.Share.filter(id=given).update(**columns)
    await ends.end_due(cast.installation)
    event = await last(Act.SHARE_ENDED)
    assert (event.object_id, event.actor_id, event.patient_id) == (given, None, alice.id)
    for act in (Act.REPLY_WITHDRAWN, Act.REPLY_READ):
        reply = uuid4()
        await reply_writing.send_mine(alice, entry.id, cast.link, Typed("A question"), reply)
        event = await last(Act.REPLY_SENT)
        assert (event.object_id, event.actor_id, event.recipient_id) == (reply, alice.id, bob.id)
        if act is Act.REPLY_WITHDRAWN:
            await reply_writing.withdraw_mine(alice, entry.id, cast.link, reply)
        else:
            await conversation.read_of_copy(bob, alice.id, share)
        assert (await last(act)).object_id == reply
    await shares.revoke_share(alice, share)
    await removal.delete_entry(alice, entry.id)
    await removal.restore_entry(alice, entry.id)
    await removal.delete_entry(alice, entry.id)
    await removal.erase_entry(alice, entry.id)
    assert (await last(Act.ENTRY_ERASED)).actor_id == alice.id
    await acceptance.accept_journal(alice)
    assert (await last(Act.JOURNAL_ACCEPTED)).patient_id == alice.id
    other = await written(cast)
    await removal.delete_entry(alice, other.id)
    await purge_deleted(cast.installation, alice.now + entries.UNDO_WINDOW * 2)
    await signed_in_again(cast)
    event = await last(Act.ENTRY_ERASED)
    assert (event.actor_id, event.patient_id, event.object_id) == (None, alice.id, other.id)


async def between_two(cast: Cast) -> None:
    """Invite, withdraw, begin, pause, resume, end; plan a session and change it."""
    charlie = await cast.actor("charlie")
    withdrawn = await invitations.create_invitation(charlie, "Alice")
    await invitations.withdraw_invitation(charlie, withdrawn.id)
    link, alice = await connected(cast, "charlie"), await cast.actor("alice")
    assert (await last(Act.CARE_BEGAN)).recipient_id == charlie.id
    await lifecycle.pause_sharing(alice)
    await lifecycle.resume_sharing(alice, link)
    assert (await last(Act.SHARING_RESUMED)).recipient_id == charlie.id
    told = InstructionsDetails("As written by charlie.")
    text = await text_writing.save_instructions(charlie, alice.id, None, told, base=1, is_checked=True)
    await lifecycle.end_care(alice, link)
    await ended_care.hide_left_text(alice, text)
    assert (await last(Act.INSTRUCTIONS_HIDDEN)).object_id == text
    await ended_care.show_text_again(alice, text)
    assert (await last(Act.INSTRUCTIONS_SHOWN)).object_id == text
    bob = await cast.actor("bob")
    for answer in ("withdraw", "decline", "accept"):
        suggested = await handover_offers.suggest_colleague(bob, alice.id, str(charlie.id))
        assert (await last(Act.HANDOVER_SUGGESTED)).patient_id == alice.id
        if answer == "withdraw":
            await handover_offers.withdraw_offer(bob, alice.id)
        elif answer == "decline":
            await handover_answers.decline_handover(alice, suggested)
        else:
            made = await handover_answers.accept_handover(alice, suggested, [])
    assert (
        (await last(Act.HANDOVER_ACCEPTED)).recipient_id,
        (await last(Act.HANDOVER_ACCEPTED)).object_id,
    ) == (
        charlie.id,
        made,
    )
    details = SessionDetails(SessionKind.INTEGRATION, "2026-11-30T10:00", ZONE, 50, Setting.CLINIC)
    session = await session_plan.add_session(alice, alice.id, details)
    await session_plan.change_session(alice, session, 1, replace(details, minutes=60))


async def at_the_desk(cast: Cast) -> None:
    """Have somebody in, change one's mind; suspend somebody, let them back; look at the log."""
    erin, charlie, dana = [await cast.actor(name) for name in ("erin", "charlie", "dana")]
    made = await setup_links.create_setup_link_for(erin, "Nora", "nurse")
    assert (await last(Act.SETUP_LINK_MADE)).actor_id == erin.id
    await setup_links.withdraw_setup_link(erin, made)
    assert (await last(Act.SETUP_LINK_WITHDRAWN)).object_id == made
    await practice.change_practice(erin, PracticeSettings("Harbour Practice", "030 1234"))
    event = await last(Act.PRACTICE_CHANGED)
    assert (event.actor_id, event.object_id, event.patient_id) == (erin.id, None, None)
    for one, record in ((charlie, None), (dana, dana.id)):
        await people.suspend_person(erin, one.id)
        await people.unsuspend_person(erin, one.id)
        for act in (Act.SUSPENDED, Act.UNSUSPENDED):
            event = await last(act)
            assert (event.actor_id, event.object_id, event.patient_id) == (erin.id, one.id, record)
    await audit_review.load_audit_page(erin, limit=1, person=dana.id)
    assert (await last(Act.LOG_READ)).patient_id == dana.id
    await audit_review.load_audit_page(erin, limit=1, person=charlie.id)
    assert (await last(Act.LOG_READ)).patient_id is None


async def with_new_keys(cast: Cast) -> None:
    """Renew keys; lose every one, be refused, begin anew, be given back, bring back, and renew a connection."""
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    entry = await written(cast)
    await shared(cast, entry)
    cast.tokens["alice"] = await account_key_renewal.begin_rotation(
        await cast.actor("alice"), PASSWORDS["alice"]
    )
    while not (came := await account_key_renewal.reseal_batches(await cast.actor("alice"))).finished:
        if came.settling:
            cast.clock.forward(seconds=account_key_renewal.SETTLING_TIME.total_seconds())
    assert (await last(Act.KEYS_RENEWED)).actor_id == (await cast.actor("alice")).id
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    await reset_links.create_reset_link(bob, alice.id)
    await reset_links.withdraw_reset_link(bob, alice.id)
    token = (await reset_links.create_reset_link(bob, alice.id)).token
    for email in ("dana@example.org", "alice@example.org"):
        with suppress(InvalidInput):
            cast.tokens["alice"] = await account_reset.reset_account(
                cast.installation, token, email, NEW, NEW, PRACTICE, understood=True
            )
    event = await last(Act.RESTART_REFUSED)
    assert (event.actor_id, event.patient_id) == (None, alice.id)
    alice = await cast.actor("alice")
    assert (await last(Act.RESTARTED)).recipient_id == bob.id
    await returned_shares.return_shares(bob, alice.id)
    assert (await last(Act.GIVEN_BACK)).recipient_id == alice.id
    assert not await checking.check_log(alice)
    async with transaction():
        await key_log.append_keys(bob.id, PrivateIdentity.generate().public())
    assert await checking.check_log(alice)
    assert (await last(Act.KEYS_DOUBTED)).recipient_id == bob.id
    await checking.accept(alice)
    event = await last(Act.KEYS_COMPARED)
    assert (event.actor_id, event.patient_id, event.recipient_id) == (alice.id, alice.id, bob.id)
    (link,) = await returned_shares.count_returned_by_link(alice)
    await returned_shares.accept_returned_shares(alice, link)
    assert await retained_records.restore_records(alice, PASSWORDS["alice"]) > 0
    await account_reset.renew_link(alice, (await reset_links.create_reset_link(bob, alice.id)).token)
    assert (await last(Act.LINK_RENEWED)).recipient_id == bob.id


async def in_the_browser(portal: Portal) -> None:
    """Take records away; look for what is not there, or is somebody else's."""
    entry = await written(portal.cast)
    async with portal.client("alice") as browser:
        taken = await browser.post("/records", data={"current": PASSWORDS["alice"], "passphrase": NEW})
        assert taken.status_code == 200
        where = (await browser.post("/packets")).headers["location"]
        told = {"span": "all", "recipient": "Ada", "purpose": "A second look"}
        await browser.post(where, data={"revision": "1", "go": "save", **told})
        chosen = {"revision": "2", "kind": entry.document.kind, "go": "all"}
        await browser.post(f"{where}/entries", data=chosen)
        seen = Markup((await browser.get(f"{where}/preview?page=99")).text).all("input", name="previewed")[-1]
        sent = {"previewed": seen.attributes["value"], "offered": NEW, "current": PASSWORDS["alice"]}
        assert (await browser.post(f"{where}/preview", data=sent)).status_code == 303
        await asyncio.gather(*portal.app.state.installation.background_work)
        part = ("files", ("2026-01-01.txt", b"The sea.", "text/plain"))
        where = (await browser.post("/records/import", files=[part])).headers["location"]
        assert (await browser.post(f"{where}/start")).status_code == 303
        await asyncio.gather(*portal.app.state.installation.background_work)
        assert (await browser.post(f"{where}/removal")).status_code == 303
        await asyncio.gather(*portal.app.state.installation.background_work)
        taken = await browser.post("/sharing/disclosures", data={"current": PASSWORDS["alice"]})
        assert taken.status_code == 200
    dana = await portal.cast.actor("dana")
    async with portal.client("dana") as browser:
        for wanted in (entry.id, uuid4()):
            assert (await browser.get(f"/journal/{wanted}")).status_code == 404
            event = await last(Act.NOT_FOUND)
            assert (event.actor_id, event.patient_id, event.object_id) == (dana.id, None, wanted)
        assert (await browser.get("/patients")).status_code == 404
        assert (await last(Act.NOT_FOUND)).object_id is None
    async with portal.client() as browser:
        before = await logged()
        assert (await browser.get(f"/journal/{entry.id}")).status_code == 401
        assert (await browser.get("/nothing-here")).status_code == 404
        assert await logged() == before


async def test_every_class_of_event_is_written(any_portal: Portal) -> None:
    """A walk through everything that people do leaves each class of event behind, and the chain whole."""
    await at_the_door(any_portal)
    await with_words(any_portal.cast)
    await between_two(any_portal.cast)
    await in_the_browser(any_portal)
    await at_the_desk(any_portal.cast)
    await with_new_keys(any_portal.cast)
    dana = await sign_in.sign_in(any_portal.cast.installation, "dana@example.org", PASSWORDS["dana"])
    any_portal.cast.tokens["dana"] = dana.token
    await account_deletion.request_deletion(
        await any_portal.cast.actor("dana"), account_deletion.CONFIRMATION_WORD
    )
    await purge_deleted(
        any_portal.cast.installation, any_portal.cast.clock.now + account_deletion.DELETION_DELAY
    )
    events = await logged()
    assert {event.action for event in events} == {act.value for act in Act}
    for event in events:
        assert event.outcome == (Outcome.REFUSED if Act(event.action) in REFUSALS else Outcome.DONE)
    await chain_all(any_portal.cast.installation)
    assert (await verify_log(any_portal.cast.installation)).chain_break is None


async def test_saving_writes_no_event(portal: Portal) -> None:
    """Drafts save themselves every few seconds; the log is of who reads and who changes what others see."""
    entry = await written(portal.cast)
    before = await logged()
    alice = await portal.cast.actor("alice")
    await entries.save_entry(alice, entry.id, 1, replace(entry.document, title="Another"))
    assert await logged() == before
