"""A review: a prescriber's alone, signed, bound to the answers that were read, and told to others by their patient."""

from __future__ import annotations

from uuid import UUID, uuid4

import msgspec
import pytest

from journal.care import lifecycle, links, tables
from journal.care.link_keys import open_shared_key
from journal.care_notes import keeping, notes, reviews
from journal.care_notes.notes import NoteDetails, NoteKind, care_note_context
from journal.catalogue.fields import Answers
from journal.catalogue.tracked import CONDITIONS, MEDICINES, VERSION
from journal.entries import entries
from journal.entries.assignment import SessionAssignment
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.evaluation import records, reviewing
from journal.evaluation.changes import compute_digest
from journal.evaluation.form_fields import Step
from journal.evaluation.reviewing import Standing, State
from journal.records import mapping
from journal.sealing import open_document, seal_document
from journal.sharing import reading, shares
from journal.stamps import mark_imported
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.scenes import become, connected, written

SAID = {"outcome": "more-needed", "words": "Please bring the letter about your eyes"}


async def answered(cast: Cast, said: str = "no", *, to: UUID | None = None, share: bool = True) -> UUID:
    """Have alice answer, finish and share her evaluation; return the copy's id."""
    alice = await cast.actor("alice")
    seen = (await records.load_evaluation(alice)).entry
    wanted, base = (seen.id, seen.revision) if seen else (uuid4(), 0)
    await records.save_step(alice, Step.CONDITIONS, {CONDITIONS: [f"liver | {said}"]}, wanted, base, "p")
    done = await records.finish(alice)
    if not share:
        return done.id
    parts = [one for one in (CONDITIONS, VERSION, "evaluation.changes") if one in done.document.answers]
    return await shares.share_entry(alice, done.id, to or cast.link, parts, previewed=done.revision)


async def seen_by(cast: Cast, who: str = "bob") -> Standing:
    """How alice's evaluation stands for a clinician."""
    actor, alice = await cast.actor(who), await cast.actor("alice")
    folder = await reading.load_folder(actor, alice.id)
    return reviewing.find_standing(folder.shared, await notes.load_notes(actor, folder.link))


async def reviewed(
    cast: Cast, copy: UUID, said: dict[str, str] | None = None, note: UUID | None = None, base: int = 0
) -> UUID:
    """Have bob review what he read; return the review's id."""
    actor, alice = await cast.actor("bob"), await cast.actor("alice")
    standing, note = await seen_by(cast), note or uuid4()
    answers = standing.shared.document.answers if standing.shared else {}
    await reviewing.write_review(
        actor, alice.id, copy, compute_digest(answers), SAID | (said or {}), note, base
    )
    return note


async def test_it_stands_as_it_was_shared_reviewed_and_changed(cast: Cast) -> None:
    """Not shared, not yet reviewed, reviewed, and changed since; a version that says the same is no change."""
    await become(cast, "bob", "prescriber")
    assert (await seen_by(cast)).state is State.NOT_SHARED
    copy = await answered(cast)
    assert (await seen_by(cast)).state is State.NOT_REVIEWED
    note = await reviewed(cast, copy)
    standing = await seen_by(cast)
    assert standing.state is State.REVIEWED
    assert standing.review is not None
    assert (standing.review.label, standing.review.words) == ("more needed", SAID["words"])
    alice = await cast.actor("alice")
    own = reviewing.list_own_reviews(
        await notes.load_my_notes(alice, await links.load_my_links(alice)),
        await records.load_evaluation(alice),
    )
    assert [(one.note.current.note, one.is_changed) for one in own] == [(note, False)]
    await answered(cast, "yes", share=False)
    assert (await seen_by(cast)).state is State.REVIEWED  # what was not shared, its reader does not know
    own = reviewing.list_own_reviews(
        await notes.load_my_notes(alice, await links.load_my_links(alice)),
        await records.load_evaluation(alice),
    )
    assert [one.is_changed for one in own] == [True]
    copy = await answered(cast, "not-sure")
    assert (await seen_by(cast)).state is State.CHANGED
    await reviewed(cast, copy, {"outcome": "go-ahead"}, note, 1)
    standing = await seen_by(cast)
    assert (standing.state, standing.note and len(standing.note.earlier)) == (State.REVIEWED, 1)


async def test_its_patient_is_told_of_answers_that_were_not_read(cast: Cast) -> None:
    """A medicine that is added after a review was not read for it, as little as a part that was not shared."""
    await become(cast, "bob", "prescriber")
    await reviewed(cast, await answered(cast))
    alice = await cast.actor("alice")
    seen = (await records.load_evaluation(alice)).entry
    assert seen is not None
    taken: Answers = {MEDICINES: ["a sedative | 2026-11"]}
    await records.save_step(alice, Step.MEDICINES, taken, seen.id, seen.revision, "p")
    own = reviewing.list_own_reviews(
        await notes.load_my_notes(alice, await links.load_my_links(alice)),
        await records.load_evaluation(alice),
    )
    assert [(one.is_changed, one.has_more) for one in own] == [(False, True)]


async def test_only_a_prescriber_reviews_and_asks(cast: Cast) -> None:
    """A therapist and a nurse do not; an outcome that is none, and no words, are not taken."""
    copy, alice = await answered(cast), await cast.actor("alice")
    for profession in ("therapist", "nurse"):
        await become(cast, "bob", profession)
        with pytest.raises(InvalidInput) as refused:
            await reviewed(cast, copy)
        assert "prescriber" in refused.value.fields["outcome"]
        with pytest.raises(InvalidInput):
            await reviewing.ask(await cast.actor("bob"), alice.id)
    await become(cast, "bob", "prescriber")
    for said, field in (
        ({"outcome": ""}, "outcome"),
        ({"outcome": "cleared"}, "outcome"),
        ({"words": " "}, "words"),
        ({"words": "x" * 2001}, "words"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await reviewed(cast, copy, said)
        assert [*refused.value.fields] == [field]
    assert not await tables.CareNote.all().exists()


async def test_what_is_not_shared_or_was_shared_anew_is_not_reviewed(cast: Cast) -> None:
    """Neither another copy, nor one that was taken back, nor a version that its reader has not seen."""
    await become(cast, "bob", "prescriber")
    copy, alice, bob = await answered(cast), await cast.actor("alice"), await cast.actor("bob")
    with pytest.raises(StaleRevision) as refused:
        await reviewing.write_review(bob, alice.id, uuid4(), "0" * 64, SAID, uuid4(), 0)
    assert refused.value.message == reviewing.NOT_SHARED
    with pytest.raises(StaleRevision) as refused:
        await reviewing.write_review(bob, alice.id, copy, compute_digest({}), SAID, uuid4(), 0)
    assert refused.value.message == reviewing.SHARED_ANEW
    await shares.revoke_share(alice, copy)
    with pytest.raises(StaleRevision):
        await reviewed(cast, copy)
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    with pytest.raises(NotFound):
        await reviewing.write_review(await cast.actor("bob"), alice.id, copy, "0" * 64, SAID, uuid4(), 0)
    assert not await tables.CareNote.all().exists()


async def test_a_review_that_nobody_signed_does_not_count(cast: Cast) -> None:
    """Whoever has the link's key alone, as the patient does, cannot write one or turn one."""
    await become(cast, "bob", "prescriber")
    note = await reviewed(cast, await answered(cast))
    alice = await cast.actor("alice")
    key = await open_shared_key(alice, await links.load_my_link(alice, cast.link))
    where = care_note_context(cast.link, note, 1)
    row = await tables.CareNote.get(note=note)
    details = open_document(key, bytes(row.sealed), where, NoteDetails)
    turned = msgspec.structs.replace(details, fields=details.fields | {"outcome": "go-ahead"})
    await tables.CareNote.filter(note=note).update(sealed=seal_document(key, turned, where))
    standing = await seen_by(cast)
    assert (standing.state, standing.note) == (State.NOT_REVIEWED, None)


async def test_asking_is_written_once_taken_back_and_asked_again(cast: Cast) -> None:
    """Home says it until something was written since, and for a month."""
    await become(cast, "bob", "prescriber")
    bob, alice = await cast.actor("bob"), await cast.actor("alice")

    async def told() -> bool:
        now = await cast.actor("alice")
        return bool(
            await reviewing.find_ask(now, await links.load_my_links(now), await records.load_evaluation(now))
        )

    assert not await told()
    await reviewing.ask(bob, alice.id, wanted=False)
    assert not await tables.CareNote.all().exists()
    for _ in range(2):
        await reviewing.ask(bob, alice.id)
    assert await tables.CareNote.all().count() == 1
    assert await told()
    await reviewing.ask(bob, alice.id, wanted=False)
    assert not await told()
    await reviewing.ask(bob, alice.id)
    assert await told()
    cast.clock.forward(minutes=1)
    await answered(cast)
    assert not await told()


async def half_done(cast: Cast, said: str, to: UUID | None = None) -> UUID:
    """Have alice answer and share her evaluation without having finished it; return the copy's id."""
    alice = await cast.actor("alice")
    seen = (await records.load_evaluation(alice)).entry
    wanted, base = (seen.id, seen.revision) if seen else (uuid4(), 0)
    given: Answers = {CONDITIONS: [f"liver | {said}"]}
    done = await records.save_step(alice, Step.CONDITIONS, given, wanted, base, "p")
    return await shares.share_entry(alice, done.id, to or cast.link, [CONDITIONS], previewed=done.revision)


async def test_another_clinician_is_told_of_a_change_after_answers_that_were_no_version(cast: Cast) -> None:
    """The copy that was reviewed was never marked as done: the same answers are no change, other ones are."""
    await become(cast, "bob", "prescriber")
    to = await connected(cast, "charlie")
    alice = await cast.actor("alice")
    note = await reviewed(cast, await half_done(cast, "no"))
    kept = await keeping.keep_note(alice, cast.link, note, 1)
    told = [*(await reading_of(cast, kept))]
    await shares.share_entry(alice, kept, to, told, previewed=1)
    copy = await half_done(cast, "no", to)
    assert (await seen_by(cast, "charlie")).state is State.REVIEWED
    await shares.revoke_share(alice, copy)
    done = await records.finish(alice)  # the same answers, now a version
    copy = await shares.share_entry(alice, done.id, to, [CONDITIONS, VERSION], previewed=done.revision)
    assert (await seen_by(cast, "charlie")).state is State.REVIEWED
    await shares.revoke_share(alice, copy)
    copy = await half_done(cast, "yes", to)
    assert (await seen_by(cast, "charlie")).state is State.CHANGED
    await shares.revoke_share(alice, copy)
    copy = await answered(cast, "not-sure", to=to)
    assert (await seen_by(cast, "charlie")).state is State.CHANGED


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ("2, 2026-11-23", State.CHANGED),
        ("1, 2026-11-22", State.REVIEWED),
        ("", State.UNKNOWN),
        ("2", State.REVIEWED),
    ],
)
async def test_where_nothing_says_what_was_read_a_later_version_is_another(
    cast: Cast, version: str, state: State
) -> None:
    """A review from before, or one that was shared without it: a version of after its day was not read."""
    await become(cast, "bob", "prescriber")
    to = await connected(cast, "charlie")
    alice = await cast.actor("alice")
    note = await reviewed(cast, await half_done(cast, "no"))
    kept = await keeping.keep_note(alice, cast.link, note, 1)
    told = [name for name in await reading_of(cast, kept) if name != "plan.read"]
    await shares.share_entry(alice, kept, to, told, previewed=1)
    document = EntryDocument("evaluation", answers={CONDITIONS: ["liver | yes"], VERSION: version})
    other = await written(cast, document=document)
    await shares.share_entry(alice, other.id, to, [CONDITIONS, *([VERSION] if version else [])], previewed=1)
    assert (await seen_by(cast, "charlie")).state is state


async def test_a_review_from_a_file_is_none(sqlite_cast: Cast) -> None:
    """Nobody but a file says that it was reviewed, or nothing says by whom: the copy is there, and no review."""
    cast = sqlite_cast
    to = await connected(cast, "charlie")
    alice = await cast.actor("alice")
    by = "Bob Example, prescriber, 2026-11-22"
    for line, is_one in ((mark_imported(by), False), ("", False), (by, True)):
        told: Answers = {"plan.reviewed": "go-ahead", "plan.from": "2026-11-22"}
        if line:
            told["plan.by"] = line
        note = await written(cast, document=EntryDocument("plan_note", answers=told))
        await shares.share_entry(alice, note.id, to, [*told], previewed=1)
        assert ((await seen_by(cast, "charlie")).review is not None) is is_one


async def test_a_copy_that_names_no_version_is_not_called_changed(cast: Cast) -> None:
    """The same answers, shared without their version, cannot be held against a review that names one."""
    await become(cast, "bob", "prescriber")
    to = await connected(cast, "charlie")
    alice = await cast.actor("alice")
    note = await reviewed(cast, await answered(cast))
    kept = await keeping.keep_note(alice, cast.link, note, 1)
    await shares.share_entry(alice, kept, to, [*(await reading_of(cast, kept))], previewed=1)
    seen = (await records.load_evaluation(alice)).entry
    assert seen is not None
    copy = await shares.share_entry(alice, seen.id, to, [CONDITIONS], previewed=seen.revision)
    assert (await seen_by(cast, "charlie")).state is State.UNKNOWN
    await shares.revoke_share(alice, copy)
    await shares.share_entry(alice, seen.id, to, [CONDITIONS, VERSION], previewed=seen.revision)
    assert (await seen_by(cast, "charlie")).state is State.REVIEWED


async def test_a_kept_review_of_unfinished_answers_says_so_in_words(cast: Cast) -> None:
    """Neither the page nor the archive shows how a version that is none is stored."""
    await become(cast, "bob", "prescriber")
    note = await reviewed(cast, await half_done(cast, "no"))
    kept = await keeping.keep_note(await cast.actor("alice"), cast.link, note, 1)
    document = (await entries.load_entry(await cast.actor("alice"), kept)).document
    assert str(document.answers[reviews.READ_VERSION]).startswith(reviews.UNFINISHED)
    now = cast.clock.now
    record = mapping.build_entry_record(kept, 1, document, now, now, [], SessionAssignment(()))
    (told,) = [one for one in record.answers if one.id == reviews.READ_VERSION]
    assert told.labels == [reviews.READ_UNFINISHED]


async def test_another_clinician_knows_a_review_by_the_patients_share(cast: Cast) -> None:
    """A therapist has no key to it; kept and shared, it says what was said, and whether the version is another one."""
    await become(cast, "bob", "prescriber")
    to = await connected(cast, "charlie")
    note = await reviewed(cast, await answered(cast))
    copy = await answered(cast, "no", to=to)
    assert (await seen_by(cast, "charlie")).state is State.NOT_REVIEWED
    alice = await cast.actor("alice")
    kept = await keeping.keep_note(alice, cast.link, note, 1)
    answers = (await reading_of(cast, kept)).keys()
    assert {"plan.reviewed", "plan.why", "plan.by", "plan.read"} <= answers
    await shares.share_entry(alice, kept, to, [*answers], previewed=1)
    standing = await seen_by(cast, "charlie")
    assert (standing.state, standing.note) == (State.REVIEWED, None)
    assert standing.review is not None
    assert standing.review.words == SAID["words"]
    await become(cast, "charlie", "prescriber")  # who has not reviewed it, and knows what was said
    standing = await seen_by(cast, "charlie")
    assert (standing.state, standing.note) == (State.REVIEWED, None)
    await shares.revoke_share(alice, copy)
    await answered(cast, "yes", to=to)
    assert (await seen_by(cast, "charlie")).state is State.CHANGED
    await reviewing.ask(await cast.actor("bob"), alice.id)
    found = notes.find_only(
        await notes.load_notes(
            await cast.actor("bob"), await links.load_link_with(await cast.actor("bob"), alice.id)
        ),
        NoteKind.ASK,
    )
    assert found is not None
    with pytest.raises(NotFound):  # a question is nothing to keep
        await keeping.keep_note(alice, cast.link, found.current.note, 1)


async def reading_of(cast: Cast, entry: UUID) -> dict[str, object]:
    return dict((await entries.load_entry(await cast.actor("alice"), entry)).document.answers)
