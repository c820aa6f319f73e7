"""
Write the bill of materials: everything the product brings along, with licences, as CycloneDX.

`make sbom` runs this file. The tool describes the environment, which holds test tools as well; the lock file says
which of it is the product. What is vendored stands in `VENDORED`, with the hash of the file as it is here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
LOCK = HERE / "requirements.lock"
STATIC = "portal/static"
PAPER = "portal/paper/fonts"
VENDORED = {
    "htmx": ("4.0.1", "0BSD", f"{STATIC}/vendor/htmx.min.js"),
    "literata": ("latin", "OFL-1.1", f"{STATIC}/fonts/literata-latin.woff2"),
    "literata-ext": ("latin-ext", "OFL-1.1", f"{STATIC}/fonts/literata-latin-ext.woff2"),
    "literata-italic": ("latin", "OFL-1.1", f"{STATIC}/fonts/literata-latin-italic.woff2"),
    "literata-paper": ("3.103", "OFL-1.1", f"{PAPER}/Literata_400Regular.ttf"),
    "literata-paper-semibold": ("3.103", "OFL-1.1", f"{PAPER}/Literata_600SemiBold.ttf"),
    "source-sans-3-paper": ("3.052", "OFL-1.1", f"{PAPER}/SourceSans3_400Regular.ttf"),
    "source-sans-3-paper-semibold": ("3.052", "OFL-1.1", f"{PAPER}/SourceSans3_600SemiBold.ttf"),
    "source-sans-3": ("latin", "OFL-1.1", f"{STATIC}/fonts/source-sans-3-latin.woff2"),
}

Bom = dict[str, Any]


def locked(lock: str) -> dict[str, str]:
    """Read the names and versions from a lock file."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", lock, re.MULTILINE))


def normalized(name: str) -> str:
    """Write a package's name as lock files do."""
    return re.sub(r"[-_.]+", "-", name).lower()


def of_product(environment: Bom, lock: dict[str, str]) -> Bom:
    """Keep what the lock file names, and add what is vendored."""
    kept = [one for one in environment["components"] if lock.get(normalized(one["name"])) == one["version"]]
    refs = {one["bom-ref"] for one in kept} | {"root-component"}
    graph = [
        {**one, "dependsOn": sorted(set(one.get("dependsOn", ())) & refs)}
        for one in environment["dependencies"]
        if one["ref"] in refs
    ]
    vendored = [_vendored(name) for name in VENDORED]
    about = {name: value for name, value in environment.get("metadata", {}).items() if name != "tools"}
    return {**environment, "metadata": about, "components": kept + vendored, "dependencies": graph}


def missing(bom: Bom, lock: dict[str, str]) -> set[str]:
    """Return what the lock file names and the bill does not; what is for other systems is not installed here."""
    return set(lock) - {normalized(one["name"]) for one in bom["components"]}


def _vendored(name: str) -> Bom:
    version, licence, path = VENDORED[name]
    digest = sha256((HERE / path).read_bytes()).hexdigest()
    return {
        "bom-ref": f"{name}=={version}",
        "type": "library",
        "name": name,
        "version": version,
        "description": f"Vendored as {path}",
        "licenses": [{"license": {"id": licence}}],
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }


def main(arguments: Iterable[str]) -> int:
    """Write the bill to the file that is named."""
    (target,) = arguments
    described = subprocess.run(
        [
            *(sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"),
            *("--pyproject", str(HERE / "pyproject.toml"), sys.executable),
        ],
        check=True,
        capture_output=True,
        cwd=HERE,
    )
    lock = locked(LOCK.read_text(encoding="utf-8"))
    bom = of_product(json.loads(described.stdout), lock)
    file = Path(target)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(bom, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    absent = ", ".join(sorted(missing(bom, lock))) or "none"
    print(f"{file}: {len(bom['components'])} components. For other systems only: {absent}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
