"""What opens and is no document all the same: the other reader of a link, or a file, can have sealed anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from crypto import Sealer
from journal.care.documents import ShareDocument, share_context
from journal.coming_talk.documents import ItemDetails, MarkDetails, Thing, WordDetails
from journal.errors import Damaged
from journal.replies.documents import ReplyDocument
from journal.sealing import encode_document, open_document, seal_document
from journal.time_zones import parse_stored
from journal.vault.contents import open_page, page_context
from journal.vault.documents import EntryDocument, decode_entry

KEY = Sealer(bytes(32))
HERE = share_context(UUID(int=1), UUID(int=2), 1)
NOON = "2026-11-22T12:00:00+00:00"
DEEP = 100_000
UNREADABLE = {
    "nothing": b"",
    "no JSON": b"swifts",
    "another shape": b"[]",
    "no UTF-8": b'{"kind":"free","title":"\xff"}',
    "no UTF-8 in a name of an answer": b'{"kind":"free","answers":{"\xff":1}}',
    "nested without end": b'{"kind":"free","answers":{"a":' + b"[" * DEEP,
    "nested deeply": b'{"kind":"free","else":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "endless number": b'{"kind":"free","answers":{"a":' + b"9" * 5000 + b"}}",
    "no UTF-8 in a line": b'[[0,"\xff"',
    "a half of a letter": b'{"kind":"free","title":"\\ud800"}',
}
NO_TIMES = (
    "",
    "soon",
    "2026-11-22",
    "2026-11-22T12:00:00",
    "2026-02-30T12:00:00+00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "1969-12-31T23:59:59+00:00",
)


@dataclass
class Mark:
    """As the root names the page."""

    tag: bytes
    number: int = 0
    revision: int = 1
    lines: int = 1
    oldest: int = 0


@pytest.mark.parametrize("plain", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_document_is_damaged(plain: bytes) -> None:
    """Whatever was sealed in place of a document, its reader is told that it is damaged."""
    with pytest.raises(Damaged):
        open_document(KEY, KEY.seal(plain, context=HERE), HERE, EntryDocument)
    with pytest.raises(Damaged):
        decode_entry(plain)


@pytest.mark.parametrize("plain", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_contents_page_is_damaged(plain: bytes) -> None:
    """The same for a page of the contents, whose tag is right."""
    owner = UUID(int=3)
    sealed = KEY.seal(plain, context=page_context(owner, 0, 1))
    with pytest.raises(Damaged):
        open_page(KEY, owner, Mark(sealed[-16:]), sealed)  # type: ignore[arg-type]


def list_documents(time: str) -> list[tuple[type[msgspec.Struct], dict[str, object]]]:
    """What the other side of a link seals, with *time* in the place of each of its times."""
    copy: dict[str, object] = {
        "kind": "free",
        "title": "",
        "session_id": None,
        "answers": {},
        "fields": [],
        "entry_revision": 1,
    }
    reply: dict[str, object] = {
        "share": "",
        "entry": "",
        "author": "patient",
        "written_by": "",
        "number": 1,
        "text": "Thank you",
    }
    item: dict[str, object] = {
        "thing": Thing("question"),
        "session": "",
        "answer": "",
        "written_by": "",
        "profession": "",
    }
    return [
        (ShareDocument, copy | {"written_at": time, "shared_at": NOON}),
        (ShareDocument, copy | {"written_at": NOON, "shared_at": time}),
        (ReplyDocument, reply | {"written_at": time}),
        (ItemDetails, item | {"written_at": time}),
        (WordDetails, {"word": "not-now", "said_at": time}),
        (MarkDetails, {"mark": "talked", "marked_at": time}),
    ]


@pytest.mark.parametrize("time", NO_TIMES)
@pytest.mark.parametrize("number", range(6))
def test_a_time_that_is_none_does_not_open(number: int, time: str) -> None:
    """What the other side of a link seals with a time that is none is damaged, and breaks no page."""
    kind, fields = list_documents(time)[number]
    with pytest.raises(Damaged):
        open_document(KEY, KEY.seal(msgspec.json.encode(fields), context=HERE), HERE, kind)


@pytest.mark.parametrize("number", range(6))
def test_a_time_that_is_one_opens(number: int) -> None:
    """The same documents open with a time."""
    kind, fields = list_documents(NOON)[number]
    made = msgspec.convert(fields, kind)
    assert open_document(KEY, seal_document(KEY, made, HERE), HERE, kind) == made
    assert encode_document(made)


def test_a_moment_is_told_in_utc() -> None:
    """A moment is the same wherever its writer's clock stood."""
    assert parse_stored("2026-11-22T13:00:00+01:00") == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert parse_stored("1970-01-01T00:00:00Z").year == 1970
    assert parse_stored("9998-12-31T23:59:59Z").year == 9998
