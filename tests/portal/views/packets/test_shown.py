"""What was not in the preview is not in the file: each value that a packet has as data stands on its pages."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment

from journal.catalogue.fields import RANGES, Answer, EntryKind, Field, FieldKind
from journal.catalogue.forms import FORMS
from journal.evaluation.conditions import CONDITIONS, Said
from journal.evaluation.lines import Helped, TreatmentKind
from journal.fhir.sharing import A_FILE
from journal.installation.installation import Installation
from journal.measures.instruments import list_instruments
from journal.packets.composing import Content, PacketConsent, compose
from journal.packets.documents import OFFERED_KINDS, Choice, Part
from journal.packets.making import list_contents
from journal.packets.programs import FHIR
from journal.sessions.rows import Session
from journal.sessions.session import Phase, Route, SessionDetails, SessionKind, Setting, Status
from journal.sharing.copies import list_shareable_parts
from journal.vault.documents import Beside, EntryDocument, Origin
from journal.vault.entry_rows import Entry
from portal.paper.document import Paper
from portal.views.packets.pages import FROM_A_FILE, build_pages
from portal.web.dates import format_long_day, format_month, format_short_date, format_short_day, format_time
from portal.web.translation import speaking
from tests.cast import SERVER_KEY
from tests.journal.fhir.made import ALICE
from tests.journal.packets.test_composing import BERLIN, NOON, SPACE
from tests.pages import build_shared_templates
from tests.portal.views.packets.test_pages import SIGNER, texts

BEGUN = datetime(2026, 11, 19, 6, 7, 8, 9, tzinfo=UTC)
MEASURE = [
    "instrument=phq9", "version=1", "language=en", "days=14", "day=2026-11-19", f"begun={BEGUN.isoformat()}",
    f"finished={(BEGUN + timedelta(minutes=6)).isoformat()}", *(f"{item}=2" for item in range(1, 10)), "difficulty=1",
    "corrected=9 1 2026-11-19T06:21:32+00:00", "unmeant=9 3 2026-11-19T06:22:33+00:00",
]  # fmt: skip
STRANGE = [
    "instrument=of-another-house", "version=77", "language=fr", "days=11", "day=2026-11-18", "begun=concealedbegun",
    "finished=concealedfinished", "1=61", "21=62", "day=a second day", "a line of another make",
]  # fmt: skip
OLDER = [*MEASURE[:5], *(f"{item}=1" for item in range(1, 9)), "9=63", "33=64", "finished=concealedfinished"]
"""A known text with a number that no item has, and an item that is not there."""
LINES: Mapping[FieldKind, list[str]] = {
    FieldKind.EMOTIONS: ["dread | 81 | 23", "an odd one | a | b | 7"],
    FieldKind.REVISITS: ["2026-11-20 | 61 | 72 | 5 | calmer words", "2026-11-21 | 901 | concealed | | more", "no day"],
    FieldKind.MOMENTS: ["2026-11-17 the bus | it was a little true", "of no day"],
    FieldKind.MEDICINE: ["09:41 | half of it", "of no time"],
    FieldKind.READINGS: [
        "09:43 | 128 | 82 | 71 | 97,5 | lying | me", "10:03 | 129 | | | | concealedposition | you", "of no reading",
        " |  |  |  |  | sitting", " |  |  |  |  |  | just a name",
    ],
    FieldKind.CHECKS: ["09:44 | asleep | breathing slowly", "09:46 | of no state", "of no time either"],
    FieldKind.DAY_LINES: [
        "2026-11-16 | 2026-11-16T19:01+00:00 |  | 4 | 5 | 6 | calm at home=3 | an even day",
        "2026-11-15 | 2026-11-17T19:02+00:00 | later | 7 |  |  |  | noted late",
        "2026-11-14 | 2026-11-14T23:30+00:00 |  | 99 | concealed | 2 | concealed=77 | near midnight",
        "of no day at all",
    ],
    FieldKind.CONDITIONS: ["pressure | no | told last year", "of another form | not-sure | words"],
    FieldKind.REMEDIES: ["a tablet, 20 mg | 2019-03", "another | long ago"],
    FieldKind.TREATMENTS: ["the old one | therapy | weekly | 2015-02 | 2016-07 | a-little | it ended | Dr. Fictional"],
    FieldKind.CHANGES: [
        "2, 2026-11-13 | evaluation.conditions | pressure | no \u00a6 before | yes \u00a6 after",
        "2, 2026-11-13 | concealedpart | a medicine | 5 mg | 7 mg",
    ],
}  # fmt: skip
PLAIN: Mapping[str, Answer] = {
    "plan.by": "Priya Fictional, prescriber, 2026-11-12",
    "plan.read": "0.4711",
    "evaluation.version": "3, 2026-11-11",
    "dayline.month": "2026-11-01",
    "checkin.moment": "next-day",
}

ZONES = ("Europe/Berlin", "America/New_York")
RANGE = re.compile(r" \([01] to [0-9]+\)$", re.MULTILINE)
"""Behind a rating in the words of a document: its scale."""
STANDARD = frozenset(
    {
        "resourceType", "id", "fullUrl", "reference", "system", "url", "hash", "size", "contentType",
        "timestamp", "recorded", "version", "unit", "status", "docStatus", "security", "language", "category", "class",
        "deviceName", "method", "identifier", "dataAbsentReason", "questionnaire", "linkId", "valueBoolean",
        "scope", "policyRule", "role", "action", "purpose", "meaning", "agent",
    }
)  # fmt: skip
"""What no value of anybody's stands in."""
LOINC_WORDS = {
    "Patient Note": "Written on",
    "Blood pressure panel with all children optional": "blood pressure",
    "Systolic blood pressure": "blood pressure",
    "Diastolic blood pressure": "blood pressure",
    "Heart rate": "pulse",
    "Oxygen saturation in Arterial blood": "oxygen",
    "Oxygen saturation in Arterial blood by Pulse oximetry": "oxygen",
    "Mood": "mood", "Sleep": "sleep", "Tension": "tension",
}  # fmt: skip
WORDS_OF_A_NOTE = re.compile("As told by |at | on the clock there(?:, )?")
LABELS = {"later": "written later", "lying": "lying down"}


def of_kind(field: Field, number: int) -> Answer:
    """An answer to any question, with every form that its kind of lines can have."""
    if field.id in PLAIN:
        return PLAIN[field.id]
    if field.kind in RANGES:
        return RANGES[field.kind][1] - number % 2
    match field.kind:
        case FieldKind.CHOICE:
            return field.options[-1].value
        case FieldKind.CHOICES:
            return [one.value for one in field.options]
        case FieldKind.DATE:
            return "2026-11-10"
        case FieldKind.LINE | FieldKind.TEXT:
            return f"what {field.id} was answered"
        case FieldKind.MEASURE:
            return MEASURE
        case _:
            return LINES[field.kind]


def everything() -> list[Entry]:
    """An entry of each kind with every question answered, and measures of every make."""
    documents = [
        EntryDocument(
            kind.value,
            f"The title of {kind.value}",
            f"The note of {kind.value}",
            answers={one.id: of_kind(one, number) for one in FORMS[kind].fields},
            beside=Beside(origin=Origin("", "")) if kind == EntryKind.SITTER else None,
            language="en",
        )
        for number, kind in enumerate(OFFERED_KINDS)
        if kind != EntryKind.MEASURE
    ]
    documents += [
        EntryDocument("measure", answers={"measure.form": lines}) for lines in (MEASURE, STRANGE, OLDER)
    ]
    documents.append(
        EntryDocument(
            "measure", answers={"measure.score": "MADRS\n2026-11-09\n14,5\nDr. Elsewhere\nconcealed"}
        )
    )
    documents.append(EntryDocument("measure", answers={"measure.score": "BDI\nconcealedday\n9"}))
    return [
        Entry(UUID(int=number), 1, one, NOON - timedelta(days=number, minutes=13), NOON, None)
        for number, one in enumerate(documents, 1)
    ]


def meeting(number: int, zone: str, started: datetime | None, **more: Any) -> Session:
    """A session that began some minutes after its time."""
    at = datetime(2026, 11, number, 7, 5, tzinfo=UTC)
    details = SessionDetails(
        SessionKind.DOSING, f"{at:%Y-%m-%dT%H:%M}", zone, 121, Setting.CLINIC, Route.INTRANASAL_ESKETAMINE,
        phase=Phase.INDUCTION, status=Status.CLOSED, note="concealed1", sitter="concealed2", dose_text="concealed3",
        started_at=started.isoformat() if started else None, **more,
    )  # fmt: skip
    return Session(UUID(int=number), ALICE, None, 1, details, at, at + timedelta(hours=2))


@pytest.fixture(scope="module")
def environment() -> Environment:
    """The pages of the product, in English."""
    return build_shared_templates().here


@pytest.fixture(scope="module")
def content() -> Content:
    """A packet with all that one can have."""
    entries = everything()
    pieces = {one.id.hex: list_shareable_parts(one) for one in entries}
    plan = (
        meeting(3, ZONES[0], datetime(2026, 11, 3, 7, 16, 17, tzinfo=UTC)),
        meeting(4, ZONES[1], None),
    )
    team = (
        PacketConsent("Bob Example", "therapist", date(2026, 10, 2), is_paused=False),
        PacketConsent("Priya Example", "prescriber", date(2026, 10, 4), is_paused=True),
    )
    return compose(
        Choice(parts=tuple(Part), pieces=pieces, first_day="2025-01-01", last_day="2026-11-22"),
        entries,
        space=SPACE,
        name="Alice Sample",
        now=NOON.astimezone(BERLIN),
        zone_name=BERLIN.key,
        sessions=plan,
        consents=team,
    )


@pytest.fixture(scope="module")
def shown(environment: Environment, content: Content) -> str:
    """All that stands on its pages."""
    with speaking("en"):
        pages = build_pages(
            environment, Installation.with_key(SERVER_KEY), content, NOON, signer=SIGNER, paper=Paper.A4
        )
    document = pages.document
    return f" {' '.join(' '.join((*texts(document.blocks), document.foot, document.of)).split())} "


@pytest.fixture(scope="module")
def files(content: Content) -> Mapping[str, bytes]:
    """Its files beside the pages."""
    choice = Choice(parts=tuple(Part))
    return list_contents(content, choice, {}, owner=ALICE, made_at=NOON, app_version="0.1.0")


@pytest.fixture(scope="module")
def unshown() -> frozenset[str]:
    """What no page shows, as the format page names it, each with its reason."""
    page = Path("docs/export-format.md").read_text()
    (_, part) = page.split("### What no page shows", 1)
    rows = re.findall(r"^\| (.+?) \| .+ \|$", part.split("\n#", 1)[0], re.MULTILINE)
    return frozenset(name for row in rows[1:] for name in re.findall("`([^`]+)`", row))


def leaves(node: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value below a node, with the names that lead to it."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from leaves(value, *path, name)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, *path)
    elif node not in (None, ""):
        yield path, node


def is_there(words: str, shown: str) -> bool:
    """Whether words stand there whole."""
    found = re.escape(" ".join(words.split()))
    return re.search(rf"(?<![\w]){found}(?![\w])", shown) is not None


CODES = {
    one.value: one.label
    for every in (SessionKind, Status, Setting, Route, Phase, TreatmentKind, Helped, Said, EntryKind)
    for one in every
}


def forms(token: str) -> Iterator[str]:
    """In which form a value stands on a page: a day and a moment are written in words, a code by its label."""
    yield token
    if re.fullmatch(r"\d{4}-\d\d-\d\d", token):
        day = date.fromisoformat(token)
        yield format_short_date(day)
        yield format_long_day(datetime.combine(day, datetime.min.time(), BERLIN), BERLIN)
    elif re.fullmatch(r"\d{4}-\d\d", token):
        yield format_month(date.fromisoformat(f"{token}-01"))
    elif re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", token):
        at = datetime.fromisoformat(token)
        yield moment(at if at.tzinfo else at.replace(tzinfo=BERLIN))
    if token in CODES:
        yield CODES[token]
    if token in CONDITIONS:
        yield CONDITIONS[token].label
    yield from (one.name for one in list_instruments() if one.id == token)


def moment(at: datetime, zone: ZoneInfo = BERLIN) -> str:
    """A day and a time of day, as the pages of a packet write them."""
    assert (at.second, at.microsecond) == (0, 0)
    return f"{format_short_day(at, zone)}, {format_time(at, zone)}"


def list_of_measure(line: str) -> Iterator[tuple[str, ...]]:
    """What a line of a measure holds, each with the forms in which it may stand on a page."""
    name, mark, value = line.partition("=")
    if name in ("corrected", "unmeant"):
        item, was, at = value.split(" ")
        phq9 = next(one for one in list_instruments() if (one.id, one.language) == ("phq9", "en"))
        yield from ((item,), (phq9.answers[int(was)].text,), (moment(datetime.fromisoformat(at)),))
    elif name == "days":
        yield ("the last two weeks", f"{value} days")
    elif mark and (name.isdecimal() or name == "difficulty"):
        yield (line, value, "Somewhat difficult")
    elif name != "language":
        yield tuple(forms(value if mark else line))


def list_of_day(cell: str, day: str) -> Iterator[tuple[str, ...]]:
    """What a cell of a day line holds: when it was written, whose day stands there, or one's own number."""
    at = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)\+.*", cell)
    if at is None:
        yield tuple(forms(cell.replace("=", " ")))
    else:
        yield (moment(datetime.fromisoformat(cell)), *((at[2],) if at[1] == day else ()))


def list_of_line(field: Field, line: str) -> Iterator[tuple[str, ...]]:
    """What a line holds, each with the forms in which it may stand on a page."""
    parts = {
        one.id for one in FORMS[EntryKind.EVALUATION].fields
    }  # of which a change is; the label stands there
    for told in filter(None, re.split(r" \| | \u00a6 |; ", line.removesuffix(" |"))):
        cell = LABELS.get(told, told)
        if field.kind is FieldKind.DAY_LINES:
            yield from list_of_day(cell, line[:10])
        elif field.kind is FieldKind.MOMENTS and re.match(r"\d{4}-\d\d-\d\d .", cell):
            yield from (tuple(forms(one)) for one in cell.split(" ", 1))
        elif re.fullmatch(r"\d+, \d{4}-\d\d-\d\d", cell):
            yield from (tuple(forms(one)) for one in cell.split(", "))
        elif cell not in parts:
            yield tuple(forms(cell))


def list_given(answer: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """What an answer holds, each with the forms in which it may stand on a page."""
    field = next(one for form in FORMS.values() for one in form.fields if one.id == answer["id"])
    yield (field.label,)
    value = answer["value"]
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        yield from ((label,) for label in answer["labels"])
    elif field.id == "measure.score":
        yield from (tuple(forms(line)) for line in value.split("\n") if line)
    elif field.id == "plan.by":
        yield from (tuple(forms(one)) for one in value.split(", "))
    elif field.id in ("plan.read", "evaluation.version"):
        number, _, day = value.partition(", ")
        yield from (tuple(forms(one)) for one in filter(None, (*answer["labels"], number.strip("0."), day)))
    elif isinstance(value, list):
        for line in value:
            yield from list_of_measure(line) if field.kind is FieldKind.MEASURE else list_of_line(field, line)
    else:
        yield tuple(forms(str(value)))


def test_all_data_stands_on_the_pages(
    content: Content, files: Mapping[str, bytes], shown: str, unshown: frozenset[str]
) -> None:
    """Each value of packet.json: in words where it is a day or a code, and but for what the format page names."""
    data = json.loads(files["data/packet.json"])
    assert len(data["entries"]) == len(content.pieces) == len(everything())
    missing = []
    with speaking("en"):
        for entry in data["entries"]:
            for answer in entry.pop("answers"):
                missing += [
                    (answer["id"], told)
                    for told in list_given(answer)
                    if not any(is_there(one, shown) for one in told)
                ]
        for one_meeting in data["sessions"]:
            at, zone = datetime.fromisoformat(one_meeting.pop("begins_at")), ZoneInfo(one_meeting["zone"])
            assert is_there(moment(at, zone), shown)
        assert [one.pop("is_paused") for one in data["consents"]] == [False, True]
        assert shown.count("Sharing is paused") == 1
        assert [one.pop("imported") for one in data["entries"]].count(True) == 1
        assert shown.count(FROM_A_FILE) == 1
        for path, value in leaves(data):
            if path[-1] in unshown:
                continue
            if not any(is_there(one, shown) for one in forms(str(value))):
                missing.append(("/".join(path), (str(value),)))
    assert missing == [], "\n".join(map(str, missing))
    assert re.findall("concealed[a-z]*", files["data/packet.json"].decode()) == []


def test_all_cells_stand_on_the_pages(files: Mapping[str, bytes], shown: str) -> None:
    """Each cell of a table: in words where it is a day, a moment or a code."""
    names = ("check-ins", "day-lines", "measures", "ratings", "readings", "sessions")
    assert {one for one in files if one.startswith("numbers/")} == {f"numbers/{one}.csv" for one in names}
    missing = []
    with speaking("en"):
        for name in names:
            for row in csv.DictReader(io.StringIO(files[f"numbers/{name}.csv"].decode())):
                zone = ZoneInfo(row.pop("zone", BERLIN.key))
                missing += [
                    (name, column, cell)
                    for column, cell in row.items()
                    if cell and not is_cell_there(column, cell, zone, shown, is_check_in=name == "check-ins")
                ]
    assert missing == [], "\n".join(map(str, missing))


def is_cell_there(column: str, cell: str, zone: ZoneInfo, shown: str, *, is_check_in: bool) -> bool:
    """Whether the cell of a column is shown; ids, languages and what a table is made of are not data of anybody's."""
    if column in ("language", "question_id"):
        return True
    if column in ("starts_at", "local"):
        at = datetime.fromisoformat(cell)
        return is_there(moment(at if at.tzinfo else at.replace(tzinfo=zone), zone), shown)
    if column == "part":
        name, _, when = cell.rpartition(", ")
        return is_there(name or when, shown)
    asked = FORMS[EntryKind.CHECK_IN]
    if is_check_in and (options := asked.field(f"checkin.{column}").options):
        labels = {one.value: one.label for one in options}
        return all(is_there(labels[code], shown) for code in cell.split(" "))
    return any(is_there(one, shown) for one in (*forms(cell), cell.replace(".", ",")))


def test_all_that_fhir_says_stands_on_the_pages(files: Mapping[str, bytes], shown: str) -> None:
    """Each value of the bundle but for what FHIR calls something; each line of a document is one of packet.json."""
    lines = {
        line for _, value in leaves(json.loads(files["data/packet.json"])) for line in str(value).split("\n")
    }
    missing = []
    with speaking("en"):
        for path, value in leaves(json.loads(files[FHIR])):
            if STANDARD & set(path) or path[-1] in ("code", "type"):
                continue
            if path[-1] == "data":
                told = RANGE.sub("", b64decode(value).decode()).split("\n")
                missing += [("data", line) for line in told if line and line not in lines]
            elif not any(is_there(one, shown) for one in list_said(path, str(value))):
                missing.append(("/".join(path), str(value)))
    assert missing == [], "\n".join(map(str, missing))


def list_said(path: tuple[str, ...], value: str) -> Iterator[str]:
    """The forms in which a value of a bundle may stand on a page; words of LOINC by ours for the same."""
    yield from forms(value)
    yield value.replace(".", ",")
    if value in LOINC_WORDS:
        yield LOINC_WORDS[value]
    if value == A_FILE:
        yield FROM_A_FILE
    if path[-2:] == ("period", "start"):
        yield from (moment(datetime.fromisoformat(value), ZoneInfo(zone)) for zone in ZONES)
    if path[-2:] == ("code", "text"):
        question, _, part = value.partition(": ")
        yield question.lower() if question in ("Mood", "Sleep", "Tension") else question if part else "–––"
    if path[-2:] == ("note", "text"):
        yield from (
            one for word in WORDS_OF_A_NOTE.split(value) if word for one in forms(LABELS.get(word, word))
        )
