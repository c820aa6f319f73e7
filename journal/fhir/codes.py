"""Codes of FHIR R4 4.0.1 (HL7), LOINC, SNOMED CT, RxNorm and UCUM that a bundle uses, and the one system of our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from journal.catalogue.fields import EntryKind
from journal.sessions.session import Route, Setting, Status

OURS = "urn:oid:2.25.147624383608375637991856097327641869345"
"""The system of codes that no terminology has; the number is that of a UUID (ITU-T X.667), and names no host."""
IDENTIFIERS = "urn:ietf:rfc:3986"
LOINC, SNOMED, RXNORM = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
)
UCUM, DICOM = "http://unitsofmeasure.org", "http://dicom.nema.org/resources/ontology/DCM"
HL7 = "http://terminology.hl7.org/CodeSystem/"
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"

Resource = dict[str, Any]

_CODE = re.compile(r"[!-~]{1,100}")


def code(system: str, value: str, display: str = "") -> Resource:
    """Return a coding; *system* may be the name of one of HL7's."""
    where = system if ":" in system else HL7 + system
    return {"system": where, "code": value} | ({"display": display} if display else {})


def own_code(group: str, value: str, display: str = "") -> list[Resource]:
    """Return the coding of something that only we have a code for; none for what cannot be one."""
    return [code(OURS, f"{group}/{value}", display)] if _CODE.fullmatch(value) else []


def concept(*codings: Resource, text: str = "") -> Resource:
    """Return a concept of codings and words."""
    return ({"coding": list(codings)} if codings else {}) | ({"text": text} if text else {})


def quantity(value: float, unit: str, name: str) -> Resource:
    """Return a number with a UCUM unit."""
    whole = int(value) if value == int(value) else value
    return {"value": whole, "unit": name, "system": UCUM, "code": unit}


RESTRICTED = code("v3-Confidentiality", "R", "restricted")
PSEUDONYMIZED = code("v3-ObservationValue", "PSEUDED", "pseudonymized")
BEHAVIORAL = code("v3-ActCode", "BH", "behavioral health information sensitivity")
MENTAL = code("v3-ActCode", "MH", "mental health information sensitivity")
PSYCHIATRIC = code("v3-ActCode", "PSY", "psychiatry disorder information sensitivity")
SUBSTANCES = code("v3-ActCode", "SUD", "substance use disorder information sensitivity")

SURVEY = concept(code("observation-category", "survey", "Survey"))
VITAL_SIGNS = concept(code("observation-category", "vital-signs", "Vital Signs"))
NOTE_TYPE = concept(code(LOINC, "51855-5", "Patient Note"))
UNKNOWN = concept(code("data-absent-reason", "unknown", "Unknown"))

ENCOUNTER_CLASSES: Mapping[Setting, Resource] = MappingProxyType(
    {
        Setting.CLINIC: code("v3-ActCode", "AMB", "ambulatory"),
        Setting.HOME: code("v3-ActCode", "HH", "home health"),
        Setting.TELEHEALTH_HOME: code("v3-ActCode", "VR", "virtual"),
    }
)
ENCOUNTER_STATUSES: Mapping[Status, str] = MappingProxyType(
    {
        Status.PLANNED: "planned",
        Status.PREPARING: "planned",
        Status.DAY_OF: "planned",
        Status.IN_SESSION: "in-progress",
        Status.RECOVERING: "finished",
        Status.INTEGRATING: "finished",
        Status.CLOSED: "finished",
        Status.CANCELLED: "cancelled",
        Status.STOPPED_EARLY: "finished",
    }
)
ROUTES: Mapping[Route, Resource] = MappingProxyType(
    {
        Route.IV: code(SNOMED, "47625008", "Intravenous route"),
        Route.IM: code(SNOMED, "78421000", "Intramuscular route"),
        Route.INTRANASAL_ESKETAMINE: code(SNOMED, "46713006", "Nasal route"),
        Route.SUBLINGUAL: code(SNOMED, "37839007", "Sublingual route"),
        Route.ORAL: code(SNOMED, "26643006", "Oral route"),
        Route.SUBCUTANEOUS: code(SNOMED, "34206005", "Subcutaneous route"),
    }
)
KETAMINE = code(RXNORM, "6130", "ketamine")
LABELS_BY_KIND: Mapping[str, tuple[Resource, ...]] = MappingProxyType(
    {
        EntryKind.MEASURE.value: (MENTAL,),
        EntryKind.CHECK_IN.value: (MENTAL, SUBSTANCES),
        EntryKind.EVALUATION.value: (MENTAL, PSYCHIATRIC, SUBSTANCES),
    }
)
"""What is sensitive about what an entry holds, by its kind; of all others it is that of a mind in treatment."""
OTHER_LABELS = (MENTAL, PSYCHIATRIC)
