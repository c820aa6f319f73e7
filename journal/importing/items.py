"""What a file holds once it was read, in one shape whatever wrote it, and how much of it is taken."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import msgspec

from journal.catalogue.fields import Answers
from journal.i18n import N_, Labelled
from journal.sessions.session import SessionDetails
from journal.stamps import AUTHOR, IMPORTED

MIB = 2**20
MAX_UPLOAD_BYTES = 64 * MIB
"""Bytes of everything that is uploaded at once."""
MAX_FILES = 5000
"""Files that are uploaded one by one."""
MAX_MEMBERS = 20_000
"""Files in a zip file; those that are no text only count."""
MAX_UNPACKED_BYTES = 512 * MIB
MAX_RATIO = 250
"""Of what a file in a zip file unpacks to and what it takes up: prose comes to 3, and JSON to 30."""
MAX_NAME_LENGTH = 1000
MAX_NAME_DEPTH = 32
MAX_JSON_BYTES = 128 * MIB
MAX_TEXT_BYTES = 4 * MIB
"""Bytes of one file of text."""
MAX_ENTRIES = 20_000
MAX_SESSIONS = 1000
MAX_VERSIONS = 500
"""Earlier versions of one entry."""
PART_ENTRIES = 100
PART_BYTES = MIB // 2
"""How much is imported at once."""
EARLIEST_YEAR = 1900
DIGEST_LENGTH = 32
ID_BYTES = re.compile(rb"\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b")
"""An id, as lines of answers write it."""


class Source(Labelled):
    """What wrote a file."""

    HEARTHSIDE = "hearthside", N_("Hearthside records")
    DAY_ONE = "day-one", N_("Day One")
    JOURNIV = "journiv", N_("Journiv")
    DAILY_TXT = "daily-txt", N_("DailyTxT")
    TEXTS = "texts", N_("Files of text")


class LeftOut(Labelled):
    """What stays out of the journal, and why; counted, never named."""

    MEDIA = "media", N_("Pictures, sounds, films and other files: a journal here holds words")
    TAGS = "tags", N_("Tags")
    PLACES = "places", N_("Places and weather")
    MOODS = "moods", N_("Moods and activities of other programs")
    FIELDS = "fields", N_("Other details that have no place here")
    EMPTY = "empty", N_("Entries without a word")
    BROKEN = "broken", N_("Entries that cannot be read")
    OTHER_FILES = "other-files", N_("Files that are no text")
    NEWER = "newer", N_("Entries or answers of a kind that is not known here")
    SHARING = "sharing", N_("Care team, shared copies, and what was agreed on or waited")
    CLINICIANS = "clinicians", N_("What your care team wrote")
    UNKEPT = "unkept", N_("A sitter’s notes that you had not kept")
    COMING = "coming", N_("Sessions that are still to come: plan them again here")


class Assumed(Labelled):
    """What a file does not say, and what is taken instead; counted."""

    UNDATED = "undated", N_("Without a usable date: they get the day of the import")
    DAY_ONLY = "day-only", N_("With a day and no time: noon")
    ZONELESS = "zoneless", N_("With a time and no time zone: yours")
    PARTED = "parted", N_("Longer than an entry can be: in parts, with every word")


class Refusal(Labelled):
    """Why a file was not read. It says what to do next, and nothing that stands in the file."""

    NOTHING = "nothing", N_("Choose a file first.")
    UNKNOWN = "unknown", N_("This is none of the files that can be read here. The list below says which can.")
    DAMAGED = (
        "damaged",
        N_("This file is damaged: a part of it is missing or was changed. Fetch it anew from where it came."),
    )
    CHANGED = (
        "changed",
        N_("This archive is not as it was made: a file in it was changed. Use the one that you exported."),
    )
    TOO_LARGE = (
        "too-large",
        N_("This is more than 64 megabytes. Leave the pictures out, or import it in several parts."),
    )
    UNPACKS = (
        "unpacks",
        N_("This file would unpack to far more than a journal can be, so it was not opened."),
    )
    TOO_MANY = (
        "too-many",
        N_("There are more files or entries in it than can be read at once. Split it into several files."),
    )
    NAMES = (
        "names",
        N_(
            "The names of the files in it lead out of their folder, or come twice. No program that keeps journals "
            "writes that, so it was not opened."
        ),
    )
    LOCKED_ZIP = ("locked-zip", N_("This zip file asks for a password. Unpack it and make one without."))
    METHOD = (
        "method",
        N_("This zip file is packed in a way that is not read here. Unpack it and pack it anew."),
    )
    NESTED = ("nested", N_("There is another zip file in this one. Unpack it and choose what is inside."))
    PASSPHRASE = (
        "passphrase",
        N_("This file is encrypted. Choose it once more, and write down what it opens with."),
    )
    WRONG_PASSPHRASE = (
        "wrong-passphrase",
        N_("That does not open this file. Choose the file once more, and look at each letter."),
    )
    CLINICIAN = ("clinician", N_("These are a clinician’s records. Only a patient’s own can be imported."))
    PACKET = (
        "packet",
        N_("This is a packet that was made for somebody. Import the file with everything instead."),
    )
    NEWER = (
        "newer",
        N_("A newer Hearthside wrote this archive. It can be imported once this one is renewed."),
    )
    LOCKED_BACKUP = (
        "locked-backup",
        N_("This backup of DailyTxT is encrypted. Make another one there, without encryption."),
    )
    PAGES_ONLY = (
        "pages-only",
        N_("This holds pages to look at and no data. Make a backup in DailyTxT instead of an export."),
    )
    EMPTY = ("empty", N_("There is no entry in this file. Choose another one."))
    UNREADABLE = (
        "unreadable",
        N_(
            "Nothing in this file can be read. If it is text, save it anew as UTF-8; otherwise fetch it anew."
        ),
    )
    FAILED = (
        "failed",
        N_(
            "This file could not be read in the time and the memory that one may take. Split it into several files."
        ),
    )


class Refused(Exception):
    """A file that is not read, and why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class ImportedVersion(msgspec.Struct, frozen=True, omit_defaults=True):
    """An earlier version of an entry; `session` is the hex id that its session gets."""

    kept_at: datetime
    reason: str
    revision: int
    title: str = ""
    note: str = ""
    session: str | None = None
    answers: Answers = {}
    language: str = ""


class ImportedEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    An entry. `id` is the hex id that it gets; `zone` is where it was written, where that is told.

    `digest` stands for what it says and when it was begun, whatever ids it has.
    """

    id: str
    kind: str
    created_at: datetime
    updated_at: datetime
    digest: str
    title: str = ""
    note: str = ""
    session: str | None = None
    answers: Answers = {}
    revision: int = 1
    language: str = ""
    zone: str = ""
    earlier: tuple[ImportedVersion, ...] = ()


class ImportedSession(msgspec.Struct, frozen=True, omit_defaults=True):
    """A session that is over; ids are those that it and its course get."""

    id: str
    details: SessionDetails
    course: str | None = None


class ImportedCourse(msgspec.Struct, frozen=True, omit_defaults=True):
    """A course of sessions that are over."""

    id: str
    title: str
    language: str = ""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """As much as is imported at once; sessions and their courses come first."""

    courses: tuple[ImportedCourse, ...] = ()
    sessions: tuple[ImportedSession, ...] = ()
    entries: tuple[ImportedEntry, ...] = ()


class Summary(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    What was found in a file: entries by their kinds, from when to when, what is left out and what was assumed.

    `digests` are those of the entries, in their order; `name` is that of the account that an archive is of.
    """

    source: Source
    kinds: dict[str, int] = {}
    versions: int = 0
    sessions: int = 0
    first: datetime | None = None
    last: datetime | None = None
    left_out: dict[str, int] = {}
    assumed: dict[str, int] = {}
    digests: tuple[str, ...] = ()

    @property
    def entries(self) -> int:
        """Return how many entries there are."""
        return sum(self.kinds.values())


class Findings:
    """What a reader finds, collected; `left_out` and `assumed` count."""

    def __init__(self, source: Source) -> None:
        """Begin with nothing."""
        self.source = source
        self.entries: list[ImportedEntry] = []
        self.sessions: list[ImportedSession] = []
        self.courses: list[ImportedCourse] = []
        self.left_out: dict[str, int] = {}
        self.assumed: dict[str, int] = {}

    def leave_out(self, what: LeftOut, count: int = 1) -> None:
        """Count what stays out."""
        if count:
            self.left_out[what.value] = self.left_out.get(what.value, 0) + count

    def assume(self, what: Assumed) -> None:
        """Count what was taken for what is not told."""
        self.assumed[what.value] = self.assumed.get(what.value, 0) + 1

    def add(self, entry: ImportedEntry) -> None:
        """Add an entry; raises `Refused` for too many."""
        if len(self.entries) >= MAX_ENTRIES:
            raise Refused(Refusal.TOO_MANY)
        self.entries.append(entry)

    def finish(self) -> tuple[Summary, list[Part]]:
        """Return what was found, the oldest entry first and the same entry once, and its parts; raises `Refused`."""
        entries = list({one.digest: one for one in reversed(self.entries)}.values())
        entries.sort(key=lambda one: (one.created_at, one.id))
        if not entries and not self.sessions:
            raise Refused(Refusal.UNREADABLE if LeftOut.BROKEN.value in self.left_out else Refusal.EMPTY)
        kinds: dict[str, int] = {}
        for one in entries:
            kinds[one.kind] = kinds.get(one.kind, 0) + 1
        summary = Summary(
            self.source,
            kinds,
            sum(len(one.earlier) for one in entries),
            len(self.sessions),
            entries[0].created_at if entries else None,
            entries[-1].created_at if entries else None,
            self.left_out,
            self.assumed,
            tuple(one.digest for one in entries),
        )
        head = [Part(tuple(self.courses), tuple(self.sessions))] if self.courses or self.sessions else []
        return summary, [*head, *_part(entries)]


def _part(entries: list[ImportedEntry]) -> list[Part]:
    """Return entries in parts, each of so many and so few bytes that it is imported at once."""
    parts: list[Part] = []
    some: list[ImportedEntry] = []
    size = 0
    for one in entries:
        length = len(msgspec.json.encode(one))
        if some and (len(some) >= PART_ENTRIES or size + length > PART_BYTES):
            parts.append(Part(entries=tuple(some)))
            some, size = [], 0
        some.append(one)
        size += length
    return [*parts, Part(entries=tuple(some))] if some else parts


def make_id() -> str:
    """Return the hex id of something that is imported: never the one that it had, which may be somebody's."""
    return uuid4().hex


def compute_digest(kind: str, title: str, note: str, answers: Answers, created_at: datetime | None) -> str:
    """
    Return what stands for an entry: its words and its time, without the ids that stand in its lines.

    Args:
        created_at: None where nothing tells it, so that the same words are the same another day.
    """
    at = created_at.astimezone(UTC).isoformat() if created_at else ""
    if AUTHOR in answers:
        # An entry is the same before and after it came in.
        answers = {**answers, AUTHOR: str(answers[AUTHOR]).removesuffix(IMPORTED)}
    said = msgspec.json.encode((kind, title, note, sorted(answers.items()), at))
    return sha256(ID_BYTES.sub(b"", said)).hexdigest()[:DIGEST_LENGTH]
