"""A notice is written with its answer or not at all, goes by a button or by time, and says truly whether it did."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from journal.care import lifecycle, tables
from journal.care.notice_release import release_due
from journal.entries import entries, revisions
from journal.errors import HeldUntilRested, InvalidInput, NotFound, StaleRevision
from journal.installation.mail_server import MailServer, TransportSecurity
from journal.mail import tables as mail_tables
from journal.measures import records
from journal.notices import inbox, states, writing
from journal.notices.lines import Outcome
from journal.notices.states import State
from journal.notices.writing import Told
from journal.store.database import execute, is_sqlite
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.journal.notices.test_agreements import agreed
from tests.scenes import connected, in_session, signed_in_again

PHQ9 = records.find_offered("phq9")


async def choose(cast: Cast, value: int, wanted: UUID, base: int = 0) -> Entry:
    """Have alice choose an answer to item 9, as the form saves it by itself."""
    cast.clock.forward(seconds=5)
    alice = await cast.actor("alice")
    return await writing.save_answers(alice, PHQ9, {"1": 1, "9": value}, wanted, base, "page")


async def told(cast: Cast, entry: Entry) -> Told:
    """Return what became of the notice about it."""
    alice = await cast.actor("alice")
    return await writing.load_told(alice, await entries.load_entry(alice, entry.id))


async def state(cast: Cast, entry: Entry) -> State:
    """Return what the page says of it."""
    return states.describe(await told(cast, entry), mail=False)


def said(state: State) -> list[str]:
    """Return the sentences."""
    return [state.title, *(one.text for one in state.sentences)]


async def open_of(cast: Cast, who: str = "bob") -> tuple[inbox.OpenNotice, ...]:
    """Return somebody's open notices."""
    return await inbox.list_open(await cast.actor(who))


async def due(cast: Cast) -> int:
    """Have the job of the server run."""
    return await release_due(cast.installation)


async def test_an_abandoned_form_still_sends(cast: Cast):
    """The answer alone is saved, nobody presses anything, and after ten minutes the clinician has the notice."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    assert await open_of(cast) == ()
    assert said(await state(cast, entry))[:2] == [states.NOBODY_YET, states.WRITTEN]
    cast.clock.forward(minutes=9)
    assert await due(cast) == 0
    cast.clock.forward(minutes=1, seconds=1)
    assert await due(cast) == 1
    assert await due(cast) == 0
    (one,) = await open_of(cast)
    assert not one.is_damaged
    assert (await state(cast, entry)).is_told


async def test_without_a_policy_nobody_is_told_until_one_is_sent_by_hand(cast: Cast):
    """And one that is sent goes at once, to whom was chosen."""
    entry = await choose(cast, 2, uuid4())
    assert await tables.PatientNotice.all().count() == 0
    assert said(await state(cast, entry)) == [states.NOBODY]
    await writing.send_now(await cast.actor("alice"), entry.id, cast.link)
    assert len(await open_of(cast)) == 1
    assert (await state(cast, entry)).is_told


async def test_any_button_releases_it_once(cast: Cast):
    """A second press, and the job later, release nothing more."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    alice = await cast.actor("alice")
    await writing.release_now(alice, entry.id)
    await writing.release_now(alice, entry.id)
    cast.clock.forward(minutes=11)
    assert await due(cast) == 0
    assert len(await open_of(cast)) == 1


async def test_what_was_not_meant_is_withdrawn_before_it_goes_and_kept_beside(cast: Cast):
    """The answer stays as given, with what was said of it; the notice never goes."""
    await agreed(cast)
    entry = await choose(cast, 3, uuid4())
    await writing.withdraw(await cast.actor("alice"), entry.id)
    cast.clock.forward(minutes=11)
    assert await due(cast) == 0
    assert await open_of(cast) == ()
    found = (await records.load_measures(await cast.actor("alice"))).filled[0].measure
    assert (found.safety_answer, found.is_unmeant) == (3, True)
    assert [(one.is_unmeant, one.value) for one in found.kept] == [(True, 3)]
    assert said(await state(cast, entry)) == [states.NOBODY, states.WITHDRAWN]


async def test_what_went_is_not_withdrawn_and_that_is_told(cast: Cast):
    """It is kept beside the answer all the same."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    alice = await cast.actor("alice")
    await writing.release_now(alice, entry.id)
    await writing.withdraw(alice, entry.id)
    assert len(await open_of(cast)) == 1
    assert (await state(cast, entry)).is_told
    assert (await records.load_measures(alice)).filled[0].measure.is_unmeant


async def test_correcting_none_to_one_is_a_first_answer_and_any_other_sends_nothing(cast: Cast):
    """0, 1, 2, 0 and 1 again: two notices, and each answer that was replaced is kept beside the others."""
    await agreed(cast)
    wanted, counts = uuid4(), []
    entry = await choose(cast, 0, wanted)
    for value in (1, 2, 0, 1):
        entry = await choose(cast, value, wanted, entry.revision)
        counts.append(await tables.PatientNotice.all().count())
    assert counts == [1, 1, 1, 2]
    found = (await records.load_measures(await cast.actor("alice"))).filled[0].measure
    assert found.safety_answer == 1
    assert [(one.is_unmeant, one.value) for one in found.kept] == [(False, 1), (False, 2)]


async def test_neither_answer_nor_notice_without_the_other(cast: Cast):
    """Where the notice cannot be saved the answer is not, and the other way round."""
    await agreed(cast)
    alice = await cast.actor("alice")
    first = await choose(cast, 0, uuid4())
    with pytest.raises(StaleRevision):
        await writing.save_answers(alice, PHQ9, {"9": 1}, uuid4(), 0, "other page")
    assert await tables.PatientNotice.all().count() == 0
    assert (await records.load_measures(alice)).filled[0].entry.id == first.id
    name = "patient_notice"
    break_it = (
        f"CREATE TRIGGER t1 BEFORE INSERT ON {name} BEGIN SELECT RAISE(ABORT, 'no more'); END"
        if is_sqlite()
        else f"ALTER TABLE {name} ADD CONSTRAINT no_more CHECK (release_at IS NULL)"
    )
    await execute(break_it)
    with pytest.raises(Exception, match=r"no.more"):
        await choose(cast, 1, first.id, first.revision)
    assert (await records.load_measures(alice)).filled[0].measure.safety_answer == 0


@pytest.mark.parametrize(
    ("spoil", "outcome"), [("pause", Outcome.PAUSED), ("end", Outcome.ENDED), ("keys", Outcome.KEYS)]
)
async def test_what_cannot_go_is_not_written_and_nobody_is_told(cast: Cast, spoil: str, outcome: Outcome):
    """Paused, ended, keys changed: the answer is saved, no notice is, and the page says so and why."""
    await agreed(cast)
    alice = await cast.actor("alice")
    if spoil == "pause":
        await lifecycle.pause_sharing(alice)
    elif spoil == "end":
        await lifecycle.end_care(await cast.actor("bob"), cast.link)
    else:
        other = (await cast.actor("charlie")).id
        await execute(
            "UPDATE account SET public_identity = (SELECT public_identity FROM account WHERE id = $1) WHERE id = $2",
            other,
            (await cast.actor("bob")).id,
        )
    entry = await choose(cast, 1, uuid4())
    found = await told(cast, entry)
    assert found.line is not None
    assert found.line.outcome is outcome
    assert await tables.PatientNotice.all().count() == 0
    assert said(states.describe(found, mail=True)) == [states.NOBODY, states.COULD_NOT[outcome.value]]


async def test_a_pause_before_it_goes_keeps_it_and_resuming_sends_nothing(cast: Cast):
    """What a pause stopped never goes by itself."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    await lifecycle.pause_sharing(await cast.actor("alice"))
    cast.clock.forward(minutes=11)
    await due(cast)
    assert said(await state(cast, entry)) == [states.NOBODY, states.COULD_NOT["paused"]]
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    await due(cast)
    assert await open_of(cast) == ()
    assert not (await state(cast, entry)).is_told


async def test_an_end_after_it_went_is_told_as_that(cast: Cast):
    """The page goes on saying that it was sent, and that it cannot be opened any more."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    await writing.release_now(await cast.actor("alice"), entry.id)
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    assert said(await state(cast, entry)) == ["", states.SENT, states.CLOSED["ended"], states.UNSEEN]
    assert (await tables.PatientNotice.get()).sealed == b""


async def test_it_stays_open_until_acknowledged_with_what_was_done(cast: Cast):
    """Without words it is not; then who, when and the words are read, and it is open no more."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await writing.release_now(alice, entry.id)
    (one,) = await open_of(cast)
    for words in ("", "  ", "x" * 501):
        with pytest.raises(InvalidInput):
            await inbox.acknowledge(bob, alice.id, [one.id], words)
    assert len(await open_of(cast)) == 1
    await inbox.acknowledge(bob, alice.id, [one.id], "We spoke on the phone.")
    assert await open_of(cast) == ()
    found = await state(cast, entry)
    assert found.words == "We spoke on the phone."
    assert said(found)[-1] == states.ACKNOWLEDGED
    with pytest.raises(StaleRevision):
        await inbox.acknowledge(bob, alice.id, [one.id], "Twice.")


async def test_still_open_after_the_agreed_time_it_goes_to_the_backup(cast: Cast):
    """Not before, and not once somebody acknowledged it; both can then acknowledge."""
    other = await connected(cast, "charlie")
    await agreed(cast, None, other, 2)
    entry = await choose(cast, 1, uuid4())
    cast.clock.forward(minutes=11)
    await due(cast)
    cast.clock.forward(hours=1, minutes=50)
    assert await due(cast) == 0
    assert await open_of(cast, "charlie") == ()
    cast.clock.forward(minutes=10)
    await signed_in_again(cast)
    assert await due(cast) == 1
    (one,) = await open_of(cast, "charlie")
    assert (one.is_backup, one.first) == (True, "Bob Example")
    assert states.BACKUP_SENT in said(await state(cast, entry))
    await inbox.acknowledge(await cast.actor("charlie"), (await cast.actor("alice")).id, [one.id], "Called.")
    assert await open_of(cast) == ()
    assert (await state(cast, entry)).words == "Called."


async def test_a_bent_copy_of_the_backup_is_shown_as_that(cast: Cast):
    """Nor is the copy of the first taken for it: each opens in its own place alone."""
    other = await connected(cast, "charlie")
    await agreed(cast, None, other, 1)
    await choose(cast, 1, uuid4())
    cast.clock.forward(hours=2)
    assert await due(cast) == 2
    row = await tables.PatientNotice.get()
    bent = (row.backup_sealed or b"")[:-1] + b"\x00\x00"
    for wrong in (bent, row.sealed):
        await tables.PatientNotice.all().update(backup_sealed=wrong)
        (one,) = await open_of(cast, "charlie")
        assert (one.is_damaged, one.is_backup) == (True, True)
    assert not (await open_of(cast))[0].is_damaged


async def test_an_acknowledged_one_never_goes_to_the_backup(cast: Cast):
    """Time passes, and nothing more is released."""
    other = await connected(cast, "charlie")
    await agreed(cast, None, other, 1)
    entry = await choose(cast, 1, uuid4())
    alice = await cast.actor("alice")
    await writing.release_now(alice, entry.id)
    await inbox.acknowledge(await cast.actor("bob"), alice.id, [(await open_of(cast))[0].id], "Seen.")
    cast.clock.forward(hours=3)
    assert await due(cast) == 0


async def test_where_the_first_cannot_be_told_the_backup_is_after_the_time(cast: Cast):
    """Until then the page says that nobody was."""
    other = await connected(cast, "charlie")
    await agreed(cast, None, other, 1)
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    entry = await choose(cast, 1, uuid4())
    cast.clock.forward(minutes=11)
    await due(cast)
    found = await state(cast, entry)
    assert said(found) == [states.NOBODY, states.COULD_NOT["paused"], states.BACKUP_LATER]
    cast.clock.forward(hours=1)
    await due(cast)
    assert len(await open_of(cast, "charlie")) == 1
    assert (await state(cast, entry)).is_told


async def test_nobody_else_reads_releases_withdraws_or_acknowledges(cast: Cast):
    """An unrelated clinician and patient, whatever ids they know."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    alice, charlie, dana = [await cast.actor(name) for name in ("alice", "charlie", "dana")]
    row = await tables.PatientNotice.get()
    for act in (
        writing.release_now(dana, entry.id),
        writing.withdraw(dana, entry.id),
        writing.send_now(dana, entry.id, cast.link),
        inbox.acknowledge(charlie, alice.id, [row.id], "Mine."),
    ):
        with pytest.raises(NotFound):
            await act
    await writing.release_now(alice, entry.id)
    await connected(cast, "charlie")
    assert await open_of(cast, "charlie") == ()
    with pytest.raises(NotFound):  # a clinician of hers whom it does not name
        await inbox.acknowledge(await cast.actor("charlie"), alice.id, [row.id], "Mine.")
    with pytest.raises(NotFound):  # and none of another patient's, named under this one
        await inbox.acknowledge(await cast.actor("bob"), alice.id, [uuid4()], "Mine.")


async def test_none_is_sent_by_hand_until_rest_and_what_was_written_before_goes(cast: Cast):
    """A form left half-done before a start: its notice goes with the start, and nothing new is written."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    began = cast.clock.now
    await in_session(cast)
    alice = await cast.actor("alice")
    with pytest.raises(HeldUntilRested):
        await writing.save_answers(alice, PHQ9, {"9": 2}, entry.id, entry.revision)
    with pytest.raises(HeldUntilRested):
        await writing.send_now(alice, entry.id, cast.link)
    with pytest.raises(HeldUntilRested):
        await writing.save_answers(alice, PHQ9, {"9": 1}, uuid4(), 0)
    assert [one.released_at for one in await tables.PatientNotice.all()] == [began]
    cast.clock.forward(minutes=11)
    assert await due(cast) == 0
    assert len(await open_of(cast)) == 1


async def test_an_earlier_version_that_is_restored_forgets_no_notice(cast: Cast):
    """What became of it is remembered beside the words."""
    await agreed(cast)
    wanted = uuid4()
    first = await choose(cast, 0, wanted)
    cast.clock.forward(minutes=20)
    entry = await choose(cast, 1, wanted, first.revision)
    alice = await cast.actor("alice")
    (version, *_) = await revisions.list_revisions(alice, wanted)
    await entries.restore_version(alice, wanted, version.id)
    assert (await told(cast, entry)).row is not None


async def test_a_notice_that_was_taken_away_is_told_as_that(cast: Cast):
    """Storage removes the row: the page says not to count on it; a bent one is shown to its clinician as such."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    await writing.release_now(await cast.actor("alice"), entry.id)
    row = await tables.PatientNotice.get()
    await tables.PatientNotice.all().update(sealed=(row.sealed or b"")[:-1] + b"\x00\x00")
    (one,) = await open_of(cast)
    assert one.is_damaged
    await tables.PatientNotice.all().delete()
    assert said(await state(cast, entry)) == ["", states.LOST]


async def test_no_row_that_storage_wrote_says_that_somebody_was_told(cast: Cast):
    """A copy that does not open for whom it names counts for nothing; so does a mark of nobody."""
    other = await connected(cast, "charlie")
    await agreed(cast, backup=other)
    entry, alice = await choose(cast, 1, uuid4()), await cast.actor("alice")
    await writing.release_now(alice, entry.id)
    assert said(await state(cast, entry))[1] == states.SENT
    row = await tables.PatientNotice.get()
    kept = {"link_id": row.link_id, "sealed": row.sealed, "backup_sealed": row.backup_sealed}
    for changes in (
        {"sealed": bytes(row.sealed or b"")[:-1] + b"\x00"},
        {"link_id": other},
        {"sealed": row.backup_sealed},
    ):
        await tables.PatientNotice.all().update(**changes)
        found = await state(cast, entry)
        assert said(found) == ["", states.LOST], changes
        assert (found.is_told, found.can_send) == (False, True)
        await tables.PatientNotice.all().update(**kept)
    await tables.PatientNotice.all().update(backup_sealed=row.sealed, backup_released_at=cast.clock())
    assert states.BACKUP_NOT in said(await state(cast, entry))
    assert states.BACKUP_SENT not in said(await state(cast, entry))
    await tables.PatientNotice.all().update(**kept, backup_released_at=None, acknowledged_at=cast.clock())
    found = await state(cast, entry)
    assert said(found)[-1] == states.ACKNOWLEDGED_BY_UNKNOWN
    assert "Do not count on it." in states.ACKNOWLEDGED_BY_UNKNOWN
    assert found.can_send


async def test_mail_says_only_that_something_waits(cast: Cast):
    """One message for each who is told, without a word of what it is, and none before it goes."""
    server = MailServer(
        "mail.example.org", 25, "a@example.org", "https://example.org", TransportSecurity.NONE
    )
    installation = replace(cast.installation, mail=server)
    await agreed(cast)
    await choose(cast, 1, uuid4())
    assert await mail_tables.Outbox.all().count() == 0
    cast.clock.forward(minutes=11)
    await release_due(installation)
    await release_due(installation)
    assert await mail_tables.Outbox.all().count() == 1


async def test_a_clock_that_ran_ahead_keeps_nothing_back(cast: Cast):
    """What would be due in years is due now."""
    await agreed(cast)
    await choose(cast, 1, uuid4())
    await tables.PatientNotice.all().update(release_at=cast.clock.now + timedelta(days=400))
    assert await due(cast) == 1
