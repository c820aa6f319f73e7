"""Every file of a packet, read as whoever gets it can: no word that was not chosen, and none that was blacked out."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pikepdf
import pypdfium2
import pytest
from anyio import run
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from journal.catalogue.tracked import DAY_LINES_FIELD
from journal.fhir.documents import AUTHOR
from journal.installation.installation import Installation
from journal.packets.composing import BY_PATIENT, Content, PacketConsent, PacketMaker, compose
from journal.packets.documents import Choice, Part
from journal.packets.making import PDF, list_contents
from journal.packets.masking import MARK
from journal.packets.programs import FHIR
from journal.roles import Role
from journal.sharing.copies import list_shareable_parts
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.paper.document import Paper
from portal.views.packets.pages import build_pages
from portal.web.translation import speaking
from tests.cast import SERVER_KEY
from tests.journal.fhir.made import ALICE
from tests.journal.fhir.reading import list_words
from tests.journal.packets.test_composing import BERLIN, NAME, NOON, SPACE, journals, parts_of, session
from tests.pages import build_shared_templates

CLINICIAN = PacketMaker(Role.CLINICIAN, "Bob Example", "therapist")
SIGNER = "12345 23456 34567 45678 56789 67890"


@pytest.fixture(scope="module")
def environment() -> Environment:
    """The pages of the product, in English."""
    return build_shared_templates().here


def composed(choice: Choice, entries: list[Entry], maker: PacketMaker, name: str = NAME) -> Content:
    """Compose a packet of entries, by a patient or by a clinician, with a session and a care team of one."""
    return compose(
        choice,
        entries,
        space=SPACE,
        name=name,
        now=NOON.astimezone(BERLIN),
        zone_name=BERLIN.key,
        sessions=(session(7, -3),),
        consents=()
        if maker is not BY_PATIENT
        else (PacketConsent("Karl Willow", "therapist", NOON.date(), is_paused=False),),
        made_by=maker,
    )


def printed(environment: Environment, content: Content, choice: Choice) -> dict[str, bytes]:
    """All files of a packet, its pages set as they leave."""

    async def make() -> Mapping[str, bytes]:
        installation = Installation.with_key(SERVER_KEY)
        pages = build_pages(environment, installation, content, NOON, signer=SIGNER, paper=Paper.A4)
        return await pages.print_pages()

    with speaking("en"):
        pages = run(make)
    return list_contents(content, choice, pages, owner=ALICE, made_at=NOON, app_version="0.1.0")


def read(files: Mapping[str, bytes]) -> dict[str, str]:
    """What a reader finds in each file, in the PDF's own data and bookmarks, and in the names."""
    found = {"names": "\n".join(files)}
    for name, content in files.items():
        if name == PDF:
            document = pypdfium2.PdfDocument(content)
            found[name] = "\n".join(page.get_textpage().get_text_range() for page in document)
            marks = "\n".join(one.get_title() for one in document.get_toc())
            with pikepdf.open(io.BytesIO(content)) as opened:
                found[f"{name} data"] = f"{opened.docinfo}\n{opened.open_metadata()}\n{marks}"
        elif name == FHIR:
            found[name] = "\n".join(list_words(json.loads(content)))
        else:
            found[name] = content.decode()
    return {name: unicodedata.normalize("NFC", text) for name, text in found.items()}


def counted(number: int) -> Entry:
    """Numbers of a day, with words of its own in a line's name and beside it."""
    line = f"2026-11-20 |  |  | 3 |  |  | word{number}own=4 | word{number}beside"
    at = NOON - timedelta(days=2, minutes=number)
    document = EntryDocument("day_lines", answers={DAY_LINES_FIELD: [line]})
    return Entry(UUID(int=number), 1, document, at, at, None)


@settings(max_examples=12, deadline=None)
@given(data=st.data(), entries=journals(), maker=st.sampled_from((BY_PATIENT, CLINICIAN)))
def test_no_file_has_a_word_that_was_not_chosen(
    environment: Environment, data: st.DataObject, entries: list[Entry], maker: PacketMaker
) -> None:
    """For any journal and choice, a patient's and a clinician's: pages, their data, JSON, tables, FHIR and names."""
    pieces = {
        one.id.hex: tuple(data.draw(st.lists(st.sampled_from(sorted(parts_of(one))), unique=True)))
        for one in entries
        if parts_of(one)
    }
    days = (counted(90), counted(91))
    if is_counted := data.draw(st.booleans()):
        pieces[days[0].id.hex] = (DAY_LINES_FIELD,)
    ticked = data.draw(st.lists(st.sampled_from((Part.NAME, Part.SESSIONS)), unique=True))
    choice = Choice(
        parts=(*ticked, Part.FHIR), pieces=pieces, recipient="her recipient", purpose="her purpose"
    )
    content = composed(choice, [*entries, *days], maker)
    found = read(printed(environment, content, choice))
    chosen = {one.id: one.record for one in content.pieces}
    for one in entries:
        for part, word in parts_of(one).items():
            record = chosen.get(one.id)
            leaves = record is not None and (
                part in {answer.id for answer in record.answers} or word in (record.title, record.note)
            )
            is_name = part == AUTHOR and Part.NAME not in ticked  # in FHIR left out with the patient's
            for name in (PDF, FHIR, "data/packet.json"):
                assert (word in found[name]) is (leaves and not (is_name and name == FHIR)), (name, part)
            assert leaves or not [name for name, text in found.items() if word in text], part
    for name in (PDF, FHIR, "data/packet.json", "numbers/day-lines.csv"):
        assert ("word90own" in found.get(name, "")) is is_counted, name
    whole = "\n".join(found.values())
    for word in ("word91", "her recipient", "her purpose", "session7note", "session7sitter", "session7dose"):
        assert word not in whole, word
    assert (NAME in whole) is (Part.NAME in ticked)
    assert ("numbers/sessions.csv" in found) is (Part.SESSIONS in ticked)
    assert (CLINICIAN.name in found[FHIR]) is (maker is CLINICIAN and Part.NAME in ticked)


NAMES = ("Zorbin", "Anna Maria", "Ζήνων", "Мария", "José", "O'Neil", "Jean-Luc")


@pytest.mark.parametrize("maker", [BY_PATIENT, PacketMaker(Role.CLINICIAN, "Zorbin Example", "therapist")])
def test_a_word_that_is_blacked_out_is_in_no_file(environment: Environment, maker: PacketMaker) -> None:
    """In titles, notes, answers, names of lines and of people; without the choice each of them is in each file."""
    every = " and ".join((*NAMES, *map(str.upper, NAMES)))
    told = EntryDocument("integration", f"About {every}", every, answers={"int.meaning": f"We met {every}."})
    line = [f"2026-11-20 |  |  | 3 |  |  | {name}=4 | {name}" for name in NAMES]
    readings = [f"09:1{place} | 120 | 80 | 60 | 97 | lying | {name}" for place, name in enumerate(NAMES)]
    documents = (
        told,
        EntryDocument("day_lines", answers={DAY_LINES_FIELD: line}),
        EntryDocument("day", answers={"day.readings": readings}),
    )
    entries = [Entry(UUID(int=one), 1, each, NOON, NOON, None) for one, each in enumerate(documents, 1)]
    open_ = Choice(parts=tuple(Part), pieces={one.id.hex: list_shareable_parts(one) for one in entries})
    hidden = Choice(open_.span, parts=open_.parts, pieces=open_.pieces, masked=NAMES)

    def found(choice: Choice) -> dict[str, str]:
        content = composed(choice, entries, maker, "Alice Jean-Luc")
        files = read(printed(environment, content, choice))
        return {name: " ".join(text.casefold().split()) for name, text in files.items()}

    before, after = found(open_), found(hidden)
    assert before.keys() == after.keys()
    assert {"numbers/day-lines.csv", "numbers/readings.csv"} <= before.keys()
    for name in map(str.casefold, NAMES):
        there = {file for file, text in before.items() if name in text}
        assert {PDF, FHIR, "data/packet.json", "numbers/day-lines.csv", "numbers/readings.csv"} <= there, name
        assert [file for file, text in after.items() if name in text] == []
    for file in (PDF, FHIR, "data/packet.json", "numbers/day-lines.csv", "numbers/readings.csv"):
        assert MARK in after[file], file
