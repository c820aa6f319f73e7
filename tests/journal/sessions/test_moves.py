"""What a calendar is told of: a session's moves are counted and only ever grow; a link to join by is one address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.sessions.session import (
    LANGUAGE_FIELDS,
    SessionDetails,
    SessionKind,
    Setting,
    Status,
    count_move,
    tell_language,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SESSION = SessionDetails(SessionKind.DOSING, "2026-12-01T09:00", "Europe/Berlin", 120, Setting.HOME)

changes = st.one_of(
    st.builds(lambda hour: {"local": f"2026-12-01T{hour:02}:00"}, st.integers(9, 11)),
    st.sampled_from([{"zone": "Asia/Tokyo"}, {"minutes": 90}, {"note": "a coat"}, {"sitter": "Kim"}]),
    st.builds(lambda status: {"status": status}, st.sampled_from(list(Status))),
)


@given(st.lists(st.tuples(changes, st.integers(-500, 500)), max_size=12))
def test_moves_and_their_time_never_go_back(steps) -> None:
    """However a session changes, and to whatever the clock is set meanwhile, neither number is ever smaller."""
    versions = [count_move(None, SESSION, NOW)]
    for change, hours in steps:
        after = msgspec.structs.replace(versions[-1], **change)
        versions.append(count_move(versions[-1], after, NOW + timedelta(hours=hours)))
    for before, after in pairwise(versions):
        assert after.moves >= before.moves
        assert str(after.moved_at) >= str(before.moved_at)
        told = [(one.local, one.zone, one.minutes, one.status is Status.CANCELLED) for one in (before, after)]
        assert (after.moves > before.moves) is (told[0] != told[1])


def test_what_happens_in_a_session_is_no_move() -> None:
    """Its start, its end and the rest after it leave no trace that a calendar could show."""
    before = count_move(None, SESSION, NOW)
    after = msgspec.structs.replace(
        before, status=Status.INTEGRATING, started_at=NOW.isoformat(), rested_on="2026-12-02", join="a room"
    )
    assert count_move(before, after, NOW + timedelta(days=9)) == after


@pytest.mark.parametrize(
    "typed",
    ["https://video.example.org/room/7?key=a@b", "http://localhost:8080", "HTTPS://Example.org#here"],
)
def test_a_web_address_can_be_followed(typed: str) -> None:
    """One web address and nothing else is a link."""
    assert msgspec.structs.replace(SESSION, join=typed).join_link == typed


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12 Harbour Street",
        "javascript:alert(1)",
        "javascript://example.org/%0aalert(1)",
        "data:text/html,x",
        "ftp://example.org/",
        "//example.org",
        "https://",
        "see https://example.org",
        "https://example.org and ring twice",
        "https://bank.example@evil.example/",
        "https://bank.example:1@evil.example/",
        "https://bank.example\\@evil.example/",
    ],
)
def test_anything_else_is_words(typed: str) -> None:
    """What runs a script, hides its host or has words beside it is shown as it was written, and leads nowhere."""
    assert msgspec.structs.replace(SESSION, join=typed).join_link == ""


def test_a_session_says_in_which_language_its_words_are() -> None:
    """Dose, note and reason each have their own: writing one relabels no other."""

    def spoken(details: SessionDetails) -> tuple[str, ...]:
        return tuple(map(details.find_language, LANGUAGE_FIELDS))

    first = tell_language(None, msgspec.structs.replace(SESSION, note="a coat"), "en")
    assert spoken(first) == ("", "en", "")
    assert spoken(tell_language(None, SESSION, "en")) == ("", "", "")
    moved = tell_language(first, msgspec.structs.replace(first, local="2026-12-02T09:00"), "es")
    assert spoken(moved) == ("", "en", "")
    anew = tell_language(first, msgspec.structs.replace(first, note="un abrigo"), "es")
    assert spoken(anew) == ("", "es", "")
    mixed = tell_language(first, msgspec.structs.replace(first, dose_text="como se dijo"), "es")
    assert spoken(mixed) == ("es", "en", "")
    assert spoken(tell_language(mixed, msgspec.structs.replace(mixed, note=""), "es")) == ("es", "", "")
    told = msgspec.structs.replace(SESSION, dose_text="as told", note="a coat", language="en")  # of before
    assert spoken(told)[:2] == ("en", "en")
    later = tell_language(told, msgspec.structs.replace(told, cancel_reason="enfermedad"), "es")
    assert spoken(later) == ("en", "en", "es")
    unknown = msgspec.structs.replace(told, language="")
    later = tell_language(unknown, msgspec.structs.replace(unknown, cancel_reason="ill"), "en")
    assert spoken(later) == ("", "", "en")
