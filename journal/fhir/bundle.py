"""
A chart as a FHIR R4 (4.0.1) bundle of the type collection: docs/export-format.md says what becomes what.

The same chart and the same ids make the same bytes. Each resource is written as it is built, and not kept.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from journal.catalogue.fields import NOTED_BY_OTHERS, EntryKind
from journal.fhir.chart import Written, format_moment
from journal.fhir.codes import BEHAVIORAL, PSEUDONYMIZED, RESTRICTED, Resource
from journal.fhir.documents import build_document
from journal.fhir.frame import Frame, find_measure
from journal.fhir.measures import build_measure, build_other_score
from journal.fhir.observations import build_observations
from journal.fhir.people import build_care, build_people
from journal.fhir.sharing import Told, build_audit_events, build_consents, build_filings, build_provenance

AUTHORED = frozenset({"DocumentReference", "QuestionnaireResponse", "Observation"})
KEPT_OR_OWN = (Told.OWN, Told.KEPT)


def write_bundle(frame: Frame) -> bytes:
    """Return the bundle as JSON."""
    security = [RESTRICTED, BEHAVIORAL, *((PSEUDONYMIZED,) if frame.is_pseudonymous else ())]
    head = {
        "resourceType": "Bundle",
        "meta": {"security": security},
        "type": "collection",
        "timestamp": format_moment(frame.chart.made_at),
    }
    encoder = msgspec.json.Encoder()
    out = bytearray(encoder.encode(head)[:-1] + b',"entry":[')
    for one in build_entries(frame):
        encoder.encode_into(one, out, -1)
        out += b","
    out[-1:] = b"]}"
    return bytes(out)


def build_entries(frame: Frame) -> Iterator[Resource]:
    """Yield the entries of the bundle, in a fixed order."""
    yield from build_people(frame)
    yield from build_care(frame)
    told: dict[Told, list[Resource]] = {one: [] for one in Told}
    for written in frame.chart.written:
        by = Told.IMPORTED if written.is_imported else KEPT_OR_OWN[written.kind in NOTED_BY_OTHERS]
        for one in _build_written(frame, written):
            if one["resource"]["resourceType"] in AUTHORED:
                told[by].append({"reference": one["fullUrl"]})
            yield one
    yield from build_consents(frame)
    yield from build_provenance(frame, told)
    yield from build_filings(frame)
    yield from build_audit_events(frame)


def _build_written(frame: Frame, one: Written) -> Iterator[Resource]:
    filled = find_measure(one)
    if filled is not None:
        yield from build_measure(frame, one, filled)
        return
    yield from build_document(frame, one)
    if one.kind == EntryKind.MEASURE:
        yield from build_other_score(frame, one)
    yield from build_observations(frame, one)
