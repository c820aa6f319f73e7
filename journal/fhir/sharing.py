"""Who may read what, who wrote it, and who did what: consents, provenance and audit events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from journal.audit.acts import REFUSALS, Act
from journal.fhir.chart import Deed, Grant, Written, format_moment
from journal.fhir.codes import BEHAVIORAL, DICOM, Resource, code, concept, own_code
from journal.fhir.frame import Frame

ABOUT_RECORDS = ("share.", "records.", "care.", "reply.", "entry.", "disclosures.")
"""The acts that tell of records, by how their codes begin; not when somebody signed in, or changed a password."""
EXPORTS = frozenset({Act.RECORDS_TAKEN, Act.PACKET_MADE, Act.DISCLOSURES_TAKEN})
LABELS = (BEHAVIORAL,)
SCOPE = concept(code("consentscope", "patient-privacy", "Privacy Consent"))
DISCLOSURE = concept(code("v3-ActCode", "IDSCL", "information disclosure"))
OPT_IN = concept(code("v3-ActCode", "OPTIN", "opt-in"))
RECIPIENT = concept(code("v3-ParticipationType", "IRCP", "information recipient"))
TREATMENT = code("v3-ActReason", "TREAT", "treatment")
ACCESS = concept(code("consentaction", "access", "Access"))
EXPORT = code(DICOM, "110106", "Export")
A_FILE = "A file that the patient imported: who wrote it is not known"


class Told(StrEnum):
    """How it is known who wrote something: the patient did here, keeps what others wrote here, or imported a file."""

    OWN = "written"
    KEPT = "kept"
    IMPORTED = "imported"


PARTS = {
    Told.OWN: ("author", "Author"),
    Told.KEPT: ("custodian", "Custodian"),
    Told.IMPORTED: ("enterer", "Enterer"),
}
"""What the patient has to do with it, as FHIR calls that."""
PATIENT_RECORD = code(DICOM, "110110", "Patient Record")


def build_consents(frame: Frame) -> Iterator[Resource]:
    """Yield each share as a consent: active while it stands, inactive once it was revoked."""
    readers = {one.id for one in frame.chart.colleagues}
    for one in frame.chart.grants:
        is_known = one.reader in readers
        yield frame.build(
            "Consent",
            one.id,
            LABELS,
            status="active" if one.is_active else "inactive",
            scope=SCOPE,
            category=[DISCLOSURE],
            patient=frame.patient,
            dateTime=format_moment(one.at),
            performer=[frame.patient],
            policyRule=OPT_IN,
            provision={
                "type": "permit",
                **({"period": {"end": one.until}} if one.until else {}),
                **(
                    {"actor": [{"role": RECIPIENT, "reference": frame.refer("Practitioner", one.reader)}]}
                    if is_known
                    else {}
                ),
                "action": [ACCESS],
                "purpose": [TREATMENT],
                "data": [{"meaning": "instance", "reference": _refer_shared(frame, one)}],
            },
        )


def build_provenance(frame: Frame, told: Mapping[Told, Sequence[Resource]]) -> Iterator[Resource]:
    """
    Yield who wrote what, who chose of it, and that a program put it together.

    Args:
        told: References to what was written, by how it is known who wrote it.
    """
    maker = frame.chart.maker
    for by, patient, targets in ((one, PARTS[one], told.get(one)) for one in Told):
        people = [(*patient, frame.patient), ("assembler", "Assembler", frame.refer("Device", "hearthside"))]
        if maker is not None:
            people.append(("composer", "Composer", frame.refer("Practitioner", maker)))
        if targets:
            yield frame.build(
                "Provenance",
                by.value,
                target=list(targets),
                recorded=format_moment(frame.chart.made_at),
                agent=[{"type": _agent(value, display), "who": who} for value, display, who in people],
                entity=[{"role": "source", "what": {"display": A_FILE}}] if by is Told.IMPORTED else None,
            )


def build_filings(frame: Frame) -> Iterator[Resource]:
    """Yield each time that a reader filed what is shared with them: the record of their practice has a copy of it."""
    readers = {one.id for one in frame.chart.colleagues}
    for one in frame.chart.grants:
        for at in one.filed if one.reader in readers else ():
            yield frame.build(
                "Provenance",
                f"filed/{one.id}/{at.isoformat()}",
                LABELS,
                target=[_refer_shared(frame, one)],
                recorded=format_moment(at),
                activity=concept(*own_code("act", Act.SHARE_FILED.value)),
                agent=[
                    {"type": _agent("custodian", "Custodian"), "who": frame.refer("Practitioner", one.reader)}
                ],
            )


def build_audit_events(frame: Frame) -> Iterator[Resource]:
    """Yield the acts of the log that tell of records."""
    people = {one.id: frame.refer("Practitioner", one.id) for one in frame.chart.colleagues}
    people[frame.chart.id] = frame.patient
    for number, one in enumerate(frame.chart.deeds):
        if one.action.startswith(ABOUT_RECORDS):
            yield _build_event(frame, number, one, people.get(one.actor) if one.actor else None)


def _build_event(frame: Frame, number: int, one: Deed, who: Resource | None) -> Resource:
    agent: Resource = {"requestor": True, "who": who} if who else {"requestor": False}
    return frame.build(
        "AuditEvent",
        f"{number}/{one.at.isoformat()}",
        LABELS,
        type=EXPORT if one.action in EXPORTS else PATIENT_RECORD,
        subtype=own_code("act", one.action.value),
        action="R" if one.action in EXPORTS or one.action is Act.SHARE_OPENED else "E",
        recorded=format_moment(one.at),
        outcome="4" if one.action in REFUSALS else "0",
        agent=[agent],
        source={"observer": frame.refer("Device", "hearthside")},
        entity=[{"what": {"identifier": frame.identify("object", one.about)}}] if one.about else None,
    )


def _agent(value: str, display: str) -> Resource:
    return concept(code("provenance-participant-type", value, display))


def _refer_shared(frame: Frame, one: Grant) -> Resource:
    """Return what a share is about: the entry where all of it was shared, else the copy, which is not in the bundle."""
    entry = frame.entries.get(one.entry_id) if one.entry_id else None
    if entry is not None and one.parts >= _list_parts(entry):
        return frame.refer_entry(entry)
    parts = "What the patient chose to share" if not one.parts else "A copy of chosen parts of an entry"
    return {"type": "DocumentReference", "identifier": frame.identify("object", one.id), "display": parts}


def _list_parts(entry: Written) -> frozenset[str]:
    heads = {"title": entry.title, "note": entry.note}
    return frozenset([name for name, words in heads.items() if words] + [one.id for one in entry.answers])
