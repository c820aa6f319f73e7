"""The `hearthside` command, as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal import cli
from portal.config import Config, ConfigError


def hearthside(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command with nothing but *settings* in its environment."""
    return subprocess.run(
        [sys.executable, "-c", "import sys; from portal.cli import main; sys.exit(main())", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **settings},
        capture_output=True,
        text=True,
        timeout=60,
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


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    """A secret setting has a twin that names a file."""
    (tmp_path / "key").write_text("ab" * 32 + "\n")
    config = Config.from_mapping(
        {"HEARTHSIDE_DATA": str(tmp_path / "data"), "HEARTHSIDE_SERVER_KEY_FILE": str(tmp_path / "key")}
    )
    assert config.server_key == bytes.fromhex("ab" * 32)
    assert not config.key_is_beside_the_data


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
    cli._warn(Config.from_mapping(settings))
    assert [record.levelname for record in caplog.records] == ["WARNING"] * warned


@pytest.mark.parametrize("key", ["", "abc", "zz" * 32, "ab" * 31])
def test_a_server_key_of_another_shape_is_refused(tmp_path: Path, key: str) -> None:
    """A key that is not 32 bytes in hex is never used."""
    (tmp_path / "key").write_text(key)
    with pytest.raises(ConfigError):
        Config.from_mapping(
            {"HEARTHSIDE_DATA": str(tmp_path), "HEARTHSIDE_SERVER_KEY_FILE": str(tmp_path / "key")}
        )


def test_help_is_there_for_every_command() -> None:
    """`--help` of each command says what it does."""
    listed = hearthside("--help").stdout
    for command in ("run", "serve", "migrate", "setup-link"):
        assert command in listed
        assert hearthside(command, "--help").returncode == 0
