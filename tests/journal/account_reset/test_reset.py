"""Beginning anew: new keys for the account, nothing opened, nothing destroyed; and what was shared given back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links, retained_records, returned_shares
from journal.account_reset import tables as account_reset_tables
from journal.account_reset.retained_records import RETENTION_PERIOD
from journal.accounts import signing_keys
from journal.accounts import tables as accounts_tables
from journal.actor import Actor
from journal.authentication import recovery_key, sign_in, web_sessions
from journal.calendar import feeds
from journal.calendar import reading as calendar_reading
from journal.calendar.reading import FeedEnded
from journal.care import invitations, lifecycle, link_keys, links
from journal.care import tables as care_tables
from journal.care.documents import ShareDocument, given_back_context
from journal.care.link_keys import open_shared_key
from journal.care_notes import notes as care_notes
from journal.care_notes.notes import NoteKind
from journal.catalogue.fields import Answers
from journal.coming_talk import answers as talk_answers
from journal.coming_talk import setting
from journal.coming_talk.documents import Thing
from journal.dosing_day import requests
from journal.dosing_day.requests import PendingRequest
from journal.entries import entries, revisions
from journal.errors import Damaged, InvalidInput, LinkExpired, NotFound, TrustBroken, WrongCredentials
from journal.held_acts import Asked, HeldAct
from journal.key_rotation import account_key as account_key_renewal
from journal.operations import account_marks, retention
from journal.rate_limiting.limits import TooManyAttempts
from journal.records.signing import sign_manifest, verify_manifest
from journal.replies import writing as reply_writing
from journal.replies.drafts import Typed
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sessions import holds
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.standing import standing
from journal.standing.lines import Standing
from journal.vault import record_state
from tests.cast import PASSWORDS, PRACTICE, ZONE, Cast
from tests.log import logged
from tests.scenes import (
    connected,
    held_twice,
    in_session,
    read_by,
    rewritten,
    shared,
    signed_in_again,
    written,
)

NEW = "seven small stones in a row"
EMAIL = "alice@example.org"


async def offered(cast: Cast, who: str = "bob") -> str:
    """Have a clinician of alice's make a restart link; return its token."""
    return (await reset_links.create_reset_link(await cast.actor(who), await alices(cast))).token


async def alices(cast: Cast) -> UUID:
    """Alice's id."""
    row = await accounts_tables.Account.get(
        email_index=cast.installation.server_keys.blind_index(EMAIL).hex()
    )
    return row.id


async def restarted(cast: Cast, token: str, *, email: str = EMAIL, rested: bool = False) -> Actor:
    """Have alice begin anew; return her as her next request loads her."""
    cast.tokens["alice"] = await account_reset.reset_account(
        cast.installation, token, email, NEW, NEW, PRACTICE, understood=True, rested=rested
    )
    return await cast.actor("alice")


async def returned_copies(bob: Actor, patient: UUID) -> int:
    """How many copies bob could give back."""
    return (await returned_shares.find_returnable(bob, await links.load_link_with(bob, patient))).copies


async def test_new_keys_and_nothing_of_what_was_written(cast: Cast) -> None:
    """The account, its name and its link with the clinician are there; the journal is empty, old ways in are shut."""
    entry = await written(cast)
    before, old_token = await cast.actor("alice"), cast.tokens["alice"]
    alice = await restarted(cast, await offered(cast))
    assert (alice.id, alice.name, alice.recovery_ready) == (before.id, before.name, False)
    assert alice.keyring != before.keyring
    assert alice.public_keys != before.public_keys
    assert await entries.load_all_entries(alice) == ()
    with pytest.raises(NotFound):
        await entries.load_entry(alice, entry.id)
    assert await web_sessions.load_actor(cast.installation, old_token) is None
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, EMAIL, PASSWORDS["alice"])
    await sign_in.sign_in(cast.installation, EMAIL, NEW)


async def test_the_numbers_of_the_account_go_on(cast: Cast) -> None:
    """An account that is begun anew is behind nothing that was kept of it."""
    before = await account_marks.load_marks()
    alice = await restarted(cast, await offered(cast))
    after = await account_marks.load_marks()
    assert account_marks.compare_marks(before.values(), after, set()) == []
    assert after[alice.id].epoch > before[alice.id].epoch
    assert after[alice.id].revision > before[alice.id].revision


async def test_the_address_of_a_calendar_ends(cast: Cast) -> None:
    """Whoever has the old keys' address learns no further times."""
    token = await feeds.make_feed(await cast.actor("alice"), "Busy")
    await restarted(cast, await offered(cast))
    with pytest.raises(FeedEnded):
        await calendar_reading.open_feed(cast.installation, token)
    assert await feeds.load_own_feed(await cast.actor("alice")) is None


async def test_pins_are_renewed_on_both_sides_by_the_link(cast: Cast) -> None:
    """Both trust each other's keys of now, and see the same safety code, which is a new one."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    before = await link_keys.derive_safety_code(bob, await links.load_link_with(bob, alice.id))
    alice = await restarted(cast, await offered(cast))
    bob = await cast.actor("bob")
    link = await links.load_link_with(bob, alice.id)
    assert link.trusted
    (hers,) = await links.load_my_links(alice)
    codes = {await link_keys.derive_safety_code(bob, link), await link_keys.derive_safety_code(alice, hers)}
    assert len(codes) == 1
    assert before not in codes
    await shared(cast, await written(cast), to=hers.id)
    assert len(await read_by(cast, "bob")) == 1


async def test_what_was_signed_before_verifies_and_its_key_is_listed(cast: Cast) -> None:
    """A second reset too: each earlier fingerprint stands with its day, and the present one is of the keys now held."""
    alice = await cast.actor("alice")
    first = await signing_keys.load_signing_keys(alice)
    assert (first.fingerprint, first.retired) == (alice.fingerprint, ())
    signature = sign_manifest(alice.open_identity(), alice.id, b"{}")
    days: list[datetime] = []
    for _ in range(2):
        cast.clock.forward(minutes=5)
        alice = await restarted(cast, await offered(cast))
        days.insert(0, alice.now)
    found = await signing_keys.load_signing_keys(await cast.actor("alice"))
    assert [one.until for one in found.retired] == days
    assert (found.retired[-1].fingerprint, found.since) == (first.fingerprint, days[0])
    assert len({found.fingerprint, *(one.fingerprint for one in found.retired)}) == 3
    assert verify_manifest(b"{}", signature).fingerprint == first.fingerprint


async def test_other_clinicians_open_nothing_until_they_renew(cast: Cast) -> None:
    """Her keys have changed for charlie, who is told so; a link of his renews it, and nothing else of hers changes."""
    theirs = await connected(cast, "charlie")
    await shared(cast, await written(cast), to=theirs)
    alice_id = await alices(cast)
    assert len(await read_by(cast, "charlie")) == 1
    alice = await restarted(cast, await offered(cast))
    charlie = await cast.actor("charlie")
    assert not (await links.load_link_with(charlie, alice_id)).trusted
    with pytest.raises(TrustBroken):
        await read_by(cast, "charlie")
    assert (await links.load_care_team(alice)).awaiting_renewal == (theirs,)
    entry = await written(cast)
    renewed = await account_reset.renew_link(alice, await offered(cast, "charlie"))
    charlie = await cast.actor("charlie")
    assert (await links.load_link_with(charlie, alice_id)).id == renewed
    assert (await links.load_care_team(alice)).awaiting_renewal == ()
    assert (await entries.load_entry(alice, entry.id)).id == entry.id
    assert await returned_shares.return_shares(charlie, alice_id) == 1
    assert (
        len(await returned_shares.list_returned_shares(alice, await links.load_my_link(alice, renewed))) == 1
    )
    await returned_shares.accept_returned_shares(alice, renewed)
    assert (await record_state.compare_records(alice, earlier=True)).is_intact


async def test_it_waits_until_somebody_says_that_they_rested(cast: Cast) -> None:
    """It ends care, and asks for the word that home asks for; the link is not used up, and what was held stays held."""
    session = await in_session(cast)
    await session_plan.change_status(await cast.actor("alice"), session, Status.STOPPED_EARLY)
    before, link = await cast.actor("alice"), await offered(cast)
    for hours in (0, 14):
        cast.clock.forward(hours=hours)
        with pytest.raises(InvalidInput) as refused:
            await restarted(cast, link, rested=True)
        assert refused.value.fields == {"rested": account_reset.WAITS_TODAY}
        row = await accounts_tables.Account.get(id=before.id)
        assert row.public_identity == before.public_keys
    cast.clock.forward(hours=1)
    with pytest.raises(InvalidInput) as refused:
        await restarted(cast, link)
    assert refused.value.fields == {"rested": account_reset.NOT_RESTED}
    alice = await restarted(cast, link, rested=True)
    assert alice.public_keys != before.public_keys
    assert (await links.load_my_links(alice))[0].id != cast.link
    assert await holds.load_hold(alice) is not None
    await session_plan.confirm_rest(alice)
    assert await holds.load_hold(alice) is None


async def test_an_older_session_without_rest_hides_no_session_of_today(cast: Cast) -> None:
    """It waits for the next morning of the later one as well."""
    await held_twice(cast)
    link = await offered(cast)
    with pytest.raises(InvalidInput) as refused:
        await restarted(cast, link, rested=True)
    assert refused.value.fields == {"rested": account_reset.WAITS_TODAY}
    cast.clock.forward(hours=24)
    await signed_in_again(cast)
    assert (await links.load_my_links(await restarted(cast, link, rested=True)))[0].id != cast.link


@pytest.mark.parametrize("secret", ["password", "recovery key"])
async def test_what_was_set_aside_comes_back(cast: Cast, secret: str) -> None:
    """With the old password or the old kit, every entry and every earlier version is as it was."""
    old = await cast.actor("alice")
    offer = await recovery_key.offer_recovery_key(old)
    await recovery_key.confirm_recovery_key(old, cast.tokens["alice"], offer.sealed, offer.formatted_key)
    first = await written(cast)
    cast.clock.forward(minutes=15)
    await rewritten(cast, first, **{"int.meaning": "Now I see it another way."})
    second = await written(cast)
    before = {one.id: one.document for one in await entries.load_all_entries(await cast.actor("alice"))}
    alice = await restarted(cast, await offered(cast))
    assert (await record_state.compare_records(alice, earlier=True)).is_intact
    (kept,) = await retained_records.list_retained_records(alice)
    assert kept.entries == 2
    for wrong in ("not it", NEW, offer.formatted_key[:-1]):
        with pytest.raises(InvalidInput):
            await retained_records.restore_records(alice, wrong)
    assert (
        await retained_records.restore_records(
            alice, PASSWORDS["alice"] if secret == "password" else offer.formatted_key
        )
        == 2
    )
    assert (await record_state.compare_records(alice, earlier=True)).is_intact
    assert {one.id: one.document for one in await entries.load_all_entries(alice)} == before
    assert len(await revisions.list_revisions(alice, first.id)) == 1
    assert set(before) == {first.id, second.id}
    assert await retained_records.list_retained_records(alice) == ()
    with pytest.raises(InvalidInput):
        await retained_records.restore_records(alice, PASSWORDS["alice"])


@pytest.mark.parametrize(
    "moved",
    [{"account_id": ...}, {"created_at": ...}, {"expires_at": ...}, {"proof": None}, {"proof": "0" * 64}],
)
async def test_dates_of_what_was_set_aside_are_told_to_its_owner_alone(
    cast: Cast, moved: dict[str, Any]
) -> None:
    """A row that storage pointed at somebody else, or changed, tells nobody when; its owner can still open it."""
    await written(cast)
    alice, dana = await restarted(cast, await offered(cast)), await cast.actor("dana")
    ((aside,)) = await retained_records.list_retained_records(alice)
    assert aside.until is not None
    assert aside.until - cast.clock.now <= RETENTION_PERIOD
    later = cast.clock.now + timedelta(days=3)
    wrong = {
        key: (dana.id if key == "account_id" else later) if value is ... else value
        for key, value in moved.items()
    }
    await account_reset_tables.SetAside.filter(id=aside.id).update(**wrong)
    whose = dana if "account_id" in moved else alice
    ((there,)) = await retained_records.list_retained_records(whose)
    assert (there.since, there.until) == (None, None)
    if whose is alice:
        assert await retained_records.restore_records(alice, PASSWORDS["alice"]) == 1


async def test_a_restart_in_the_middle_of_a_renewal_loses_nothing(cast: Cast) -> None:
    """Records under the old and under the new key are set aside together, and both come back."""
    await written(cast)
    cast.tokens["alice"] = await account_key_renewal.begin_rotation(
        await cast.actor("alice"), PASSWORDS["alice"]
    )
    await written(cast)
    alice = await restarted(cast, await offered(cast))
    assert not alice.is_rotating_keys
    assert await retained_records.restore_records(alice, PASSWORDS["alice"]) == 2
    assert len(await entries.load_all_entries(alice)) == 2


async def test_whoever_restarts_can_destroy_nothing(cast: Cast) -> None:
    """However often an account is begun anew, each state is kept for ninety days; then it goes."""
    entry = await written(cast)
    await shared(cast, entry)
    await restarted(cast, await offered(cast))
    assert await returned_shares.return_shares(await cast.actor("bob"), await alices(cast)) == 1
    cast.clock.forward(minutes=1)
    alice = await restarted(cast, await offered(cast))
    assert await returned_shares.return_shares(await cast.actor("bob"), alice.id) == 1
    assert [one.entries for one in await retained_records.list_retained_records(alice)] == [0, 1]
    cast.clock.forward(days=RETENTION_PERIOD.days - 1)
    await retention.purge_deleted(cast.installation, cast.clock.now)
    assert await account_reset_tables.SetAsideRecord.filter(id=entry.id).exists()
    cast.clock.forward(days=2)
    await retention.purge_deleted(cast.installation, cast.clock.now)
    assert not await account_reset_tables.SetAsideRecord.exists()
    assert not await account_reset_tables.SetAsideSlot.exists()


async def test_a_link_works_once_for_its_patient_and_not_for_long(cast: Cast) -> None:
    """Guessed, used, withdrawn, replaced and expired links read alike; another's address is refused, the link stays."""
    await connected(cast, "charlie", "dana")
    used = await offered(cast)
    with pytest.raises(InvalidInput):
        await restarted(cast, used, email="dana@example.org")
    with pytest.raises(InvalidInput):
        await account_reset.reset_account(
            cast.installation, used, EMAIL, NEW, NEW, PRACTICE, understood=False
        )
    dana = await cast.actor("dana")
    with pytest.raises(LinkExpired):
        await account_reset.renew_link(dana, used)
    with pytest.raises(LinkExpired):
        await invitations.accept_invitation(dana, used)
    with pytest.raises(LinkExpired):
        await invitations.preview_invitation(cast.installation, used)
    await restarted(cast, used)
    replaced, withdrawn = await offered(cast), await offered(cast)
    await reset_links.withdraw_reset_link(await cast.actor("bob"), await alices(cast))
    expired = await offered(cast)
    invited = (await invitations.create_invitation(await cast.actor("bob"), "Jan")).token
    cast.clock.forward(hours=48)
    for token in (used, replaced, withdrawn, expired, invited, used[:-2] + "AA", "x"):
        with pytest.raises(LinkExpired):
            await account_reset.preview_reset(cast.installation, token)
        with pytest.raises(LinkExpired):
            await restarted(cast, token)


async def test_only_her_own_clinicians_make_one(cast: Cast) -> None:
    """For a clinician without a care link she does not exist; a patient makes none; an ended clinician neither."""
    alice = await cast.actor("alice")
    for who in ("charlie", "dana", "alice"):
        for act in (
            reset_links.create_reset_link,
            links.load_link_with,
            reset_links.withdraw_reset_link,
            returned_shares.return_shares,
        ):
            with pytest.raises(NotFound):
                await act(await cast.actor(who), alice.id)
    token = await offered(cast)
    await lifecycle.end_care(alice, cast.link)
    with pytest.raises(NotFound):
        await offered(cast)
    with pytest.raises(LinkExpired):
        await restarted(cast, token)


async def test_storage_cannot_turn_a_link_to_another_account(cast: Cast) -> None:
    """Pointed at another patient or link, or made of an ordinary invitation, it is refused; so are swapped keys."""
    dana, bob = await cast.actor("dana"), await cast.actor("bob")
    hers = await connected(cast, "bob", "dana")
    token = await offered(cast)
    row = await care_tables.Invitation.get(patient=await alices(cast))
    plain = await invitations.create_invitation(bob, "Jan")
    for ident, changed, used in (
        (row.id, {"patient": dana.id, "renews": hers}, token),
        (row.id, {"patient": dana.id}, token),
        (row.id, {"renews": hers}, token),
        (plain.id, {"patient": dana.id, "renews": hers}, plain.token),
    ):
        kept = await care_tables.Invitation.filter(id=ident).values("patient", "renews")
        await care_tables.Invitation.filter(id=ident).update(**changed)
        with pytest.raises((TrustBroken, LinkExpired)):
            await account_reset.reset_account(
                cast.installation, used, "dana@example.org", NEW, NEW, PRACTICE, understood=True
            )
        await care_tables.Invitation.filter(id=ident).update(**kept[0])
    await care_tables.Invitation.filter(id=row.id).update(patient=None, renews=None)
    with pytest.raises(TrustBroken):
        await invitations.accept_invitation(dana, token)
    assert await web_sessions.load_actor(cast.installation, cast.tokens["dana"]) is not None


async def test_keys_that_storage_swaps_at_a_restart_are_not_believed(cast: Cast) -> None:
    """The clinician pins only what was vouched for under the link's own secret; other keys stop sharing."""
    await shared(cast, await written(cast))
    await read_by(cast, "bob")
    alice = await restarted(cast, await offered(cast))
    dana = await cast.actor("dana")
    await accounts_tables.Account.filter(id=alice.id).update(public_identity=dana.public_keys)
    bob = await cast.actor("bob")
    for act in (links.load_link_with, returned_shares.return_shares):
        with pytest.raises(TrustBroken):
            await act(bob, alice.id)
    await accounts_tables.Account.filter(id=alice.id).update(public_identity=alice.public_keys)
    assert await returned_shares.return_shares(await cast.actor("bob"), alice.id) == 1


async def test_what_was_shared_is_given_back_and_taken_in(cast: Cast) -> None:
    """She gets the chosen parts as entries of their kind and date; each copy once, and no word that was not shared."""
    entry = await written(cast)
    await shared(cast, entry)
    await written(cast)
    alice = await restarted(cast, await offered(cast))
    cast.clock.forward(hours=1)
    bob, alice_id = await cast.actor("bob"), alice.id
    assert await returned_copies(bob, alice_id) == 1
    assert await returned_shares.return_shares(bob, alice_id) == 1
    assert await returned_copies(bob, alice_id) == 0
    alice = await cast.actor("alice")
    ((link, count),) = (await returned_shares.count_returned_by_link(alice)).items()
    assert count == 1
    assert await returned_shares.accept_returned_shares(alice, link) == 1
    (back,) = await entries.load_all_entries(alice)
    assert back.document.kind == "integration"
    assert back.document.title == "The sea"
    assert back.document.answers == {"int.meaning": "Maybe that I am allowed to rest."}
    assert back.created_at == entry.created_at.replace(microsecond=0)
    assert await returned_shares.count_returned_by_link(alice) == {}
    assert await returned_shares.accept_returned_shares(alice, link) == 0


async def test_what_was_set_noted_and_replied_goes_with_the_old_link(cast: Cast) -> None:
    """It was signed for the old keys: no row of it stays; over the new link there is room to set and reply anew."""
    details = SessionDetails(SessionKind.INTEGRATION, "2026-11-24T15:00", ZONE, 50, Setting.CLINIC)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    talk, share = (
        await session_plan.add_session(alice, alice.id, details),
        await shared(cast, await written(cast)),
    )
    things = [Thing("question", "carry", "", "So that we can begin there.")]
    await setting.set_things(bob, alice.id, talk, things)
    await reply_writing.send_of_copy(bob, alice.id, share, Typed("The door again."), uuid4())
    plan = {"dose": "", "interval": "", "focus": "Sleep", "from_day": "2026-11-23", "why": ""}
    await care_notes.write_note(bob, alice.id, NoteKind.PLAN, plan, uuid4())
    alice = await restarted(cast, await offered(cast))
    assert not await care_tables.TalkItem.exists()
    assert not await care_tables.Reply.exists()
    assert not await care_tables.CareNote.exists()
    assert await talk_answers.list_for_talk(alice) == ()
    await setting.set_things(await cast.actor("bob"), alice.id, talk, things)
    (for_talk,) = await talk_answers.list_for_talk(alice)
    assert [one.item.thing for one in for_talk.items] == things


async def test_what_came_back_can_be_let_go_of(cast: Cast) -> None:
    """Left, it is gone, and the journal stays as it is."""
    await shared(cast, await written(cast))
    alice = await restarted(cast, await offered(cast))
    await returned_shares.return_shares(await cast.actor("bob"), alice.id)
    (link,) = await returned_shares.count_returned_by_link(alice)
    with pytest.raises(NotFound):
        await returned_shares.delete_returned_shares(await cast.actor("dana"), link)
    await returned_shares.delete_returned_shares(alice, link)
    assert await returned_shares.list_returned_shares(alice, await links.load_my_link(alice, link)) == ()
    assert await entries.load_all_entries(alice) == ()


async def test_what_was_revoked_or_paused_is_not_given_back(cast: Cast) -> None:
    """A pause that was on when the account was begun anew holds; the end of care destroys what was kept."""
    await shared(cast, await written(cast))
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    alice = await restarted(cast, await offered(cast))
    bob = await cast.actor("bob")
    assert await returned_copies(bob, alice.id) == 0
    with pytest.raises(NotFound):
        await returned_shares.return_shares(bob, alice.id)
    (link,) = await links.load_my_links(alice)
    await lifecycle.end_care(alice, link.id)
    assert not await care_tables.KeptShare.exists()
    old = await care_tables.CareLink.get(id=cast.link)
    assert (old.clinician_key, old.clinician_pin, old.patient_pin) == (None, None, None)


async def test_copies_that_were_bent_stay_behind(cast: Cast) -> None:
    """A kept copy that is not what was shared is not given back; one that was bent on its way is not taken in."""
    await shared(cast, await written(cast))
    await shared(cast, await written(cast))
    alice = await restarted(cast, await offered(cast))
    one, other = await care_tables.KeptShare.all()
    await care_tables.KeptShare.filter(id=one.id).update(sealed=bytes(other.sealed))
    bob = await cast.actor("bob")
    assert await returned_shares.return_shares(bob, alice.id) == 1
    (row,) = await care_tables.GivenBack.all()
    await care_tables.GivenBack.filter(id=row.id).update(sealed=bytes(one.sealed))
    (link,) = await returned_shares.count_returned_by_link(alice)
    with pytest.raises(Damaged):
        await returned_shares.accept_returned_shares(alice, link)
    assert await entries.load_all_entries(alice) == ()


async def test_what_was_never_shared_is_not_taken_in(cast: Cast) -> None:
    """No clinician gives back what nobody can share, such as a standing share that nobody gave: the rest comes in."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    link = await links.load_link_with(bob, alice.id)
    key, at = await open_shared_key(bob, link), cast.clock.now.isoformat()
    given = Standing("readings", link.id, cast.clock.now, at_once=True).line
    asked = PendingRequest(Asked(HeldAct.ACCOUNT), cast.clock.now).line
    sent: dict[str, Answers] = {
        "standing": {"standing.shares": [given]},
        "waiting": {"waiting.requests": [asked]},
        "notices": {"notices.agreed": [f"{uuid4().hex} | {link.id.hex} |  | 24 | {at} |  | Bob"]},
        "free": {"free.text": "The harbour"},
    }
    for kind, answers in sent.items():
        ident, copy = uuid4(), ShareDocument(kind, "", None, answers, [*answers], at, at, 0)
        sealed = seal_document(key, copy, given_back_context(link.id, ident))
        await care_tables.GivenBack.create(
            id=ident, link_id=link.id, kept_id=uuid4(), sealed=sealed, created_at=cast.clock.now
        )
    assert await returned_shares.accept_returned_shares(alice, link.id) == 1
    (entry,) = await entries.load_all_entries(alice)
    assert entry.document.kind == "free"
    assert (await standing.load_standing(alice)).lines == ()
    assert await requests.load_requests(alice) == ()


async def test_the_log_says_who_made_the_link_and_that_it_was_used(cast: Cast) -> None:
    """Every step is an event about her record."""
    await shared(cast, await written(cast))
    alice = await restarted(cast, await offered(cast))
    await returned_shares.return_shares(await cast.actor("bob"), alice.id)
    (link,) = await returned_shares.count_returned_by_link(alice)
    await returned_shares.accept_returned_shares(alice, link)
    acts = [event.action for event in await logged(patient_id=alice.id)]
    assert acts[-5:] == [
        "account.restart-offered", "care.began", "account.restarted", "share.given-back", "share.taken-in"
    ]  # fmt: skip


async def test_guessing_at_either_door_has_to_wait(cast: Cast) -> None:
    """After a few wrong addresses the link waits, and after a few wrong secrets what was set aside; then both open."""
    await written(cast)
    token, mistaken = await offered(cast), "dana@example.org"
    while True:
        with pytest.raises(InvalidInput) as refused:
            await restarted(cast, token, email=mistaken)
        if isinstance(refused.value, TooManyAttempts):
            break
    with pytest.raises(TooManyAttempts):
        await restarted(cast, token)
    await cast.later(seconds=refused.value.retry_after)
    alice = await restarted(cast, token)
    while True:
        with pytest.raises(InvalidInput) as refused:
            await retained_records.restore_records(alice, "not it")
        if isinstance(refused.value, TooManyAttempts):
            break
    with pytest.raises(TooManyAttempts):
        await retained_records.restore_records(alice, PASSWORDS["alice"])
    await cast.later(seconds=refused.value.retry_after)
    assert await retained_records.restore_records(await cast.actor("alice"), PASSWORDS["alice"]) == 1
