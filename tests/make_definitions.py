"""
Fetch what checks FHIR bundles anew: `python tests/make_definitions.py`; run tests/journal/fhir afterwards.

npm brings Medplum's validator and HL7's definitions of R4 (4.0.1). The validator is taken as it is; of the definitions
those of the resources that we write, of all data types, and of the profiles of vital signs, without their narrative;
and the codes of HL7's own systems that a bundle uses.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

VENDOR = Path(__file__).parent / "journal/fhir/vendor"
VERSION = "4.5.2"
RESOURCES = frozenset(
    {
        "AuditEvent",
        "Binary",
        "Bundle",
        "Consent",
        "Device",
        "DocumentReference",
        "DomainResource",
        "Encounter",
        "EpisodeOfCare",
        "MedicationStatement",
        "Observation",
        "Organization",
        "Patient",
        "Practitioner",
        "Provenance",
        "QuestionnaireResponse",
        "Resource",
    }
)
PROFILES = frozenset({"heartrate", "oxygensat"})
PRESSURE = (
    "us-core-blood-pressure"  # the validator does not follow the slices within slices of R4's own profile
)
SYSTEMS = frozenset(
    {
        "consentaction",
        "consentscope",
        "data-absent-reason",
        "observation-category",
        "provenance-participant-type",
        "v3-ActCode",
        "v3-ActReason",
        "v3-Confidentiality",
        "v3-ObservationValue",
        "v3-ParticipationType",
    }
)
NARRATIVE = frozenset({"text", "differential", "mapping", "contact", "extension"})


def fetch(package: str, folder: Path) -> Path:
    """Fetch a package of npm into a folder, and return where its files are."""
    told = subprocess.run(
        ["npm", "pack", "--json", f"@medplum/{package}@{VERSION}"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    with tarfile.open(folder / json.loads(told.stdout)[0]["filename"]) as files:
        files.extractall(folder / package, filter="data")
    return folder / package / "package"


def read_resources(path: Path) -> list[dict[str, Any]]:
    """Return the resources of a bundle of definitions."""
    read = json.loads(path.read_bytes())
    return read if isinstance(read, list) else [one["resource"] for one in read["entry"]]


def select_definitions(folder: Path) -> list[dict[str, Any]]:
    """Return the definitions that are kept, without their narrative."""
    found = [one for one in read_resources(folder / "profiles-resources.json") if one["id"] in RESOURCES]
    found += [one for one in read_resources(folder / "profiles-others.json") if one["id"] in PROFILES]
    found += read_resources(folder / "profiles-types.json")
    usual = read_resources(folder / "testing/uscore-v5.0.1-structuredefinitions.json")
    found += [one for one in usual if one["id"] == PRESSURE]
    kept = [one for one in found if one["resourceType"] == "StructureDefinition"]
    return [{name: value for name, value in one.items() if name not in NARRATIVE} for one in kept]


def select_codes(folder: Path) -> dict[str, list[str]]:
    """Return the codes of the kept systems."""
    systems = {}
    for name in ("v3-codesystems.json", "valuesets.json"):
        for one in read_resources(folder / name):
            if one["resourceType"] == "CodeSystem" and one["url"].rpartition("/")[2] in SYSTEMS:
                systems[one["url"]] = sorted(list_codes(one.get("concept", [])))
    return systems


def list_codes(concepts: list[dict[str, Any]]) -> set[str]:
    """Return the codes of concepts and of those below them."""
    return {one["code"] for one in concepts} | {
        code for one in concepts for code in list_codes(one.get("concept", []))
    }


def pack(content: object) -> bytes:
    """Return something as compressed JSON, the same bytes each time."""
    return gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)


def main() -> None:
    """Fetch, cut and write; print the lines of the note beside them."""
    VENDOR.mkdir(exist_ok=True)
    with TemporaryDirectory() as scratch:
        core, definitions = (fetch(name, Path(scratch)) for name in ("core", "definitions"))
        folder = definitions / "dist/fhir/r4"
        written = {
            "medplum-core.cjs": (core / "dist/cjs/index.cjs").read_bytes(),
            "fhir.schema.json.gz": pack(json.loads((folder / "fhir.schema.json").read_bytes())),
            "definitions.json.gz": pack(select_definitions(folder)),
            "codes.json.gz": pack(select_codes(folder)),
        }
        (VENDOR / "LICENSE").write_bytes((definitions / "LICENSE.txt").read_bytes())
    for name, content in written.items():
        (VENDOR / name).write_bytes(content)
        print(f"| {name} | … | {hashlib.sha256(content).hexdigest()} |", file=sys.stderr)


if __name__ == "__main__":
    main()
