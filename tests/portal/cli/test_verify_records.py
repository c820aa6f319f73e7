"""`hearthside verify-records`, as somebody runs it who has a file and nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
from pyrage import x25519

from portal.cli import command
from tests.journal.records.test_verification import (
    ALICE,
    BROKEN,
    CONTENT,
    FINGERPRINT,
    HERS,
    OTHERS,
    WHOLE,
    signed,
    unpacked,
    without,
    zipped,
)

ROOT = Path(__file__).parents[3]


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Run the command; return its exit code and what it printed."""
    code = command.main(["verify-records", *map(str, arguments)])
    return code, *capsys.readouterr()


def test_a_whole_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, and when it was made, of which account and with which key; names move no cursor."""
    (tmp_path / "a.zip").write_bytes(zipped(WHOLE))
    told = (
        "Whole: all 5 files are as they were signed. None is missing and none was added.\n"
        "Made: 2026-11-22 12:00 UTC\n"
        f"Account: Alice \\x1b[2J Ahn ({ALICE})\n"
        f"Fingerprint: {FINGERPRINT}\n"
    )
    advice = "Compare the fingerprint with the one on their account page: anybody can sign with a key of their own.\n"
    assert said(capsys, tmp_path / "a.zip") == (0, told + advice, "")
    assert said(capsys, unpacked(WHOLE, tmp_path / "folder")) == (0, told + advice, "")
    assert said(capsys, tmp_path / "a.zip", "--fingerprint", FINGERPRINT) == (0, told, "")
    code, out, _ = said(capsys, tmp_path / "a.zip", "--fingerprint", FINGERPRINT[::-1])
    assert (code, out.splitlines()[1]) == (
        1,
        "  The signature is by another key than the one whose fingerprint you gave.",
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("flipped-data/entries.json", "data/entries.json differs from what was signed."),
        ("missing-packet.pdf", "packet.pdf is missing."),
        ("added", "journal/2026-12.html was added."),
        ("stripped", "There is no signature: signature.json is missing."),
        (
            "edited-with-its-manifest",
            "The signature does not fit manifest.json: one of the two was changed since.",
        ),
        ("signature-of-another-account", "The signature is by another account than manifest.json names."),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, line: str
) -> None:
    """In one sentence for each thing, and with exit code 1."""
    (tmp_path / "a.zip").write_bytes(zipped(BROKEN[name][0]))
    code, out, err = said(capsys, tmp_path / "a.zip")
    assert (code, err) == (1, "")
    assert out.splitlines()[:2] == ["Not whole: this is not what was signed.", f"  {line}"]
    assert "Compare" not in out


def test_a_damaged_zip_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no archive of ours is not whole."""
    (tmp_path / "a.zip").write_bytes(zipped(WHOLE)[:-1])
    code, out, _ = said(capsys, tmp_path / "a.zip")
    assert code == 1
    assert "changed, cut or packed again" in out


def test_names_are_cut_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of many strange files is told of in fifty lines, without a sign that moves the cursor."""
    folder = unpacked(WHOLE, tmp_path / "folder")
    for number in range(60):
        (folder / f"{number:02d}\x1b[31m\u202e{'x' * 200}").write_bytes(b"")
    code, out, _ = said(capsys, folder)
    lines = out.splitlines()
    assert (code, lines[51]) == (1, "  And 10 more.")
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert max(map(len, lines)) < 200


def test_an_age_file_asks_for_its_passphrase(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read from the standard input where that is no terminal; a wrong one says nothing of the content."""
    path = tmp_path / "a.zip.age"
    path.write_bytes(pyrage.passphrase.encrypt(zipped(WHOLE), "six gentle words"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("six gentle words\n"))
    assert said(capsys, path)[0] == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO("six other words\n"))
    code, out, err = said(capsys, path)
    assert (code, out) == (2, "")
    assert err.startswith("It does not open with this passphrase")
    assert list(tmp_path.iterdir()) == [path]


def test_an_age_file_opens_with_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One of age with its comments, or one of ssh; another one is refused."""
    mine, other = x25519.Identity.generate(), x25519.Identity.generate()
    path, key = tmp_path / "a.zip.age", tmp_path / "key.txt"
    path.write_bytes(pyrage.encrypt(zipped(WHOLE), [mine.to_public()]))
    key.write_text(f"# created today\n{mine}\n")
    assert said(capsys, path, "--key", key)[0] == 0
    for wrong in (f"{other}\n", "no key", "", "-----BEGIN OPENSSH PRIVATE KEY-----\n"):
        key.write_text(wrong)
        code, _, err = said(capsys, path, "--key", key)
        assert (code, err.partition(",")[0]) == (2, "It does not open with this key")


def test_pages_alone_are_not_said_to_be_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A PDF that was saved plain carries no signature, and says where there is one."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n" + bytes(200))
    code, out, err = said(capsys, tmp_path / "a.pdf")
    assert (code, out) == (2, "")
    assert (
        err == "These are pages alone, which nobody signed. The encrypted file of a packet can be checked.\n"
    )


def test_what_cannot_be_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such file, a pipe, or one that is too large: exit code 2 and a sentence."""
    assert said(capsys, tmp_path / "none")[::2] == (2, "It cannot be read: No such file or directory.\n")
    os.mkfifo(tmp_path / "pipe")
    assert said(capsys, tmp_path / "pipe")[::2] == (2, "It is neither a file nor a folder.\n")
    (tmp_path / "a.zip").write_bytes(zipped(WHOLE))
    monkeypatch.setattr("portal.cli.verify_records.MAX_ARCHIVE_BYTES", 100)
    code, _, err = said(capsys, tmp_path / "a.zip")
    assert (code, err) == (
        2,
        "There is more in it than an archive of Hearthside holds. Nothing was unpacked.\n",
    )


def test_it_needs_nothing_of_an_installation(tmp_path: Path) -> None:
    """Wrong settings do not matter, and nothing is loaded of the server, its settings or its database."""
    (tmp_path / "a.zip").write_bytes(zipped(WHOLE))
    code = (
        "import sys; from portal.cli.command import main;"
        f"code = main(['verify-records', {str(tmp_path / 'a.zip')!r}]);"
        "print(code, *sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        env={**os.environ, "HEARTHSIDE_PORT": "none", "HEARTHSIDE_DATA": str(tmp_path / "data")},
    )
    ended, *loaded = done.stdout.splitlines()[-1].split()
    assert ended == "0"
    assert {one.partition(".")[0] for one in loaded} & {
        "tortoise",
        "starlette",
        "jinja2",
        "typst",
        "sqlite3",
    } == set()
    assert {one for one in loaded if one.startswith("portal.")} == {
        "portal.cli",
        "portal.cli.command",
        "portal.cli.verify_records",
        "portal.logs",
    }
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.zip"]


def test_an_archive_signed_anew_has_another_fingerprint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever changes an archive and signs it with their own key is seen by who compares, or gives the fingerprint."""
    forged = signed({**CONTENT, "data/entries.json": b"[]"}, OTHERS)
    (tmp_path / "a.zip").write_bytes(zipped(forged))
    code, out, _ = said(capsys, tmp_path / "a.zip")
    assert code == 0
    assert FINGERPRINT not in out
    assert said(capsys, tmp_path / "a.zip", "--fingerprint", FINGERPRINT)[0] == 1
    assert HERS.public() != OTHERS.public()
    assert said(capsys, unpacked(without("packet.pdf"), tmp_path / "folder"))[0] == 1
