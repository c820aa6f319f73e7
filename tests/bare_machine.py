"""
Build a bare Debian in a folder, and do in it what README.md tells a newcomer to do: as root, and as an ordinary user.

    python3 tests/bare_machine.py bookworm trixie      # as root, on Debian or Ubuntu; a quarter of an hour each

It tries what is committed. It installs `debootstrap` if that is missing, and nothing else on this machine. Mirror,
proxy and the settings of pip are those of this machine, read while it runs. All mounts are in a namespace of their own,
which ends with the script; the folder is removed at the end.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
NAMESPACE = (
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
)
VISITOR = "visitor"
PATIENCE = 900  # seconds for one command
ANSWERS = 300  # seconds until `make run` answers: it installs the product first
# A little of everything: files of the project, both databases, a browser, the age tool.
NARROWED = (
    "tests/test_project.py tests/test_setup.py::test_everything_that_tests_drive_runs"
    " tests/journal/store/test_database.py tests/journal/store/test_opening.py tests/browser/test_leaving.py"
    " tests/portal/cli/test_bad_databases.py tests/portal/views/test_records.py"
)


class BareMachineError(Exception):
    """Something did not go as README.md says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try each suite in a folder and a namespace of its own."""
    parser = argparse.ArgumentParser(description=str(__doc__).strip().partition("\n")[0])
    parser.add_argument(
        "suites", nargs="*", default=["bookworm", "trixie"], help="Debian's names of its versions"
    )
    parser.add_argument("--inside", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.inside:
        return _try(Path(options.inside), *options.suites)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print("This needs root, and Debian or Ubuntu.", file=sys.stderr)
        return 1
    if shutil.which("debootstrap") is None:
        subprocess.run(["apt-get", "install", "-y", "-qq", "debootstrap"], check=True)
    failed = 0
    for suite in options.suites:
        with TemporaryDirectory(prefix=f"bare-{suite}-") as folder:
            command = [*NAMESPACE, sys.executable, __file__, "--inside", folder, suite]
            failed += subprocess.run(command, check=False).returncode != 0
    return 1 if failed else 0


def _try(folder: Path, suite: str) -> int:
    try:
        machine = Machine.built(folder, suite)
        as_newcomer(machine)
    except BareMachineError as error:
        print(f"\n{suite}: {error}", file=sys.stderr)
        return 1
    print(f"{suite}: all as README.md says", flush=True)
    return 0


def as_newcomer(machine: Machine) -> None:
    """Do what README.md says, and what somebody does who did not read all of it."""
    machine.install("python3", "make", "git")
    machine.clone("root")
    machine.refuses("root", "make run", "apt-get install python3-venv")
    machine.run("root", "cd hearthside && { python3 -m venv .venv || true; }")  # as one would try
    machine.refuses("root", "make test", "apt-get install python3-venv")
    machine.install("python3-venv")
    machine.serves("root")
    machine.run("root", f"useradd --create-home --shell /bin/bash {VISITOR}")
    machine.clone(VISITOR)
    machine.refuses(VISITOR, "make test", "apt-get install age libatomic1 chromium")
    machine.serves(VISITOR)
    for user in ("root", VISITOR):
        print("      " + machine.run(user, f"cd hearthside && make test PYTEST='{NARROWED}'"), flush=True)


@dataclass
class Machine:
    """A Debian in the folder *root*; *settings* is what its commands find in their environment."""

    suite: str
    root: Path
    settings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def built(cls, folder: Path, suite: str) -> Machine:
        """Build it."""
        root = folder / "root"
        _tell(suite, "debootstrap --variant=minbase")
        _check(["debootstrap", "--variant=minbase", suite, str(root), mirror()])
        machine = cls(suite, root)
        machine._take_settings()
        for kind, source, target in (
            ("--rbind", "/dev", "dev"),
            ("--rbind", "/proc", "proc"),
            ("--rbind", "/sys", "sys"),
        ):
            _check(["mount", kind, source, str(root / target)])
        bundle = root / "srv" / "hearthside.bundle"
        _check(["git", "-C", str(ROOT), "bundle", "create", "--quiet", str(bundle), "HEAD"])
        bundle.chmod(0o644)
        return machine

    def _take_settings(self) -> None:
        """Have its apt and pip look where this machine's do."""
        for name in ("resolv.conf", "hosts"):
            shutil.copyfile(f"/etc/{name}", self.root / "etc" / name)
        acquire = subprocess.run(
            ["apt-config", "dump", "Acquire"], check=True, capture_output=True, text=True
        )
        (self.root / "etc/apt/apt.conf.d/99machine").write_text(acquire.stdout)
        proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        pip = {f"PIP_{name}": self._brought(value) for name, value in settings_of_pip().items()}
        self.settings = {"LANG": "C.UTF-8", **proxies, **pip}

    def _brought(self, value: str) -> str:
        """Bring the files and folders that a setting names to where its commands find them."""
        words = []
        for word in value.split():
            path = Path(word.removeprefix("file://"))
            if path.is_absolute() and path.is_file():
                copy = Path("/srv") / f"{len(list((self.root / 'srv').iterdir()))}-{path.name}"
                shutil.copyfile(path, self.root / copy.relative_to("/"))
                word = str(copy)
            elif path.is_absolute() and path.is_dir():
                path = path.parent if path.name == "simple" else path  # an index has its files beside it
                place = self.root / path.relative_to("/")
                if not os.path.ismount(place):
                    place.mkdir(parents=True, exist_ok=True)
                    _check(["mount", "--rbind", "-o", "ro", str(path), str(place)])
            words.append(word)
        return " ".join(words)

    def install(self, *packages: str) -> None:
        """Install packages as its root would, and nothing that they only recommend."""
        self.run("root", "apt-get update -qq")
        self.run(
            "root",
            f"DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends {' '.join(packages)}",
        )

    def clone(self, user: str) -> None:
        """Take a checkout."""
        self.run(user, "git clone --quiet /srv/hearthside.bundle hearthside")

    def run(self, user: str, line: str) -> str:
        """Run a line of shell, which has to succeed; return the last line that it printed."""
        done = self._done(user, line)
        if done.returncode:
            raise BareMachineError(f"as {user}: {line}: exit code {done.returncode}\n{done.stdout}")
        return done.stdout.strip().rpartition("\n")[2]

    def refuses(self, user: str, line: str, advice: str) -> None:
        """Run `make …` in the checkout, which has to end at once, with advice and without a traceback."""
        done = self._done(user, f"cd hearthside && {line}")
        if done.returncode == 0 or advice not in done.stdout or "Traceback" in done.stdout:
            raise BareMachineError(f"as {user}: {line}: {advice!r} is not what it says\n{done.stdout}")
        print("      " + done.stdout.strip().replace("\n", "\n      "), flush=True)

    def serves(self, user: str) -> None:
        """Run `make run` until it answers."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        origin = f"http://127.0.0.1:{port}"
        settings = {"HEARTHSIDE_PORT": str(port), "HEARTHSIDE_ORIGIN": origin}
        _tell(self.suite, f"{user}: make run")
        with self._running(user, "cd hearthside && make run", settings) as (process, log):
            until = time.monotonic() + ANSWERS
            while not _answers(f"{origin}/readyz"):
                if process.poll() is not None or time.monotonic() > until:
                    raise BareMachineError(f"as {user}: make run does not answer\n{log.read_text()}")
                time.sleep(0.5)
        print(f"      answers at {origin}/readyz", flush=True)

    def _done(self, user: str, line: str) -> subprocess.CompletedProcess[str]:
        _tell(self.suite, f"{user}: {line}")
        return subprocess.run(
            self._command(user, line, {}),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )

    @contextmanager
    def _running(
        self, user: str, line: str, settings: Mapping[str, str]
    ) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        log = self.root / "tmp" / f"{user}.log"
        command = self._command(user, line, settings)
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
            try:
                yield process, log
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                process.wait(60)

    def _command(self, user: str, line: str, settings: Mapping[str, str]) -> list[str]:
        home = "/root" if user == "root" else f"/home/{user}"
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        words = {"HOME": home, "USER": user, "PATH": path, "TERM": "dumb", **self.settings, **settings}
        environment = [f"{name}={value}" for name, value in words.items()]
        return [
            *("chroot", f"--userspec={user}:{user}", str(self.root), "/usr/bin/env", "-i", *environment),
            *("/bin/sh", "-c", f'cd "$HOME" && {line}'),
        ]


def mirror() -> str:
    """Return the mirror from which this machine's apt takes Debian itself."""
    asked = ["apt-get", "indextargets", "--format", "$(LABEL) $(SITE)", "Created-By: Packages"]
    lines = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines()
    sites = [site for label, _, site in (line.rpartition(" ") for line in lines) if label in ("Debian", "")]
    if not sites:
        raise BareMachineError("apt knows no mirror of Debian: run apt-get update")
    return sites[0]


def settings_of_pip() -> dict[str, str]:
    """Return what this machine's pip is told by its files and its environment, as the names of variables."""
    listed = subprocess.run(
        ["python3", "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    )
    found: dict[str, str] = {}
    # Lines like global.index-url='…'; what stands in the environment counts more than any file.
    for line in sorted(listed.stdout.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2].upper().replace("-", "_")] = str(ast.literal_eval(value))
    return found


def _check(command: Sequence[str]) -> None:
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise BareMachineError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _tell(suite: str, what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {suite}: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
