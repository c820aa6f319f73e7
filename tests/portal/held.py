"""Everything of alice's that can be held, and the request that asks for each act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from journal.accounts.profiles import ContactDetails
from journal.care import invitations, lifecycle, links
from journal.care import tables as care_tables
from journal.care.documents import ShareDocument, given_back_context
from journal.care.link_keys import open_shared_key
from journal.catalogue.fields import EntryKind
from journal.catalogue.revisits import Revisit
from journal.clinic import call_contacts, text_writing
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.clinic.instructions import InstructionsDetails
from journal.entries import only_entry, removal
from journal.held_acts import HeldAct
from journal.measures.records import find_offered
from journal.notices import agreements, writing
from journal.reframing import later, reframes
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.sharing import handover_offers
from journal.sitter import links as sitter_links
from journal.sitter import notes as sitter_notes
from journal.sitter import reading as sitter_reading
from journal.sitter.lines import NoteKind
from journal.time_zones import parse_zone
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import PASSWORDS, ZONE, Cast
from tests.scenes import shared, told_contact, written

REFRAME = EntryDocument("reframe", title="Too much", answers={"reframe.old_meaning": "I am too much."})
OTHER = EntryDocument("reframe", title="In the way", answers={"reframe.old_meaning": "I am in the way."})
COMFORT = EntryDocument(EntryKind.COMFORT.value, answers={"comfort.words_help": "The kettle is on"})


@dataclass(frozen=True, slots=True)
class Things:
    """What the acts are about: entries, copies, a session of later, and a suggested colleague."""

    link: UUID
    entry: Entry
    reframe: Entry
    share: UUID
    ticked: Entry
    ticked_share: UUID
    deleted: UUID
    session: UUID
    offer: UUID
    contact: UUID
    text: UUID
    note: UUID
    answered: UUID
    """A form with the answer that a notice can be about; nobody was told of it."""
    invited: str
    """The secret of an invitation."""
    weaker: str = ""
    """Terms about notices that bob proposed, weaker than what is in force."""


async def prepare(cast: Cast) -> Things:
    """Have all of it be there on an ordinary day."""
    alice = await cast.actor("alice")
    entry, reframe, ticked = (
        await written(cast),
        await written(cast, document=REFRAME),
        await written(cast, document=OTHER),
    )
    share, ticked_share = [await shared(cast, one, ("reframe.old_meaning",)) for one in (reframe, ticked)]
    await reframes.add_revisit(alice, ticked.id, Revisit(reframes.get_today(alice), 40))
    await later.give_tick(alice, ticked.id, ticked_share)
    deleted = await written(cast)
    await removal.delete_entry(alice, deleted.id)
    local = (cast.clock.now + timedelta(days=3)).astimezone(parse_zone(ZONE)).strftime("%Y-%m-%dT%H:%M")
    session = await session_plan.add_session(
        alice, alice.id, SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
    )
    await only_entry.begin_written_entry(alice, session, COMFORT)
    answered = await writing.save_answers(alice, find_offered("phq9"), {"9": 1}, uuid4(), 0)
    await told_contact(cast, ContactDetails("+49 30 5550 1", "Mara", "sister", "+49 30 5550 2"))
    contact, text = await _leave(cast)
    await agreements.propose(await cast.actor("alice"), cast.link, None, 24)
    bob = await cast.actor("bob")
    if (proposed := (await agreements.load_agreement(bob, alice.id)).proposed) is not None:
        await agreements.agree_as_clinician(bob, alice.id, proposed.id, "")
    charlie = await cast.actor("charlie")
    await handover_offers.suggest_colleague(await cast.actor("bob"), alice.id, str(charlie.id))
    offer = (await care_tables.Handover.get(waiting__isnull=False)).id
    return Things(
        cast.link,
        entry,
        reframe,
        share,
        ticked,
        ticked_share,
        deleted.id,
        session,
        offer,
        contact,
        text,
        await _sit(cast, session),
        answered.id,
        await _offer(cast),
    )


async def _offer(cast: Cast) -> str:
    """Have bob give something back, as after a reset, and charlie invite alice; return the invitation's secret."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    link, ident = await links.load_link_with(bob, alice.id), uuid4()
    at = cast.clock.now.isoformat()
    copy = ShareDocument(
        EntryKind.FREE.value, "Before", None, {"free.text": "The harbour"}, ["free.text"], at, at, 0
    )
    sealed = seal_document(await open_shared_key(bob, link), copy, given_back_context(link.id, ident))
    await care_tables.GivenBack.create(
        id=ident, link_id=link.id, kept_id=uuid4(), sealed=sealed, created_at=cast.clock.now
    )
    return (await invitations.create_invitation(await cast.actor("charlie"), "Alice")).token


async def _sit(cast: Cast, session: UUID) -> UUID:
    """Have somebody with a link note that alice is awake; return the note's id."""
    alice = await cast.actor("alice")
    token = (await sitter_links.make_link(alice, session)).token
    sitting = await sitter_links.open_sitting(cast.installation, token)
    await sitter_notes.save_note(cast.installation, sitting, uuid4(), NoteKind.CHECK, "14:05 | awake")
    (noted,) = await sitter_reading.load_notes(alice, session)
    await sitter_links.end_link(alice, session)
    return noted.id


async def _leave(cast: Cast) -> tuple[UUID, UUID]:
    """Have charlie name somebody to call and write a text, and the care end; return their ids."""
    charlie, alice = await cast.actor("charlie"), await cast.actor("alice")
    invited = await invitations.create_invitation(charlie, "Alice")
    link = await invitations.accept_invitation(alice, invited.token)
    nurse = CallDetails(CallRole.NURSE, "", "+49 30 5550 7")
    contact = await call_contacts.save_contact(charlie, alice.id, nurse)
    told = InstructionsDetails("Placeholder tea")
    text = await text_writing.save_instructions(charlie, alice.id, None, told, is_checked=True)
    await lifecycle.end_care(alice, link)
    return contact, text


def list_requests(one: Things) -> Mapping[HeldAct, tuple[str, dict[str, object]]]:
    """Return what a browser sends for each act, once sharing with bob was paused for the last of them."""
    link, parts = str(one.link), ["title", "int.meaning"]
    return {
        HeldAct.SHARE: (
            f"/journal/{one.entry.id}/shares",
            {"to": link, "step": "confirm", "previewed": "1", "sections": parts},
        ),
        HeldAct.REPLY: (
            f"/journal/{one.ticked.id}/replies/{link}",
            {"go": "send", "reply": "A lantern by the river", "ident": str(uuid4())},
        ),
        HeldAct.TICK: (f"/journal/{one.reframe.id}/later", {"to": str(one.share), "go": "give"}),
        HeldAct.ADDITIONS: (
            f"/journal/{one.ticked.id}/later",
            {"to": str(one.ticked_share), "go": "some", "sections": "0", "revision": "3"},
        ),
        HeldAct.STANDING: (f"/sharing/{link}/standing", {"go": "give", "kind": "readings"}),
        HeldAct.COPY: ("/safety-plan/copy", {}),
        HeldAct.NOTICE: (f"/journal/{one.answered}/notice", {"go": "send", "to": link}),
        HeldAct.NOTICES: ("/sharing/notices", {"go": "end", "to": link}),
        HeldAct.END_CARE: (f"/sharing/{link}/end", {}),
        HeldAct.HANDOVER: (f"/sharing/handovers/{one.offer}", {"end_care": "yes"}),
        HeldAct.SITTER: (
            f"/sessions/{one.session}/sitter",
            {"go": "make", "sections": "comfort.words_help", "revision": "1"},
        ),
        HeldAct.CONNECT: (f"/invite/{one.invited}", {}),
        HeldAct.DISCARD: (f"/sharing/{link}/returned", {"go": "leave"}),
        HeldAct.DELETE: (f"/journal/{one.reframe.id}/deletion", {}),
        HeldAct.ERASE: (f"/journal/{one.deleted}/erasure", {}),
        HeldAct.EXPORT: (
            "/records",
            {"current": PASSWORDS["alice"], "passphrase": "seven quiet words by the long sea", "offered": ""},
        ),
        HeldAct.DISCLOSURES: ("/sharing/disclosures", {"current": PASSWORDS["alice"]}),
        HeldAct.CONTACT: (f"/clinic/contacts/{one.contact}/removal", {}),
        HeldAct.TEXT: (f"/clinic/texts/{one.text}/hidden", {"hidden": "yes"}),
        HeldAct.OWN_CONTACT: ("/account/contact", {"phone": "+49 30 5550 9"}),
        HeldAct.CALENDAR: ("/account/calendar", {"go": "make", "title": "Busy"}),
        HeldAct.ACCOUNT: ("/account/deletion", {"word": "delete"}),
        HeldAct.RESUME: (f"/sharing/{link}/resumption", {}),
    }
