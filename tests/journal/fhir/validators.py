"""
Three readers of FHIR R4 that we did not write, and what none of them looks at: codes of HL7's systems, and references.

Medplum's validator runs once for a module, in the Node.js that Playwright brings.
"""

from __future__ import annotations

import gzip
import json
import subprocess
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Any

import jsonschema
from fhir.resources.R4B import get_fhir_model_class
from playwright._impl._driver import compute_driver_executable

from tests.journal.fhir.reading import Resource, walk

HERE = Path(__file__).parent
VENDOR = HERE / "vendor"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
PROFILES = {
    "85354-9": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-blood-pressure",
    "8867-4": "http://hl7.org/fhir/StructureDefinition/heartrate",
    "2708-6": "http://hl7.org/fhir/StructureDefinition/oxygensat",
}
"""
The profiles that an observation has to fit by its code, whether it names them or not.

Of blood pressure it is US Core's, which asks for the same: the validator does not follow the slices of R4's own.
"""


def read_vendored(name: str) -> Any:
    return json.loads(gzip.decompress((VENDOR / name).read_bytes()))


class Structures:
    """Medplum's validator: what a resource must have by HL7's definitions, and the rules of each."""

    def __init__(self) -> None:
        node = compute_driver_executable()[0]
        self._process = subprocess.Popen(
            [node, str(HERE / "check_structure.cjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def check(self, resource: Resource) -> list[str]:
        """Return what is wrong with a resource."""
        found = self._ask(resource, None)
        for coding in (
            resource.get("code", {}).get("coding", []) if resource["resourceType"] == "Observation" else []
        ):
            if coding.get("code") in PROFILES:
                found += self._ask(resource, PROFILES[coding["code"]])
        return found

    def _ask(self, resource: Resource, profile: str | None) -> list[str]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"resource": resource, "profile": profile}) + "\n")
        process.stdin.flush()
        return [one for one in json.loads(process.stdout.readline()) if not one.startswith("warning")]

    def close(self) -> None:
        self._process.communicate()


@cache
def _schema() -> Resource:
    schema: Resource = read_vendored("fhir.schema.json.gz")
    # An entry of a bundle is checked as what it says it is, and not as any of a hundred resources.
    schema["definitions"]["ResourceList"] = True
    return schema


@cache
def _schema_of(kind: str) -> jsonschema.Draft6Validator:
    return jsonschema.Draft6Validator(
        {"definitions": _schema()["definitions"], "$ref": f"#/definitions/{kind}"}
    )


def check_schema(resource: Resource) -> list[str]:
    """Return what is wrong by the R4 JSON schema."""
    return [
        f"{list(one.absolute_path)}: {one.message[:200]}"
        for one in _schema_of(resource["resourceType"]).iter_errors(resource)
    ]


def check_model(resource: Resource) -> list[str]:
    """Return what is wrong by the models of `fhir.resources`, and what they do not hand back as they got it."""
    try:
        read = get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
    except ValueError as error:
        return [str(error)[:300]]
    back = json.loads(read.model_dump_json())
    return [] if _same(back, resource) else [f"read back differently: {back}"]


def _same(one: Any, other: Any) -> bool:
    """Return whether two are the same, whichever way a time is written in UTC."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, str) and isinstance(other, str):
        return one.replace("+00:00", "Z") == other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return float(one) == float(other)
    return bool(one == other)


@cache
def _codes() -> dict[str, frozenset[str]]:
    return {url: frozenset(codes) for url, codes in read_vendored("codes.json.gz").items()}


def check_codes(resource: Resource) -> list[str]:
    """Return the codes that HL7's systems do not have."""
    return [
        f"{one['system']} has no {one['code']}"
        for one in walk(resource)
        if str(one.get("system", "")).startswith(HL7)
        and "code" in one
        and one["code"] not in _codes().get(one["system"], ())
    ]


def check_bundle(bundle: Resource) -> list[str]:
    """Return what a receiver trips over: references that lead nowhere, ids that are there twice, wrong hashes."""
    found = [one["fullUrl"] for one in bundle["entry"]]
    problems = [f"{one} is there twice" for one, times in Counter(found).items() if times > 1]
    kinds = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    problems += [
        f"{address} is not the id" for address, one in kinds.items() if address != f"urn:uuid:{one['id']}"
    ]
    for part in walk(bundle):
        address = part.get("reference") if isinstance(part.get("reference"), str) else None
        if address is not None and address not in kinds:
            problems.append(f"{address} leads nowhere")
        if "value" in part and "unit" in part and (part.get("system"), "code" in part) != (UCUM, True):
            problems.append(f"{part} has no unit of UCUM")
        if "contentType" in part and "url" in part:
            problems += _check_attachment(part, kinds)
    return problems


def _check_attachment(part: Resource, kinds: dict[str, Resource]) -> Iterator[str]:
    binary = kinds.get(part["url"], {})
    body = b64decode(binary.get("data", ""))
    if b64decode(part["hash"]) != sha1(body).digest() or part["size"] != len(body):
        yield f"{part['url']} is not what was hashed"


def problems(bundle: Resource, structures: Structures) -> list[str]:
    """What the readers say of a bundle and of each resource in it."""
    found = [*check_schema(bundle), *check_codes(bundle), *check_bundle(bundle), *check_model(bundle)]
    for one in bundle["entry"]:
        resource = one["resource"]
        kind = resource["resourceType"]
        found += [f"{kind}: {said}" for said in (*check_schema(resource), *structures.check(resource))]
    return found
