"""
Pack records into one archive and seal it with a passphrase: a zip file in memory inside an age file.

docs/export-format.md describes both. Nothing unsealed is ever written to a disk.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec
import pyrage
from anyio import to_thread
from pyrage import ssh, x25519

from crypto import PrivateIdentity
from journal.actor import Actor
from journal.authentication.passwords import rate_password
from journal.authentication.sign_in import verify_password
from journal.errors import InvalidInput, JournalError
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_, MarkedText
from journal.installation.installation import Installation
from journal.installation.own_process import ProgramFailed, run_program
from journal.installation.password_work import Busy
from journal.records import collection
from journal.records.collection import Records
from journal.records.packing import FILE_NAME, MANIFEST, OWNER_ONLY, append_checksum
from journal.records.schema import FORMAT, SCHEMA_VERSION, FileRecord, Manifest
from journal.records.signing import SIGNATURE, sign_manifest
from journal.roles import Role
from journal.sessions.holds import refuse_while_held
from journal.store.progress import run_with_retry

AGE_PROGRAM = Path(__file__).with_name("age_process.py")

MAX_LINE_BYTES = 1000
"""Bytes of a passphrase: terminals hand over 1,024 with the end of the line on macOS, and 4,096 on Linux."""
ONE_LINE = N_(
    "Please write it on one line, without tabs: a terminal, where it is asked for, takes nothing else."
)
TOO_LONG = N_("Please use a shorter one: a terminal, where it is asked for, cannot take so much on one line.")
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})

COMPRESSION_LEVEL = (
    1  # of compression: prose shrinks to a third; level 6 takes four times as long for a tenth less
)

Pages = Mapping[str, str | bytes]
RenderPages = Callable[[Records], Pages]

MAX_EXPORTS = 4  # people whose file is made or waits for its turn; each takes some seconds and a gigabyte
SEALING_TIMEOUT = 120.0  # seconds that it may take to seal one


class ExportBusy(Busy):
    """A file is made for this person already, or others wait for theirs; nothing was read."""

    message = N_(
        "A file is being made already, and one is made at a time. Nothing was done. Please try again in a moment."
    )
    retry_after = 20


class SealingFailed(JournalError):
    """The archive could not be sealed; the likeliest reason is memory."""

    message = N_(
        "The file could not be made this time. Nothing was written anywhere. Try again in a little while."
    )


async def export_records(
    actor: Actor,
    current: str,
    passphrase: str,
    *,
    practice: str,
    app_version: str,
    patient: UUID | None,
    render: RenderPages,
) -> bytes:
    """
    Return the actor's records as an age file.

    A patient exports everything of their own; a clinician what was shared with them, by one patient or by all.

    Args:
        current: The actor's password, asked for again.
        passphrase: What the file will open with, exactly as typed; it is stored nowhere.
        patient: For a clinician, whose records; None for everybody's.
        render: Renders the pages for people, and what else goes with them, by file name.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        InvalidInput: If the password is not theirs (`current`), or the passphrase is too weak or none for `age`
            (`passphrase`).
        NotFound: If the patient is not in the clinician's care.
        ExportBusy: If a file of theirs is being made already, or too many people wait for one.
        SealingFailed: If the server could not seal it, or not in time.
    """
    await refuse_while_held(actor, Asked(HeldAct.EXPORT))
    await require_passphrase(actor, passphrase, practice)
    await verify_password(actor, current)

    with reserve_place(actor):
        return await _build_export(
            actor, passphrase, practice=practice, app_version=app_version, patient=patient, render=render
        )


async def require_passphrase(actor: Actor, passphrase: str, practice: str) -> None:
    """Raise `InvalidInput` (`passphrase`) for one that is too weak, or that `age` could not be given."""
    known = (actor.name, actor.email, practice)
    advice = await actor.installation.run_password_hash(
        lambda: rate_password(passphrase, context=known), is_returning=True
    )
    if problems := (*advice.problems, *list_typing_problems(passphrase)):
        raise InvalidInput({"passphrase": problems[0]})


@contextmanager
def reserve_place(actor: Actor) -> Iterator[None]:
    """
    Hold a place among those whose file is made or waits for its turn.

    Raises:
        ExportBusy: If they have one already, or too many others have.
    """
    exporting = actor.installation.exporting_accounts
    if actor.id in exporting or len(exporting) >= MAX_EXPORTS:
        raise ExportBusy
    exporting.add(actor.id)
    try:
        yield
    finally:
        exporting.remove(actor.id)


async def _build_export(
    actor: Actor,
    passphrase: str,
    *,
    practice: str,
    app_version: str,
    patient: UUID | None,
    render: RenderPages,
) -> bytes:
    async def collect_records() -> Records:
        if actor.role is Role.PATIENT:
            return await collection.collect_patient_records(actor, practice)
        return await collection.collect_shared_records(actor, practice, patient)

    found, identity = await run_with_retry(collect_records), actor.open_identity()
    return await _seal_archive(
        actor.installation, lambda: pack_archive(found, render(found), app_version, identity), passphrase
    )


def list_typing_problems(passphrase: str) -> tuple[str, ...]:
    """
    Return why a passphrase cannot be typed where `age` asks for it, exactly as it is.

    `age` takes the bytes of one line of a terminal, which keeps some control characters for itself, and changes none.
    """
    if any(unicodedata.category(sign) in _FORBIDDEN_CATEGORIES for sign in passphrase):
        return (ONE_LINE,)
    return (TOO_LONG,) if len(passphrase.encode()) > MAX_LINE_BYTES else ()


def pack_archive(records: Records, pages: Pages, app_version: str, identity: PrivateIdentity) -> bytes:
    """Pack documents, pages and a signed manifest with their hashes into a zip file, in the order of their names."""
    files = {name: page if isinstance(page, bytes) else page.encode() for name, page in pages.items()}
    files |= {name: encode_json(document) for name, document in records.documents.items()}
    manifest = Manifest(
        FORMAT,
        SCHEMA_VERSION,
        app_version,
        records.made_at,
        records.account.time_zone,
        records.account.id,
        records.account.role,
        list(records.unreadable),
        list_files(files),
    )
    files[MANIFEST] = msgspec.json.format(encode_json(manifest), indent=2)
    files[SIGNATURE] = sign_manifest(identity, records.account.id, files[MANIFEST])
    return zip_files(files, records.made_at)


def zip_files(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    """
    Zip files in the order of their names, with the hash of all that stands before it at the end.

    Raises:
        ValueError: For a name that somebody may have typed.
    """
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, body in sorted(files.items()):
            if not FILE_NAME.fullmatch(name):
                raise ValueError(f"a file of the archive may not be called {name!r}")
            entry = ZipInfo(name, made_at.timetuple()[:6])
            entry.create_system, entry.external_attr = 3, OWNER_ONLY
            archive.writestr(entry, body, ZIP_DEFLATED, COMPRESSION_LEVEL)
    return append_checksum(buffer.getvalue())


def list_files(files: Mapping[str, bytes]) -> list[FileRecord]:
    """Return what a manifest says of files: name, size and hash, in the order of their names."""
    return [FileRecord(name, len(body), sha256(body).hexdigest()) for name, body in sorted(files.items())]


def encode_json(document: object) -> bytes:
    """Return a document of an archive as JSON."""
    return msgspec.json.encode(document, enc_hook=_encode_message)


def _encode_message(value: object) -> str:
    """Return a message that names its context to translators as the text that it is."""
    if isinstance(value, MarkedText):
        return str(value)
    raise TypeError(type(value).__name__)


async def _seal_archive(installation: Installation, build: Callable[[], bytes], passphrase: str) -> bytes:
    async with installation.export_limiter:
        return await seal_with_age(await to_thread.run_sync(build), passphrase)


async def seal_with_age(made: bytes, words: str, *, is_recipient: bool = False) -> bytes:
    """
    Return *made* as an age file, in a process of its own. The caller holds the installation's limiter.

    Args:
        words: The passphrase, or with *is_recipient* a public key (`age1…`, `ssh-ed25519 …`).

    Raises:
        SealingFailed: If it cannot be sealed, or not in time.
    """
    way, given = "recipient" if is_recipient else "passphrase", words.encode() + b"\n" + made
    try:
        return await run_program(AGE_PROGRAM, way, given=given, seconds=SEALING_TIMEOUT)
    except ProgramFailed as error:
        raise SealingFailed from error


def can_seal_for(key: str) -> bool:
    """Return whether something is a public key that age knows. Reading one takes no time; sealing for it does."""
    known = ssh.Recipient if key.startswith("ssh-") else x25519.Recipient
    try:
        known.from_str(key)
    except pyrage.RecipientError:
        return False
    return True
