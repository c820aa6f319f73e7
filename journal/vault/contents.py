"""
An account's table of contents: sealed pages of lines under one sealed root.

A line says what a list shows of a record and what it is recognised by. A page has at most 64 lines, oldest first;
the root (`crypto.RecordRoot`) names every page in the state that it is in. Who keeps a record in a transaction changes
its line, the page that this stands on, and the root.

Nothing here asks the database. Lines stand in the order of their times, and of their ids where two have the same.
Two pages beside each other hold more than half a page together, so a list of thirty lines needs three pages at most.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from uuid import UUID

import msgspec

from crypto import Context, CryptoError, PageMark, RecordRoot, Sealer, bloom_bits
from journal.errors import Damaged
from journal.sealing import open_bytes
from journal.vault.documents import EntryDocument, decode_entry, entry_context

LINES_PER_PAGE = 64
TAG_SIZE = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class LineKind(IntEnum):
    """What a line is about."""

    BARE = 0
    """Nothing but the record's place and state; on no page."""
    ENTRY = 1


class ContentsLine(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """
    One record. Times are microseconds since 1970, UTC; ids and the tag of its envelope are hexadecimal digits.

    `form`, `title` and `session` are an entry's own, as in `EntryDocument`.
    """

    created: int
    id: str
    kind: int
    revision: int
    tag: str
    updated: int
    form: str
    title: str
    session: str | None

    @property
    def member(self) -> tuple[UUID, int, bytes]:
        """Return what stands for the record in a sum."""
        return UUID(self.id), self.revision, bytes.fromhex(self.tag)

    @property
    def row_key(self) -> tuple[bytes, int, bytes]:
        """Return the same as a row is compared by: the id's bytes, revision and tag."""
        return bytes.fromhex(self.id), self.revision, bytes.fromhex(self.tag)

    @property
    def sort_key(self) -> tuple[int, str]:
        """Return what the record keeps for good, and lines are put in order by."""
        return self.created, self.id


_encode_lines = msgspec.json.Encoder().encode
_decode_lines = msgspec.json.Decoder(list[ContentsLine]).decode


def to_microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, UTC."""
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Return a moment in UTC from microseconds since 1970."""
    return EPOCH + microseconds * MICROSECOND


def format_line_id(ident: str) -> str:
    """Return the id of a line as addresses write it."""
    return f"{ident[:8]}-{ident[8:12]}-{ident[12:16]}-{ident[16:20]}-{ident[20:]}"


def build_entry_line(
    ident: UUID, revision: int, sealed: bytes, created: datetime, updated: datetime, document: EntryDocument
) -> ContentsLine:
    """Return the line of an entry; *sealed* is its envelope or the envelope's end."""
    form, title, session = document.kind, document.title, document.session_id
    return ContentsLine(
        to_microseconds(created),
        ident.hex,
        LineKind.ENTRY,
        revision,
        sealed[-TAG_SIZE:].rjust(TAG_SIZE, b"\0").hex(),
        to_microseconds(updated),
        form,
        title,
        session,
    )


def open_entry_line(
    vault: Sealer,
    owner: UUID,
    ident: UUID,
    revision: int,
    sealed: bytes,
    created: datetime,
    updated: datetime,
) -> ContentsLine:
    """Return the line of an entry that is still to be opened; of one that does not open it has no title."""
    try:
        document = decode_entry(open_bytes(vault, sealed, entry_context(owner, ident, revision)))
    except Damaged:
        document = EntryDocument("")
    return build_entry_line(ident, revision, sealed, created, updated, document)


def build_bare_line(ident: UUID, revision: int, sealed: bytes, created: datetime) -> ContentsLine:
    """Return the line of an entry of which no more is known: it can only tell which one goes, or be filled."""
    return ContentsLine(
        to_microseconds(created),
        ident.hex,
        LineKind.BARE,
        revision,
        sealed[-TAG_SIZE:].hex(),
        0,
        "",
        "",
        None,
    )


def session_bloom_bits(session: str) -> int:
    """Return the bits that a page has which may have a line that is tied to a session; of what is no id, all."""
    try:
        return bloom_bits(UUID(session).bytes)
    except ValueError:
        return (1 << 64) - 1


def page_context(owner: UUID, number: int, revision: int) -> Context:
    """Return where a page stands."""
    return Context("contents", owner.bytes, number.to_bytes(16, "big"), revision)


def root_context(owner: UUID, revision: int) -> Context:
    """Return where the root stands."""
    return Context("record-state", owner.bytes, owner.bytes, revision)


def seal_page(
    vault: Sealer, owner: UUID, number: int, revision: int, lines: Sequence[ContentsLine]
) -> tuple[PageMark, bytes]:
    """Seal a page; returns what the root remembers of it, and the envelope."""
    sealed = vault.seal(_encode_lines(lines), context=page_context(owner, number, revision))
    ties = 0
    for session in {line.session for line in lines} - {None}:
        ties |= session_bloom_bits(session or "")
    return PageMark(number, revision, len(lines), lines[0].created, ties, sealed[-TAG_SIZE:]), sealed


def open_page(vault: Sealer, owner: UUID, mark: PageMark, sealed: bytes) -> tuple[ContentsLine, ...]:
    """
    Open the page that the root names.

    Raises:
        Damaged: If it is not that page in that very state.
    """
    if sealed[-TAG_SIZE:] != mark.tag:
        raise Damaged
    try:
        lines = _decode_lines(vault.open(sealed, context=page_context(owner, mark.number, mark.revision)))
    except (CryptoError, msgspec.DecodeError) as error:
        raise Damaged from error
    if not lines or len(lines) != mark.lines or lines[0].created != mark.oldest:
        raise Damaged
    return tuple(lines)


@dataclass(slots=True)
class _DraftPage:
    """A page of a draft: as the root names it, and with its lines once they were read."""

    mark: PageMark
    lines: list[ContentsLine] | None = None
    is_changed: bool = False

    @property
    def loaded_lines(self) -> list[ContentsLine]:
        """Its lines, which have been read."""
        if self.lines is None:
            raise LookupError("This page of the draft was not read.")
        return self.lines

    def replace_lines(self, lines: list[ContentsLine]) -> None:
        """Put other lines on it, at least one."""
        self.lines, self.is_changed = lines, True
        self.mark = self.mark._replace(lines=len(lines), oldest=lines[0].created)


class ContentsDraft:
    """
    A table of contents while an act changes it: which pages have to be read for that, and what to write.

    First `list_needed_pages`, then `read` for each of those pages, then `change`; all lines of an act at once.
    """

    __slots__ = ("_pages", "_removed_numbers")

    def __init__(self, root: RecordRoot) -> None:
        """Begin from what the root names."""
        self._pages = [_DraftPage(mark) for mark in root.pages]
        self._removed_numbers: list[int] = []

    def list_needed_pages(
        self, removed: Iterable[ContentsLine], added: Iterable[ContentsLine]
    ) -> list[PageMark]:
        """Return the pages to read before `change`: each line's, and those beside it where one goes for good."""
        coming = {line.sort_key for line in added}
        leaving = {line.sort_key for line in removed} - coming
        moments = {(key[0], 0) for key in coming} | {(key[0], 1) for key in leaving}
        wanted: dict[int, _DraftPage] = {}
        for created, beside in moments:
            where = self._find_page_range(created)
            for place in range(max(where.start - beside, 0), min(where.stop + beside, len(self._pages))):
                wanted[place] = self._pages[place]
        return [page.mark for page in wanted.values() if page.lines is None]

    def add_page_lines(self, mark: PageMark, lines: Iterable[ContentsLine]) -> None:
        """Take the lines of a page."""
        next(one for one in self._pages if one.mark is mark).lines = list(lines)

    def list_page_numbers(self, lines: Iterable[ContentsLine]) -> set[int]:
        """Return on which pages lines stand, or would stand."""
        return {
            self._pages[place].mark.number for line in lines for place in self._find_page_range(line.created)
        }

    def apply(self, removed: Iterable[ContentsLine], added: Iterable[ContentsLine]) -> None:
        """
        Let records go, come, or stand there in another state.

        The line of a record that is not what *removed* says stays: what was amiss before this act is amiss after it. So
        it is where one comes that is there already.
        """
        coming = {line.sort_key: line for line in added}
        for before in removed:
            after, there = coming.pop(before.sort_key, None), self.find_line(before.sort_key)
            if there is None or there.member != before.member:
                continue
            if after is None:
                self._remove_line(before.sort_key)
            elif after.kind == LineKind.BARE:  # sealed anew: it says what it said
                self._replace_line(msgspec.structs.replace(there, revision=after.revision, tag=after.tag))
            else:
                self._replace_line(after)
        if not self._pages:
            self.append_pages(sorted(coming.values(), key=_sort_key))
            return
        for line in coming.values():
            if self.find_line(line.sort_key) is None:
                self._insert_line(line)

    def append_pages(self, lines: Sequence[ContentsLine]) -> None:
        """Put lines that are in order on full pages of their own: all of them, also where storage gave two one id."""
        for at in range(0, len(lines), LINES_PER_PAGE):
            self._insert_page(len(self._pages), list(lines[at : at + LINES_PER_PAGE]))

    def find_line(self, key: tuple[int, str]) -> ContentsLine | None:
        """Return the line of a record, or None when it has none."""
        if not self._pages:
            return None
        lines = self._pages[self._find_page(key)].loaded_lines
        at = bisect_left(lines, key, key=_sort_key)
        return lines[at] if at < len(lines) and lines[at].sort_key == key else None

    def _insert_line(self, line: ContentsLine) -> None:
        if not self._pages:
            self._insert_page(0, [line])
            return
        place = self._find_page(line.sort_key)
        page = self._pages[place]
        lines = page.loaded_lines
        if len(lines) < LINES_PER_PAGE:
            insort(lines, line)
            page.replace_lines(lines)
        elif place == len(self._pages) - 1 and lines[-1] < line:  # as most do: pages stay full
            self._insert_page(place + 1, [line])
        else:
            insort(lines, line)
            half = len(lines) // 2
            page.replace_lines(lines[:half])
            self._insert_page(place + 1, lines[half:])

    def _remove_line(self, key: tuple[int, str]) -> None:
        """Take away a line that is there."""
        place = self._find_page(key)
        self._shrink_page(place, [line for line in self._pages[place].loaded_lines if line.sort_key != key])

    def _replace_line(self, line: ContentsLine) -> None:
        """Put a line in the place of the one about the same record, which is there."""
        page = self._pages[self._find_page(line.sort_key)]
        page.replace_lines(
            [line if before.sort_key == line.sort_key else before for before in page.loaded_lines]
        )

    def seal(
        self, vault: Sealer, owner: UUID, root: RecordRoot
    ) -> tuple[RecordRoot, list[tuple[PageMark, bytes]], list[int]]:
        """
        Seal what was changed.

        Args:
            root: What to keep of beside the pages.

        Returns:
            The new root, the pages to write with their envelopes, and the numbers of those to delete.
        """
        written = []
        for page in self._pages:
            if page.is_changed:
                mark = page.mark
                page.mark, sealed = seal_page(vault, owner, mark.number, mark.revision + 1, page.loaded_lines)
                written.append((page.mark, sealed))
        return replace(root, pages=tuple(page.mark for page in self._pages)), written, self._removed_numbers

    def _find_page_range(self, created: int) -> range:
        """Mostly one page: more where several begin with the very same moment."""
        first = bisect_left(self._pages, created, key=_oldest_moment)
        last = bisect_right(self._pages, created, key=_oldest_moment)
        return range(max(first - 1, 0), max(last, min(1, len(self._pages))))

    def _find_page(self, key: tuple[int, str]) -> int:
        """Return where a line stands, or is to stand, when there is a page."""
        where = self._find_page_range(key[0])
        after = bisect_right(
            self._pages, key, where.start, where.stop, key=lambda page: page.loaded_lines[0].sort_key
        )
        return max(after - 1, where.start)

    def _insert_page(self, place: int, lines: list[ContentsLine]) -> None:
        number = 1 + max((*(one.mark.number for one in self._pages), *self._removed_numbers), default=-1)
        page = _DraftPage(PageMark(number, 0, 0, 0, 0, b""))
        page.replace_lines(lines)
        self._pages.insert(place, page)

    def _shrink_page(self, place: int, lines: list[ContentsLine]) -> None:
        """Leave fewer lines on a page, and put it together with those beside it when half a page holds both."""
        if lines:
            self._pages[place].replace_lines(lines)
        else:
            self._remove_page(place)
            place = max(place - 1, 0)
        for other in (place, place - 1):
            if 0 <= other < len(self._pages) - 1:
                one, next_one = self._pages[other : other + 2]
                if one.mark.lines + next_one.mark.lines <= LINES_PER_PAGE // 2:
                    one.replace_lines(one.loaded_lines + next_one.loaded_lines)
                    self._remove_page(other + 1)

    def _remove_page(self, place: int) -> None:
        self._removed_numbers.append(self._pages.pop(place).mark.number)


def _sort_key(line: ContentsLine) -> tuple[int, str]:
    return line.sort_key


def _oldest_moment(page: _DraftPage) -> int:
    return page.mark.oldest


def build_draft(lines: Iterable[ContentsLine]) -> ContentsDraft:
    """Return a draft with all these lines on full pages: for an account that has no table yet."""
    draft = ContentsDraft(RecordRoot())
    draft.append_pages(sorted(lines, key=_sort_key))
    return draft
