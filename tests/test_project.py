"""What the project gives away: the wheel, the lock files, the vendored files, and what its pages promise."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tomllib
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

from portal.config import PREFIX, SETTINGS
from tests.make_dist import DIGESTS, build

ROOT = Path(__file__).parent.parent
PACKAGES = ("crypto", "journal", "portal", "templates")
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
# Written in two parts, so that this file passes its own test.
REGISTRIES = [
    f"{host}.{domain}"
    for host, domain in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("deb.debian", "org"),
    )
]


def kept_files(*folders: str) -> list[Path]:
    """List the files below *folders* (or everywhere) that git keeps or would, as paths from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file())


def committed_files(*folders: str) -> set[str]:
    """List the files below *folders* that are in the last commit, which is what is released."""
    listed = ["git", "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", *folders]
    done = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True)
    return {name for name in done.stdout.split("\0") if name}


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """What `make dist` builds."""
    out = tmp_path_factory.mktemp("released")
    build(ROOT, out)
    return out


@pytest.fixture(scope="module")
def wheel(released):
    """The wheel, as it would be released."""
    (path,) = released.glob("hearthside-*.whl")
    with zipfile.ZipFile(path) as opened:
        yield opened


def test_a_release_has_the_same_bytes_wherever_it_is_built(released, tmp_path, monkeypatch):
    """Built again from a clone, in another zone and language and under another mask, each file is the same."""
    clone = tmp_path / "elsewhere" / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    (clone / "crypto" / "left_over.py").write_text("not committed")
    for name, value in {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "3"}.items():
        monkeypatch.setenv(name, value)
    (again := tmp_path / "again").mkdir()
    mask = os.umask(0o077)
    try:
        build(clone, again)
    finally:
        os.umask(mask)
    files = {file.name: file.read_bytes() for file in released.iterdir()}
    assert {file.name: file.read_bytes() for file in again.iterdir()} == files
    noted = re.findall(r"([0-9a-f]{64})  (.+)\n", files.pop(DIGESTS).decode())
    assert noted == [(hashlib.sha256(files[name]).hexdigest(), name) for name in sorted(files)]
    assert len(files) == 3


def test_the_wheel_holds_all_of_the_product(wheel):
    """Every file of the product's packages is in the wheel: code, pages, static and data files."""
    assert committed_files(*PACKAGES) <= set(wheel.namelist())


def test_the_wheel_holds_nothing_else(wheel):
    """The wheel has no tests, benchmarks or left-overs of the checkout in it."""
    outside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert outside == committed_files(*PACKAGES)


def test_the_wheel_brings_its_command_and_licence(wheel):
    """Installing the wheel gives the `hearthside` command, and the licence comes with it."""
    (points,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    parser = ConfigParser()
    parser.read_string(wheel.read(points).decode())
    assert parser["console_scripts"]["hearthside"] == "portal.cli.command:main"
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_no_file_names_a_registry():
    """Where packages come from is the machine's own setting: no file here names a registry's address."""
    named = {
        (str(path), registry)
        for path in kept_files()
        for registry in REGISTRIES
        if registry.encode() in (ROOT / path).read_bytes()
    }
    assert named == set()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_by_hash_alone(name):
    """Each line of a lock file pins one exact version by its hashes; none points at an address."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    pins = text.splitlines()
    pinned = re.compile(r"[\w.\[\]-]+==[\w.+]+(?: ; [^#]+?)? +(?:--hash=sha256:[0-9a-f]{64} *)+")
    assert [pin for pin in pins if not pinned.fullmatch(pin)] == []
    assert pins


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_covers_what_the_project_needs(name):
    """Every requirement in pyproject.toml is pinned; `make lock` renews what is missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = list(project["project"]["dependencies"])
    if name == "requirements-dev.lock":
        needed += [
            item for group in project["dependency-groups"].values() for item in group if isinstance(item, str)
        ]
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / name).read_text(), re.MULTILINE))
    assert {re.split(r"[\[<>=~! ]", item)[0].lower() for item in needed} - pinned == set()


def pinned_versions(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([\w.+]+)", (ROOT / name).read_text(), re.MULTILINE))


def test_what_is_tested_is_what_is_served():
    """The tests run on the very versions that the product is served with."""
    assert pinned_versions("requirements.lock").items() <= pinned_versions("requirements-dev.lock").items()


@pytest.mark.parametrize(
    "folder", ["portal/static/vendor", "tests/browser/vendor", "tests/journal/fhir/vendor"]
)
def test_a_vendored_file_is_the_one_that_was_noted(folder):
    """Each file from elsewhere stands in the note beside it, with the hash that it has."""
    note = (ROOT / folder / "README.md").read_text()
    noted = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", note, re.MULTILINE))
    there = [
        path for path in (ROOT / folder).iterdir() if path.suffix in {".js", ".cjs", ".css", ".gz", ".woff2"}
    ]
    assert noted == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in there}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_readme_tells_how_to_begin():
    """The README names the two commands that a newcomer needs."""
    readme = (ROOT / "README.md").read_text()
    assert "make run" in readme
    assert "make test" in readme


def test_every_setting_is_documented_and_no_other():
    """docs/operations.md names each setting, a secret one with its `_FILE` twin, and nothing else as one."""
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]\b", (ROOT / "docs" / "operations.md").read_text()))
    secret = {setting.name for setting in SETTINGS if setting.secret}
    settings = {setting.name for setting in SETTINGS} | {f"{name}_FILE" for name in secret}
    assert named == {PREFIX + name for name in settings}


@pytest.mark.parametrize(
    "page", [path for path in kept_files() if path.suffix == ".md" and path.name != "CHANGELOG.md"], ids=str
)
def test_pages_name_only_targets_that_exist(page):
    """Where a page tells a reader to run `make something`, there is such a target."""
    text = (ROOT / page).read_text()
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets()


@pytest.mark.parametrize("page", [path for path in kept_files() if path.suffix == ".md"], ids=str)
def test_links_between_pages_lead_somewhere(page):
    """A link from one page to a file of the project finds that file."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.DOTALL)
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    assert [link for link in links if not (ROOT / page.parent / link).exists()] == []
