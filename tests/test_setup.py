"""Setting up a checkout: what is missing is said in one sentence, and what was left half-made mends itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import setup_tools
from tests.test_architecture import ROOT

PARTS = (
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "requirements-build.lock",
    "requirements-dev.lock",
    "tests/setup_tools.py",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files of a checkout that set it up."""
    return copied_to(tmp_path)


def copied_to(place: Path) -> Path:
    """Copy the files that set a checkout up."""
    folder = place / "hearthside"
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / part, folder / part)
    return folder


def make(checkout: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run make as somebody in a fresh shell would; what pip installs is left out (`PIP=true`)."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(checkout), **settings}
    command = ["make", f"PYTHON={sys.executable}", *arguments]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)


def without(checkout: Path, module: str) -> dict[str, str]:
    """Settings with which Python lacks a module of its library, as Debian's does until it is installed."""
    folder = checkout / "without"
    folder.mkdir()
    (folder / f"{module}.py").write_text(f"raise ModuleNotFoundError('{module}')")
    return {"PYTHONPATH": str(folder)}


@pytest.mark.parametrize("target", ["run", "test", "check", ".venv/ready"])
def test_a_python_without_venv_is_told_of_first(checkout: Path, target: str) -> None:
    """Debian's Python comes without `ensurepip`: one sentence names the package, and nothing is made."""
    done = make(checkout, target, **without(checkout, "ensurepip"))
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert "apt-get install python3-venv" in said[0]
    assert done.stdout == ""
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_not_there_is_told_of(checkout: Path) -> None:
    """The name that was looked for, and what to install."""
    done = make(checkout, "run", "PYTHON=python3.99")
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert (len(said), "python3.99" in said[0], "apt-get install" in said[0]) == (1, True, True)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that was set up, to copy from."""
    folder = copied_to(tmp_path_factory.mktemp("finished"))
    assert make(folder, ".venv/ready", "PIP=true").returncode == 0
    return folder


def set_up(finished: Path, folder: Path) -> Path:
    """Return the `.venv` of a copy, with something in it that is gone once it is made anew."""
    shutil.copytree(finished / ".venv", folder / ".venv", symlinks=True)
    (folder / ".venv" / "left-over").touch()
    return folder / ".venv"


def _no_python(venv: Path) -> None:
    """The system's Python has gone, as after an upgrade."""
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/usr/bin/python-that-is-gone")


def _no_pip(venv: Path) -> None:
    """As `python -m venv` leaves it where `ensurepip` is missing."""
    (pip,) = venv.glob("lib/python*/site-packages/pip")
    shutil.rmtree(pip)


def _not_finished(venv: Path) -> None:
    """Ended by a signal while packages were installed."""
    (venv / "runtime").unlink()


@pytest.mark.parametrize("half", [_no_python, _no_pip, _not_finished])
def test_what_was_left_half_made_is_made_anew(
    checkout: Path, finished: Path, half: Callable[[Path], None]
) -> None:
    """Whatever is missing of it, the next `make` begins again, and the one after finds it finished."""
    venv = set_up(finished, checkout)
    half(venv)
    done = make(checkout, ".venv/ready", "PIP=true")
    assert done.returncode == 0, done.stderr
    assert not (venv / "left-over").exists()
    subprocess.run([venv / "bin" / "python", "-c", "import pip"], check=True)
    assert "up to date" in make(checkout, ".venv/ready", "PIP=true").stdout


def test_an_installation_that_fails_is_not_called_finished(checkout: Path, finished: Path) -> None:
    """When the lock files changed and pip stopped half-way, what is there may be half of it: it is made anew."""
    venv = set_up(finished, checkout)
    for mark in ("runtime", "ready"):
        os.utime(venv / mark, (0, 0))
    assert make(checkout, ".venv/ready", "PIP=false").returncode == 2
    assert (venv / "left-over").exists()
    assert make(checkout, ".venv/ready", "PIP=true").returncode == 0
    assert not (venv / "left-over").exists()


def test_what_the_machine_lacks_is_told_before_anything_is_set_up(checkout: Path, tmp_path: Path) -> None:
    """Without apt-get nothing is installed: each thing is named with what it is for, and no `.venv` is made."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("make", "sh", "test"):
        (programs / name).symlink_to(str(shutil.which(name)))
    done = make(checkout, "test", PATH=str(programs))
    assert done.returncode == 2
    assert "age tool" in done.stderr
    assert "what Debian calls: age" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_program_that_does_not_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    """A library that is missing, a file that is not there, and one that is no program."""
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\necho 'libatomic.so.1: cannot open shared object file' >&2\nexit 127\n")
    program.chmod(0o755)
    (said,) = setup_tools.does_not_run("Playwright", program)
    assert said == "Playwright does not start: libatomic.so.1: cannot open shared object file"
    (said,) = setup_tools.does_not_run("Playwright", tmp_path / "nothing")
    assert "No such file" in said
    assert list(setup_tools.does_not_run("Python", Path(sys.executable))) == []


def test_everything_that_tests_drive_runs() -> None:
    """Here, where tests run: the machine lacks nothing, and each program answers."""
    assert [*setup_tools.what_does_not_run(), *setup_tools.browser_that_runs()] == []
    assert setup_tools.missing().keys() <= {"chromium"}


def test_advice_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On Debian the very command; elsewhere the names that Debian has for the packages."""
    (tmp_path / "apt-get").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert setup_tools.advice(["age", "libatomic1"]) == "Run as root: apt-get install age libatomic1"
    monkeypatch.setenv("PATH", "/nowhere")
    assert setup_tools.advice(["age"]).endswith("calls: age")
