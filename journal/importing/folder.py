"""
The files in what was uploaded: sent one by one, or in a zip file, which may be inside an age file.

A zip file is believed in nothing: its directory is looked at before anything is unpacked, and nothing unpacks to more
than the directory told. Names tell what a file is and are never used as a path.
"""

from __future__ import annotations

import re
import stat
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import pyrage
from pyrage import passphrase as age_passphrase
from pyrage import x25519

from journal.importing.items import (
    MAX_FILES,
    MAX_MEMBERS,
    MAX_NAME_DEPTH,
    MAX_NAME_LENGTH,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    Refusal,
    Refused,
)

AGE = (b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----")
SECRET_KEY = "AGE-SECRET-KEY-1"
ZIP = b"PK"
SLACK = 2**16  # bytes that a small file may unpack to, whatever it takes up
MAX_HEAD = 16 * 1024
HIDDEN = re.compile(r"(?:^|/)(?:\.|__MACOSX(?:/|$)|Thumbs\.db$|desktop\.ini$)")
"""What systems leave in folders, and nobody wrote."""
_END = struct.Struct("<4s4H2IH")
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Folder:
    """Files by their names; `read` returns one's bytes, or raises `Refused`. `skipped` were not even files."""

    names: tuple[str, ...]
    read: Callable[[str], bytes]
    sizes: Mapping[str, int]
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """What a form with files holds: its fields, and its files with the names that they were sent with."""

    fields: Mapping[str, str]
    files: tuple[tuple[str, bytes], ...] = field(default=())


def parse_form(content_type: str, body: bytes) -> Form:
    """
    Return the parts of a `multipart/form-data` body (RFC 7578); raises `Refused`.

    A file that was not chosen comes as one without a name and without a byte, and is left out.
    """
    told = Message()
    told["content-type"] = content_type
    boundary = told.get_boundary("")
    if told.get_content_type() != "multipart/form-data" or not 1 <= len(boundary) <= 70:
        raise Refused(Refusal.DAMAGED)
    mark = b"\r\n--" + boundary.encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(mark, MAX_FILES + 20)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise Refused(Refusal.TOO_MANY if len(pieces) > MAX_FILES else Refusal.DAMAGED)
    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    for piece in pieces[1:-1]:
        head, parting, content = piece.partition(b"\r\n\r\n")
        if not parting or len(head) > MAX_HEAD:
            raise Refused(Refusal.DAMAGED)
        name, filename = _read_disposition(head)
        if filename is None:
            fields[name] = content.decode("utf-8", "replace")
        elif filename or content:
            files.append((filename, content))
    return Form(fields, tuple(files))


def _read_disposition(head: bytes) -> tuple[str, str | None]:
    """Return the name of a field, and that of its file; browsers write a quote in it as %22."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        label, _, value = line.partition(":")
        if label.strip().lower() == "content-disposition":
            found = dict(re.findall(r';\s*(\w+)="([^"]*)"', value))
            return found.get("name", ""), found.get("filename")
    raise Refused(Refusal.DAMAGED)


def open_files(files: tuple[tuple[str, bytes], ...], passphrase: str) -> Folder:
    """Return the files in what was sent; raises `Refused`."""
    if not files:
        raise Refused(Refusal.NOTHING)
    if len(files) > MAX_FILES:
        raise Refused(Refusal.TOO_MANY)
    if len(files) == 1:
        ((name, content),) = files
        if content.startswith(AGE):
            content = _decrypt(content, passphrase)
            if not content.startswith(ZIP):
                raise Refused(Refusal.UNKNOWN)
        if content.startswith(ZIP):
            return _open_zip(content)
        if name.lower().endswith((".zip", ".age")):
            raise Refused(Refusal.DAMAGED)
    elif any(content.startswith((*AGE, ZIP)) for _, content in files):
        raise Refused(Refusal.NESTED)
    return _open_sent(files)


def _open_sent(files: tuple[tuple[str, bytes], ...]) -> Folder:
    """Return files that were sent one by one; of two that are called the same, both."""
    by_name: dict[str, bytes] = {}
    for name, content in files:
        clean = name.replace("\\", "/").lstrip("/")[-MAX_NAME_LENGTH:] or "file"
        if not HIDDEN.search(clean):
            by_name[clean if clean not in by_name else f"{len(by_name)}/{clean}"] = content
    return Folder(tuple(by_name), by_name.__getitem__, {name: len(one) for name, one in by_name.items()})


def _decrypt(sealed: bytes, words: str) -> bytes:
    if not words:
        raise Refused(Refusal.PASSPHRASE)
    typed = words.strip()
    try:
        if typed.startswith(SECRET_KEY):
            return bytes(pyrage.decrypt(sealed, [x25519.Identity.from_str(typed)]))
        return bytes(age_passphrase.decrypt(sealed, words))
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise Refused(Refusal.WRONG_PASSPHRASE) from error


def _open_zip(data: bytes) -> Folder:
    """Return the files of a zip file, once its directory was looked at."""
    _count_members(data)
    try:
        archive = ZipFile(BytesIO(data))
        members = archive.infolist()
    except (BadZipFile, struct.error, ValueError, NotImplementedError, OSError, EOFError) as error:
        raise Refused(Refusal.DAMAGED) from error
    by_name: dict[str, ZipInfo] = {}
    skipped, unpacked = 0, 0
    for one in members:
        name = one.filename.replace("\\", "/")
        unpacked += one.file_size
        if unpacked > MAX_UNPACKED_BYTES or one.file_size > MAX_RATIO * one.compress_size + SLACK:
            raise Refused(Refusal.UNPACKS)
        if name in by_name or _leads_out(name) or _leads_out(one.orig_filename.replace("\\", "/")):
            raise Refused(Refusal.NAMES)
        if one.is_dir() or HIDDEN.search(name):
            continue
        if stat.S_IFMT(one.external_attr >> 16) not in (0, stat.S_IFREG):
            skipped += 1  # a link, a pipe or a device
            continue
        if one.flag_bits & _ENCRYPTED:
            raise Refused(Refusal.LOCKED_ZIP)
        if one.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise Refused(Refusal.METHOD)
        by_name[name] = one
    sizes = {name: one.file_size for name, one in by_name.items()}
    return Folder(tuple(by_name), lambda name: _unpack(archive, by_name[name]), sizes, skipped)


def _count_members(data: bytes) -> None:
    """Raise `Refused` for a directory that tells of too many files, or that is none, before it is read."""
    place = data.rfind(b"PK\5\6", max(0, len(data) - _END.size - 0xFFFF))
    if place < 0 or place + _END.size > len(data):
        raise Refused(Refusal.DAMAGED)
    _, _, _, _, count, size, _, _ = _END.unpack_from(data, place)
    if count > MAX_MEMBERS or size > MAX_MEMBERS * (MAX_NAME_LENGTH + 200):
        raise Refused(Refusal.TOO_MANY)


def _leads_out(name: str) -> bool:
    """Return whether a name is no plain path below the folder."""
    parts = name.split("/")
    return (
        not name
        or len(name) > MAX_NAME_LENGTH
        or len(parts) > MAX_NAME_DEPTH
        or name.startswith("/")
        or ".." in parts
        or "\0" in name
        or re.match(r"[A-Za-z]:", name) is not None
    )


def _unpack(archive: ZipFile, one: ZipInfo) -> bytes:
    """Unpack a file, and not one byte more than the directory tells; its checksum has to fit."""
    try:
        with archive.open(one) as file:
            content = file.read(one.file_size + 1)
    except (
        BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        ValueError,
        NotImplementedError,
        OSError,
    ) as error:
        raise Refused(Refusal.DAMAGED) from error
    except RuntimeError as error:  # what zipfile raises for one that asks for a password
        raise Refused(Refusal.LOCKED_ZIP) from error
    if len(content) != one.file_size:
        raise Refused(Refusal.DAMAGED)
    return content
