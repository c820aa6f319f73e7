"""What holds of every brief, whatever was shared: nothing else is known to it, and its order follows from no word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.brief.beliefs import build_belief_pairs
from journal.brief.composing import OTHER_SECTIONS, Brief, Material, compose_brief
from journal.brief.fitting import LIMITS, TITLES, count_page_lines, fit_page
from journal.brief.layout import PAGE_LINES, SECTION_LIMITS, SMALL_PAGE_LINES
from journal.care.documents import ShareDocument
from journal.care.links import Link
from journal.care.peer_keys import LinkRow
from journal.catalogue.fields import Answer, EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.coming_talk.documents import ItemDetails, Mark, Thing, Word
from journal.coming_talk.items import Item
from journal.entries.naming import EntryNamer
from journal.sessions.rows import Session
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sharing.reading import Folder, IncomingShare
from journal.store.rows import OpenedRows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DOSED, TALK, LAST_TALK = UUID(int=1), UUID(int=2), UUID(int=3)
LETTERS, OTHER_LETTERS = "abcdef ", "nlkjhg "
"""Letters of one width, in opposite orders: what is said with the one takes as much room with the other."""
WRITTEN = (FieldKind.TEXT, FieldKind.LINE)
KINDS = (
    EntryKind.PREPARATION,
    EntryKind.CAPTURE,
    EntryKind.INTEGRATION,
    EntryKind.REFRAME,
    EntryKind.GROUNDING,
    EntryKind.COMFORT,
    EntryKind.FREE,
    EntryKind.SITTER,
    EntryKind.CHECK_IN,
)
LINES = {
    FieldKind.REVISITS: "2026-11-21 | {0} | {0} | | {1}",
    FieldKind.MOMENTS: "2026-11-21 {1:.9} | {1}",
    FieldKind.CHECKS: "14:05 | awake | {1}",
    FieldKind.READINGS: "14:05 | {0} | 80 | 70 | 97 | ",
    FieldKind.MEDICINE: "14:05 | {1}",
}
WORDS = st.sampled_from(
    (
        "a bad cab",
        "fed",
        "cafe bead face",
        "dead cede deaf",
        "abed",
        "bee fee",
        "ace " * 40,
        "decade faded " * 20,
        "cabbed" * 30,
    )
)
"""Words that come together: the same sentence, name or trigger stands in several copies."""


def session(ident: UUID, kind: SessionKind, local: str, status: Status = Status.CLOSED) -> Session:
    """Return a session of a plan."""
    about = DOSED.hex if kind is not SessionKind.DOSING else None
    details = SessionDetails(kind, local, "UTC", 60, Setting.CLINIC, status=status, about=about)
    return Session(ident, UUID(int=9), None, 1, details, details.starts_at, details.ends_at)


PLAN = (
    session(LAST_TALK, SessionKind.PREPARATION, "2026-11-19T10:00"),
    session(DOSED, SessionKind.DOSING, "2026-11-20T14:00"),
    session(TALK, SessionKind.INTEGRATION, "2026-11-22T16:00", Status.PLANNED),
)
LINK = Link(
    UUID(int=7), UUID(int=9), UUID(int=8), UUID(int=9), "Alice", NOW, None, None, cast(LinkRow, None), b""
)


@st.composite
def copies(draw: st.DrawFn, kinds: Sequence[EntryKind] = KINDS) -> IncomingShare:
    """Any copy, written some days ago and shared later."""
    kind = draw(st.sampled_from(kinds))
    answers: dict[str, Answer] = {}
    chosen = draw(st.integers(0, 2**30))
    for place, field in enumerate(get_form(kind).shareable):
        if chosen >> place & 1:
            continue
        if field.kind in WRITTEN:
            answers[field.id] = draw(WORDS)[: field.max_answer_length]
        elif field.range is not None:
            answers[field.id] = draw(st.integers(*field.range))
        elif field.kind is FieldKind.CHOICE:
            answers[field.id] = draw(st.sampled_from(field.options)).value
        elif field.kind in LINES:
            answers[field.id] = [LINES[field.kind].format(draw(st.integers(1, 99)), draw(WORDS))]
    written = NOW - timedelta(hours=draw(st.integers(1, 90)))
    shared = min(NOW, written + timedelta(hours=draw(st.integers(0, 40))))
    document = ShareDocument(
        kind.value,
        draw(st.sampled_from(("", "A title"))),
        draw(st.sampled_from((None, DOSED.hex))),
        answers,
        [*answers],
        written.isoformat(),
        shared.isoformat(),
        1,
        note=draw(st.sampled_from(("", "a note"))),
        entry_id=UUID(int=draw(st.integers(100, 109))).hex,
        attention=draw(st.sampled_from(("", "before-talk"))),
    )
    talked = draw(st.sampled_from((None, NOW)))
    ident = UUID(int=draw(st.integers(1000, 2**40)))
    return IncomingShare(
        ident, document, shared, True, EntryNamer(PLAN).name_copy(document), talked, revision=1
    )


@st.composite
def items(draw: st.DrawFn) -> Item:
    """Anything that was set."""
    at = draw(st.sampled_from((TALK, LAST_TALK)))
    thing = Thing("question", "own", draw(WORDS)[:200], draw(WORDS)[:100])
    details = ItemDetails(
        thing, at.hex, UUID(int=draw(st.integers(100, 109))).hex, "Bob", "therapist", NOW.isoformat(), 0, b""
    )
    word, mark = draw(st.sampled_from((None, *Word))), draw(st.sampled_from((None, *Mark)))
    ident = UUID(int=draw(st.integers(1, 2**40)))
    return Item(ident, LINK.id, at, details, NOW, word, NOW, mark, NOW)


SHARED = st.lists(copies(), max_size=12, unique_by=lambda one: one.id).map(
    lambda found: tuple(sorted(found, key=lambda one: (one.written_at, one.id), reverse=True))
)
SET = st.lists(items(), max_size=5, unique_by=lambda one: one.id)


def drawn_of(
    shared: Sequence[IncomingShare], things: Sequence[Item] = (), closed: Sequence[IncomingShare] = ()
) -> Brief:
    """Return the brief of what is shared, cut to its page."""
    folder = Folder(LINK, tuple(shared), OpenedRows(PLAN), False, closed=tuple(closed))
    return fit_page(compose_brief(Material(folder, NOW, UTC, items=things), PLAN[2]))


def shape_of(drawn: Brief) -> dict[str, list[object]]:
    """Return of each section from where its lines are drawn, in their order."""
    sections = {name: [one.id for one in getattr(drawn, name)] for name in TITLES}
    return sections | {
        name: [one.drawn_from for one in getattr(drawn, name)] for name in (*SECTION_LIMITS, *OTHER_SECTIONS)
    }


def say_otherwise(one: IncomingShare) -> IncomingShare:
    """Return a copy with other words and other numbers in every place, of the same length."""
    letters = str.maketrans(LETTERS, OTHER_LETTERS)
    fields = {field.id: field for field in get_form(EntryKind(one.document.kind)).fields}
    answers: dict[str, Answer] = {}
    for name, answer in one.document.answers.items():
        field = fields[name]
        if isinstance(answer, int) and field.range is not None:
            answers[name] = sum(field.range) - answer
        elif isinstance(answer, str) and field.kind in WRITTEN:
            answers[name] = answer.translate(letters)
        elif isinstance(answer, list) and field.kind in (FieldKind.MOMENTS, FieldKind.REVISITS):
            answers[name] = [line.translate(letters) for line in answer]
        else:
            answers[name] = answer
    return replace(one, document=msgspec.structs.replace(one.document, answers=answers))


@settings(max_examples=25)
@given(SHARED, SET)
def test_order_follows_from_no_word_and_no_number(
    shared: tuple[IncomingShare, ...], things: list[Item]
) -> None:
    """Said otherwise, everything stands where it stood; who chose what, and that it made things worse, stays."""
    assert shape_of(drawn_of(shared, things)) == shape_of(drawn_of([*map(say_otherwise, shared)], things))


@settings(max_examples=25)
@given(SHARED, SET)
def test_every_line_is_drawn_from_what_is_shared(
    shared: tuple[IncomingShare, ...], things: list[Item]
) -> None:
    """No source but the copies that are there; what did not fit is no source, and is said to be more."""
    drawn = drawn_of(shared, things)
    assert {*drawn.sources} <= {one.id for one in shared}
    assert {one.id for one in drawn.since} <= {one.id for one in shared}
    whole = compose_brief(
        Material(Folder(LINK, shared, OpenedRows(PLAN), False), NOW, UTC, items=things), PLAN[2]
    )
    is_cut = any(one.is_cut for one in drawn.lines) or any(
        len(getattr(drawn, name)) < len(getattr(whole, name)) for name in LIMITS
    )
    assert drawn.has_more >= is_cut


@settings(max_examples=50)
@given(st.lists(copies((EntryKind.REFRAME,)), max_size=5, unique_by=lambda one: one.id))
def test_a_belief_is_drawn_from_every_copy_that_it_tells_of(shared: list[IncomingShare]) -> None:
    """Of the copies that it links, and that count as opened, alone, each sentence, number and moment is the same."""
    for pair in build_belief_pairs(shared):
        assert build_belief_pairs([one for one in shared if one.id in pair.drawn_from]) == (pair,)


@settings(max_examples=25)
@given(SHARED, SHARED)
def test_what_is_closed_is_a_title_and_nothing_else(
    shared: tuple[IncomingShare, ...], closed: tuple[IncomingShare, ...]
) -> None:
    """Whatever it says, every other line is as if it said nothing, and it is no source."""
    bare = [replace(one, document=one.document.strip_to_title()) for one in closed]
    told, untold = (drawn_of(shared, closed=some) for some in (closed, bare))
    assert replace(told, closed=()) == replace(untold, closed=())
    assert {*told.sources} <= {one.id for one in shared}


@settings(max_examples=25)
@given(SET, SHARED)
def test_what_was_set_shows_no_answer_that_is_not_shared(
    things: list[Item], shared: tuple[IncomingShare, ...]
) -> None:
    """Without a copy of the answer it is as if nobody had answered; and what was let go does not stand there."""
    answers = {one.document.entry_id for one in shared}
    for one in drawn_of(shared, things).things:
        assert (one.source is not None) is (one.item.answer.hex in answers)
        assert one.item.mark is not Mark.LET_GO
        assert one.answer == "" or one.source is not None


def full(kind: EntryKind, turn: int, words: str) -> IncomingShare:
    """Return a copy with an answer to every question that is answered in words, lines or numbers."""
    answers: dict[str, Answer] = {}
    for field in get_form(kind).shareable:
        if field.kind in WRITTEN:
            answers[field.id] = f"{turn} {words}"[: field.max_answer_length]
        elif field.range is not None:
            answers[field.id] = field.range[1]
        elif field.kind in LINES:
            answers[field.id] = [LINES[field.kind].format(turn, words)]
        elif field.kind is FieldKind.CHOICE:
            answers[field.id] = field.options[0].value
    at = (NOW - timedelta(hours=turn)).isoformat()
    document = ShareDocument(kind.value, "", DOSED.hex, answers, [*answers], at, at, 1)
    ident = UUID(int=1000 + 100 * turn + KINDS.index(kind))
    return IncomingShare(ident, document, NOW, True, EntryNamer(PLAN).name_copy(document))


@settings(max_examples=25)
@given(st.integers(0, 4), st.text(max_size=20), st.integers(1, 40), SET)
def test_a_page_is_full_or_holds_everything(turns: int, word: str, times: int, things: list[Item]) -> None:
    """However much there is: it fits by its estimate, or each section is down to its fewest lines."""
    words = " ".join([word] * times)
    shared = [full(kind, turn, words) for turn in range(turns) for kind in KINDS]
    drawn = drawn_of(shared, things)
    is_within = count_page_lines(drawn) <= (SMALL_PAGE_LINES if drawn.is_small else PAGE_LINES)
    assert is_within or all(len(getattr(drawn, name)) <= limit.fewest for name, limit in LIMITS.items())
    assert is_within or drawn.has_more
