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

from crypto import Context, PageMark, RecordRoot, Sealer, bloom_bits
from journal.errors import Damaged
from journal.sealing import open_bytes, run_decoder
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

    `form`, `title`, `session` and `language`, that of the title, are an entry's own; lines of before lack the last.
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
    language: str = ""

    @property
    def member(self) -> tuple[UUID, int, bytes]:
        """Return what the record is hashed by in a sum."""
        return UUID(self.id), self.revision, bytes.fromhex(self.tag)

    @property
    def row_key(self) -> tuple[bytes, int, bytes]:
        """Return id, revision and tag as a row has them."""
        return bytes.fromhex(self.id), self.revision, bytes.fromhex(self.tag).rjust(TAG_SIZE, b"\0")

    @property
    def sort_key(self) -> tuple[int, str]:
        """Return what lines are sorted by; it never changes."""
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
        document.title_language,
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
    """Open an entry and return its line; the line of one that does not open has no title."""
    try:
        document = decode_entry(open_bytes(vault, sealed, entry_context(owner, ident, revision)))
    except Damaged:
        document = EntryDocument("")
    return build_entry_line(ident, revision, sealed, created, updated, document)


def build_bare_line(ident: UUID, revision: int, sealed: bytes, created: datetime) -> ContentsLine:
    """Return the line of an entry of which only id and state are known: to find, remove or reseal its line."""
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
    """Return the bits of a session in a page's Bloom filter; all of them for what is no id."""
    try:
        return bloom_bits(UUID(session).bytes)
    except ValueError:
        return (1 << 64) - 1


def page_context(owner: UUID, number: int, revision: int) -> Context:
    """Return the context that a page is sealed in."""
    return Context("contents", owner.bytes, number.to_bytes(16, "big"), revision)


def root_context(owner: UUID, revision: int) -> Context:
    """Return the context that the root is sealed in."""
    return Context("record-state", owner.bytes, owner.bytes, revision)


def seal_page(
    vault: Sealer, owner: UUID, number: int, revision: int, lines: Sequence[ContentsLine]
) -> tuple[PageMark, bytes]:
    """Seal a page; return its mark in the root, and the envelope."""
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
    lines = run_decoder(
        _decode_lines, open_bytes(vault, sealed, page_context(owner, mark.number, mark.revision))
    )
    if not lines or len(lines) != mark.lines or lines[0].created != mark.oldest:
        raise Damaged
    return tuple(lines)


@dataclass(slots=True)
class _DraftPage:
    """A page of a draft: its mark in the root, and its lines once they were loaded."""

    mark: PageMark
    lines: list[ContentsLine] | None = None
    is_changed: bool = False

    @property
    def loaded_lines(self) -> list[ContentsLine]:
        """Return its lines; raise `LookupError` if they were not loaded."""
        if self.lines is None:
            raise LookupError("This page of the draft was not read.")
        return self.lines

    def replace_lines(self, lines: list[ContentsLine]) -> None:
        """Replace its lines by others, at least one."""
        self.lines, self.is_changed = lines, True
        self.mark = self.mark._replace(lines=len(lines), oldest=lines[0].created)


class ContentsDraft:
    """
    A table of contents that is being changed: which pages to load for that, and what to write.

    First `list_needed_pages`, then `add_page_lines` for each of them, then `apply`, with all lines of a change at once.
    """

    __slots__ = ("_pages", "_removed_numbers")

    def __init__(self, root: RecordRoot) -> None:
        """Begin with the pages of *root*."""
        self._pages = [_DraftPage(mark) for mark in root.pages]
        self._removed_numbers: list[int] = []

    def list_needed_pages(
        self, removed: Iterable[ContentsLine], added: Iterable[ContentsLine]
    ) -> list[PageMark]:
        """Return the pages to load before `apply`: each line's, and those beside it where one is removed."""
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
        """Store the lines of a loaded page."""
        next(one for one in self._pages if one.mark is mark).lines = list(lines)

    def list_page_numbers(self, lines: Iterable[ContentsLine]) -> set[int]:
        """Return the numbers of the pages that lines are on, or would be on."""
        return {
            self._pages[place].mark.number for line in lines for place in self._find_page_range(line.created)
        }

    def apply(self, removed: Iterable[ContentsLine], added: Iterable[ContentsLine]) -> None:
        """
        Remove, add and replace lines.

        A line that differs from the one in *removed* stays, and so does one that is added again: what was wrong before
        this change stays visible after it.
        """
        coming = {line.sort_key: line for line in added}
        for before in removed:
            after, there = coming.pop(before.sort_key, None), self.find_line(before.sort_key)
            if there is None or there.row_key != before.row_key:
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
        """Append sorted lines as full pages: all of them, also two with the same id."""
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
        """Remove a line that is there."""
        place = self._find_page(key)
        self._shrink_page(place, [line for line in self._pages[place].loaded_lines if line.sort_key != key])

    def _replace_line(self, line: ContentsLine) -> None:
        """Replace the line of the same record, which is there."""
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
            root: What stands beside the pages, and stays.

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
        """Return the places of pages for a moment: one page, or more where several begin with that moment."""
        first = bisect_left(self._pages, created, key=_oldest_moment)
        last = bisect_right(self._pages, created, key=_oldest_moment)
        return range(max(first - 1, 0), max(last, min(1, len(self._pages))))

    def _find_page(self, key: tuple[int, str]) -> int:
        """Return the place of the page that a line is on, or would be on; there must be a page."""
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
        """Remove lines of a page, and merge it with a neighbour when both fit on half a page."""
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
