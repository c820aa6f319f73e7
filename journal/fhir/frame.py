"""What every resource of one bundle has in common: its id, how others refer to it, and its labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID, uuid5

from journal.catalogue.fields import EntryKind
from journal.fhir.chart import Chart, Meeting, Written
from journal.fhir.codes import IDENTIFIERS, LABELS_BY_KIND, OTHER_LABELS, PSEUDONYMIZED, RESTRICTED, Resource
from journal.measures.lines import FilledMeasure, parse_measure

FORM = "measure.form"


@dataclass(frozen=True)
class Frame:
    """
    A bundle of a chart that is being built.

    Args:
        space: What ids are made of: the same for the same chart, so that a system knows a resource again; under a
            pseudonym a random one, so that nobody does.
        is_pseudonymous: Names, addresses and the practice are left out.
    """

    chart: Chart
    space: UUID
    is_pseudonymous: bool = False

    def make_id(self, kind: str, key: object) -> str:
        """Return the id of a resource by its type and what it is about."""
        return str(uuid5(self.space, f"{kind}/{key}"))

    def refer(self, kind: str, key: object) -> Resource:
        """Return a reference to a resource of this bundle."""
        return {"reference": f"urn:uuid:{self.make_id(kind, key)}"}

    def identify(self, kind: str, key: object) -> Resource:
        """Return an identifier of something that need not be in this bundle."""
        return {"system": IDENTIFIERS, "value": f"urn:uuid:{self.make_id(kind, key)}"}

    @cached_property
    def patient(self) -> Resource:
        """Return a reference to the patient."""
        return self.refer("Patient", self.chart.id)

    def build(self, kind: str, key: object, labels: tuple[Resource, ...] = (), **fields: object) -> Resource:
        """Return an entry of the bundle; fields that are empty are left out, as FHIR wants it."""
        ident = self.make_id(kind, key)
        security = [RESTRICTED, *labels, *((PSEUDONYMIZED,) if self.is_pseudonymous else ())]
        resource: Resource = {"resourceType": kind, "id": ident, "meta": {"security": security}}
        resource |= {name: value for name, value in fields.items() if value not in (None, "", [], {}, ())}
        return {"fullUrl": f"urn:uuid:{ident}", "resource": resource}

    @cached_property
    def meetings(self) -> dict[UUID, Meeting]:
        """Return the sessions of the bundle by their ids."""
        return {one.id: one for one in self.chart.meetings}

    def refer_encounter(self, session: UUID | None) -> Resource | None:
        """Return a reference to a session, if it is in the bundle."""
        return self.refer("Encounter", session) if session in self.meetings else None

    @cached_property
    def entries(self) -> dict[UUID, Written]:
        """Return the entries of the bundle by their ids."""
        return {one.id: one for one in self.chart.written}

    def refer_entry(self, one: Written) -> Resource:
        """Return a reference to what an entry is in the bundle."""
        return self.refer("QuestionnaireResponse" if find_measure(one) else "DocumentReference", one.id)


def find_measure(one: Written) -> FilledMeasure | None:
    """Return the measure that an entry holds, where its text is known."""
    if one.kind != EntryKind.MEASURE:
        return None
    found = (filled for answer in one.answers if answer.id == FORM for filled in parse_measure(answer.value))
    return next((filled for filled in found if filled.instrument is not None), None)


def list_labels(kind: str) -> tuple[Resource, ...]:
    """Return what is sensitive about an entry of a kind."""
    return LABELS_BY_KIND.get(kind, OTHER_LABELS)
