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

from crypto import PageMark, PageText, RecordRoot
from journal.actor import Actor
from journal.entries import listing, page_texts
from journal.entries.page_texts import MOST_WRITTEN, Places, is_settled
from journal.entries.search import FOLDED_AT_ONCE, holds, scan_for
from journal.entries.search import search as by_opening
from journal.errors import Damaged
from journal.folding import needles_of
from journal.roles import Role
from journal.store.database import fetch
from journal.store.rows import DamagedRow, typed
from journal.vault import contents_rows, record_state
from journal.vault.contents import Line, micros, moment, open_page
from journal.vault.contents_rows import Pages
from journal.vault.documents import EntryDocument, decode_entry, entry_bytes_opener
from journal.vault.entry_rows import OWN, Entry, EntryRow, unopened
from journal.vault.record_snapshot import END, Part, holds_beside, opened_state, snapshot_of

TURNS = 5  # one more for each save between two of its statements: saves come seconds apart
STATE = "SELECT 2, id, revision, sealed FROM record_state WHERE owner_id = $1"
BETWEEN = OWN + " AND deleted_at IS NULL AND created_at >= $2 AND created_at <= $3"


@dataclass(frozen=True, slots=True)
class Contents:
    """The pages that a root names; `kept` is the root's row."""

    kept: tuple[int, bytes]
    marks: Sequence[PageMark]


async def search(actor: Actor, words: str) -> tuple[bool, Sequence[Entry]]:
    """
    Return whether the journal is as it was left, and the entries that contain all of *words*, newest first.

    An entry that does not open may contain them, so it is included as damaged. After a save by another page meanwhile,
    all is read again.
    """
    actor.must_be(Role.PATIENT)
    needles, before = needles_of(words), None
    may_be_trusted = bool(needles) and await listing.may_be_trusted(actor)
    for _ in range(TURNS if may_be_trusted else 0):
        contents = await _contents(actor)
        # The same root as before means that nobody saved: a row does not match its line.
        if contents is None or contents.kept == before:
            break
        before = contents.kept
        turn = _Search(actor, contents, needles)
        found = await turn.run()
        if found is not None:
            await page_texts.keep(actor, contents.kept, turn.texts, turn.void)
            return True, found
    return await record_state.looked(actor, partial(by_opening, actor, words))


async def _contents(actor: Actor) -> Contents | None:
    """Return the table of contents that the root names; None when it was altered, or there is none."""
    seen = snapshot_of(actor.id, await fetch(STATE, actor.id))
    root = opened_state(actor.vault, actor.id, seen.kept)
    if seen.kept is None or not isinstance(root, RecordRoot) or not holds_beside(root, Part.SHARED, seen):
        return None
    return Contents(seen.kept, root.pages)


class _Search:
    """One attempt at a search: `texts` to write, and `void`, the page numbers of those to delete."""

    __slots__ = ("_coded", "_folded", "_plain_of", "actor", "contents", "needles", "texts", "void")

    def __init__(self, actor: Actor, contents: Contents, needles: Sequence[str]) -> None:
        self.actor, self.contents, self.needles = actor, contents, needles
        self.texts: list[tuple[PageMark, PageText]] = []
        self.void: Sequence[int] = ()
        self._coded = [needle.encode(errors="surrogatepass") for needle in needles]
        self._plain_of = entry_bytes_opener(actor.vault, actor.id)
        self._folded = 0  # bytes since the last yield to the event loop

    async def run(self) -> list[Entry] | None:
        """Return the matches, newest first; None when a row no longer matches its line."""
        marks, found = self.contents.marks, []
        hits, self.void = await page_texts.places_of(self.actor, marks, self._coded)
        wanted = [mark for mark in marks if mark.number not in hits or hits[mark.number]]
        pages = await contents_rows.read_pages(self.actor.id, wanted)
        for place in reversed(range(len(marks))):
            more = await self._on_page(place, hits, pages)
            if more is None:
                return None
            found += more
        return found

    async def _on_page(self, place: int, hits: Places, pages: Pages) -> list[Entry] | None:
        mark = self.contents.marks[place]
        if hits.get(mark.number) == []:
            return []
        try:
            lines = open_page(self.actor.vault, self.actor.id, mark, pages.get(mark.number, b""))
        except Damaged:
            return None
        if mark.number in hits:
            lines = tuple(lines[at] for at in hits[mark.number])
        rows = await self._rows(lines)
        await asyncio.sleep(0)
        if rows is None:
            return None
        if mark.number in hits:
            return [_entry(row, document) for row, document in await self._opened(rows)]
        if is_settled(self.contents.marks, place) and len(self.texts) < MOST_WRITTEN:
            return await self._put_together(mark, rows)
        return await self._looked_through(rows)

    async def _rows(self, lines: Sequence[Line]) -> list[EntryRow] | None:
        """Return the rows of lines, in their order; None when one does not match its line."""
        begin, end = moment(lines[0].created), moment(lines[-1].created)
        raw = await fetch(BETWEEN, self.actor.id, begin, end)
        rows = {row.id.hex: row for row in typed(EntryRow, raw) if not isinstance(row, DamagedRow)}
        found = []
        for line in lines:
            row = rows.get(line.id)
            if row is None or (row.revision, row.sealed[-END:].hex()) != (line.revision, line.tag):
                return None
            if micros(row.created_at) != line.created:
                return None
            found.append(row)
        return found

    async def _opened(self, rows: Sequence[EntryRow]) -> list[tuple[EntryRow, EntryDocument | None]]:
        """Open entries, newest first; in a thread when there are many bytes."""
        if _is_long(rows):
            return await asyncio.to_thread(list, self._documents(rows))
        return list(self._documents(rows))

    def _documents(self, rows: Sequence[EntryRow]) -> Iterator[tuple[EntryRow, EntryDocument | None]]:
        """Open entries, newest first; None for one that does not open."""
        for row in reversed(rows):
            try:
                yield row, decode_entry(self._plain_of(row.sealed, row.id, row.revision))
            except Damaged:
                yield row, None

    async def _put_together(self, mark: PageMark, rows: Sequence[EntryRow]) -> list[Entry]:
        """Search the entries of a page without a text, and build its text if all of them open."""
        opened = await self._opened(rows)
        documents = [document for _, document in opened]
        words = await asyncio.to_thread(_folded, documents) if _is_long(rows) else _folded(documents)
        if None not in words:
            self.texts.append((mark, PageText.of([one for one in reversed(words) if one is not None])))
        return [
            _entry(row, document)
            for (row, document), one in zip(opened, words, strict=True)
            if one is None or all(needle in one for needle in self._coded)
        ]

    async def _looked_through(self, rows: Sequence[EntryRow]) -> list[Entry]:
        """Search the entries of a page one by one; only those that may match are decoded."""
        may_hold, found = scan_for(self.needles), []
        for row in reversed(rows):
            try:
                plain = self._plain_of(row.sealed, row.id, row.revision)
                if not may_hold(plain):
                    continue
                document = decode_entry(plain)
            except Damaged:
                found.append(unopened(row))
                continue
            if holds(document, self.needles):
                found.append(_entry(row, document))
            self._folded += len(plain)
            if self._folded > FOLDED_AT_ONCE:
                self._folded = 0
                await asyncio.sleep(0)
        return found


def _is_long(rows: Iterable[EntryRow]) -> bool:
    """Return whether opening and folding these entries blocks the event loop for too long."""
    return sum(len(row.sealed) for row in rows) > FOLDED_AT_ONCE


def _folded(documents: Iterable[EntryDocument | None]) -> list[bytes | None]:
    return [None if one is None else page_texts.words_of(one) for one in documents]


def _entry(row: EntryRow, document: EntryDocument | None) -> Entry:
    if document is None:
        return unopened(row)
    return Entry(row.id, row.revision, document, row.created_at, row.updated_at, None, row.sealed[-END:])
