"""
Search one's own entries by the table of contents, opening only those that match or have no page text yet.

The texts of pages (`page_texts`) are searched; entries of pages without one are opened. An opened entry is compared
with its line, and that with page and root, as in a list. Where anything differs, all entries are opened (`search`),
and the page says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from crypto import PageMark, PageText, RecordRoot
from journal.actor import Actor
from journal.entries import listing, page_texts
from journal.entries.page_texts import MAX_WRITTEN, Places, is_settled
from journal.entries.search import INLINE_BYTES, build_matcher, has_needles, search_by_opening
from journal.errors import Damaged
from journal.folding import split_needles
from journal.roles import Role
from journal.store.database import fetch_raw
from journal.store.rows import DamagedRow, parse_rows
from journal.vault import contents_rows, record_state
from journal.vault.contents import ContentsLine, from_microseconds, open_page, to_microseconds
from journal.vault.contents_rows import Pages
from journal.vault.documents import EntryDocument, build_entry_opener, decode_entry
from journal.vault.entry_rows import SELECT_ENTRIES, Entry, EntryRow, build_placeholder
from journal.vault.record_snapshot import ENTRIES, TAG_SIZE, Part, build_snapshot, is_part_intact, open_state

ATTEMPTS = 5  # one more for each save between two of its statements: saves come seconds apart
SELECT_STATE = "SELECT 2, id, revision, sealed FROM record_state WHERE owner_id = $1"
SELECT_ENTRIES_BETWEEN = SELECT_ENTRIES + " AND deleted_at IS NULL AND created_at >= $2 AND created_at <= $3"


@dataclass(frozen=True, slots=True)
class Contents:
    """The pages that a root names; `state_row` is the root's row, and `pages` are those that came with it."""

    state_row: tuple[int, bytes]
    marks: Sequence[PageMark]
    pages: Pages


async def search_entries(actor: Actor, words: str) -> tuple[bool, Sequence[Entry]]:
    """
    Return whether the journal is as it was left, and the entries that contain all of *words*, newest first.

    An entry that does not open may contain them, so it is included as damaged. After a save by another page meanwhile,
    all is read again.
    """
    actor.require_role(Role.PATIENT)
    needles, before = split_needles(words), None
    may_be_trusted = bool(needles) and await listing.can_use_contents(actor)
    for _ in range(ATTEMPTS if may_be_trusted else 0):
        contents = await load_contents(actor)
        # The same root as before means that nobody saved: a row does not match its line.
        if contents is None or contents.state_row == before:
            break
        before = contents.state_row
        turn = _Search(actor, contents, needles)
        found = await turn.run()
        if found is not None:
            await page_texts.save_texts(actor, contents.state_row, turn.texts, turn.void_numbers)
            return True, found
    return await record_state.read_verified(actor, partial(search_by_opening, actor, words))


async def load_contents(actor: Actor) -> Contents | None:
    """Return the table of contents that the root names; None when it was altered, or there is none."""
    return parse_contents(actor, await fetch_raw(SELECT_STATE, actor.id))


def parse_contents(actor: Actor, rows: Sequence[Sequence[Any]]) -> Contents | None:
    """Return the same of rows of the state and of pages, as a list asks for them."""
    seen = build_snapshot(actor.id, [row for row in rows if row[0] != ENTRIES])
    root = open_state(actor.vault, actor.id, seen.state_row)
    if (
        seen.state_row is None
        or not isinstance(root, RecordRoot)
        or not is_part_intact(root, Part.SHARED, seen)
    ):
        return None
    return Contents(seen.state_row, root.pages, seen.pages)


class _Search:
    """One attempt at a search: `texts` to write, and `void_numbers`, the page numbers of those to delete."""

    __slots__ = (
        "_encoded_needles",
        "_folded_bytes",
        "_open_bytes",
        "actor",
        "contents",
        "needles",
        "texts",
        "void_numbers",
    )

    def __init__(self, actor: Actor, contents: Contents, needles: Sequence[str]) -> None:
        self.actor, self.contents, self.needles = actor, contents, needles
        self.texts: list[tuple[PageMark, PageText]] = []
        self.void_numbers: Sequence[int] = ()
        self._encoded_needles = [needle.encode(errors="surrogatepass") for needle in needles]
        self._open_bytes = build_entry_opener(actor.vault, actor.id)
        self._folded_bytes = 0  # bytes since the last yield to the event loop

    async def run(self) -> list[Entry] | None:
        """Return the matches, newest first; None when a row no longer matches its line."""
        marks, found = self.contents.marks, []
        hits, self.void_numbers = await page_texts.find_places(self.actor, marks, self._encoded_needles)
        wanted = [mark for mark in marks if mark.number not in hits or hits[mark.number]]
        pages = await contents_rows.load_pages(self.actor.id, wanted)
        for place in reversed(range(len(marks))):
            more = await self._search_page(place, hits, pages)
            if more is None:
                return None
            found += more
        return found

    async def _search_page(self, place: int, hits: Places, pages: Pages) -> list[Entry] | None:
        mark = self.contents.marks[place]
        if hits.get(mark.number) == []:
            return []
        try:
            lines = open_page(self.actor.vault, self.actor.id, mark, pages.get(mark.number, b""))
        except Damaged:
            return None
        if mark.number in hits:
            lines = tuple(lines[at] for at in hits[mark.number])
        rows = await self._load_rows(lines)
        await asyncio.sleep(0)
        if rows is None:
            return None
        if mark.number in hits:
            return [_build_entry(row, document) for row, document in await self._open_entries(rows)]
        if is_settled(self.contents.marks, place) and len(self.texts) < MAX_WRITTEN:
            return await self._search_and_build_text(mark, rows)
        return await self._search_rows(rows)

    async def _load_rows(self, lines: Sequence[ContentsLine]) -> list[EntryRow] | None:
        """Return the rows of lines, in their order; None when one does not match its line."""
        begin, end = from_microseconds(lines[0].created), from_microseconds(lines[-1].created)
        raw = await fetch_raw(SELECT_ENTRIES_BETWEEN, self.actor.id, begin, end)
        rows = {row.id.hex: row for row in parse_rows(EntryRow, raw) if not isinstance(row, DamagedRow)}
        found = []
        for line in lines:
            row = rows.get(line.id)
            if row is None or (row.revision, row.sealed[-TAG_SIZE:].hex()) != (line.revision, line.tag):
                return None
            if to_microseconds(row.created_at) != line.created:
                return None
            found.append(row)
        return found

    async def _open_entries(self, rows: Sequence[EntryRow]) -> list[tuple[EntryRow, EntryDocument | None]]:
        """Open entries, newest first; in a thread when there are many bytes."""
        if _is_long(rows):
            return await asyncio.to_thread(list, self._iterate_documents(rows))
        return list(self._iterate_documents(rows))

    def _iterate_documents(self, rows: Sequence[EntryRow]) -> Iterator[tuple[EntryRow, EntryDocument | None]]:
        """Open entries, newest first; None for one that does not open."""
        for row in reversed(rows):
            try:
                yield row, decode_entry(self._open_bytes(row.sealed, row.id, row.revision))
            except Damaged:
                yield row, None

    async def _search_and_build_text(self, mark: PageMark, rows: Sequence[EntryRow]) -> list[Entry]:
        """Search the entries of a page without a text, and build its text if all of them open."""
        opened = await self._open_entries(rows)
        documents = [document for _, document in opened]
        words = (
            await asyncio.to_thread(_fold_documents, documents)
            if _is_long(rows)
            else _fold_documents(documents)
        )
        if None not in words:
            self.texts.append((mark, PageText.of([one for one in reversed(words) if one is not None])))
        return [
            _build_entry(row, document)
            for (row, document), one in zip(opened, words, strict=True)
            if one is None or all(needle in one for needle in self._encoded_needles)
        ]

    async def _search_rows(self, rows: Sequence[EntryRow]) -> list[Entry]:
        """Search the entries of a page one by one; only those that may match are decoded."""
        can_match, found = build_matcher(self.needles), []
        for row in reversed(rows):
            try:
                plain = self._open_bytes(row.sealed, row.id, row.revision)
                if not can_match(plain):
                    continue
                document = decode_entry(plain)
            except Damaged:
                found.append(build_placeholder(row))
                continue
            if has_needles(document, self.needles):
                found.append(_build_entry(row, document))
            self._folded_bytes += len(plain)
            if self._folded_bytes > INLINE_BYTES:
                self._folded_bytes = 0
                await asyncio.sleep(0)
        return found


def _is_long(rows: Iterable[EntryRow]) -> bool:
    """Return whether opening and folding these entries blocks the event loop for too long."""
    return sum(len(row.sealed) for row in rows) > INLINE_BYTES


def _fold_documents(documents: Iterable[EntryDocument | None]) -> list[bytes | None]:
    return [None if one is None else page_texts.fold_words(one) for one in documents]


def _build_entry(row: EntryRow, document: EntryDocument | None) -> Entry:
    if document is None:
        return build_placeholder(row)
    return Entry(row.id, row.revision, document, row.created_at, row.updated_at, None, row.sealed[-TAG_SIZE:])
