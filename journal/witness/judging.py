"""
Compare the log of public keys with what an account remembers of it and believes of others: no database, no clock.

All leaves since the last look are gone through, and all from the beginning where a care link is new. So neither a leaf
that passes for the account's own nor another person's last one can stand where it is not looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

import msgspec

from crypto import (
    CryptoError,
    Frontier,
    LogHead,
    OpenError,
    PublicIdentity,
    hash_leaf,
    list_consistency,
    list_inclusion,
    list_peaks,
    log_label,
    prove,
    read_head,
    verify_consistency,
    verify_inclusion,
)
from journal.accounts.key_log import LeafRow, Nodes
from journal.accounts.log_memory import EMPTY, NOT_IN_LOG, Believed, Memory
from journal.witness.documents import Finding, HeadNote


@dataclass(frozen=True, slots=True)
class SeenLog:
    """
    The log as storage shows it, up to a size.

    `rows` are all leaves from `start` on, `nodes` what is known of the others, `looked_up` single leaves before these,
    and `key` is the log's.
    """

    size: int
    start: int
    rows: Sequence[LeafRow]
    nodes: Nodes
    looked_up: Mapping[int, LeafRow]
    key: bytes


@dataclass(frozen=True, slots=True)
class SeenNotes:
    """
    What the two people of a link noted for each other; None where there is nothing, or where it `is_closed`.

    `ends` tell the rows from earlier ones, and `end` is that of the other person's note.
    """

    mine: HeadNote | None
    theirs: HeadNote | None
    ends: str
    end: str
    is_mine_closed: bool = False
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class SeenLink:
    """A care link with the other person's keys, as they are pinned; without `notes` where they were not looked at."""

    id: UUID
    peer: UUID
    keys: PublicIdentity
    notes: SeenNotes | None = None

    @property
    def name(self) -> str:
        """Return what a memory calls it."""
        return self.id.hex

    @property
    def digest(self) -> str:
        """Return what a belief says of the keys."""
        return sha256(self.keys.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class View:
    """
    All that is compared. `known` are the account's public keys, the latest first.

    Without a memory, it is the first look; unless it `is_lost`: one that there has to be is not there, or does not
    open. `links` are those with keys to compare, `lasting` the names of all.
    """

    account: UUID
    known: Sequence[PublicIdentity]
    memory: Memory | None
    is_lost: bool
    log: SeenLog
    links: Sequence[SeenLink]
    lasting: frozenset[str] = frozenset()


@dataclass(slots=True)
class Judgement:
    """What was found: the memory from now on, notes to be written by link, and what is amiss, by link or none."""

    memory: Memory
    notes: dict[UUID, HeadNote] = field(default_factory=dict)
    found: list[tuple[Finding, UUID | None]] = field(default_factory=list)
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """The log, once it was found to go on from what is remembered: its head, and the last leaf seen of each label."""

    head: LogHead
    nodes: Nodes
    newest: Mapping[bytes, LeafRow]


SHAKING = frozenset({Finding.PARTED, Finding.MISTAKEN, Finding.OLDER})
"""After these, others may have been shown another log."""


def judge(view: View) -> Judgement:
    """Return what is amiss, and what to remember."""
    before = view.memory or EMPTY
    try:
        log = follow_log(view)
    except (CryptoError, KeyError):
        unproven = [(Finding.PEER, one.id) for one in view.links if one.name not in before.links]
        return Judgement(before, found=[(Finding.LOG, None), *unproven])
    made = Judgement(msgspec.structs.replace(before, size=log.head.size, root=log.head.root))
    own = _judge_own(view, log, made)
    beliefs = {one.name: _judge_link(view, log, one, own, made) for one in view.links}
    links = {name: one for name, one in beliefs.items() if one is not None}
    if any(kind in SHAKING for kind, _ in made.found):
        # What is new in a log that others may not have been shown is not believed.
        for link in view.links:
            if _is_new(before.links.get(link.name), links.get(link.name)):
                del links[link.name]
                made.notes.pop(link.id, None)
                made.found.append((Finding.PEER, link.id))
    kept = {name: one for name, one in before.links.items() if name in view.lasting and name not in links}
    made.memory = msgspec.structs.replace(made.memory, own=own, links=kept | links)
    return made


def _is_new(before: Believed | None, after: Believed | None) -> bool:
    return after is not None and (before is None or before.keys != after.keys)


def follow_log(view: View) -> Followed:
    """
    Go on from what is remembered to the end of the log.

    Raises:
        CryptoError: If it is not the same log, continued.
        KeyError: If a part of it is missing.
    """
    log, before = view.log, view.memory
    if view.is_lost or (before is not None and before.size > log.size):
        raise OpenError("The log is shorter than it was.")
    nodes = dict(log.nodes) if log.start else {}
    edge = Frontier(log.start, [nodes[place] for place in list_peaks(log.start)] if log.start else ())
    if log.start and before is not None and edge.head != before.head:
        raise OpenError("This is another log.")
    newest: dict[bytes, LeafRow] = {}
    for row in log.rows:
        if row.number != edge.size:
            raise OpenError("A leaf is missing.")
        for level, found in enumerate(edge.append(hash_leaf(row.leaf))):
            nodes[level, row.number >> level] = found
        newest[row.label] = row
    if edge.size != log.size or (
        before is not None and before.size and read_head(before.size, nodes) != before.head
    ):
        raise OpenError("This is another log.")
    return Followed(edge.head, nodes, newest)


def _judge_own(view: View, log: Followed, made: Judgement) -> int:
    """Return the number of the account's own last leaf, after everything that passes for one was looked at."""
    before = view.memory or EMPTY
    label, known = _label(view, view.account), view.known
    if label not in log.newest and before.own == NOT_IN_LOG:
        made.is_missing = True
        return NOT_IN_LOG
    last = log.newest.get(label) or _look_up(view, log, before.own)
    if last is None or not last.is_of(view.account, known[0]):
        made.found.append((Finding.OWN, None))
        return before.own
    since = [row for row in view.log.rows if row.label == label and row.number >= before.size]
    if before.size and not all(any(row.is_of(view.account, one) for one in known) for row in since):
        made.found.append((Finding.OWN, None))
    return last.number


def _look_up(view: View, log: Followed, number: int) -> LeafRow | None:
    """Return a single leaf from before the last look, if it is proven to stand in the log."""
    row = view.log.looked_up.get(number)
    if row is None:
        return next((one for one in view.log.rows if one.number == number), None)
    try:
        proof = prove(list_inclusion(number, log.head.size), log.nodes)
        verify_inclusion(hash_leaf(row.leaf), number, log.head, proof)
    except CryptoError:
        return None
    return row


def _judge_link(view: View, log: Followed, link: SeenLink, own: int, made: Judgement) -> Believed | None:
    """Return what is believed over a link from now on; None where that stays as it was."""
    before = (view.memory or EMPTY).links.get(link.name)
    last = log.newest.get(_label(view, link.peer))
    if last is None or (before is not None and last.number <= before.leaf):
        if before is None or before.keys != link.digest:
            made.found.append((Finding.PEER, link.id))
            return None
        after = before
    elif last.is_of(link.peer, link.keys):
        was = before or Believed(0, "")
        after = msgspec.structs.replace(was, leaf=last.number, keys=link.digest, by_hand=False)
    else:
        made.found.append((Finding.PEER, link.id))
        return None
    return after if link.notes is None else _judge_notes(view, log, link, link.notes, after, own, made)


def _judge_notes(
    view: View, log: Followed, link: SeenLink, notes: SeenNotes, before: Believed, own: int, made: Judgement
) -> Believed:
    """Compare what the two people noted for each other, and decide what the account notes from now on."""
    amiss = _find_amiss(view, log, notes, before, own)
    if amiss is not None:
        made.found.append((amiss, link.id))
        return before
    heard = notes.theirs.count if notes.theirs else before.heard
    after = msgspec.structs.replace(before, heard=heard, seen=notes.ends)
    told = notes.mine.leaf if notes.mine else NOT_IN_LOG
    if before.size != log.head.size or told != before.told_leaf:
        count = before.said + 1
        made.notes[link.id] = HeadNote(count, log.head.size, log.head.root, heard, before.told_leaf)
        after = msgspec.structs.replace(after, said=count, size=log.head.size, seen="")
    return after


def _find_amiss(view: View, log: Followed, notes: SeenNotes, before: Believed, own: int) -> Finding | None:
    """Return what is amiss with two notes, or None."""
    mine, theirs = notes.mine, notes.theirs
    if notes.is_mine_closed or (mine.count if mine else 0) != before.said:
        return Finding.OLDER
    if notes.is_closed and notes.end == before.passed:
        return None
    if notes.is_closed or (theirs.count if theirs else 0) < before.heard:
        return Finding.OLDER
    if theirs is None or theirs.count == before.heard:
        return None
    if theirs.heard > before.said:
        return Finding.OLDER
    try:
        proof = prove(list_consistency(theirs.size, log.head.size), log.nodes)
        verify_consistency(theirs.head, log.head, proof)
    except CryptoError:
        return Finding.PARTED
    if theirs.leaf in (own, NOT_IN_LOG):
        return None
    row, label = _look_up(view, log, theirs.leaf), _label(view, view.account)
    is_mine = (
        row is not None and row.label == label and any(row.is_of(view.account, one) for one in view.known)
    )
    return None if is_mine else Finding.MISTAKEN


def settle(view: View) -> Judgement:
    """
    Return a memory that begins with what is there now, after its owner has compared the safety codes.

    `is_missing`: the last leaf of theirs is not the account's, which puts its own behind it.
    """
    before = view.memory or EMPTY
    try:
        log = follow_log(View(view.account, view.known, None, False, view.log, ()))
    except (CryptoError, KeyError):
        return Judgement(
            msgspec.structs.replace(before, noticed=())
        )  # as long as the log is broken, each look says so
    made = Judgement(Memory(log.head.size, log.head.root))
    last = log.newest.get(_label(view, view.account))
    made.is_missing = last is None or not last.is_of(view.account, view.known[0])
    own = last.number if last and not made.is_missing else NOT_IN_LOG
    links = {
        link.name: _settle_link(log, log.newest.get(_label(view, link.peer)), before, link, made)
        for link in view.links
    }
    made.memory = msgspec.structs.replace(made.memory, own=own, links=links)
    return made


def _settle_link(
    log: Followed, last: LeafRow | None, before: Memory, link: SeenLink, made: Judgement
) -> Believed:
    """Return what is believed over a link whose safety code was compared, and note it for the other person."""
    after = Believed(
        last.number if last else NOT_IN_LOG,
        link.digest,
        by_hand=last is None or not last.is_of(link.peer, link.keys),
    )
    was, notes = before.links.get(link.name, after), link.notes
    if notes is None:
        return msgspec.structs.replace(
            after, heard=was.heard, said=was.said, size=was.size, seen=was.seen, passed=was.passed
        )
    mine, theirs = notes.mine, notes.theirs
    heard = theirs.count if theirs else 0
    count = max(was.said, mine.count if mine else 0, theirs.heard if theirs else 0) + 1
    made.notes[link.id] = HeadNote(count, log.head.size, log.head.root, heard, after.told_leaf)
    passed = notes.end if notes.is_closed else ""
    return msgspec.structs.replace(after, heard=heard, said=count, size=log.head.size, passed=passed)


def _label(view: View, account: UUID) -> bytes:
    return log_label(view.log.key, account.bytes)
