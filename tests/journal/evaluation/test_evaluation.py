"""An evaluation as an entry: saved page by page, finished as versions that say what changed, held around a session."""

from __future__ import annotations

import itertools
from datetime import date
from uuid import UUID, uuid4

import pytest

from journal.catalogue.fields import Answers
from journal.catalogue.tracked import ALLERGIES, BY_NAME, CONDITIONS, MEDICINES, TREATMENTS
from journal.entries import entries, revisions
from journal.errors import HeldUntilRested, NotFound, SavedAsEarlierVersion, StaleRevision
from journal.evaluation import conditions, form_fields, records
from journal.evaluation.changes import compute_digest, list_changes
from journal.evaluation.conditions import Said
from journal.evaluation.form_fields import Step
from journal.evaluation.lines import (
    MAX_ROWS,
    Change,
    ConditionAnswer,
    Remedy,
    Treatment,
    format_line,
    parse_changes,
    parse_given,
    parse_remedies,
    parse_treatments,
)
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.scenes import in_session, rested

TODAY = date(2026, 11, 22)
ASKED_BY_THE_ISSUE = {
    *(
        "pressure",
        "heart",
        "psychosis-now",
        "psychosis-before",
        "liver",
        "substances",
        "pregnancy",
        "aneurysm",
    ),
    *(
        "malformation",
        "brain-bleed",
        "hypersensitivity",
        "head-pressure",
        "eye-pressure",
        "epilepsy",
        "thyroid",
    ),
    *(
        "kidney",
        "bladder",
        "breathing",
        "apnoea",
        "mania",
        "psychosis-family",
        "breast-feeding",
        "anaesthetics",
    ),
    *("ketamine", "sedatives", "opioids", "stimulants", "mao-inhibitors"),
}
SERTRALINE = Treatment(
    "Sertraline", "medicine", "100 mg", "2019-03", "2020-01", "a-little", "Tired all day", "Dr Example"
)


async def saved(
    cast: Cast, step: Step, answers: Answers, wanted: UUID | None = None, base: int = 0, sitting: str = "p"
) -> Entry:
    """Have alice save one page."""
    return await records.save_step(
        await cast.actor("alice"), step, answers, wanted or uuid4(), base, sitting, title="Evaluation"
    )


def test_all_conditions_are_asked_each_with_its_source() -> None:
    """All that the sources name is asked; no word of the form judges."""
    assert {*conditions.CONDITIONS} >= ASKED_BY_THE_ISSUE
    said = " ".join(f"{one.label} {one.hint}" for one in conditions.CONDITIONS.values()).lower()
    assert all(one.source and one.label for one in conditions.CONDITIONS.values())
    for word in ("contraindicat", "exclu", "danger", "unsafe", "eligib", "must not", "trauma"):
        assert word not in said


@pytest.mark.parametrize(
    ("parse", "one"),
    [
        (parse_given, ConditionAnswer("pressure", "yes", "Since 2021 / tablets")),
        (parse_given, ConditionAnswer("pressure", "", "Words alone")),
        (parse_given, ConditionAnswer("an-old-question", "in-person")),
        (parse_remedies, Remedy("Sertraline, 100 mg", "2024-05")),
        (parse_treatments, SERTRALINE),
        (parse_treatments, Treatment(prescriber="Dr Example")),
        (parse_changes, Change("2, 2026-11-22", CONDITIONS, "pressure", "no", "yes \u00a6 mild")),
    ],
)
def test_a_line_is_read_back_as_it_was_written(parse, one) -> None:
    """Every cell comes back; what is no line of ours keeps its words."""
    assert parse([format_line(one)]) == (one,)
    assert parse(None) == ()
    assert "Some words" in format_line(parse(["Some words"])[0])


def test_words_never_leave_their_cell() -> None:
    """A bar in what somebody writes parts no cells."""
    assert parse_remedies([format_line(Remedy("a | b", "c"))]) == (Remedy("a / b", "c"),)


@pytest.mark.parametrize(
    ("step", "fields", "part"),
    [
        (
            Step.CONDITIONS,
            {"said.pressure": "yes", "words.pressure": "Mild", "said.other": "in-person"},
            {CONDITIONS: ["pressure | yes | Mild", "other | in-person"]},
        ),
        (Step.CONDITIONS, {"words.liver": "Once"}, {CONDITIONS: ["liver |  | Once"]}),
        (
            Step.MEDICINES,
            {
                "said.opioids": "no",
                "row1.name": "Sertraline",
                "row1.since": "2024-05",
                "row3.name": "Iron",
                "evaluation.allergies": "Nuts\nLatex",
            },
            {
                BY_NAME: ["opioids | no"],
                MEDICINES: ["Sertraline | 2024-05", "Iron"],
                ALLERGIES: "Nuts\nLatex",
            },
        ),
        (
            Step.TREATMENTS,
            {"row1.what": "Sertraline", "row1.kind": "medicine", "row1.helped": "not", "row1.begun": "2019"},
            {TREATMENTS: ["Sertraline | medicine |  | 2019 |  | not"]},
        ),
        *((step, {}, {}) for step in Step),
    ],
)
def test_a_page_is_read_and_filled_again(step, fields, part) -> None:
    """What is typed is read, blank rows go, and the same stands on the page again; all may stay blank."""
    answers, problems = form_fields.read_fields(step, fields, TODAY)
    assert (answers, problems) == (part, {})
    assert form_fields.read_fields(step, form_fields.fill_fields(step, answers), TODAY) == (part, {})
    assert {*form_fields.fill_fields(step, answers)} <= {*form_fields.list_names(step)}


@pytest.mark.parametrize(
    ("step", "fields", "refused"),
    [
        (Step.CONDITIONS, {"said.pressure": "perhaps"}, "said.pressure"),
        (Step.CONDITIONS, {"words.pressure": "x" * 301}, "words.pressure"),
        (Step.MEDICINES, {"row1.name": "x" * 101}, "row1.name"),
        (Step.MEDICINES, {"row1.since": "2026-13"}, "row1.since"),
        (Step.MEDICINES, {"row1.since": "2026-12"}, "row1.since"),
        (Step.MEDICINES, {"evaluation.allergies": "x" * 1001}, "evaluation.allergies"),
        (Step.TREATMENTS, {"row20.helped": "very"}, "row20.helped"),
        (Step.TREATMENTS, {"row1.kind": "pill"}, "row1.kind"),
        (Step.TREATMENTS, {"row1.begun": "2020-05", "row1.ended": "2020-04"}, "row1.ended"),
        (Step.TREATMENTS, {"row1.stopped": "x" * 121}, "row1.stopped"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(step, fields, refused) -> None:
    """A value that cannot be is named; words in place of a month are taken."""
    assert {*form_fields.read_fields(step, fields, TODAY)[1]} == {refused}
    assert form_fields.read_fields(Step.TREATMENTS, {"row1.begun": "spring 2020"}, TODAY)[1] == {}


def test_rows_are_bounded_and_one_can_be_removed() -> None:
    """A page shows a blank row after those that are filled, and never more than there is room for."""
    assert form_fields.count_rows({}) == 1
    assert form_fields.count_rows({"row2.name": "Iron"}) == 3
    assert form_fields.count_rows({f"row{MAX_ROWS}.name": "Iron"}) == MAX_ROWS
    left = form_fields.remove_row({"row1.name": "Iron", "row11.name": "Zinc", "said.opioids": "no"}, 1)
    assert left == {"row11.name": "Zinc", "said.opioids": "no"}


def test_changes_tell_each_answer_before_and_after() -> None:
    """Only what differs is told, in the order of the form; a row is known by what it is about."""
    before: Answers = {
        CONDITIONS: ["pressure | no", "liver | no"],
        MEDICINES: ["Sertraline | 2024-05", "Iron"],
        TREATMENTS: [format_line(SERTRALINE)],
    }
    after: Answers = {
        CONDITIONS: ["liver | no", "pressure | yes | Mild", "other |  | A plate in the arm"],
        MEDICINES: ["Sertraline | 2024-05"],
        TREATMENTS: [format_line(SERTRALINE).replace("a-little", "not")],
        ALLERGIES: "Nuts",
    }
    told = list_changes(before, after, "2, 2026-11-22")
    assert [(one.about, one.part) for one in told] == [
        ("pressure", CONDITIONS),
        ("other", CONDITIONS),
        ("Iron", MEDICINES),
        ("Sertraline", TREATMENTS),
        ("", ALLERGIES),
    ]
    assert told[0].before_pieces == (("no", True),)
    assert told[0].after_pieces == (("yes", True), ("Mild", False))
    assert told[1].before_pieces == ()
    assert (told[2].before_pieces, told[2].after_pieces) == ((("Iron", False),), ())
    assert ("a little", True) in told[3].before_pieces
    assert ("not", True) in told[3].after_pieces
    assert parse_changes([format_line(one) for one in told]) == told
    assert list_changes(after, after, "3") == ()


def test_the_digest_is_of_the_answers_alone() -> None:
    """Another answer is another digest; a version that is made of the same answers is none."""
    seen = [
        compute_digest({CONDITIONS: [f"{one} | {said}"]})
        for one, said in itertools.product(("liver", "pressure"), Said)
    ]
    assert len({*seen}) == len(seen)
    marked: Answers = {CONDITIONS: ["liver | no"], "evaluation.version": "1, 2026-11-22"}
    assert compute_digest(marked) == compute_digest({CONDITIONS: ["liver | no"]})


async def test_pages_are_saved_apart_and_finished_as_versions(cast: Cast) -> None:
    """Each page leaves the others; a version has a number, and the next says what changed."""
    alice = await cast.actor("alice")
    first = await saved(cast, Step.CONDITIONS, {CONDITIONS: ["liver | no"]})
    both = await saved(cast, Step.MEDICINES, {MEDICINES: ["Iron"]}, first.id, 1)
    assert both.document.answers == {CONDITIONS: ["liver | no"], MEDICINES: ["Iron"]}
    done = await records.finish(alice)
    assert (await records.finish(alice)).revision == done.revision
    assert (await records.load_evaluation(alice)).version == "1, 2026-11-22"
    changed = await saved(cast, Step.CONDITIONS, {CONDITIONS: ["liver | yes"]}, first.id, done.revision)
    seen = await records.load_evaluation(alice)
    assert (seen.version, seen.changes) == ("", ())
    assert [one.document.answers for one in await revisions.list_revisions(alice, first.id)] == [
        done.document.answers
    ]
    await saved(cast, Step.CONDITIONS, {CONDITIONS: ["liver | not-sure"]}, first.id, changed.revision)
    await records.finish(alice)
    seen = await records.load_evaluation(alice)
    assert seen.version == "2, 2026-11-22"
    assert seen.changes == (Change(seen.version, CONDITIONS, "liver", "no", "not-sure"),)


async def test_another_page_is_never_overwritten(cast: Cast) -> None:
    """A second page finds the one that was begun, and one that lost keeps its words among the earlier versions."""
    first = await saved(cast, Step.CONDITIONS, {CONDITIONS: ["liver | no"]})
    with pytest.raises(StaleRevision):
        await saved(cast, Step.MEDICINES, {MEDICINES: ["Iron"]}, sitting="q")
    await saved(cast, Step.MEDICINES, {MEDICINES: ["Zinc"]}, first.id, 1, "q")
    with pytest.raises(SavedAsEarlierVersion):
        await saved(cast, Step.MEDICINES, {MEDICINES: ["Iron"]}, first.id, 1, "r")
    alice = await cast.actor("alice")
    assert (await records.load_evaluation(alice)).answers[MEDICINES] == ["Zinc"]
    kept = await revisions.list_revisions(alice, first.id)
    assert ["Iron"] in [one.document.answers.get(MEDICINES) for one in kept]


async def test_nothing_is_answered_around_a_dosing_session(cast: Cast) -> None:
    """From the start until rest nothing of it is saved or finished; afterwards it is."""
    alice = await cast.actor("alice")
    first = await saved(cast, Step.CONDITIONS, {CONDITIONS: ["liver | no"]})
    session = await in_session(cast)
    for work in (
        saved(cast, Step.CONDITIONS, {CONDITIONS: ["liver | yes"]}, first.id, 1),
        records.finish(await cast.actor("alice")),
    ):
        with pytest.raises(HeldUntilRested):
            await work
    await rested(cast, session)
    await saved(cast, Step.CONDITIONS, {CONDITIONS: ["liver | yes"]}, first.id, 1)
    assert (await records.load_evaluation(alice)).answers == {CONDITIONS: ["liver | yes"]}


async def test_only_an_evaluation_of_ones_own_is_saved_into(cast: Cast) -> None:
    """Another entry, and somebody else's, is not found; a blank one cannot be finished."""
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    with pytest.raises(NotFound):
        await records.finish(alice)
    text = await entries.save_entry(alice, uuid4(), 0, EntryDocument("free", answers={"free.text": "x"}))
    first = await saved(cast, Step.CONDITIONS, {CONDITIONS: ["liver | no"]})
    for who, wanted in ((alice, text.id), (dana, first.id)):
        with pytest.raises(NotFound):
            await records.save_step(who, Step.CONDITIONS, {CONDITIONS: ["liver | yes"]}, wanted, 1)


async def test_what_changed_never_outgrows_its_room(cast: Cast) -> None:
    """The earliest lines go first; what is kept is whole lines."""
    alice = await cast.actor("alice")
    entry, revision = uuid4(), 0
    for number in range(24):
        words = f"{number} " + "x" * 990
        await saved(cast, Step.MEDICINES, {ALLERGIES: words}, entry, revision)
        revision = (await records.finish(alice)).revision
    told = (await records.load_evaluation(alice)).changes
    assert len(told) == 19
    assert told[-1].after.startswith("23 ")
    assert sum(map(len, map(format_line, told))) <= records.MAX_CHANGES_LENGTH
