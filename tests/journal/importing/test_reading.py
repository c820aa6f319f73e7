"""Reading happens in a process of its own, which is bounded; what comes back is a summary and parts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import pytest

from crypto import Keyring
from journal.actor import Actor
from journal.errors import InvalidInput
from journal.importing import reading, reading_process
from journal.importing.items import MAX_UPLOAD_BYTES, Part, Refusal
from journal.importing.reading import UploadBusy, read_upload
from journal.installation.installation import Installation
from journal.roles import Role
from tests.journal.importing.corpus import CLOCK, LIGHT, WORDS, pack, pack_bomb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KIND = "multipart/form-data; boundary=mark"


def form(content: bytes, typed: str = "") -> bytes:
    head = b'--mark\r\nContent-Disposition: form-data; name="%s"'
    passphrase = head % b"passphrase" + b"\r\n\r\n" + typed.encode() + b"\r\n"
    return passphrase + head % b"files" + b'; filename="it.zip"\r\n\r\n' + content + b"\r\n--mark--\r\n"


async def sent(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.fixture
def actor() -> Actor:
    """Somebody who is signed in, without a database: reading asks for none."""
    installation, keys = Installation.with_key(bytes(32)), Keyring.from_account_key(bytes(32))
    who = (UUID(int=7), Role.PATIENT, "Alice", "alice@example.org", "Europe/Berlin", CLOCK.now, installation)
    return Actor(*who, keys, keys.vault_sealer(), b"", b"", "", True, None)


async def test_what_was_found_comes_back_in_parts(actor):
    """A summary, and parts of a hundred entries."""
    files = {f"2024-01-01 {number}.txt": f"Words {number}" for number in range(250)}
    body = form(pack(files))
    summary, parts = await read_upload(actor, KIND, sent(body[:1000], body[1000:]))
    assert (summary.entries, len(parts)) == (250, 3)
    entries = [one for part in parts for one in msgspec.json.decode(part, type=Part).entries]
    assert sorted(str(one.answers["free.text"]) for one in entries) == sorted(files.values())
    assert tuple(one.digest for one in entries) == summary.digests


@pytest.mark.parametrize(
    ("content", "typed", "field", "refusal"),
    [
        (b"words", "", "files", Refusal.DAMAGED),
        (pack_bomb(8 << 20), "", "files", Refusal.UNPACKS),
        (LIGHT, "", "passphrase", Refusal.PASSPHRASE),
        (LIGHT, "other", "passphrase", Refusal.WRONG_PASSPHRASE),
    ],
)
async def test_a_refusal_stands_beside_the_field_that_can_be_changed(actor, content, typed, field, refusal):
    """It is a sentence that says what to do."""
    with pytest.raises(InvalidInput) as refused:
        await read_upload(actor, KIND, sent(form(content, typed)))
    assert dict(refused.value.fields) == {field: refusal.label}


async def test_an_age_file_is_opened_there(actor):
    """With the passphrase of the form."""
    summary, _ = await read_upload(actor, KIND, sent(form(LIGHT, WORDS)))
    assert summary.entries == 1


async def test_more_than_may_come_is_not_collected(actor):
    """It ends with the piece that is too much, before anything is read."""
    left = []

    async def much() -> AsyncIterator[bytes]:
        for number in range(1000):
            left.append(number)
            yield bytes(8 << 20)

    with pytest.raises(InvalidInput):
        await read_upload(actor, KIND, much())
    assert len(left) == MAX_UPLOAD_BYTES // (8 << 20) + 1


async def test_a_person_reads_one_file_at_a_time(actor):
    """Whoever sends another one meanwhile is asked to try again, and the first goes on."""
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        begun.set()
        await goes_on.wait()
        yield form(pack({"2024-01-01.txt": "Words"}))

    first = asyncio.create_task(read_upload(actor, KIND, slow()))
    await begun.wait()
    with pytest.raises(UploadBusy):
        await read_upload(actor, KIND, sent(b""))
    actor.installation.reading_accounts.update({UUID(int=1), UUID(int=2)})
    with pytest.raises(UploadBusy):
        await read_upload(replace(actor, id=UUID(int=3)), KIND, sent(b""))
    goes_on.set()
    assert (await first)[0].entries == 1
    assert actor.id not in actor.installation.reading_accounts


async def test_a_file_waits_for_another_file_and_for_no_export(actor):
    """One file is read at a time, and while an export is made; an export finds its turn free while a file is read."""
    here, content = actor.installation, form(pack({"2024-01-01.txt": "Words"}))
    other = replace(actor, id=UUID(int=8))
    async with here.export_limiter:
        assert (await read_upload(actor, KIND, sent(content)))[0].entries == 1
    async with here.import_limiter:
        waiting = asyncio.create_task(read_upload(other, KIND, sent(content)))
        while not here.import_limiter.statistics().tasks_waiting:
            assert not waiting.done()
            await asyncio.sleep(0)
        here.export_limiter.acquire_nowait()
    assert (await waiting)[0].entries == 1


def test_the_process_can_write_no_file_and_takes_bounded_memory(tmp_path):
    """What it sets for itself holds, whatever a file does to it."""
    trying = tmp_path / "trying.py"
    trying.write_text(
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n"
        "from journal.importing import reading_process as it\n"
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "it.limit_resources()\n"
        "try:\n    open(sys.argv[1], 'wb', buffering=0).write(b'x'); print('wrote')\n"
        "except OSError: print('no file')\n"
        "try:\n    bytes(it.MEMORY); print('took')\n"
        "except MemoryError: print('no memory')\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))\n"
        "print({'tortoise', 'asyncpg', 'pydantic'} & {*sys.modules})\n"  # it needs no store, and begins at once
    )
    told = subprocess.run(
        [sys.executable, str(trying), str(tmp_path / "it")], capture_output=True, text=True, check=True
    )
    assert told.stdout.split("\n")[:4] == ["no file", "no memory", "(0, 0)", "set()"]


async def test_a_process_that_ends_by_itself_is_a_refusal(actor, monkeypatch, tmp_path):
    """Whatever ended it, the person reads a sentence, and the next file is read."""
    ending = tmp_path / "ending.py"
    ending.write_text("import os; os.abort()")
    monkeypatch.setattr(reading, "PROGRAM", ending)
    with pytest.raises(InvalidInput) as refused:
        await read_upload(actor, KIND, sent(form(b"x")))
    assert dict(refused.value.fields) == {"files": Refusal.FAILED.label}
    assert not actor.installation.reading_accounts


def test_the_program_is_the_one_beside_it():
    """It reads with the code that it belongs to."""
    assert Path(reading_process.__file__) == reading.PROGRAM
    assert Installation.with_key(bytes(32)).reading_accounts == set()
