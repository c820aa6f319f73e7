"""
`hearthside verify-records`: is an archive whole, and by whom; or which file differs, is missing or was added.

It needs no database, no settings and no service, and writes nothing: what it opens stays in memory.
"""

from __future__ import annotations

import argparse
import resource
import stat
import sys
from collections.abc import Iterator, Mapping
from getpass import getpass
from pathlib import Path
from types import MappingProxyType

import pyrage
from pyrage import passphrase, ssh, x25519

from journal.records.packing import MAX_ARCHIVE_BYTES, TooLarge
from journal.records.verification import Finding, Verdict, verify_folder, verify_zip

AGE_BEGINNINGS = (b"age-encryption.org/v1", b"-----BEGIN AGE")
MAX_KEY_BYTES = 2**16
PAGES_ALONE = "These are pages alone, which nobody signed. The encrypted file of a packet can be checked."
MOST_SHOWN = 50
LONGEST_NAME = 120
WHOLE, NOT_WHOLE, UNREAD = 0, 1, 2
SENTENCES: Mapping[Finding, str] = MappingProxyType(
    {
        Finding.ARCHIVE: "The zip file is not as Hearthside wrote it: it was changed, cut or packed again.",
        Finding.DIFFERS: "{name} differs from what was signed.",
        Finding.MISSING: "{name} is missing.",
        Finding.ADDED: "{name} was added.",
        Finding.UNSIGNED: "There is no signature: {name} is missing.",
        Finding.SIGNATURE: "The signature does not fit manifest.json: one of the two was changed since.",
        Finding.ACCOUNT: "The signature is by another account than manifest.json names.",
        Finding.KEY: "The signature is by another key than the one whose fingerprint you gave.",
    }
)


class UnreadableError(Exception):
    """The file could not be looked at."""


def verify_records(options: argparse.Namespace) -> int:
    """Print the verdict; return 0 for whole, 1 for not, 2 where it could not be looked at."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would be somebody's records on the disk
    try:
        verdict = _verify(Path(options.file), options.key, options.fingerprint)
    except TooLarge:
        return _refuse("There is more in it than an archive of Hearthside holds. Nothing was unpacked.")
    except UnreadableError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"It cannot be read: {error.strerror}.")
    print(*_describe(verdict, expected=bool(options.fingerprint)), sep="\n")
    return WHOLE if verdict.is_whole else NOT_WHOLE


def _verify(path: Path, key: str | None, expected: str) -> Verdict:
    if path.is_dir():
        return verify_folder(path, expected)
    data = _read(path, MAX_ARCHIVE_BYTES)
    if data.startswith(b"%PDF"):
        raise UnreadableError(PAGES_ALONE)
    return verify_zip(_open_age(data, key) if data.startswith(AGE_BEGINNINGS) else data, expected)


def _read(path: Path, limit: int) -> bytes:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableError("It is neither a file nor a folder.")
    if found.st_size > limit:
        raise TooLarge
    return path.read_bytes()


def _open_age(data: bytes, key: str | None) -> bytes:
    """Open an age file with a key file, or with a passphrase that is asked for."""
    try:
        if key is not None:
            return bytes(pyrage.decrypt(data, list(_read_identities(_read(Path(key), MAX_KEY_BYTES)))))
        asked = getpass("Passphrase: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        return bytes(passphrase.decrypt(data, asked))
    except (pyrage.DecryptError, pyrage.IdentityError):
        what = "passphrase" if key is None else "key"
        message = (
            f"It does not open with this {what}, or it was changed. Nothing can be said of what is in it."
        )
        raise UnreadableError(message) from None


def _read_identities(raw: bytes) -> Iterator[x25519.Identity | ssh.Identity]:
    """Read the private keys of a file: those of age, a line each, or one of ssh."""
    if raw.startswith(b"-----BEGIN"):
        yield ssh.Identity.from_buffer(raw)
        return
    for line in raw.decode("utf-8", "replace").splitlines():
        if line.strip() and not line.startswith("#"):
            yield x25519.Identity.from_str(line.strip())


def _describe(verdict: Verdict, *, expected: bool) -> Iterator[str]:
    if verdict.is_whole:
        yield f"Whole: all {verdict.file_count} files are as they were signed. None is missing and none was added."
    else:
        yield "Not whole: this is not what was signed."
        for finding, name in verdict.findings[:MOST_SHOWN]:
            yield f"  {SENTENCES[finding].format(name=_clean(name))}"
        if (more := len(verdict.findings) - MOST_SHOWN) > 0:
            yield f"  And {more} more."
    if verdict.signer is None or verdict.made_at is None:
        return
    who = (
        f"{_clean(verdict.name)} ({verdict.signer.account})" if verdict.name else str(verdict.signer.account)
    )
    yield f"Made: {verdict.made_at:%Y-%m-%d %H:%M} UTC"
    yield f"Account: {who}"
    yield f"Fingerprint: {verdict.signer.fingerprint}"
    if verdict.is_whole and not expected:
        yield "Compare the fingerprint with the one on their account page: anybody can sign with a key of their own."


def _clean(name: str) -> str:
    """Return a name that somebody may have chosen, without what moves a terminal's cursor."""
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:LONGEST_NAME]}…"


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return UNREAD
