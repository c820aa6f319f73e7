"""What was written: a document reference with its words in a binary resource; earlier versions are superseded."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha1
from types import MappingProxyType

import msgspec

from journal.catalogue import fields
from journal.catalogue.fields import NOTED_BY_OTHERS, EntryKind
from journal.fhir.chart import Written, clean, format_moment
from journal.fhir.codes import NOTE_TYPE, Resource, concept, own_code
from journal.fhir.frame import Frame, list_labels
from journal.measures.scores import SCORE
from journal.records.schema import Answered
from journal.stamps import parse_author

AUTHOR = "plan.by"
PLAIN = "text/plain; charset=utf-8"
RANGES: Mapping[str, str] = MappingProxyType(
    {kind.value: f"{low} to {high}" for kind, (low, high) in fields.RANGES.items()}
)
KINDS = MappingProxyType({kind.value: kind for kind in EntryKind})


def build_document(frame: Frame, one: Written) -> Iterator[Resource]:
    """Yield an entry with its words, and each earlier version, which it replaces."""
    yield from _build_version(frame, one, "current")
    for version in one.earlier:
        yield from _build_version(frame, version, "superseded")


def write_text(one: Written, *, is_pseudonymous: bool = False) -> str:
    """Return an entry as plain text: title, content note, and each question with its answer as it was given."""
    head = [line for line in (one.title, one.note) if line]
    answers = map(_leave_out_name, one.answers) if is_pseudonymous else one.answers
    return "\n\n".join([*head, *map(_write_answer, answers)]) + "\n"


def _leave_out_name(answer: Answered) -> Answered:
    """Return an answer without the name that a part of it is for."""
    if answer.id == AUTHOR:
        author = parse_author(str(answer.value))
        value = replace(author, name="").line.removeprefix(", ") if author else ""
    elif answer.id == SCORE:
        value = "\n".join(str(answer.value).split("\n")[:3])
    else:
        return answer
    return msgspec.structs.replace(answer, value=value)


def _write_answer(answer: Answered) -> str:
    if answer.labels:
        words = "\n".join(answer.labels)
    elif isinstance(answer.value, list):
        words = "\n".join(answer.value)
    else:
        span = RANGES.get(answer.kind)
        words = f"{answer.value} ({span})" if span else str(answer.value)
    return f"{answer.question or answer.id}\n{words}"


def _build_version(frame: Frame, one: Written, status: str) -> Iterator[Resource]:
    body, labels = write_text(one, is_pseudonymous=frame.is_pseudonymous).encode(), list_labels(one.kind)
    kind, is_by_others = KINDS.get(one.kind), one.kind in NOTED_BY_OTHERS
    encounter, title = frame.refer_encounter(one.session_id), clean(one.title)
    attachment = {
        "contentType": PLAIN,
        "language": one.language,
        "url": frame.refer("Binary", one.id)["reference"],
        "size": len(body),
        "hash": b64encode(sha1(body, usedforsecurity=False).digest()).decode(),  # R4 wants this one
        "title": title,
        "creation": format_moment(one.at),
    }
    yield frame.build(
        "DocumentReference",
        one.id,
        labels,
        status=status,
        docStatus="final",
        type=concept(text=kind.label) if kind and is_by_others else NOTE_TYPE,
        category=[concept(*own_code("entry", kind.value, kind.label))] if kind else None,
        subject=frame.patient,
        date=format_moment(one.at) if isinstance(one.at, datetime) else None,
        author=[frame.patient] if one.has_known_author else None,
        relatesTo=[
            {"code": "replaces", "target": frame.refer("DocumentReference", version.id)}
            for version in one.earlier
        ],
        content=[{"attachment": {name: value for name, value in attachment.items() if value != ""}}],
        context={"encounter": [encounter]} if encounter else None,
    )
    yield frame.build(
        "Binary",
        one.id,
        labels,
        contentType=PLAIN,
        securityContext=frame.refer("DocumentReference", one.id),
        data=b64encode(body).decode(),
    )
