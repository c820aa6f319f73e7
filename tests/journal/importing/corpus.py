"""Made files to import, whole ones and broken ones, and what reads them without a process."""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from journal.importing.folder import open_files
from journal.importing.items import Refused
from journal.importing.reading_process import read_folder
from journal.importing.texts import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from journal.importing.items import Findings

LIGHT = b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBjM056YzNOemMzTnpjM056YzNOemN3IDIKczFFZHpVWnNRUTM3SXdxSTFF"
    "ZlpDbVFEVisvc2o1Z1NMd3lqbEl0cTlTUQotLS0ga05DWXZEc2NuWnBKQUsvUmJhZlBJOGJIRUkxSmV3djMyeFlqNDRDTnRuQQpu"
    "bm5ubm5ubm5ubm5ubm5uBTHh6T4tI/moq5UZGGexftIsyYDJs/aNAsr/wo5UrWkmSd03squ77sjo01rONpJCMlDvfxhVa5vnVpJu"
    "thwK4+xDsqKepsGkCSZy/YNEasE1rvT3eoTNBdhUHsJiYhDmKsCa67Wi7t/cMWWSY13RkZCpraZ1BrJm3SQQxyaj8t0lAFY6G32q"
    "QEImuFnAQCiqZepq7isNK3s="
)
"""A zip file with a text, for the passphrase `WORDS`, of so little work that a test can open it often."""
WORDS = "six gentle words of a list"
CLOCK = Clock(datetime(2026, 11, 22, 12, tzinfo=UTC), "Europe/Berlin")
DEEP = "[" * 20_000 + "]" * 20_000


def pack(files: Mapping[str, bytes | str], *, method: int = ZIP_DEFLATED) -> bytes:
    """Return a zip file."""
    made = BytesIO()
    with ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def pack_special(name: str, content: bytes, **changes: Any) -> bytes:
    """Return a zip file with one file whose entry differs in what is given."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        entry = ZipInfo(name)
        for what, value in changes.items():
            setattr(entry, what, value)
        archive.writestr(entry, content, ZIP_DEFLATED)
    return made.getvalue()


def set_flag(zipped: bytes, flag: int) -> bytes:
    """Return a zip file whose first entry has another flag, in its directory and before it."""
    made = bytearray(zipped)
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = made.find(mark) + offset
        made[at : at + 2] = struct.pack("<H", flag)
    return bytes(made)


def set_method(zipped: bytes, method: int) -> bytes:
    """Return a zip file whose first entry names another way of packing."""
    made = bytearray(zipped)
    for mark, offset in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        at = made.find(mark) + offset
        made[at : at + 2] = struct.pack("<H", method)
    return bytes(made)


def pack_bomb(unpacked: int, name: str = "2024-01-01.txt") -> bytes:
    """Return a zip file of a thousandth of what it unpacks to, made without so much memory."""
    packing, block = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(2**20)
    check, pieces = 0, []
    for _ in range(unpacked >> 20):
        pieces.append(packing.compress(block))
        check = zlib.crc32(block, check)
    content = b"".join([*pieces, packing.flush()])
    told = (20, 0, 8, 0, 33, check, len(content), min(unpacked, 2**32 - 1), len(name), 0)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", *told) + name.encode()
    central = struct.pack("<4sH5H3I5H2I", b"PK\1\2", 20, *told, 0, 0, 0, 0, 0) + name.encode()
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local) + len(content), 0)
    return local + content + central + end


def read(*files: tuple[str, bytes], passphrase: str = "", now: datetime = CLOCK.now) -> Findings:
    """Return what is found in files that were sent."""
    return read_folder(open_files(files, passphrase), Clock(now, CLOCK.zone))


def read_zip(files: Mapping[str, bytes | str]) -> Findings:
    """Return what is found in a zip file of these."""
    return read(("it.zip", pack(files)))


def why(*files: tuple[str, bytes], passphrase: str = "") -> str:
    """Return why files are refused, or nothing."""
    try:
        read(*files, passphrase=passphrase).finish()
    except Refused as error:
        return error.refusal.value
    return ""


def entry_record(**changes: Any) -> dict[str, Any]:
    """Return an `EntryRecord` as an archive has it."""
    return {
        "id": "0b0e7a52-6d1f-4f0e-8a55-2f6b3a1f9c10",
        "kind": "free",
        "title": "A door",
        "note": "",
        "session_id": None,
        "belongs_to": None,
        "created_at": "2026-11-20T09:00:00Z",
        "updated_at": "2026-11-20T09:14:02.000001Z",
        "revision": 3,
        "answers": [
            {"id": "free.text", "question": "", "kind": "text", "value": "It was ajar.", "labels": []}
        ],
        "earlier": [],
        "language": "en",
    } | changes


def session_record(**changes: Any) -> dict[str, Any]:
    """Return a `SessionRecord` as an archive has it."""
    return {
        "id": "9f0c2f0e-13a7-4b34-9d41-77c1f2a5e6d3",
        "course_id": "11111111-13a7-4b34-9d41-77c1f2a5e6d3",
        "about": None,
        "kind": "dosing",
        "status": "integrating",
        "starts_at": "2026-11-18T13:00:00Z",
        "local": "2026-11-18T14:00",
        "zone": "Europe/Berlin",
        "minutes": 120,
        "setting": "home",
        "route": "sublingual",
        "phase": "induction",
        "sequence_no": 1,
        "added_by_patient": False,
        "dose_text": "100 mg",
        "prescriber_name": "",
        "sitter": "Sam",
        "note": "",
        "cancel_reason": "",
        "started_at": "2026-11-18T13:02:00Z",
        "ended_at": "2026-11-18T15:00:00Z",
        "rested_on": "2026-11-19",
        "ask_after": None,
        "acute_hours": 4,
        "join": "",
        "moves": 0,
        "moved_at": None,
        "language": "en",
    } | changes


def build_archive(
    entries: object,
    plan: object | None = None,
    *,
    manifest: Mapping[str, Any] | None = None,
    extra: Mapping[str, bytes] | None = None,
    sharing: object | None = None,
) -> bytes:
    """Return an archive of Hearthside with these documents."""
    files = {
        "data/entries.json": json.dumps(entries).encode(),
        "data/sessions.json": json.dumps(
            plan if plan is not None else {"courses": [], "sessions": []}
        ).encode(),
    }
    if sharing is not None:
        files["data/sharing.json"] = json.dumps(sharing).encode()
    told = {
        "format": "hearthside-records",
        "schema_version": 1,
        "role": "patient",
        "files": [
            {"name": name, "size": len(one), "sha256": sha256(one).hexdigest()} for name, one in files.items()
        ],
    } | dict(manifest or {})
    return pack(files | dict(extra or {}) | {"manifest.json": json.dumps(told).encode()})
