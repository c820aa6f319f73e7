"""What a packet holds follows from the choice alone: no word of anything that was not chosen, anywhere in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.forms import FORMS
from journal.errors import InvalidInput
from journal.packets.choice import (
    apply_ticks,
    build_test,
    list_past_sessions,
    list_sessions,
    read_choice,
    require_told,
)
from journal.packets.composing import BY_PATIENT, Content, PacketConsent, PacketMaker, compose, make_id
from journal.packets.documents import MAX_PIECES, NOT_OFFERED, OFFERED_KINDS, Choice, Part, Span
from journal.records.archive import encode_json
from journal.sessions.rows import Session
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting
from journal.sharing.copies import list_shareable_parts
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAME = "Alice Sample"
SPACE = UUID(int=7000)
WRITTEN = (FieldKind.TEXT, FieldKind.LINE)
ASKED = {
    kind: [one for one in FORMS[kind].fields if one.kind in WRITTEN]
    for kind in EntryKind
    if kind in FORMS and any(one.kind in WRITTEN for one in FORMS[kind].fields)
}


def session(number: int, days: int, course: UUID | None = None) -> Session:
    """A dosing session some days from today, with words of its own."""
    at = NOON + timedelta(days=days)
    details = SessionDetails(
        SessionKind.DOSING,
        f"{at:%Y-%m-%dT%H:%M}",
        "UTC",
        120,
        Setting.HOME,
        Route.SUBLINGUAL,
        note=f"session{number}note",
        sitter=f"session{number}sitter",
        dose_text=f"session{number}dose",
    )
    return Session(UUID(int=number), UUID(int=99), course, 1, details, at, at + timedelta(hours=2))


@st.composite
def journals(draw: st.DrawFn) -> list[Entry]:
    """Entries of any kind in which every word is another one."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(sorted(ASKED)))
        asked = draw(st.lists(st.sampled_from(ASKED[kind]), unique_by=lambda one: one.id, max_size=4))
        document = EntryDocument(
            kind.value,
            draw(st.sampled_from(("", f"word{number}title"))),
            draw(st.sampled_from(("", f"word{number}note"))),
            answers={one.id: f"word{number}at{place}" for place, one in enumerate(asked)},
        )
        at = NOON - timedelta(days=draw(st.integers(0, 400)), minutes=number)
        found.append(Entry(UUID(int=number + 1), 1, document, at, at, None))
    return found


def parts_of(entry: Entry) -> dict[str, str]:
    """Each part of an entry with its one word."""
    document = entry.document
    heads = {"title": document.title, "note": document.note}
    return {part: str(words) for part, words in {**heads, **document.answers}.items() if words}


def composed(
    choice: Choice,
    entries: list[Entry],
    plan: tuple[Session, ...] = (),
    made_by: PacketMaker = BY_PATIENT,
    space: UUID = SPACE,
) -> Content:
    """Compose a packet of what lies in its time."""
    lies = build_test(choice, plan, BERLIN)
    opened = [one for one in entries if lies(one.document.kind, one.document.session_id, one.created_at)]
    return compose(
        choice,
        opened,
        space=space,
        name=NAME,
        now=NOON.astimezone(BERLIN),
        zone_name=BERLIN.key,
        sessions=list_past_sessions(choice, plan, BERLIN, NOON),
        consents=(PacketConsent("Bob Example", "therapist", NOON.date(), is_paused=False),),
        made_by=made_by,
    )


@given(data=st.data(), entries=journals())
def test_it_holds_what_was_chosen_and_no_word_of_anything_else(
    data: st.DataObject, entries: list[Entry]
) -> None:
    """For any journal and choice: each chosen part that can be shared is in the data, and no other word is."""
    pieces: dict[str, tuple[str, ...]] = {}
    for one in entries:
        is_chosen = data.draw(st.booleans())
        if is_chosen and parts_of(one):
            parts = st.lists(st.sampled_from(sorted(parts_of(one))), unique=True)
            pieces[one.id.hex] = tuple(data.draw(parts))
    span, since = data.draw(st.sampled_from((Span.ALL, Span.DATES))), data.draw(st.integers(0, 400))
    first = (NOON - timedelta(days=since)).astimezone(BERLIN).date().isoformat()
    days = (first, "2026-11-22") if span is Span.DATES else ("", "")
    ticked = data.draw(st.lists(st.sampled_from(list(Part)), unique=True))
    plan = (session(7, -3), session(8, -500), session(9, 3))
    choice = Choice(span, "", *days, tuple(ticked), pieces, "her recipient", "her purpose")
    content = composed(choice, entries, plan)
    said = encode_json(content.record).decode()
    for one in entries:
        lies = span is Span.ALL or days[0] <= one.created_at.astimezone(BERLIN).date().isoformat() <= days[1]
        can_leave = set(list_shareable_parts(one)) if one.document.kind in OFFERED_KINDS else set()
        for part, word in parts_of(one).items():
            leaves = lies and part in pieces.get(one.id.hex, ()) and part in can_leave
            assert (f'"{word}"' in said) is leaves, (part, word)
    assert (NAME in said) is (Part.NAME in ticked)
    assert ("Bob Example" in said) is (Part.CONSENT in ticked)
    is_there = Part.SESSIONS in ticked and (span is Span.ALL or since >= 3)
    assert (str(make_id(SPACE, UUID(int=7))) in said) is is_there
    assert str(make_id(SPACE, UUID(int=9))) not in said
    assert UUID(int=7).hex not in said.replace("-", "")
    for word in ("session7note", "session7sitter", "session7dose", "her recipient", "her purpose"):
        assert word not in said


def test_a_kind_that_others_wrote_in_is_never_in_it() -> None:
    """Not even where somebody bends what was chosen."""
    one = Entry(UUID(int=1), 1, EntryDocument("replies", "word"), NOON, NOON, None)
    assert EntryKind.REPLIES in NOT_OFFERED
    assert composed(Choice(pieces={one.id.hex: ("title",)}), [one]).pieces == ()


def test_scores_have_version_cutoff_and_change() -> None:
    """Of each measure in its order: the total, what changed since the last, and what was published of cut-offs."""

    def filled(number: int, day: str, value: int, items: int = 9) -> Entry:
        lines = ["instrument=phq9", "version=1", "language=en", f"day={day}"]
        lines += [f"{item}={value}" for item in range(1, items + 1)]
        at = NOON - timedelta(days=10 - number)
        document = EntryDocument("measure", answers={"measure.form": lines})
        return Entry(UUID(int=number), 1, document, at, at, None)

    entries = [filled(3, "2026-11-03", 1), filled(1, "2026-11-01", 2), filled(2, "2026-11-02", 2, items=3)]
    choice = Choice(pieces={one.id.hex: ("measure.form",) for one in entries})
    scores = composed(choice, entries).scores
    assert [(one.day, one.total, one.answered, one.change) for one in scores] == [
        ("2026-11-01", 18, 9, None),
        ("2026-11-02", None, 3, None),
        ("2026-11-03", 9, 9, -9),
    ]
    assert {(one.name, one.version, one.most, one.asked) for one in scores} == {("PHQ-9", "1", 27, 9)}
    assert ["Totals of 10 or more" in one.references[0].text for one in scores] == [True] * 3
    assert all("Kroenke" in one.references[0].source for one in scores)


@pytest.mark.parametrize(
    ("span", "days", "told", "wrong"),
    [
        ("", ("", ""), ("", ""), {"span"}),
        ("never", ("", ""), ("", ""), {"span"}),
        ("all.7", ("", ""), ("", ""), {"span"}),
        (f"session.{UUID(int=8).hex}", ("", ""), ("", ""), {"span"}),
        (f"course.{UUID(int=7).hex}", ("", ""), ("", ""), {"span"}),
        ("dates", ("", "2026-11-22"), ("", ""), {"first_date"}),
        ("dates", ("2026-11-22", "2026-11-21"), ("", ""), {"last_date"}),
        ("dates", ("2026-11-31", "soon"), ("", ""), {"first_date", "last_date"}),
        ("all", ("", ""), ("x" * 201, "y" * 501), {"recipient", "purpose"}),
    ],
)
def test_what_is_no_choice_is_refused(
    span: str, days: tuple[str, str], told: tuple[str, str], wrong: set[str]
) -> None:
    """Each field that is wrong is named, and nothing is taken for something else."""
    with pytest.raises(InvalidInput) as refused:
        read_choice(Choice(), span, days, (), told, (session(7, -3),), "en")
    assert set(refused.value.fields) == wrong


def test_what_is_wrong_is_told_in_the_order_of_the_page() -> None:
    """The list above the form goes down the form."""
    with pytest.raises(InvalidInput) as refused:
        read_choice(Choice(), "dates", ("", ""), (), ("x" * 201, "y" * 501), (), "en", "z" * 101)
    assert [*refused.value.fields] == ["first_date", "last_date", "recipient", "purpose", "masked"]


def test_a_time_is_a_course_a_session_or_days() -> None:
    """Sessions and entries lie in it by the course, the session itself, or the patient's own days."""
    course = UUID(int=5)
    plan = (session(1, -40), session(2, -20, course), session(3, -3, course))
    for span, about, there in (
        (Span.ALL, "", [1, 2, 3]),
        (Span.COURSE, course.hex, [2, 3]),
        (Span.SESSION, UUID(int=2).hex, [2]),
    ):
        choice = Choice(span, about)
        assert [one.id.int for one in list_sessions(choice, plan, BERLIN)] == there
        lies = build_test(choice, plan, BERLIN)
        found = [lies("free", None, NOON - timedelta(days=days)) for days in (39, 19, 2)]
        assert found == [number in there for number in (1, 2, 3)]
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # the 22nd in Berlin
    lies = build_test(Choice(Span.DATES, "", "2026-11-22", "2026-11-22"), plan, BERLIN)
    assert (lies("free", None, late), lies("free", None, late - timedelta(hours=1))) == (True, False)


def test_ticks_of_a_page_leave_other_pages_alone() -> None:
    """Parts that are ticked win over the whole; what no page showed cannot be chosen by it."""
    before = Choice(pieces={"aa": ("title",), "bb": ("title",), "cc": ("note",)})
    shown = {"bb": ("title", "note"), "cc": ("note",), "dd": ("title", "note")}
    after = apply_ticks(before, shown, ["dd", "ee"], ["bb.note", "dd.title", "bb.secret", "ff.title"])
    assert after.pieces == {"aa": ("title",), "bb": ("note",), "dd": ("title",)}
    assert apply_ticks(before, shown, ["bb"], []).pieces == {"aa": ("title",), "bb": ("title", "note")}
    with pytest.raises(InvalidInput):
        apply_ticks(
            Choice(),
            {str(one): ("title",) for one in range(MAX_PIECES + 1)},
            map(str, range(MAX_PIECES + 1)),
            [],
        )


def test_it_is_said_for_whom_and_what_for() -> None:
    """Without either nothing is made."""
    with pytest.raises(InvalidInput) as refused:
        require_told(Choice(recipient="Dr. Willow"))
    assert set(refused.value.fields) == {"purpose"}
    require_told(Choice(recipient="Dr. Willow", purpose="A second opinion"))


def test_who_it_is_for_keeps_the_language_in_which_it_was_written() -> None:
    """A form in another language that changes neither line leaves it."""
    first = read_choice(Choice(), "all", ("", ""), (), ("her doctor", "a talk"), (), "en")
    again = read_choice(first, "all", ("", ""), ("plan",), ("her doctor", "a talk"), (), "es")
    assert (first.language, again.language) == ("en", "en")
    assert read_choice(again, "all", ("", ""), (), ("su médica", "a talk"), (), "es").language == "es"
