"""What was set for talks, as an export holds it: each thing with what was said to it, and a clinician's own sets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from journal.coming_talk.items import Item
from journal.coming_talk.library import find_title
from journal.coming_talk.own_sets import OwnSet


class TalkItemRecord(msgspec.Struct, frozen=True):
    """One thing that a clinician set for a talk, what its patient said to it, and what became of it."""

    id: UUID
    link_id: UUID
    session_id: UUID
    kind: str
    name: str
    words: str
    why: str
    answer_id: UUID
    said: str
    said_at: datetime | None
    mark: str
    marked_at: datetime | None
    next_id: UUID | None
    written_by: str
    profession: str
    written_at: datetime
    language: str


class TalkThingRecord(msgspec.Struct, frozen=True):
    """One thing of a set."""

    kind: str
    name: str
    words: str
    why: str
    language: str


class TalkSetRecord(msgspec.Struct, frozen=True):
    """A clinician's own set."""

    id: UUID
    name: str
    things: list[TalkThingRecord]
    language: str


def build_talk_item_records(found: Iterable[Item]) -> list[TalkItemRecord]:
    """Return what was set, in the order in which it was; what ships is in words as well."""
    return [
        TalkItemRecord(
            one.id,
            one.link,
            one.session,
            one.thing.kind,
            one.thing.name,
            one.thing.words or find_title(one.thing),
            one.thing.why,
            one.answer,
            one.word.value if one.word else "",
            one.said_at,
            one.mark.value if one.mark else "",
            one.marked_at,
            one.next,
            one.details.written_by,
            one.details.profession,
            one.set_at,
            one.thing.language,
        )
        for one in found
    ]


def build_talk_set_records(found: Iterable[OwnSet]) -> list[TalkSetRecord]:
    """Return a clinician's own sets."""
    return [
        TalkSetRecord(
            one.id,
            one.name,
            [
                TalkThingRecord(each.kind, each.name, each.words or find_title(each), each.why, each.language)
                for each in one.things
            ],
            one.language,
        )
        for one in found
    ]
