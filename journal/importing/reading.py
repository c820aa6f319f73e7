"""Read what somebody uploaded, in a process of its own; nothing of it is stored or believed before that."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from journal.actor import Actor
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.importing.items import MAX_UPLOAD_BYTES, Refusal, Summary
from journal.installation.own_process import ProgramFailed, run_program
from journal.installation.password_work import Busy

PROGRAM = Path(__file__).with_name("reading_process.py")
TIMEOUT = 180.0  # seconds
MAX_UPLOADS = 3
"""People whose files come in or are read at the same time: each takes memory."""


class UploadBusy(Busy):
    """Files of this person come in already, or those of others; nothing was read."""

    message = N_("A file is being read already. Nothing was done. Please try again in a moment.")
    retry_after = 20


async def read_upload(
    actor: Actor, content_type: str, body: AsyncIterator[bytes]
) -> tuple[Summary, list[bytes]]:
    """
    Return what was found in the files of a form, and its parts as JSON.

    Args:
        content_type: Of the form, `multipart/form-data` with its boundary.
        body: The form as it comes in.

    Raises:
        InvalidInput: If it is not read; `files` says why and what to do, `passphrase` asks for one.
        UploadBusy: If another file is being read.
    """
    reading = actor.installation.reading_accounts
    if actor.id in reading or len(reading) >= MAX_UPLOADS:
        raise UploadBusy
    reading.add(actor.id)
    try:
        pieces = await _collect(body)
        head = {"content_type": content_type, "now": actor.now, "zone": actor.time_zone}
        given = b"".join((msgspec.json.encode(head), b"\n", *pieces))
        del pieces
        async with actor.installation.import_limiter:
            try:
                made = await run_program(PROGRAM, given=given, seconds=TIMEOUT)
            except ProgramFailed as error:
                raise _refuse(Refusal.FAILED) from error
    finally:
        reading.remove(actor.id)
    return _split(made)


async def _collect(body: AsyncIterator[bytes]) -> list[bytes]:
    pieces, size = [], 0
    async for piece in body:
        size += len(piece)
        if size > MAX_UPLOAD_BYTES:
            raise _refuse(Refusal.TOO_LARGE)
        pieces.append(piece)
    return pieces


def _split(made: bytes) -> tuple[Summary, list[bytes]]:
    pieces, at = [], 0
    while at < len(made):
        (length,) = struct.unpack_from(">I", made, at)
        pieces.append(made[at + 4 : at + 4 + length])
        at += 4 + length
    first = msgspec.json.decode(pieces[0], type=Summary | str) if pieces else Refusal.FAILED.value
    if isinstance(first, str):
        raise _refuse(Refusal(first))
    return first, pieces[1:]


def _refuse(refusal: Refusal) -> InvalidInput:
    """Return the refusal of a file as a sentence beside the field that can be changed."""
    is_word = refusal in (Refusal.PASSPHRASE, Refusal.WRONG_PASSPHRASE)
    return InvalidInput({"passphrase" if is_word else "files": refusal.label})
