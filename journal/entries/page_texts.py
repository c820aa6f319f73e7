"""
The words of a page's entries, sealed together: a search reads them instead of sixty-four entries.

They are derived: where a text is missing, void or altered, the entries are opened instead. A text belongs to one
revision of its page, and is deleted in the transaction that writes another.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from crypto import Context, CryptoError, PageMark, PageText, Sealer
from journal.actor import Actor
from journal.folding import FOLDING_VERSION, fold
from journal.store.database import (
    MayChangeNothing,
    Statement,
    execute_all,
    fetch_raw,
    fetch_raw_in_thread,
    transaction,
)
from journal.store.progress import commit_aside
from journal.vault import record_state
from journal.vault.contents import LINES_PER_PAGE
from journal.vault.contents_rows import BATCH_SIZE, DELETE_TEXT
from journal.vault.documents import EntryDocument

MAX_WRITTEN = 4
"""The most texts that one search writes."""
BATCH_BYTES = 1 << 20
"""Bytes of texts that are read and searched at once: a millisecond, then others get their turn."""

SELECT_SIZES = "SELECT number, revision, length(sealed) FROM contents_text WHERE owner_id = $1"
SELECT_TEXTS = "SELECT number, sealed FROM contents_text WHERE owner_id = $1 AND number IN ({places})"
UPSERT_TEXT = """
    INSERT INTO contents_text (id, owner_id, number, revision, sealed) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (owner_id, number) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed
"""

Places = dict[int, list[int]]
"""Places of lines, by the numbers of their pages."""

log = logging.getLogger("hearthside")


def text_context(owner: UUID, number: int, revision: int) -> Context:
    """Return the seal context of a page's text."""
    return Context("contents-text", owner.bytes, number.to_bytes(16, "big"), revision)


def fold_words(document: EntryDocument) -> bytes:
    """Return the folded words of an entry, each once; a needle has no blank, so it matches within one word."""
    return " ".join(dict.fromkeys(fold(document.text()).split())).encode()


def seal_text(vault: Sealer, owner: UUID, mark: PageMark, text: PageText) -> bytes:
    """Seal the text of the page that the root names."""
    plain = text.encode(fold=FOLDING_VERSION, tag=mark.tag)
    return vault.seal(plain, context=text_context(owner, mark.number, mark.revision))


def open_text(vault: Sealer, owner: UUID, mark: PageMark, sealed: Any) -> PageText | None:
    """Open the text of the page that the root names; None when it is missing or altered."""
    if not isinstance(sealed, bytes):
        return None
    try:
        plain = vault.open(sealed, context=text_context(owner, mark.number, mark.revision))
        return PageText.decode(plain, fold=FOLDING_VERSION, tag=mark.tag, count=mark.lines)
    except CryptoError:
        return None


def is_settled(marks: Sequence[PageMark], place: int) -> bool:
    """Return whether a page has stopped growing: it is full, or not the newest."""
    return marks[place].lines >= LINES_PER_PAGE or place < len(marks) - 1


async def find_places(
    actor: Actor, marks: Sequence[PageMark], needles: Sequence[bytes]
) -> tuple[Places, list[int]]:
    """
    Find *needles* in the texts of pages.

    Returns:
        For each page with a text, the places of the lines whose entries contain all of them; and the numbers of texts
        that belong to no page, to another revision of it, or were altered.
    """
    sizes = {row[0]: row[1:] for row in await fetch_raw(SELECT_SIZES, actor.id) if isinstance(row[0], int)}
    there = [mark for mark in marks if mark.number in sizes and sizes[mark.number][0] == mark.revision]
    found: Places = {}
    for some, length in _split_batches(there, {number: size for number, (_, size) in sizes.items()}):
        values = ", ".join(f"${place}" for place in range(2, len(some) + 2))
        statement, numbers = SELECT_TEXTS.format(places=values), [mark.number for mark in some]
        if length <= BATCH_BYTES:
            await asyncio.sleep(0)
            found |= _search_texts(actor, some, await fetch_raw(statement, actor.id, *numbers), needles)
        else:
            rows = await fetch_raw_in_thread(statement, actor.id, *numbers)
            found |= await asyncio.to_thread(_search_texts, actor, some, rows, needles)
    return found, [number for number in sizes if number not in found]


def _split_batches(
    marks: Iterable[PageMark], sizes: Mapping[int, Any]
) -> Iterator[tuple[Sequence[PageMark], int]]:
    """Split pages into batches of at most `BATCH_BYTES` bytes of texts, unless one alone is longer."""
    some: list[PageMark] = []
    length = 0
    for mark in marks:
        size = sizes[mark.number] if isinstance(sizes[mark.number], int) else 0
        if some and (length + size > BATCH_BYTES or len(some) == BATCH_SIZE):
            yield some, length
            some, length = [], 0
        some.append(mark)
        length += size
    if some:
        yield some, length


def _search_texts(
    actor: Actor, marks: Iterable[PageMark], rows: Iterable[Sequence[Any]], needles: Sequence[bytes]
) -> Places:
    """Open texts and find *needles* in them."""
    sealed = {row[0]: row[1] for row in rows}
    texts = {mark.number: open_text(actor.vault, actor.id, mark, sealed.get(mark.number)) for mark in marks}
    return {number: text.find_all(needles) for number, text in texts.items() if text is not None}


@commit_aside
async def save_texts(
    actor: Actor, root: tuple[int, bytes], texts: Iterable[tuple[PageMark, PageText]], void: Iterable[int]
) -> None:
    """
    Save texts, and delete void ones, unless the root has changed meanwhile.

    A failure is harmless: the next search tries again.

    Args:
        root: Revision and envelope of the root that names the pages.
    """
    statements: list[Statement] = [
        MayChangeNothing((DELETE_TEXT, (actor.id, number))) for number in itertools.islice(void, BATCH_SIZE)
    ]
    for mark, text in texts:
        sealed = seal_text(actor.vault, actor.id, mark, text)
        statements.append((UPSERT_TEXT, (uuid4(), actor.id, mark.number, mark.revision, sealed)))
    if not statements:
        return
    try:
        async with transaction():
            await record_state.lock_state(actor)
            rows = await fetch_raw(record_state.SELECT_RECORD_STATE, actor.id)
            if rows and tuple(rows[0]) == root:
                await execute_all(*statements)
    except Exception as error:  # noqa: BLE001 - each driver has its own; the search is done all the same
        log.info("The text of a page was not written: %s", type(error).__name__)
