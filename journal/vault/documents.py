"""The documents inside sealed entries and their earlier versions, and their contexts."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from crypto import Context, CryptoError, Sealer
from journal.catalogue.fields import Answers
from journal.errors import Damaged
from journal.sealing import run_decoder
from journal.time_zones import is_zone


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    Where an entry was imported from; within its document.

    `run` is the hex id of the file's run, `digest` stands for what it said then, `source` names what wrote the file,
    and `zone` is where it was written, where that is known.
    """

    run: str
    digest: str
    source: str = ""
    zone: str = ""

    @property
    def place(self) -> ZoneInfo | None:
        """Return the time zone where it was written, or None where that is not known."""
        return ZoneInfo(self.zone) if is_zone(self.zone) else None


class Beside(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    What is remembered beside the words of an entry, and no earlier version brings back; within its document.

    `answered_at`: when an offer to look at it again was answered last, UTC. `stopped`: it is not offered any more;
    `off`: nothing is, as it was remembered before the account did. `step_after`: the day on which a small step comes
    back that waits without a date of its own. `later`: the hex ids of the copies that what is added later goes into.
    `added`: short digests of the forms and notes whose lines were added last, so that none is added twice; of what a
    clinician wrote, the note and its version.
    `notices`: what became of the notices about an answer of it, a line for each. `origin`: where it was
    imported from. `title_language`: that of a title taken over from another entry, where its own words are in another.
    """

    answered_at: str = ""
    stopped: bool = False
    off: bool = False
    step_after: str = ""
    later: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    origin: Origin | None = None
    title_language: str = ""


class EntryDocument(msgspec.Struct, frozen=True):
    """
    An entry of any kind; the owner's vault key.

    `session_id` is the hex id of the session it is about, `sitting` the random name of the page that saved it.
    `language` is the tag of the language of the page on which its words were last written; entries of before lack it.
    """

    kind: str
    title: str = ""
    note: str = ""
    session_id: str | None = None
    answers: Answers = {}
    sitting: str = ""
    beside: Beside | None = None
    language: str = ""

    @property
    def is_empty(self) -> bool:
        """Return whether it has no text."""
        return not (self.title or self.note or self.answers)

    @property
    def is_imported(self) -> bool:
        """Return whether it came from a file that its owner imported."""
        return self.beside is not None and self.beside.origin is not None

    @property
    def title_language(self) -> str:
        """Return the language of its title."""
        return (self.beside.title_language if self.beside else "") or self.language

    def text(self) -> str:
        """Return all of its text, for searching."""
        words = [self.title, self.note]
        for answer in self.answers.values():
            words += answer if isinstance(answer, list) else [str(answer)]
        return "\n".join(words)


class Reason(StrEnum):
    """Why an earlier version was kept."""

    EARLIER = "earlier"
    CONFLICT = "conflict"


class RevisionDocument(msgspec.Struct, frozen=True):
    """An earlier text of an entry; the owner's vault key. `sitting` names the page that wrote a conflicting text."""

    entry_id: str
    reason: str
    revision: int
    document: EntryDocument
    sitting: str = ""


_entry_decoder = msgspec.json.Decoder(EntryDocument)


def entry_context(owner: UUID, entry: UUID, revision: int) -> Context:
    """Return the context of an entry's current text."""
    return Context("entry", owner.bytes, entry.bytes, revision)


def build_entry_opener(key: Sealer, owner: UUID) -> Callable[[bytes, UUID, int], bytes]:
    """
    Prepare to open many entries of one owner: thirty for a list, thousands for a search.

    Returns:
        A function of envelope, entry and revision that raises `Damaged` as `open_bytes` does.
    """
    open_row = key.opener(purpose="entry", owner=owner.bytes)

    def open_entry(sealed: bytes, entry: UUID, revision: int) -> bytes:
        try:
            return open_row(sealed, entry.bytes, revision)
        except CryptoError as error:
            raise Damaged from error

    return open_entry


def decode_entry(plain: bytes) -> EntryDocument:
    """Read an opened entry; raises `Damaged` when it is not of its shape."""
    return run_decoder(_entry_decoder.decode, plain)


def revision_context(owner: UUID, revision_id: UUID) -> Context:
    """Return the context of an earlier text of an entry."""
    return Context("entry-revision", owner.bytes, revision_id.bytes)
