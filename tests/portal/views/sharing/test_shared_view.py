"""A shared copy as pages show it, on whosever calendar it is read."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from journal.brief.beliefs import build_belief_pairs
from journal.care_notes.reviews import READ_UNFINISHED, READ_VERSION
from journal.catalogue.fields import Answer, EntryKind
from journal.catalogue.forms import get_form
from journal.catalogue.revisits import Revisit
from journal.entries.naming import EntryNamer
from journal.measures.scores import parse_total
from journal.records.schema import Answered
from journal.reframing.picture import Course, Finding
from journal.sharing import copies
from journal.sharing.reading import IncomingShare
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.views.sharing.shared_view import build_sections, build_shared_view
from portal.web.dates import format_short_date
from portal.web.pages import build_environment
from portal.web.translation import speaking
from tests.cast import ZONE

BEGUN = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
"""Half an hour after midnight where the patient lives."""
ANSWERS: dict[str, Answer] = {
    "reframe.old_meaning": "I am too much.",
    "reframe.old_belief_before": 80,
    "reframe.old_belief_after": 20,
    "reframe.revisits": [Revisit(date(2026, 11, day), old).line for day, old in ((22, 70), (23, 75))],
}
ENTRY = Entry(UUID(int=1), 1, EntryDocument("reframe", answers=ANSWERS), BEGUN, BEGUN, None)
FOUND = Finding(Course.HALF_WAY, (date(2026, 11, 22), date(2026, 11, 22)))


@pytest.mark.parametrize("reader", [ZONE, "America/Los_Angeles", "Pacific/Kiritimati"])
def test_every_reader_is_told_the_patients_days(reader: str) -> None:
    """A reframe that was begun just after midnight is of that day in the picture and the brief, wherever it is read."""
    document = copies.build_copy(ENTRY, ANSWERS, BEGUN, ZoneInfo(ZONE))
    picture = build_shared_view(document, ZoneInfo(reader), EntryNamer()).picture
    assert picture is not None
    assert (picture.first_day, picture.finding) == (date(2026, 11, 22), FOUND)
    name = EntryNamer().name_copy(document)
    (pair,) = build_belief_pairs([IncomingShare(UUID(int=2), document, BEGUN, True, name)])
    assert pair.finding == FOUND


@pytest.mark.parametrize("told", ["", "yesterday", "2026-02-30"])
def test_a_copy_that_tells_no_day_has_that_of_its_reader(told: str) -> None:
    """A copy of before still opens, is not called changed, and is of the day that it was where it is read."""
    made = copies.build_copy(ENTRY, ANSWERS, BEGUN, ZoneInfo(ZONE))
    document = msgspec.structs.replace(made, written_on=told)
    assert not copies.is_changed(ENTRY, document)
    for reader, day in ((ZONE, 22), ("UTC", 21)):
        assert document.find_first_day(ZoneInfo(reader)) == date(2026, 11, day)


@pytest.mark.parametrize(
    ("read", "stamp", "chosen"), [("0.14", "", (READ_UNFINISHED,)), ("2, 2026-11-22", "2, 2026-11-22", ())]
)
def test_a_version_that_is_none_is_shown_in_words(read: str, stamp: str, chosen: tuple[str, ...]) -> None:
    """A kept review of answers that were not finished yet says so, and shows no number of ours."""
    (shown,) = build_sections(EntryKind.PLAN_NOTE, {READ_VERSION: read})
    assert (shown.text, shown.stamp, shown.chosen) == ("", stamp, chosen)


@pytest.mark.parametrize(
    ("kind", "answers", "english", "spanish"),
    [
        (
            EntryKind.PLAN_NOTE,
            {"plan.by": "Bob Example, therapist, 2026-11-25"},
            "Bob Example, therapist, 25 Nov 2026",
            "Bob Example, terapeuta, 25 nov 2026",
        ),
        (
            EntryKind.PLAN_NOTE,
            {"plan.by": "Bob Example, therapist, 2026-11-25, imported"},
            "Bob Example, therapist, 25 Nov 2026, as a file says that the patient imported",
            "Bob Example, terapeuta, 25 nov 2026, según un archivo importado por quien recibe el tratamiento",
        ),
        (EntryKind.PLAN_NOTE, {"plan.by": "Dr. Example, <prescriber>"}, *["Dr. Example, <prescriber>"] * 2),
        (EntryKind.PLAN_NOTE, {"plan.read": "2, 2026-12-04"}, "2, 4 Dec 2026", "2, 4 dic 2026"),
        (EntryKind.EVALUATION, {"evaluation.version": "1, 2026-01-02"}, "1, 2 Jan 2026", "1, 2 ene 2026"),
        (
            EntryKind.MEASURE,
            {"measure.score": "MADRS\n2026-12-04\n14\nDr. Example"},
            "MADRS 4 Dec 2026 14 Dr. Example",
            "MADRS 4 dic 2026 14 Dr. Example",
        ),
        (EntryKind.MEASURE, {"measure.score": "MADRS"}, "MADRS", "MADRS"),
    ],
)
def test_who_and_when_are_said_in_the_readers_language(
    kind: EntryKind, answers: dict[str, Answer], english: str, spanish: str
) -> None:
    """What is stored are facts, and a line of another form is shown as it stands: on a page and in an export."""
    (shown,) = build_sections(kind, answers, "en")
    (field,) = answers
    answered = Answered(field, "", get_form(kind).field(field).kind.value, answers[field], [])
    for language, expected in (("en", english), ("es", spanish)):
        with speaking(language):
            environment = build_environment(language)
            page = environment.get_template("macros/shared_entry.html").module.answer_given(shown)  # type: ignore[attr-defined]
            days = {"2026-12-04": format_short_date(date(2026, 12, 4))}
            values = {"told_total": parse_total, "that_day": days}
            module = environment.get_template("archive/macros.html").make_module(values)
            archived = module.answers([answered], "en").partition("</h3>")[2]  # type: ignore[attr-defined]
        for markup in (page, archived):
            words = html.unescape(re.sub("<[^>]+>", " ", markup)).split()
            assert words[-1] != "·"
            assert " ".join(one for one in words if one != "·") == expected
