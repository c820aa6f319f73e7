"""The bill of materials holds the product and nothing else, and the licences allow its use."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata

import pytest

from tests.make_sbom import HERE, LOCK, VENDORED, locked, missing, of_product

LOCKED = locked(LOCK.read_text(encoding="utf-8"))
ALLOWED = re.compile(
    r"\b(0BSD|Apache|BSD|CC0|HPND|ISC|LGPL|MIT|MIT-CMU|MPL|PSF|Python Software Foundation|Zlib)\b",
    re.IGNORECASE,
)

UNSAID = {"pyrage": "MIT"}
"""Packages whose metadata leave the licence out, with what their source says."""


def licence_of(package: str) -> str:
    """Read a licence from what a package says of itself."""
    if package in UNSAID:
        return UNSAID[package]
    said = metadata(package)
    fields = [said[name] or "" for name in ("License-Expression", "License") if name in said]
    classifiers = [one for one in said.get_all("Classifier") or () if one.startswith("License ::")]
    return " ".join([*(field[:80] for field in fields), *classifiers])


def test_the_bill_holds_what_is_locked_and_what_is_vendored() -> None:
    """Test tools, and packages of another version than the locked one, are left out."""
    environment = {
        "bomFormat": "CycloneDX",
        "components": [
            {"bom-ref": "a", "name": "Tortoise_ORM", "version": LOCKED["tortoise-orm"]},
            {"bom-ref": "b", "name": "pytest", "version": "9"},
            {"bom-ref": "c", "name": "starlette", "version": "0.1"},
        ],
        "dependencies": [{"ref": "root-component", "dependsOn": ["a", "b"]}, {"ref": "b"}],
    }
    bom = of_product(environment, LOCKED)
    assert [one["name"] for one in bom["components"]] == ["Tortoise_ORM", *VENDORED]
    assert bom["dependencies"] == [{"ref": "root-component", "dependsOn": ["a"]}]
    assert missing(bom, LOCKED) == set(LOCKED) - {"tortoise-orm"}


def test_everything_vendored_is_in_the_bill() -> None:
    """No script and no font is shipped that the bill leaves out, unless we wrote it (those lie in js/)."""
    static = HERE / "portal" / "static"
    ours = {*(static / "js").rglob("*.js")}
    shipped = {file for ending in ("*.js", "*.woff2", "*.ttf") for file in (HERE / "portal").rglob(ending)}
    assert shipped - ours == {HERE / path for _, _, path in VENDORED.values()}


@pytest.mark.parametrize("package", sorted(LOCKED))
def test_a_licence_allows_use_in_the_product(package: str) -> None:
    """Every locked package that is installed here is under a licence that Apache-2.0 software may depend on."""
    try:
        said = licence_of(package)
    except PackageNotFoundError:  # locked for another system
        return
    assert ALLOWED.search(said), said
    assert not re.search(r"\bA?GPL", said.replace("LGPL", "")), said
