"""
Find words in one's own entries with the table of contents: opened is what holds them, and what has no text yet.

Everything is compared first, as before sharing: root, pages and the ends of all rows, read by one statement. Then words
are looked for in the texts of pages (`page_texts`); entries on pages without one are opened. What is opened is compared
with its line. Where anything differs, all entries are opened (`search`) and the page says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from crypto import PageMark, PageText, RecordRoot
from journal import freshness, page_texts
from journal.actors import Actor, Role
from journal.contents import Line, micros, moment, open_page
from journal.documents import EntryDocument, decode_entry, entry_bytes_opener
from journal.entries import OWN, Entry, EntryRow, unopened
from journal.errors import Damaged
from journal.folding import needles_of
from journal.page_texts import MOST_WRITTEN, Places, is_settled
from journal.record_snapshot import END, Part, holds_beside, opened_state, snapshot_of
from journal.rows import DamagedRow, typed
from journal.search import FOLDED_AT_ONCE, holds, scan_for
from journal.search import search as by_opening
from journal.store import fetch, fetch_aside

TURNS = 5  # one more for each save that comes between two of its statements: they come seconds apart
ENTRIES = int(Part.ENTRIES)
FEW = 1000  # rows that are compared in less than a millisecond
ENDS = """
    SELECT 0, id, revision, substr(sealed, length(sealed) - 15) FROM entry
    WHERE owner_id = $1 AND deleted_at IS NULL
    UNION ALL SELECT 2, id, revision, sealed FROM record_state WHERE owner_id = $2
    UNION ALL SELECT 3, owner_id, number, sealed FROM contents WHERE owner_id = $3
"""
"""In one statement; when each was begun is compared of what is found, since ten thousand times take a while to read."""
BETWEEN = OWN + " AND deleted_at IS NULL AND created_at >= $2 AND created_at <= $3"


@dataclass(frozen=True, slots=True)
class Contents:
    """A table of contents that agrees with all rows; `kept` is the row of its root."""

    kept: tuple[int, bytes]
    pages: Sequence[tuple[PageMark, Sequence[Line]]]

    @property
    def marks(self) -> list[PageMark]:
        """Return what the root names."""
        return [mark for mark, _ in self.pages]


async def search(actor: Actor, words: str) -> tuple[bool, Sequence[Entry]]:
    """
    Return whether the journal is as it was left, and the entries that contain every one of *words*, newest first.

    What does not open may hold the words as well, and is among them as such. What another page saves in between is no
    difference: then all is asked once more.
    """
    actor.must_be(Role.PATIENT)
    needles, before = needles_of(words), None
    for _ in range(TURNS if needles else 0):
        contents = await _contents(actor)
        # With the same root as before nobody saved: a row itself is not what its line says.
        if contents is None or contents.kept == before:
            break
        before = contents.kept
        turn = _Search(actor, contents, needles)
        found = await turn.run()
        if found is not None:
            await page_texts.keep(actor, contents.kept, turn.texts, turn.void)
            return True, found
    as_left, opened = await freshness.looked(actor, partial(by_opening, actor, words))
    if not as_left:
        actor.house.compared.forget(actor.session)
    return as_left, opened


async def _contents(actor: Actor) -> Contents | None:
    """Compare everything; None when anything is not as it was left, or there is no table."""
    rows = await fetch_aside(ENDS, actor.id, actor.id, actor.id)
    return await asyncio.to_thread(_compared, actor, rows) if len(rows) > FEW else _compared(actor, rows)


def _compared(actor: Actor, rows: Sequence[Sequence[Any]]) -> Contents | None:
    """Compare rows as `freshness.look` does, in less time: ten thousand of them are felt."""
    entries = [row for row in rows if row[0] == ENTRIES]
    seen = snapshot_of(actor.id, [row for row in rows if row[0] != ENTRIES])
    root = opened_state(actor.vault, actor.id, seen.kept)
    if seen.kept is None or not isinstance(root, RecordRoot) or root.count != len(entries):
        return None
    if not holds_beside(root, Part.SHARED, seen):
        return None
    try:
        # Text and numbers alone: of ten thousand tuples, Python's collector would look through each several times.
        there = {f"{ident} {end.hex()}".replace("-", ""): revision for _, ident, revision, end in entries}
        pages = [
            (mark, open_page(actor.vault, actor.id, mark, seen.pages.get(mark.number, b"")))
            for mark in root.pages
        ]
    except (AttributeError, Damaged):  # the end of an envelope that is no bytes, or a page that is another
        return None
    lines = {f"{line.id} {line.tag}": line.revision for _, page in pages for line in page}
    if len(lines) != root.count or lines != there:
        return None
    return Contents(seen.kept, pages)


class _Search:
    """One turn of a search. `texts` are those to write, `void` the numbers of those to delete."""

    __slots__ = ("_coded", "_folded", "_plain_of", "actor", "contents", "needles", "texts", "void")

    def __init__(self, actor: Actor, contents: Contents, needles: Sequence[str]) -> None:
        self.actor, self.contents, self.needles = actor, contents, needles
        self.texts: list[tuple[PageMark, PageText]] = []
        self.void: Sequence[int] = ()
        self._coded = [needle.encode(errors="surrogatepass") for needle in needles]
        self._plain_of = entry_bytes_opener(actor.vault, actor.id)
        self._folded = 0  # bytes since others got their turn

    async def run(self) -> list[Entry] | None:
        """Return what was found, the newest first; None when a row is not what its line says any more."""
        marks, found = self.contents.marks, []
        hits, self.void = await page_texts.places_of(self.actor, marks, self._coded)
        for place in reversed(range(len(marks))):
            more = await self._on_page(place, hits)
            if more is None:
                return None
            found += more
        return found

    async def _on_page(self, place: int, hits: Places) -> list[Entry] | None:
        mark, lines = self.contents.pages[place]
        if mark.number in hits:
            lines = [lines[at] for at in hits[mark.number]]
        if not lines:
            return []
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
        """Read the rows of lines, in their order; None when one is not what its line says."""
        begin, end = moment(lines[0].created), moment(lines[-1].created)
        raw = await fetch(BETWEEN, self.actor.id, begin, end)
        rows = {row.id: row for row in typed(EntryRow, raw) if not isinstance(row, DamagedRow)}
        found = []
        for line in lines:
            ident, revision, tag = line.member
            row = rows.get(ident)
            if row is None or (row.revision, row.sealed[-END:]) != (revision, tag):
                return None
            if micros(row.created_at) != line.created:
                return None
            found.append(row)
        return found

    async def _opened(self, rows: Sequence[EntryRow]) -> list[tuple[EntryRow, EntryDocument | None]]:
        """Open entries, the newest first; so many bytes that others would wait for it, in a thread."""
        if sum(len(row.sealed) for row in rows) > FOLDED_AT_ONCE:
            return await asyncio.to_thread(list, self._documents(rows))
        return list(self._documents(rows))

    def _documents(self, rows: Sequence[EntryRow]) -> Iterator[tuple[EntryRow, EntryDocument | None]]:
        """Open entries, the newest first; None is one that does not open."""
        for row in reversed(rows):
            try:
                yield row, decode_entry(self._plain_of(row.sealed, row.id, row.revision))
            except Damaged:
                yield row, None

    async def _put_together(self, mark: PageMark, rows: Sequence[EntryRow]) -> list[Entry]:
        """Look through the entries of a page that has no text, and make it one, if all of them open."""
        opened = await self._opened(rows)
        words = await asyncio.to_thread(_folded, [document for _, document in opened])
        if None not in words:
            self.texts.append((mark, PageText.of([one for one in reversed(words) if one is not None])))
        return [
            _entry(row, document)
            for (row, document), one in zip(opened, words, strict=True)
            if one is None or all(needle in one for needle in self._coded)
        ]

    async def _looked_through(self, rows: Sequence[EntryRow]) -> list[Entry]:
        """Look through the entries of a page one by one; only those that may match are decoded."""
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


def _folded(documents: Iterable[EntryDocument | None]) -> list[bytes | None]:
    return [None if one is None else page_texts.words_of(one) for one in documents]


def _entry(row: EntryRow, document: EntryDocument | None) -> Entry:
    if document is None:
        return unopened(row)
    return Entry(row.id, row.revision, document, row.created_at, row.updated_at, None, row.sealed[-END:])
