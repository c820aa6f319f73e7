"""The pages of a packet: the same words as its data and its preview, in the file that a reader of others opens."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pikepdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from journal.installation.installation import Installation
from journal.packets.documents import Choice, Part
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.documents.printing import PARTLY_REPORTED, PATIENT_REPORTED
from portal.paper.document import Block, Bullets, Facts, Heading, Look, Paper, Paragraph, Table
from portal.views.packets.answers import read_blocks
from portal.views.packets.pages import UNSET_NOTE, build_pages
from portal.views.sharing.shared_view import SharedSection
from portal.web.translation import speaking
from tests.cast import SERVER_KEY
from tests.journal.packets.test_composing import NOON, composed, journals, parts_of, session
from tests.pages import build_shared_templates


@pytest.fixture(scope="module")
def environment() -> Environment:
    """The pages of the product, in English."""
    return build_shared_templates().here


def texts(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Every text of a document, in its order."""
    for one in blocks:
        match one:
            case Heading(words) | Paragraph(words):
                yield words.text
            case Facts(rows):
                yield from (text for label, words in rows for text in (label, words.text))
            case Bullets(items):
                yield from (words.text for words in items)
            case Table(caption, head, rows):
                yield from (caption, *head, *(words.text for row in rows for words in row))


SIGNER = "12345 23456 34567 45678 56789 67890"


@given(data=st.data(), entries=journals())
def test_pages_have_the_words_of_the_choice_and_no_other(
    environment: Environment, data: st.DataObject, entries: list[Entry]
) -> None:
    """For any journal and choice, in the document that is previewed and printed, its title and its own data."""
    pieces = {
        one.id.hex: tuple(data.draw(st.lists(st.sampled_from(sorted(parts_of(one))), unique=True)))
        for one in entries
        if parts_of(one)
    }
    ticked = data.draw(st.lists(st.sampled_from(list(Part)), unique=True))
    choice = Choice(parts=tuple(ticked), pieces=pieces, recipient="her recipient", purpose="her purpose")
    content = composed(choice, entries, (session(7, -3),))
    installation = Installation.with_key(SERVER_KEY)
    document = build_pages(environment, installation, content, NOON, signer=SIGNER, paper=Paper.A4).document
    there = {word for text in texts(document.blocks) for word in text.split()}
    in_data = {
        str(words)
        for piece in content.pieces
        for words in (piece.copy.title, piece.copy.note, *piece.copy.answers.values())
        if words
    }
    every = {word for one in entries for word in parts_of(one).values()}
    assert there & every == in_data & every
    whole = "\n".join((*texts(document.blocks), document.title, document.foot, document.of))
    assert ("Alice Sample" in whole) is (Part.NAME in ticked)
    for word in ("her recipient", "her purpose", "session7note", "session7sitter", "session7dose"):
        assert word not in whole


@given(text=st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")), min_size=1))
def test_an_answer_is_read_as_it_was_written(environment: Environment, text: str) -> None:
    """Whatever signs somebody writes, markup among them: the block has their text, and no more of it."""
    if not text.strip():
        return
    draw = environment.get_template("macros/shared_entry.html").module.answer_given  # type: ignore[attr-defined]
    (block,) = read_blocks(str(draw(SharedSection("Question", text, language="es"))))
    assert isinstance(block, Paragraph)
    assert (block.words.text, block.words.language, block.look) == (text, "es", Look.QUOTED)


def test_what_others_noted_is_not_called_the_patients(environment: Environment) -> None:
    """At the foot of each page and on the first: a plan note of a clinic's, or what a sitter noted, is in it."""
    for kind, is_hers in (("free", True), ("plan_note", False), ("sitter", False)):
        entry = Entry(UUID(int=1), 1, EntryDocument(kind, "One evening"), NOON, NOON, None)
        content = composed(Choice(pieces={"1".zfill(32): ("title",)}), [entry])
        installation = Installation.with_key(SERVER_KEY)
        document = build_pages(
            environment, installation, content, NOON, signer=SIGNER, paper=Paper.A4
        ).document
        foot = PATIENT_REPORTED if is_hers else PARTLY_REPORTED
        assert document.foot == foot
        assert next(texts(document.blocks)).startswith(f"{foot}.")


async def test_another_reader_finds_the_words_of_the_preview(environment: Environment) -> None:
    """The PDF is tagged, names its language and nobody, and its text is that of the document, in its order."""
    choice = Choice(parts=(Part.SESSIONS, Part.CONSENT), pieces={"1".zfill(32): ("title", "note")})
    document = EntryDocument("free", "One evening", "It is about rain")
    entries = [Entry(UUID(int=1), 1, document, NOON, NOON, None)]
    content = composed(choice, entries, (session(7, -3),))
    with speaking("en"):
        pages = build_pages(
            environment,
            Installation.with_key(SERVER_KEY),
            content,
            datetime.now(UTC),
            signer=SIGNER,
            paper=Paper.A4,
        )
        printed = await pages.set_pages()
    read = pypdfium2.PdfDocument(printed.pdf)
    found = " ".join(" ".join(page.get_textpage().get_text_range() for page in read).split())
    place = 0
    for text in texts(pages.document.blocks):
        for word in text.split():
            place = found.find(word, place)
            assert place >= 0, (word, found)
    with pikepdf.open(io.BytesIO(printed.pdf)) as opened:
        assert opened.Root.MarkInfo.Marked
        assert str(opened.Root.Lang) == "en"
        assert "Alice" not in str(opened.docinfo) + str(opened.open_metadata())


async def test_the_pages_say_what_they_cannot_set_and_are_on_the_paper_that_was_asked_for(
    environment: Environment,
) -> None:
    """A letter that no font has is a mark, which the file itself explains; another paper is another preview."""
    document = EntryDocument("free", "One \ue000 evening")
    content = composed(
        Choice(pieces={"1".zfill(32): ("title",)}), [Entry(UUID(int=1), 1, document, NOON, NOON, None)], ()
    )
    installation = Installation.with_key(SERVER_KEY)
    with speaking("en"):
        a4, letter = (
            build_pages(environment, installation, content, NOON, signer=SIGNER, paper=paper)
            for paper in Paper
        )
        printed = await letter.set_pages()
    assert a4.digest != letter.digest
    assert printed.unset == ("\ue000",)
    read = pypdfium2.PdfDocument(printed.pdf)
    found = " ".join(" ".join(page.get_textpage().get_text_range() for page in read).split())
    assert "One […] evening" in found
    assert UNSET_NOTE in found
    assert read[0].get_size() == (612, 792)
