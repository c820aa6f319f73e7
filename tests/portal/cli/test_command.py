"""The `hearthside` command, as a process of its own."""

from __future__ import annotations

import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from journal.operations.demo_data import load_demo_practice
from portal.cli import serve
from portal.cli.command import COMMANDS, main
from portal.config import Config, ConfigError
from tests.cast import Furniture
from tests.portal.cli.commands import Commands

ROOT = Path(__file__).parents[3]


def hearthside(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command with nothing but *settings* in its environment."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from portal.cli.command import main; sys.exit(main())",
            *arguments,
        ],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_set_up_link_from_an_empty_folder(tmp_path: Path) -> None:
    """Migrating and asking for a link is all it takes; the key is for its owner only."""
    data = str(tmp_path / "data")
    assert hearthside("migrate", "--data", data).returncode == 0
    assert hearthside("migrate", "--data", data).returncode == 0
    made = hearthside("setup-link", "--data", data)
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/setup/[\w-]{43}\n", made.stdout)
    assert (tmp_path / "data" / "server-key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Wrong settings are all named, with what each needs, and nothing starts."""
    answer = hearthside(
        "serve",
        HEARTHSIDE_DATA=str(tmp_path / "data"),
        HEARTHSIDE_PORT="eighty",
        HEARTHSIDE_ORIGIN="http://hearth.example.org",
        HEARTHSIDE_SERVER_KEY_FILE=str(tmp_path / "missing"),
    )
    assert answer.returncode == 2
    for name in ("HEARTHSIDE_PORT", "HEARTHSIDE_ORIGIN", "HEARTHSIDE_SERVER_KEY"):
        assert name in answer.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("setting", ["HEARTHSIDE_PORT", "HEARTHSIDE_SMTP_PORT"])
@pytest.mark.parametrize("typed", ["²", "①", "80 80", "70000", "-1"])
def test_a_port_that_is_none(tmp_path: Path, setting: str, typed: str) -> None:
    """Signs that only look like digits are refused in the words of any other port that is none."""
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping({"HEARTHSIDE_DATA": str(tmp_path / "data"), setting: typed})
    assert caught.value.problems == [f"{setting} needs a port number, 0 to 65535"]


@pytest.mark.parametrize("typed", ["0", "-1", "101", "five", "²", "5.0", " "])
def test_a_number_of_connections_that_is_none(tmp_path: Path, typed: str) -> None:
    """What is no number of connections is refused with the bounds; one that is one is used."""
    settings = {"HEARTHSIDE_DATA": str(tmp_path / "data")}
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping(settings | {"HEARTHSIDE_DATABASE_CONNECTIONS": typed})
    assert caught.value.problems == [
        "HEARTHSIDE_DATABASE_CONNECTIONS needs a number of connections, 1 to 100"
    ]
    assert Config.from_mapping(settings | {"HEARTHSIDE_DATABASE_CONNECTIONS": "7"}).connections == 7
    assert Config.from_mapping(settings).connections == 5


@pytest.mark.parametrize("typed", ["0", "-1", "3651", "a month", "1.5", " "])
def test_a_number_of_days_that_is_none(tmp_path: Path, typed: str) -> None:
    """How long backups are kept is a number of days, or not said."""
    settings = {"HEARTHSIDE_DATA": str(tmp_path / "data")}
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping(settings | {"HEARTHSIDE_BACKUP_DAYS": typed})
    assert caught.value.problems == ["HEARTHSIDE_BACKUP_DAYS needs a number of days, 1 to 3650"]
    assert Config.from_mapping(settings | {"HEARTHSIDE_BACKUP_DAYS": "30"}).backup_days == 30
    assert Config.from_mapping(settings).backup_days is None


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    """A secret setting has a twin that names a file."""
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    config = Config.from_mapping(
        {"HEARTHSIDE_DATA": str(tmp_path / "data"), "HEARTHSIDE_SERVER_KEY_FILE": str(tmp_path / "key")}
    )
    assert config.server_key == bytes.fromhex("ab" * 32)
    assert not config.is_key_beside_data


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_a_secret_of_a_file_is_used_as_it_stands(tmp_path: Path, end: str) -> None:
    """Blanks at its ends are part of a password; the end of the line is the file's."""
    (tmp_path / "password").write_bytes(b"  of the mail server " + end.encode())
    config = Config.from_mapping(
        {
            "HEARTHSIDE_DATA": str(tmp_path / "data"),
            "HEARTHSIDE_SMTP_HOST": "mail.example.org",
            "HEARTHSIDE_MAIL_FROM": "hearth@example.org",
            "HEARTHSIDE_SMTP_USER": "hearth",
            "HEARTHSIDE_SMTP_PASSWORD_FILE": str(tmp_path / "password"),
        }
    )
    assert config.mail is not None
    assert config.mail.password == "  of the mail server "


@pytest.mark.parametrize(("place", "warned"), [(None, 1), ("data/key", 1), ("key", 0)])
def test_a_key_beside_the_data_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, place: str | None, warned: int
) -> None:
    """Each start says so in the log: made by itself, or named but in the same folder; a key kept apart is quiet."""
    (tmp_path / "data").mkdir(mode=0o700)
    settings = {"HEARTHSIDE_DATA": str(tmp_path / "data")}
    if place:
        (tmp_path / place).write_text("ab" * 32)
        settings["HEARTHSIDE_SERVER_KEY_FILE"] = str(tmp_path / place)
    serve.warn_of_key_location(Config.from_mapping(settings))
    assert [record.levelname for record in caplog.records] == ["WARNING"] * warned


def test_a_demonstration_is_entered_with_what_is_printed() -> None:
    """A patient, her therapist and her prescriber: each address with its password, as they are in the demonstration."""
    demo = load_demo_practice()
    for one in (demo.patients[0], demo.clinician, demo.prescriber):
        assert f"{one.email} ({one.password})" in serve.DEMONSTRATION


@pytest.mark.parametrize("key", ["", "abc", "zz" * 32, "ab" * 31])
def test_a_server_key_of_another_shape_is_refused(tmp_path: Path, key: str) -> None:
    """A key that is not 32 bytes in hex is never used."""
    (tmp_path / "key").write_text(key)
    with pytest.raises(ConfigError):
        Config.from_mapping(
            {"HEARTHSIDE_DATA": str(tmp_path), "HEARTHSIDE_SERVER_KEY_FILE": str(tmp_path / "key")}
        )


def test_help_is_there_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` of each command says what it does, and there is something that does it."""
    listed = hearthside("--help").stdout
    for command, (place, does) in COMMANDS.items():
        assert re.search(rf"^    {command}\b", listed, re.MULTILINE)
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert does[1:20] in capsys.readouterr().out
        assert callable(pkgutil.resolve_name(f"portal.cli.{place}"))


def test_the_collector_passes_over_the_program(tmp_path: Path) -> None:
    """Before anybody is answered: what was loaded stays, and so does, for a while, what a long page is made of."""
    data = str(tmp_path / "data")
    assert hearthside("migrate", "--data", data).returncode == 0
    code = (
        "import gc, uvicorn; from portal.cli.command import main;"
        "told = lambda: print(gc.get_freeze_count(), len(gc.get_objects()), *gc.get_threshold());"
        "uvicorn.Server.run = lambda self, sockets: told();"
        f"main(['serve', '--data', {data!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    passed_over, looked_through, young, rounds, more = map(int, done.stdout.split())
    assert passed_over > 10 * looked_through
    assert young * rounds * more >= 1_000_000  # new objects, before those of all pages are looked through


def test_a_command_loads_what_it_needs(tmp_path: Path) -> None:
    """Neither what serves the pages, nor what draws a printed page."""
    unneeded = {"typst", "starlette", "uvicorn", "jinja2"}
    data = ["--data", str(tmp_path / "data")]
    for arguments in (
        ["migrate", *data],
        ["setup-link", *data],
        ["doctor", *data],
        ["verify-audit", *data],
        ["backup", *data, str(tmp_path / "copy")],
        ["rotate-server-key", *data],
    ):
        code = (
            f"import sys; from portal.cli.command import main; main({arguments}); print(*sorted(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
        )
        loaded = set(done.stdout.splitlines()[-1].split())
        assert "portal.config" in loaded
        assert loaded & unneeded == set(), arguments


def test_a_secret_that_cannot_be_read_is_told_and_not_repeated(tmp_path: Path) -> None:
    """A file that is missing, a folder, not text, or endless; each names the setting and the file."""
    (tmp_path / "bytes").write_bytes(b"s3cr3t\xff\xfe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "bytes", Path("/dev/zero")):
        for name in ("HEARTHSIDE_DATABASE_URL", "HEARTHSIDE_SMTP_PASSWORD"):
            with pytest.raises(ConfigError) as refused:
                Config.from_mapping({"HEARTHSIDE_DATA": str(tmp_path / "data"), f"{name}_FILE": str(path)})
            (problem,) = refused.value.problems
            assert problem.startswith(f"{name} needs ")
            assert str(path) in problem
            assert "s3cr3t" not in problem
            assert "xff" not in problem


def test_a_secret_in_a_file_is_used_as_it_was_written(tmp_path: Path) -> None:
    """Only the end of the last line does not belong to it."""
    (tmp_path / "password").write_text(" two  blanks \r\n")
    mail = {"SMTP_HOST": "127.0.0.1", "MAIL_FROM": "hearth@example.org", "SMTP_USER": "hearth"}
    config = Config.from_mapping(
        {f"HEARTHSIDE_{name}": value for name, value in mail.items()}
        | {
            "HEARTHSIDE_DATA": str(tmp_path / "data"),
            "HEARTHSIDE_SMTP_PASSWORD_FILE": str(tmp_path / "password"),
        }
    )
    assert config.mail is not None
    assert config.mail.password == " two  blanks "


@pytest.mark.parametrize(
    ("url", "instead"),
    [
        ("postgres://hs:s3cr3t#@127.0.0.1/hearth", "%23"),
        ("mysql://hs:s3cr3t@127.0.0.1/hearth", "sqlite:///"),
        ("postgres://hs:s3cr3t@127.0.0.1:99999/hearth", "port"),
        ("postgres://hs:s3cr3t@127.0.0.1/hearth?sslmode=require", "?ssl=true"),
        ("postgres://hs:s3cr3t@127.0.0.1", "name of a database"),
    ],
)
def test_an_address_that_is_not_understood_is_told(
    command_line: Commands, tmp_path: Path, url: str, instead: str
) -> None:
    """Exit code 2, one line with the setting's name and what to write instead; nothing of the address."""
    settings = {"HEARTHSIDE_DATA": str(tmp_path / "data"), "HEARTHSIDE_DATABASE_URL": url}
    (done,) = command_line.run(["migrate"], **settings)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "HEARTHSIDE_DATABASE_URL needs" in done.err
    assert instead in done.err
    assert "s3cr3t" not in done.err
    assert not (tmp_path / "data").exists()


def test_another_server_key_is_told(
    command_line: Commands, furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """A command names the setting to put right, before it changes or serves anything."""
    settings = {"HEARTHSIDE_DATA": str(tmp_path / "data"), "HEARTHSIDE_DATABASE_URL": furnished_sqlite_url[0]}
    for command in ("setup-link", "serve", "run", "rotate-server-key"):
        (done,) = command_line.run([command], **settings, HEARTHSIDE_SERVER_KEY="ab" * 32)
        assert (done.code, done.err.count("\n")) == (1, 1), done.err
        assert "HEARTHSIDE_SERVER_KEY_FILE" in done.err
