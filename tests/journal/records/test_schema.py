"""docs/export-format.md says what an export holds: it is read here and held against the code."""

from __future__ import annotations

import json
import re
import types
import typing
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from journal.audit.acts import Act
from journal.catalogue.fields import EntryKind, FieldKind
from journal.clinic.call_contacts import CallRole
from journal.notices.history import NoticeState
from journal.packets import composing, making
from journal.records import messages, own, schema, signing, talks
from journal.records.mapping import UNKNOWN_KIND
from journal.roles import Role
from journal.sessions.session import Phase, Route, SessionDetails, SessionKind, Setting, Status
from journal.sitter.lines import NoteKind
from journal.vault.documents import Reason

PAGE = (Path(__file__).parents[3] / "docs" / "export-format.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
SHAPES: dict[str, Any] = {
    name: shape
    for module in (messages, own, schema, signing, talks)
    for name, shape in vars(module).items()
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct)
} | {
    one.__name__: one
    for one in (
        composing.PacketRecord,
        composing.PacketSession,
        composing.PacketMaker,
        composing.PacketConsent,
        composing.PacketScore,
        composing.PacketReference,
        composing.PacketEntry,
        making.PacketManifest,
    )
}
CODES: dict[str, set[str]] = {
    "`role`": {one.value for one in Role},
    "kind of an entry or copy": {one.value for one in EntryKind},
    "`kind` of an answer": {one.value for one in FieldKind} | {UNKNOWN_KIND},
    "`role` of somebody to call": {one.value for one in CallRole},
    "`kind` of a sitter's note": {one.value for one in NoteKind},
    "`kind` of a session": {one.value for one in SessionKind},
    "`status`": {one.value for one in Status},
    "`setting`": {one.value for one in Setting},
    "`route`": {one.value for one in Route},
    "`phase`": {one.value for one in Phase},
    "`reason`": {one.value for one in Reason},
    "`state`": {"active", "paused", "ended"},
    "`state` of a notice": {one.value for one in NoticeState},
    "`action`": {one.value for one in Act},
}
WRITTEN_AS_TEXT = {("Answered", "kind"), ("EntryRecord", "kind"), ("CopyRecord", "kind")} | {
    ("LinkRecord", "state"),
    ("PatientRecord", "state"),
    ("ShareRecord", "attention"),
    ("CopyRecord", "attention"),
}


def documented(name: str) -> list[tuple[str, str]]:
    """Read the table of one shape: fields and their types, in their order."""
    return re.findall(r"^\| `(\w+)` \| ([^|]+) \|", SECTIONS[name], re.MULTILINE)


def in_words(annotation: Any) -> str:
    """Return a field's type as the page says it."""
    plain = {str: "text", int: "number", bool: "yes or no", UUID: "id", date: "day", datetime: "time"}
    if annotation in plain:
        return plain[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "code"
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return f"`{annotation.__name__}`"
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is list:
        return f"list of {in_words(parts[0])}"
    if isinstance(annotation, types.UnionType) and parts[-1] is type(None):
        return f"{in_words(parts[0])} or null"
    return ", ".join(in_words(part) for part in parts[:-1]) + f" or {in_words(parts[-1])}"


def test_every_shape_has_its_section_and_no_other():
    """The page describes what is exported and nothing else."""
    assert set(SECTIONS) == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_every_field_is_documented_with_its_type(name):
    """A field of a shape stands in its table, in its place and with its type; and no other does."""
    hints = typing.get_type_hints(SHAPES[name])
    found = []
    for field in SHAPES[name].__struct_fields__:
        kind = "code" if (name, field) in WRITTEN_AS_TEXT else in_words(hints[field])
        found.append((field, kind))
    assert documented(name) == found


@pytest.mark.parametrize("name", [name for name, section in SECTIONS.items() if "```json" in section])
def test_every_example_is_of_its_shape(name):
    """An example opens as the shape that it illustrates, and comes out as it went in."""
    (example,) = re.findall(r"```json\n(.*?)```", SECTIONS[name], re.DOTALL)
    opened = msgspec.json.decode(example, type=SHAPES[name])
    assert msgspec.json.decode(msgspec.json.encode(opened)) == json.loads(example)


def test_the_examples_are_many_enough_to_be_of_use():
    """There is an example of the manifest, of an entry and of a share."""
    assert PAGE.count("```json") == 3


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_documented(code):
    """Each value that a code can have stands in its line of section 5, and no other."""
    (line,) = re.findall(
        rf"^\| {re.escape(code)} \| (.*) \|$", PAGE.partition("## 5.")[2].partition("## 6.")[0], re.MULTILINE
    )
    assert set(re.findall(r"`([\w.-]+)`", line)) == CODES[code]


def test_nothing_known_of_a_session_stays_behind():
    """Every field of a session is exported, also one that is added some day."""
    # One language for all words stands for each of them; at which revision they were sealed concerns nobody.
    before = {"language", "words_at"}
    assert set(SessionDetails.__struct_fields__) - before <= set(schema.SessionRecord.__struct_fields__)


def test_the_page_names_the_version():
    """The page's title has the version that the manifest carries."""
    assert PAGE.startswith(f"# The export format, version {schema.SCHEMA_VERSION}\n")
