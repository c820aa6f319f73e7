"""
Verify an archive: whole and by whom, or exactly which file differs, is missing or was added.

It needs no database and no server, writes nothing, and unpacks a piece at a time. docs/export-format.md, section 6.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from journal.errors import Damaged
from journal.records.packing import (
    CHUNK_BYTES,
    FILE_NAME,
    MANIFEST,
    MAX_FILES,
    MAX_UNPACKED_BYTES,
    TooLarge,
    open_packed,
    unpack,
)
from journal.records.signing import SIGNATURE, Signer, verify_manifest
from journal.sealing import UNREADABLE

ACCOUNT = "data/account.json"
MAX_READ_BYTES = 4 * 2**20
"""Of a file that is read, and not only hashed: a manifest of 5,000 files is a quarter of that."""


class Finding(StrEnum):
    """What is wrong with an archive, or with one of its files."""

    ARCHIVE = "archive"  # the zip file was changed, or is not one that Hearthside wrote
    DIFFERS = "differs"
    MISSING = "missing"
    ADDED = "added"
    UNSIGNED = "unsigned"
    SIGNATURE = "signature"  # it does not fit the manifest
    ACCOUNT = "account"  # it is another account's than the manifest tells
    KEY = "key"  # it is made with another key than the one that was expected


class ManifestFile(msgspec.Struct, frozen=True):
    """What a manifest tells of one file."""

    name: str
    size: int
    sha256: str


class SignedManifest(msgspec.Struct, frozen=True):
    """What a manifest of records or of a packet has to tell; a packet's names no account. Others are not known here."""

    format: Literal["hearthside-records", "hearthside-packet"]
    schema_version: Literal[1]
    created_at: datetime
    files: list[ManifestFile]
    account_id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse two names that one file could have, where a disk knows no case."""
        if len({one.name.lower() for one in self.files}) != len(self.files):
            raise ValueError


class NamedAccount(msgspec.Struct, frozen=True):
    """The name in the account's file."""

    name: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, in the order of the names; whole without any. What could not be read is None."""

    findings: tuple[tuple[Finding, str], ...]
    signer: Signer | None = None
    made_at: datetime | None = None
    name: str = ""
    file_count: int = 0

    @property
    def is_whole(self) -> bool:
        """Return whether it is what its signer made, every file of it."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A file of an archive: its size, and a way to read it, which raises `Damaged`."""

    size: int
    read: Callable[[], Iterator[bytes]]


Files = Mapping[str, ArchiveFile]


def verify_zip(data: bytes, expected: str = "") -> Verdict:
    """
    Verify a zip file.

    Args:
        expected: The fingerprint that the signature has to be of, if it is known; blanks do not count.

    Raises:
        TooLarge: If there is more in it than an archive may hold; nothing was unpacked.
    """
    try:
        packed = open_packed(data)
    except TooLarge:
        raise
    except Damaged:
        return Verdict(((Finding.ARCHIVE, ""),))
    files = {
        name: ArchiveFile(one.size, lambda one=one: unpack(one))  # type: ignore[misc]
        for name, one in packed.files.items()
    }
    return _verify(files, () if packed.is_intact else ((Finding.ARCHIVE, ""),), expected)


def verify_folder(folder: Path, expected: str = "") -> Verdict:
    """Verify what was unpacked into a folder; links in it are not followed. Raises `TooLarge`, `OSError`."""
    files: dict[str, ArchiveFile] = {}
    size = 0
    for path in _walk(folder):
        found = path.lstat()
        # A link, a device or a pipe is there, and is nothing that an archive could hold.
        is_plain = stat.S_ISREG(found.st_mode)
        size += found.st_size if is_plain else 0
        name = path.relative_to(folder).as_posix()
        files[name] = ArchiveFile(found.st_size, lambda path=path: _read(path)) if is_plain else NOTHING  # type: ignore[misc]
        if len(files) > MAX_FILES or size > MAX_UNPACKED_BYTES:
            raise TooLarge
    return _verify(files, (), expected)


def _verify(files: Files, found: tuple[tuple[Finding, str], ...], expected: str) -> Verdict:
    raw = _read_whole(files, MANIFEST)
    signer, findings = _verify_signature(files, raw or b"")
    findings |= set(found)
    manifest = _decode_manifest(raw)
    if manifest is None:
        findings.add((Finding.DIFFERS if MANIFEST in files else Finding.MISSING, MANIFEST))
        return Verdict(_sort(findings), signer)
    if signer and manifest.account_id not in (None, signer.account):
        findings.add((Finding.ACCOUNT, SIGNATURE))
    if signer and expected and "".join(expected.split()) != signer.fingerprint.replace(" ", ""):
        findings.add((Finding.KEY, SIGNATURE))
    findings |= set(_compare(files, manifest.files))
    name = _read_name(files, manifest) if (Finding.DIFFERS, ACCOUNT) not in findings else ""
    return Verdict(_sort(findings), signer, manifest.created_at, name, len(manifest.files))


def _verify_signature(files: Files, manifest: bytes) -> tuple[Signer | None, set[tuple[Finding, str]]]:
    if SIGNATURE not in files:
        return None, {(Finding.UNSIGNED, SIGNATURE)}
    try:
        return verify_manifest(manifest, _read_whole(files, SIGNATURE) or b""), set()
    except Damaged:
        return None, {(Finding.SIGNATURE, SIGNATURE)}


def _compare(files: Files, told: list[ManifestFile]) -> Iterator[tuple[Finding, str]]:
    """Yield which files are not those that the manifest tells."""
    known = {one.name: one for one in told}
    for name in files.keys() - known.keys() - {MANIFEST, SIGNATURE}:
        yield Finding.ADDED, name
    for name, one in known.items():
        if name not in files or not FILE_NAME.fullmatch(name):
            yield Finding.MISSING, name
        elif files[name].size != one.size or _hash(files[name]) != one.sha256:
            yield Finding.DIFFERS, name


def _hash(file: ArchiveFile) -> str:
    """Return the hash of a file's content, and nothing where it cannot be read."""
    hashed = sha256()
    try:
        for piece in file.read():
            hashed.update(piece)
    except Damaged:
        return ""
    return hashed.hexdigest()


def _read_whole(files: Files, name: str) -> bytes | None:
    file = files.get(name)
    if file is None or file.size > MAX_READ_BYTES:
        return None
    try:
        return b"".join(file.read())
    except Damaged:
        return None


def _decode_manifest(raw: bytes | None) -> SignedManifest | None:
    try:
        return msgspec.json.decode(raw or b"", type=SignedManifest)
    except UNREADABLE:
        return None


def _read_name(files: Files, manifest: SignedManifest) -> str:
    """Return the name of the account, from a file that is as it was written."""
    raw = _read_whole(files, ACCOUNT) if any(one.name == ACCOUNT for one in manifest.files) else None
    try:
        return msgspec.json.decode(raw, type=NamedAccount).name if raw else ""
    except UNREADABLE:
        return ""


def _sort(findings: set[tuple[Finding, str]]) -> tuple[tuple[Finding, str], ...]:
    return tuple(sorted(findings, key=lambda one: (one[1], one[0])))


def _walk(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder and is no folder, without following a link."""
    for at, folders, names in os.walk(folder, onerror=_raise):
        linked = [one for one in folders if (Path(at) / one).is_symlink()]
        yield from (Path(at) / name for name in (*names, *linked))


def _raise(error: OSError) -> None:
    raise error


def _read(path: Path) -> Iterator[bytes]:
    """Read a file in pieces, as far as its size told when the folder was read."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            left = os.fstat(file.fileno()).st_size
            while left and (piece := file.read(min(CHUNK_BYTES, left))):
                left -= len(piece)
                yield piece
    except OSError as error:
        raise Damaged from error


def _read_nothing() -> Iterator[bytes]:
    raise Damaged


NOTHING = ArchiveFile(0, _read_nothing)
