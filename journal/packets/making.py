"""
Make the file of a packet: what was previewed and nothing else, sealed, beside the requests of the pages.

The actor's keys lie in this process until the file is stored, and no longer (docs/decisions/0039).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Protocol
from uuid import UUID

import msgspec
from anyio import to_thread

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication.sign_in import verify_password
from journal.care.links import require_active
from journal.errors import InvalidInput, JournalError, NotFound, StaleRevision
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.packets.choice import require_told
from journal.packets.composing import FORMAT, SCHEMA_VERSION, Content
from journal.packets.documents import (
    FILE_KEPT,
    MAX_FILE_BYTES,
    STEPS,
    Choice,
    Part,
    Told,
    file_context,
    told_context,
)
from journal.packets.drafts import (
    CHANGED,
    Packet,
    State,
    load_packet,
    query_mine,
    seal_disclosed,
    write_choice,
)
from journal.packets.loading import load_content, load_source, mark_quoted
from journal.packets.programs import write_for_programs
from journal.packets.shared import load_folder, require_shared
from journal.records.archive import (
    can_seal_for,
    encode_json,
    list_files,
    list_typing_problems,
    require_passphrase,
    reserve_place,
    seal_with_age,
    zip_files,
)
from journal.records.packing import MANIFEST
from journal.records.schema import FileRecord
from journal.records.signing import SIGNATURE, sign_manifest
from journal.sealing import open_bytes, seal_document
from journal.sessions.holds import refuse_while_held
from journal.store.database import transaction
from journal.store.rows import Row, Timestamp, fetch_row

RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}|ssh-ed25519 [A-Za-z0-9+/]{68}={0,2}( .*)?")
"""The public keys that a file can be sealed for, as they are written; behind that of a ssh key may stand a comment."""
MAX_KEY_LENGTH = 500
BEAT = 20.0  # seconds between two signs of a file that is being made
NOT_A_KEY = N_(
    "This is no public key that age can use. One begins with age1 or ssh-ed25519; copy all of it, on one line."
)
NO_OPENING = N_("Say how the file opens: with a passphrase, or for a public key.")
NOTHING_CHOSEN = N_("Nothing is chosen yet. Choose what belongs into the packet, and look at it first.")
PDF = "packet.pdf"


class LookAgain(JournalError):
    """The packet would not hold what was previewed."""

    message = N_(
        "Something changed since you looked, so nothing was made. This is what the packet holds now: look again."
    )


class FileTooLarge(JournalError):
    """The file would be larger than a packet may be."""

    message = N_(
        "The file would be larger than 32 megabytes. Choose less, or take everything with you instead."
    )


class PacketManifest(msgspec.Struct, frozen=True):
    """What a packet is, and a hash of each of its other files."""

    format: str
    schema_version: int
    app_version: str
    created_at: datetime
    time_zone: str
    files: list[FileRecord]


@dataclass(frozen=True, slots=True)
class Opening:
    """How the file opens: with a passphrase, or for a public key; with neither it is a plain file."""

    passphrase: str = ""
    recipient: str = ""

    @property
    def is_plain(self) -> bool:
        """Return whether anybody can open it."""
        return not (self.passphrase or self.recipient)


class Rendering(Protocol):
    """What a packet looks like: `digest` stands for every word of it."""

    @property
    def digest(self) -> str:
        """Return the hash of all that it holds."""

    async def print_pages(self) -> Mapping[str, bytes]:
        """Return its pages as files, by name."""


Render = Callable[[Content], Rendering]


@dataclass(frozen=True, slots=True)
class _Job:
    """A file to be made of a packet: `revision` is that under which it is being made."""

    actor: Actor
    packet: Packet
    revision: int
    content: Content
    rendering: Rendering
    opening: Opening
    app_version: str


async def start_making(
    actor: Actor,
    wanted: UUID,
    seen: str,
    opening: Opening,
    current: str,
    *,
    practice: str,
    app_version: str,
    render: Render,
    report: Callable[[BaseException], None],
) -> None:
    """
    Begin to make a file; it is stored when it is done, and the packet says how far it is.

    Args:
        seen: The digest of the preview: what is made has the same, and is for the same people.
        current: The actor's password, asked for again.
        report: Told of an error that nobody foresaw.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        InvalidInput: If the password is not theirs, the passphrase is weak, the key is none, or something is missing.
        StaleRevision, LookAgain: If it is not what was previewed.
        ExportBusy: If a file of theirs is being made already, or too many people wait for one.
        NotFound: If it is not the actor's.
    """
    asked = Asked(HeldAct.EXPORT)
    await refuse_while_held(actor, asked)
    packet = await load_packet(actor, wanted)
    if not packet.can_be_changed(actor.now):
        raise StaleRevision(CHANGED)
    require_told(packet.choice)
    await _check_opening(actor, opening, practice)
    await verify_password(actor, current)
    _, content = await load_content(actor, packet, await load_source(actor, packet), leaves=True)
    await mark_quoted(actor, packet, content)
    if content.is_empty:
        raise InvalidInput({"pieces": NOTHING_CHOSEN})
    rendering = render(content)
    if compute_digest(rendering, packet.choice) != seen:
        raise LookAgain
    with ExitStack() as place:
        place.enter_context(reserve_place(actor))
        async with transaction():
            await lock_account(actor.id)
            await require_keys(actor)
            await refuse_while_held(actor, asked, is_noted=False)
            there = await load_packet(actor, wanted)
            if there.revision != packet.revision or not there.can_be_changed(actor.now):
                raise StaleRevision(CHANGED)
            revision = await write_choice(actor, there, there.choice, State.MAKING)
        job = _Job(actor, there, revision, content, rendering, opening, app_version)
        task = asyncio.create_task(_make(job, place.pop_all(), report))
        actor.installation.background_work.add(task)
        task.add_done_callback(actor.installation.background_work.discard)


def list_contents(
    content: Content,
    choice: Choice,
    pages: Mapping[str, bytes],
    *,
    owner: UUID,
    made_at: datetime,
    app_version: str,
) -> dict[str, bytes]:
    """
    Return the files of a packet by name, without its signature: its pages, the same for programs, and their hashes.

    Args:
        pages: What was printed, by name.
        owner: The account of the patient whose records they are.
    """
    record = content.record
    more = write_for_programs(record, choice, owner=owner, made_at=made_at, app_version=app_version)
    files = {**pages, "data/packet.json": encode_json(record), **more}
    manifest = PacketManifest(
        FORMAT, SCHEMA_VERSION, app_version, made_at, content.time_zone, list_files(files)
    )
    return {**files, MANIFEST: msgspec.json.format(encode_json(manifest), indent=2)}


async def load_file(actor: Actor, wanted: UUID) -> tuple[bytes, bool]:
    """
    Return the file of a packet as it leaves, and whether it is plain.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        NotFound: If it is not the actor's, or there is no file any more.
        StaleRevision: If something in it is no longer shared with the clinician who made it.
        SharingPaused, TrustBroken: While nothing of its patient's is opened for them.
    """
    await refuse_while_held(actor, Asked(HeldAct.EXPORT), is_noted=False)
    packet = await load_packet(actor, wanted)
    await require_still_shared(actor, packet)
    row = await fetch_row(_FileRow, query_mine(actor).filter(id=wanted, file__isnull=False))
    if row is None or packet.told is None or not packet.has_file(actor.now):
        raise NotFound
    place = file_context(actor.id, wanted)
    return await to_thread.run_sync(open_bytes, actor.vault, row.file, place), packet.told.is_plain


async def require_still_shared(actor: Actor, packet: Packet) -> None:
    """Raise as `load_file` does while a made file of another's records is not handed out."""
    if packet.link is not None and packet.told is not None:
        require_shared(await load_folder(actor, packet.link), packet.told.quoted)


def compute_digest(rendering: Rendering, choice: Choice) -> str:
    """Return what stands for a preview: every word of the packet, for whom it is and what for, and whether as FHIR."""
    told = encode_json((rendering.digest, choice.recipient, choice.purpose, Part.FHIR in choice.parts))
    return sha256(told).hexdigest()


class _FileRow(Row, frozen=True):
    id: UUID
    file: bytes
    file_until: Timestamp


async def _check_opening(actor: Actor, opening: Opening, practice: str) -> None:
    if opening.recipient:
        key = opening.recipient
        is_written_so = len(key) <= MAX_KEY_LENGTH and RECIPIENT.fullmatch(key)
        if not is_written_so or list_typing_problems(key) or not can_seal_for(key):
            raise InvalidInput({"opens_for": NOT_A_KEY})
    elif opening.passphrase:
        await require_passphrase(actor, opening.passphrase, practice)


async def _make(job: _Job, place: ExitStack, report: Callable[[BaseException], None]) -> None:
    """Make a file and store it; whatever goes wrong, the packet says that it was not made."""
    beating = asyncio.create_task(_beat(job))
    with place:
        try:
            await _store(job, await _build(job))
        except Exception as error:  # noqa: BLE001 - nobody waits for this task, and the packet has to say so
            if not isinstance(error, JournalError):
                report(error)
            with suppress(Exception):  # then it falls silent, which is told as well
                await _note(job, state=State.FAILED.value, done=0)
        finally:
            beating.cancel()


async def _build(job: _Job) -> bytes:
    async with job.actor.installation.export_limiter:
        await _note(job, done=1)
        pages = await job.rendering.print_pages()
        made = pages[PDF] if job.opening.is_plain else await to_thread.run_sync(partial(_pack, job, pages))
        await _note(job, done=2)
        if not job.opening.is_plain:
            words = job.opening.recipient or job.opening.passphrase
            made = await seal_with_age(made, words, is_recipient=bool(job.opening.recipient))
    if len(made) > MAX_FILE_BYTES:
        raise FileTooLarge
    return made


def _pack(job: _Job, pages: Mapping[str, bytes]) -> bytes:
    """Zip what a packet holds, with the actor's signature of its manifest."""
    made_at = job.actor.now
    files = list_contents(
        job.content,
        job.packet.choice,
        pages,
        owner=job.packet.link.patient if job.packet.link else job.actor.id,
        made_at=made_at,
        app_version=job.app_version,
    )
    files[SIGNATURE] = sign_manifest(job.actor.open_identity(), job.actor.id, files[MANIFEST])
    return zip_files(files, made_at)


async def _store(job: _Job, made: bytes) -> None:
    """Store the file and what the accounting says of it, unless the packet was changed, or its time is not now."""
    now = job.actor.installation.clock()
    actor, ident, choice = replace(job.actor, now=now), job.packet.id, job.packet.choice
    link = job.packet.link
    quoted = {one.id.hex: one.revision for one in job.content.pieces} if link else {}
    told = Told(
        choice.recipient,
        choice.purpose,
        now.isoformat(),
        job.opening.is_plain,
        choice.language,
        quoted,
        bool(job.opening.recipient),
    )
    patient, disclosed = actor.id, None
    if link is not None:
        patient, disclosed = link.patient, seal_disclosed(actor, link.patient, ident, told)
    sealed = await to_thread.run_sync(partial(actor.vault.seal, made, context=file_context(actor.id, ident)))
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        await refuse_while_held(actor, is_noted=False)
        if link is not None:
            await require_active(link)
            require_shared(await load_folder(actor, link), quoted)
        stored = (
            await query_mine(actor)
            .filter(**_find(job))
            .update(
                state=State.MADE.value,
                done=STEPS,
                told=seal_document(actor.vault, told, told_context(actor.id, ident)),
                disclosed=disclosed,
                file=sealed,
                file_until=now + FILE_KEPT,
                updated_at=now,
            )
        )
        if stored:
            await audit_log.record_event(actor, Act.PACKET_MADE, patient=patient, about=ident)


async def _beat(job: _Job) -> None:
    """Show from time to time that the file is still being made."""
    while True:
        await asyncio.sleep(BEAT)
        with suppress(Exception):  # the next sign may come through
            await _note(job)


def _note(job: _Job, **changes: object) -> Awaitable[int]:
    """Note how far it is, and when."""
    now = job.actor.installation.clock()
    return query_mine(job.actor).filter(**_find(job)).update(updated_at=now, **changes)


def _find(job: _Job) -> dict[str, object]:
    return {"id": job.packet.id, "revision": job.revision, "state": State.MAKING.value}
