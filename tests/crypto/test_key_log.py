"""The log of public keys: a Merkle tree by RFC 6962, its proofs, and what a leaf says."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import CryptoError, FormatError, OpenError, PrivateIdentity
from crypto.key_log import commit_identity, log_label, write_leaf
from crypto.merkle import (
    EMPTY_HEAD,
    Frontier,
    LogHead,
    find_row,
    hash_leaf,
    hash_node,
    list_consistency,
    list_inclusion,
    list_peaks,
    list_places,
    prove,
    read_head,
    verify_consistency,
    verify_inclusion,
)

MOST = 200
PUBLISHED = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The leaves and roots with which the implementations of Certificate Transparency test RFC 6962."""
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
CONSISTENCY = {
    (1, 1): (),
    (1, 8): INCLUSION[0, 8],
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}


def grow(leaves):
    """Return the heads of a log after each leaf, from the empty one on, and the nodes of all."""
    edge, nodes, heads = Frontier(), {}, [EMPTY_HEAD]
    for number, leaf in enumerate(leaves):
        for level, found in enumerate(edge.append(hash_leaf(leaf))):
            nodes[level, number >> level] = found
        heads.append(edge.head)
    return heads, nodes


LEAVES = [b"%d" % number for number in range(MOST)]
HEADS, NODES = grow(LEAVES)


def plain_root(leaves):
    """Return the root as RFC 6962 section 2.1 writes it down, word by word."""
    if len(leaves) <= 1:
        return hash_leaf(leaves[0]) if leaves else sha256(b"").digest()
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return sha256(b"\x01" + plain_root(leaves[:middle]) + plain_root(leaves[middle:])).digest()


def test_the_published_roots_and_proofs():
    """Roots and proofs are those that were published for RFC 6962."""
    heads, nodes = grow(PUBLISHED)
    assert [head.root.hex() for head in heads[1:]] == list(ROOTS)
    for (number, size), proof in INCLUSION.items():
        assert tuple(one.hex() for one in prove(list_inclusion(number, size), nodes)) == proof
    for (old, size), proof in CONSISTENCY.items():
        assert tuple(one.hex() for one in prove(list_consistency(old, size), nodes)) == proof


def test_every_size_has_the_root_of_the_definition():
    """What is added leaf by leaf, and what is read of stored nodes, is the tree of the definition."""
    for size in range(MOST + 1):
        assert HEADS[size] == LogHead(size, plain_root(LEAVES[:size])) == read_head(size, NODES)


def test_a_log_goes_on_from_its_peaks():
    """A log that is opened at any size from its stored nodes goes on as one that was never closed."""
    for size in range(MOST):
        edge = Frontier(size, [NODES[place] for place in list_peaks(size)])
        ending = edge.append(hash_leaf(LEAVES[size]))
        assert edge.head == HEADS[size + 1]
        assert ending == tuple(NODES[level, size >> level] for level in range(len(ending)))


def test_a_node_stands_with_the_leaf_that_completes_it():
    """Each node is found in the row of the last leaf below it."""
    for level, index in NODES:
        assert find_row((level, index)) == (index + 1) * 2**level - 1


@given(st.integers(0, MOST - 1), st.integers(1, MOST))
def test_inclusion(number, size):
    """Each leaf is proven to stand in each log that has it, and no other leaf in its place."""
    if number >= size:
        with pytest.raises(FormatError):
            list_inclusion(number, size)
        return
    proof = prove(list_inclusion(number, size), NODES)
    verify_inclusion(hash_leaf(LEAVES[number]), number, HEADS[size], proof)
    for leaf, place, head in (
        (hash_leaf(b"another"), number, HEADS[size]),
        (hash_leaf(LEAVES[number]), number + 1, HEADS[size]),
        (hash_leaf(LEAVES[number]), number - 1, HEADS[size]),
        (hash_leaf(LEAVES[number]), number, HEADS[size - 1]),
    ):
        with pytest.raises(OpenError):
            verify_inclusion(leaf, place, head, proof)


@given(st.integers(0, MOST), st.integers(0, MOST))
def test_consistency(old, size):
    """Each log is proven to have begun as each shorter one, and never the other way round."""
    if not 0 < old <= size:
        with pytest.raises(FormatError):
            list_consistency(old, size)
        if old > size:
            with pytest.raises(OpenError):
                verify_consistency(HEADS[old], HEADS[size], ())
        return
    verify_consistency(HEADS[old], HEADS[size], prove(list_consistency(old, size), NODES))


@settings(max_examples=300)
@given(st.data())
def test_a_broken_proof_never_verifies(data):
    """A proof of which any bit is another, or that has more or fewer hashes, or the head of another log, is refused."""
    size = data.draw(st.integers(2, MOST))
    old, number = data.draw(st.integers(1, size - 1)), data.draw(st.integers(0, size - 1))
    inclusion = prove(list_inclusion(number, size), NODES)
    consistency = prove(list_consistency(old, size), NODES)
    for proof, verify in (
        (inclusion, lambda it: verify_inclusion(hash_leaf(LEAVES[number]), number, HEADS[size], it)),
        (consistency, lambda it: verify_consistency(HEADS[old], HEADS[size], it)),
    ):
        verify(proof)
        for broken in break_proof(data, proof):
            with pytest.raises(OpenError):
                verify(broken)
    other = [*LEAVES[: data.draw(st.integers(0, old - 1))], b"another"]
    other += LEAVES[len(other) : size]
    heads, nodes = grow(other)
    for proof in (consistency, prove(list_consistency(old, size), nodes)):
        with pytest.raises(OpenError):
            verify_consistency(HEADS[old], heads[size], proof)


def break_proof(data, proof):
    """Return the proof with a bit flipped, one hash less, one more, and two exchanged."""
    more = data.draw(st.sampled_from([bytes(32), *proof]))
    yield (*proof, more)
    if proof:
        place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        bent = bytearray(proof[place])
        bent[bit // 8] ^= 1 << bit % 8
        yield (*proof[:place], bytes(bent), *proof[place + 1 :])
        yield proof[:place] + proof[place + 1 :]
    if len(proof) > 1:
        yield (proof[1], proof[0], *proof[2:])


@given(st.integers(1, MOST))
def test_what_is_missing_is_said(size):
    """A proof whose node storage lost, and an edge with other peaks than its size has, are refused."""
    lost = dict(NODES)
    lost.pop(list_peaks(size)[-1])
    with pytest.raises(OpenError):
        read_head(size, lost)
    with pytest.raises(OpenError):
        Frontier(size, [])


def test_a_log_has_no_fewer_leaves_than_none():
    """A size below zero is refused, also one with as many bits as there are peaks."""
    with pytest.raises(OpenError):
        read_head(-1, NODES)
    for peaks in ([], [EMPTY_HEAD.root]):
        with pytest.raises(OpenError):
            Frontier(-1, peaks)


def test_proofs_need_few_rows():
    """A proof is made of at most as many rows as the tree has levels, twice."""
    for size in range(1, MOST + 1):
        for number in (0, size // 2, size - 1):
            rows = {find_row(place) for place in list_places(list_inclusion(number, size))}
            rows |= {find_row(place) for place in list_places(list_consistency(number + 1, size))}
            assert len(rows) <= 4 * size.bit_length()


def test_a_leaf_says_nothing_without_its_salt_and_the_log():
    """A commitment opens with its salt, account and keys alone; a label belongs to one log and one account."""
    ours, other = PrivateIdentity.generate().public(), PrivateIdentity.generate().public()
    key, salt, account = bytes(32), bytes(range(32)), bytes(16)
    made = commit_identity(salt, ours, account=account)
    assert made not in {
        commit_identity(bytes(32), ours, account=account),
        commit_identity(salt, other, account=account),
        commit_identity(salt, ours, account=bytes([1] * 16)),
    }
    assert len({log_label(key, account), log_label(salt, account), log_label(key, bytes([1] * 16))}) == 3
    assert write_leaf(log_label(key, account), made) == log_label(key, account) + made


@pytest.mark.parametrize(
    "make",
    [
        lambda: log_label(b"short", bytes(16)),
        lambda: log_label(bytes(32), b"short"),
        lambda: write_leaf(b"short", bytes(32)),
        lambda: write_leaf(bytes(32), b"short"),
        lambda: commit_identity(b"short", PrivateIdentity.generate().public(), account=bytes(16)),
        lambda: commit_identity(bytes(32), PrivateIdentity.generate().public(), account=b"short"),
    ],
)
def test_wrong_lengths_are_refused(make):
    """Whatever has not its length is refused."""
    with pytest.raises(CryptoError):
        make()


def test_a_shorter_log_is_another_one():
    """A log of one leaf is not that of two with the same root, whatever a proof leaves out."""
    root = HEADS[1].root
    for old, new in ((2, 1), (4, 1), (4, 2), (8, 3)):
        with pytest.raises(OpenError):
            verify_consistency(LogHead(old, root), LogHead(new, root), [])
    for old in (-1, -2, -4):
        with pytest.raises(OpenError):
            verify_consistency(LogHead(old, root), LogHead(1, root), [])


def test_a_proof_is_as_long_as_the_tree_is_high():
    """No root is reached by a hash more, or by one less, even where the hashes fit."""
    leaf, more = hash_leaf(LEAVES[0]), bytes(32)
    for root in (hash_node(more, leaf), hash_node(leaf, more)):
        with pytest.raises(OpenError):
            verify_inclusion(leaf, 0, LogHead(1, root), [more])
    for size in (2, 3, 5):
        with pytest.raises(OpenError):
            verify_inclusion(leaf, 0, LogHead(size, leaf), [])
    with pytest.raises(OpenError):
        verify_consistency(LogHead(1, leaf), LogHead(2, leaf), [])
