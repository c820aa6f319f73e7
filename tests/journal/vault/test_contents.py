"""The table of contents: whatever comes and goes, its lines are those of a plain sorted list, on few pages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import Keyring, PageMark, RecordRoot, RecordSet, RecordState
from journal.errors import Damaged
from journal.vault import contents
from journal.vault.contents import LINES_PER_PAGE, ContentsDraft, ContentsLine, LineKind

OWNER = UUID(int=1)
KEYRING = Keyring.from_account_key(bytes(32))
VAULT = KEYRING.vault_sealer()
EMPTY = RecordRoot(RecordState(bytes(32), (RecordSet(3, 4), RecordSet(5, 6))))


def line(number: int, created: int, revision: int = 1) -> ContentsLine:
    """A line about an entry."""
    return ContentsLine(
        created, f"{number:032x}", LineKind.ENTRY, revision, f"{revision:032x}", created, "free", "", None
    )


class Account:
    """A root and its pages as they stand in a database."""

    def __init__(self) -> None:
        self.root = EMPTY
        self.pages: dict[int, tuple[PageMark, bytes]] = {}
        self.read = 0

    def change(self, gone: Sequence[ContentsLine] = (), come: Sequence[ContentsLine] = ()) -> int:
        """Change what an act changes, having read the pages that this needs; returns how many pages were written."""
        draft = ContentsDraft(self.root)
        for mark in draft.list_needed_pages(gone, come):
            self.read += 1
            draft.add_page_lines(mark, self.lines_of(mark))
        draft.apply(gone, come)
        return self.write(draft)

    def lines_of(self, mark: PageMark) -> tuple[ContentsLine, ...]:
        kept, sealed = self.pages[mark.number]
        assert kept == mark
        return contents.open_page(VAULT, OWNER, mark, sealed)

    def write(self, draft: ContentsDraft) -> int:
        """Keep what was changed; returns how many pages were written."""
        self.root, written, dropped = draft.seal(VAULT, OWNER, self.root)
        for number in dropped:
            self.pages.pop(number, None)
        for mark, sealed in written:
            self.pages[mark.number] = mark, sealed
        return len(written)

    def lines(self) -> list[ContentsLine]:
        """All lines, in their order."""
        return [one for mark in self.root.pages for one in self.lines_of(mark)]

    def check(self, wanted: list[ContentsLine]) -> None:
        """Look whether everything is as it should be."""
        assert self.lines() == sorted(wanted)
        assert RecordRoot.decode(self.root.encode()) == self.root
        assert set(self.pages) == {mark.number for mark in self.root.pages}
        assert self.root.beside == EMPTY.beside
        counts = [mark.lines for mark in self.root.pages]
        assert all(0 < count <= LINES_PER_PAGE for count in counts)
        assert all(one + other > LINES_PER_PAGE // 2 for one, other in pairwise(counts))


def test_what_is_written_in_turn_fills_page_after_page() -> None:
    """A thousand entries stand on full pages; each writes one page and reads one at most."""
    account = Account()
    for number in range(1000):
        assert account.change(come=[line(number, number)]) == 1
    account.check([line(number, number) for number in range(1000)])
    assert [mark.lines for mark in account.root.pages] == [LINES_PER_PAGE] * 15 + [40]
    assert account.read <= 1000


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32), spread=st.sampled_from([1, 3, 50, 100_000]), many=st.sampled_from([5, 300])
)
def test_it_holds_what_a_sorted_list_holds(seed: int, spread: int, many: int) -> None:
    """Lines that come, change and go in any order, many at the very same moment, are all there once."""
    dice, account = Random(seed), Account()
    wanted: dict[str, ContentsLine] = {}
    for step in range(many):
        known = list(wanted.values())
        act = dice.choice(("put", "put", "exchange", "take", "take")) if step > many // 2 else "put"
        if act == "put" or not known:
            new = line(step, dice.randrange(spread))
            account.change(come=[new])
            wanted[new.id] = new
            continue
        old = dice.choice(known)
        if act == "exchange":
            wanted[old.id] = msgspec.structs.replace(old, revision=old.revision + 1, tag=f"{step:032x}")
            account.change([old], [wanted[old.id]])
        else:
            account.change([old])
            del wanted[old.id]
        account.check(list(wanted.values()))


def test_thousands_of_one_moment_are_told_apart_by_looking_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever dates everything alike makes no act go through all lines for each of them."""
    looked, many = 0, 2000
    key_of = contents.ContentsLine.sort_key.fget  # type: ignore[attr-defined]

    def counted(one: ContentsLine) -> tuple[int, str]:
        nonlocal looked
        looked += 1
        found: tuple[int, str] = key_of(one)
        return found

    monkeypatch.setattr(contents.ContentsLine, "sort_key", property(counted))
    account, lines = Account(), [line(number, 5) for number in range(many)]
    account.change(come=lines[:1])
    account.change(come=lines[1:])
    account.change(lines[::2], [*map(later, lines[::4])])
    assert looked < many * 200
    account.check([*(line(n, 5) for n in range(1, many, 2)), *map(later, lines[::4])])


def later(one: ContentsLine) -> ContentsLine:
    """The line of the same entry after a save."""
    return msgspec.structs.replace(one, revision=one.revision + 1)


def test_a_table_laid_out_holds_every_line() -> None:
    """Also two about one record, which storage may have made: what is accepted is all that is there."""
    account, lines = Account(), [line(number // 2, 7, number) for number in range(200)]
    account.write(contents.build_draft(lines))
    assert account.lines() == lines
    assert [mark.lines for mark in account.root.pages] == [LINES_PER_PAGE, LINES_PER_PAGE, LINES_PER_PAGE, 8]


def test_many_acts_in_one_draft() -> None:
    """What comes and goes within one act is written once."""
    account = Account()
    draft = contents.build_draft(line(number, number) for number in reversed(range(300)))
    assert account.write(draft) == 5
    account.check([line(number, number) for number in range(300)])
    # Then some go from the beginning, one comes at the end, and one changes.
    gone = [line(number, number) for number in range(40)]
    account.change([*gone, line(299, 299)], [line(299, 299, 2), line(300, 300)])
    account.check([*(line(number, number) for number in range(40, 299)), line(299, 299, 2), line(300, 300)])


def test_what_was_amiss_stays_so() -> None:
    """A line stays when the record that goes is another, or in another state; none comes where one stands."""
    account, there = Account(), [line(1, 5), line(2, 5, 2)]
    account.change([line(1, 5)])
    assert account.root.pages == ()
    account.write(contents.build_draft(there))
    for gone, come in (
        ([line(3, 5)], []),
        ([line(2, 5, 1)], [line(2, 5, 3)]),
        ([line(1, 6)], [line(1, 6, 2)]),
        ([], [line(2, 5, 9)]),
    ):
        account.change(gone, come)
        account.check(there)


def test_a_page_that_was_not_read_is_not_changed() -> None:
    """Forgetting to read a page is an error and not a lost line."""
    account = Account()
    account.write(contents.build_draft(line(number, number) for number in range(200)))
    with pytest.raises(LookupError):
        ContentsDraft(account.root).apply([], [line(300, 300)])


def altered(mark: PageMark, sealed: bytes) -> list[Any]:
    other = contents.seal_page(VAULT, OWNER, mark.number, mark.revision, [line(9, 9)])
    return [
        (mark, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (mark, other[1]),
        (mark._replace(tag=other[0].tag), sealed),
        (mark._replace(revision=mark.revision + 1), sealed),
        (mark._replace(number=mark.number + 1), sealed),
        (mark._replace(lines=mark.lines + 1), sealed),
        (mark._replace(oldest=mark.oldest + 1), sealed),
        (mark, b""),
    ]


@pytest.mark.parametrize("which", range(8))
def test_a_page_opens_in_the_state_that_the_root_names(which: int) -> None:
    """Another page, another revision of it, and one that was altered are damaged."""
    account = Account()
    account.write(contents.build_draft([line(1, 1), line(2, 2)]))
    (kept,) = account.pages.values()
    assert len(contents.open_page(VAULT, OWNER, *kept)) == 2
    with pytest.raises(Damaged):
        contents.open_page(VAULT, OWNER, *altered(*kept)[which])
    with pytest.raises(Damaged):
        contents.open_page(VAULT, UUID(int=2), *kept)


def test_what_opens_and_is_no_page_is_damaged() -> None:
    """Lines of another shape are not read."""
    for plain in (b"", b"{}", b"[[1]]", b"\xff", b"[]"):
        sealed = VAULT.seal(plain, context=contents.page_context(OWNER, 0, 1))
        with pytest.raises(Damaged):
            contents.open_page(VAULT, OWNER, PageMark(0, 1, 0, 0, 0, sealed[-16:]), sealed)


def test_a_line_of_before_says_no_language() -> None:
    """A page whose lines lack their last field opens; what it says of them is that nobody knows."""
    old = b'[[5,"%032x",1,1,"%032x",5,"free","Swifts",null]]' % (7, 1)
    sealed = VAULT.seal(old, context=contents.page_context(OWNER, 0, 1))
    mark = PageMark(0, 1, 1, 5, 0, sealed[-contents.TAG_SIZE :])
    (found,) = contents.open_page(VAULT, OWNER, mark, sealed)
    assert (found.title, found.language) == ("Swifts", "")
    kept = msgspec.structs.replace(found, language="es")
    mark, sealed = contents.seal_page(VAULT, OWNER, 0, 2, [kept])
    assert contents.open_page(VAULT, OWNER, mark, sealed) == (kept,)
