"""
A program of its own: reads what was uploaded, and writes what was found in it.

What comes in was made by anybody. Here it has bounded memory and time, low priority, no file that it could write, and
no core dump. The standard input is a line of JSON (`content_type`, `now`, `zone`) and the body of the form. What comes
out are pieces, each after its length in four bytes: why it is refused, or the summary and then the parts.
"""

from __future__ import annotations

import os
import resource
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parents[2])
)  # the code that this file belongs to, and no other

import msgspec

from journal.importing.folder import Folder, open_files, parse_form
from journal.importing.hearthside import find_manifest, read_archive
from journal.importing.items import Findings, Part, Refusal, Refused, Source, Summary
from journal.importing.other_apps import (
    DAILY_TXT_PAGES,
    find_json,
    read_daily_txt,
    read_day_one,
    read_journiv,
)
from journal.importing.text_files import has_texts, read_texts
from journal.importing.texts import Clock

MEMORY = 3 << 30  # bytes of addresses: to open an age file takes a gigabyte, whatever its size
SECONDS = 100  # of work
WRITABLE = 0  # bytes that a file may have


class Told(msgspec.Struct):
    """The first line of what comes in."""

    content_type: str
    now: datetime
    zone: str


def read_folder(folder: Folder, clock: Clock) -> Findings:
    """Return what is in a folder, whatever wrote it; raises `Refused`."""
    manifest = find_manifest(folder)
    if manifest is not None:
        return read_archive(folder, manifest, clock)
    told = find_json(folder)
    if told is not None:
        source, names = told
        if source is Source.DAILY_TXT:
            return read_daily_txt(folder, names, clock)
        return (
            read_day_one(folder, names, clock)
            if source is Source.DAY_ONE
            else read_journiv(folder, names[0], clock)
        )
    if has_texts(folder):
        return read_texts(folder, clock)
    if any(DAILY_TXT_PAGES.search(name) for name in folder.names):
        raise Refused(Refusal.PAGES_ONLY)
    if any(name.lower().endswith((".zip", ".age")) for name in folder.names):
        raise Refused(Refusal.NESTED)
    raise Refused(Refusal.UNKNOWN)


def read_body(content_type: str, body: bytes, clock: Clock) -> tuple[Summary, list[Part]]:
    """Return what is in the body of a form with files; raises `Refused`."""
    form = parse_form(content_type, body)
    return read_folder(open_files(form.files, form.fields.get("passphrase", "")), clock).finish()


def limit_resources() -> None:
    """Limit what this process may take, for as long as it lasts."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, WRITABLE),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_AS, MEMORY),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(10)


def main() -> None:
    """Read what comes in on the standard input; nothing of it is left behind, even when interrupted."""
    limit_resources()
    told = msgspec.json.decode(sys.stdin.buffer.readline(), type=Told)
    try:
        summary, parts = read_body(
            told.content_type, sys.stdin.buffer.read(), Clock(told.now.astimezone(UTC), told.zone)
        )
        pieces: list[object] = [summary, *parts]
    except Refused as error:
        pieces = [error.refusal.value]
    except MemoryError:
        pieces = [Refusal.FAILED.value]
    for one in pieces:
        piece = msgspec.json.encode(one)
        sys.stdout.buffer.write(struct.pack(">I", len(piece)) + piece)


if __name__ == "__main__":
    main()
