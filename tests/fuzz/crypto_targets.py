"""The decoders of `crypto`."""

from __future__ import annotations

import crypto
from crypto import addresses, codes, feeds, handovers, merkle, padding, slots, succession
from crypto.errors import CryptoError
from crypto.links import GrantedKey
from tests.crypto.people import Person
from tests.fuzz.inputs import Pieces, Target, list_vector_bytes

KEY, ID = bytes(range(32)), bytes(16)
HERE = crypto.Context("entry", ID, ID, 1)
ALICE, BOB = Person.named("alice"), Person.named("bob")


def open_envelope(data: bytes) -> None:
    """Open an envelope, a wrapped key, and an envelope around anything."""
    crypto.Sealer(KEY).seal(data, context=HERE)
    for attempt in (
        lambda: crypto.open_sealed(KEY, data, context=HERE),
        lambda: crypto.unwrap_key(KEY, data, context=HERE),
        lambda: crypto.Sealer(KEY).opener(purpose="entry", owner=ID)(data, ID, 1),
        lambda: ALICE.keyring.unwrap(data, context=HERE),
        lambda: padding.unpad(data),
    ):
        ignore(attempt)


def ignore(attempt) -> None:
    """Run one of several attempts of a target."""
    try:
        attempt()
    except CryptoError:
        return


def open_context(data: bytes) -> None:
    """Encode a context of anything."""
    pieces = Pieces(data)
    owner, record, revision = pieces.sized(), pieces.sized(), pieces.number(9) - 2
    crypto.Context(pieces.text(), owner, record, revision).encode()


def open_slot(data: bytes) -> None:
    """Open a slot of each kind with what fits its kind; parameters are read, and no password is hashed."""
    pieces = Pieces(data)
    kind = (slots.PASSWORD, slots.RECOVERY, slots.PASSKEY, "other")[pieces.number() % 4]
    slot = crypto.KeySlot(
        kind, pieces.sized(), pieces.sized(), pieces.sized(), pieces.sized(), pieces.number(9)
    )
    assert slot.needs_secret_key in (True, False)
    ignore(lambda: crypto.unlock_with_recovery_key(slot, KEY[:20], account=ID))
    ignore(lambda: crypto.unlock_with_passkey(slot, KEY, account=ID))
    found = crypto.Argon2Parameters.decode(slot.parameters[:10])
    assert found.encode() == slot.parameters[:10]


def read_keys(data: bytes) -> None:
    """Read every kind of key that people type."""
    text = data.decode("utf-8", "surrogateescape")
    ignore(lambda: crypto.is_last_group(text, KEY[:20]))
    ignore(lambda: crypto.is_last_group_of_secret_key(text, KEY[:16]))
    ignore(lambda: crypto.parse_recovery_key(text))
    ignore(lambda: codes.hash_recovery_code(codes.parse_recovery_code(text), account=ID))
    crypto.parse_secret_key(text)


def open_kept_key(data: bytes) -> None:
    """Open a secret key that a browser keeps, and what it keeps of an account's state."""
    server = crypto.ServerKey(KEY)
    ignore(lambda: server.open_secret_key(data, account=ID))
    ignore(lambda: crypto.open_seen_state(ALICE.keyring, data, account=ID))
    pieces = Pieces(data)
    epoch, revision, *others = (pieces.number(9) - 1 for _ in range(5))
    state = crypto.SeenState.from_row(epoch, revision, 0, pieces.take(7), others[0], others[1], others[2])
    state.encode()


def open_pin(data: bytes) -> None:
    """Open a pin, one that holds anything, and a voucher."""
    ids = {"owner": ID, "peer": ID, "link": ID}
    inside = crypto.Sealer(ALICE.keyring.pins).seal(data, context=crypto.Context("pin", ID, ID))
    for sealed in (data, inside):
        ignore(lambda sealed=sealed: crypto.open_pin(ALICE.keyring, sealed, **ids))
        ignore(lambda sealed=sealed: crypto.is_doubted(ALICE.keyring, sealed, **ids))
        ignore(lambda sealed=sealed: crypto.is_pinned(ALICE.keyring, sealed, BOB.public.encode(), **ids))
    ignore(lambda: crypto.verify_voucher(KEY, data, BOB.public, account=ID, role="clinician"))
    crypto.invitation_id(data)


def read_root(data: bytes) -> None:
    """Read a root and a state, and write them again."""
    ignore(lambda: crypto.RecordState.decode(data, 2))
    root = crypto.RecordRoot.decode(data)
    assert root.encode() == data


def read_page_text(data: bytes) -> None:
    """Read the text of a page of contents, and search in it."""
    pieces = Pieces(data)
    needle, count, tag = pieces.sized(), pieces.number(), pieces.take(16)
    body = pieces.rest()
    text = crypto.PageText.decode(body, fold=1, tag=tag, count=count)
    text.find_all([needle, b"a"])
    assert text.encode(fold=1, tag=tag) == body


def read_public_identity(data: bytes) -> None:
    """Read public keys, and verify with them."""
    public = crypto.PublicIdentity.decode(data)
    assert public.encode() == data
    crypto.fingerprint(ID, public)
    ignore(lambda: crypto.open_succession(data, account=ID))
    crypto.verify(public, data, data[:64], purpose="records")


def open_identity(data: bytes) -> None:
    """Open private keys: as stored, and whatever was sealed as such."""
    ignore(lambda: crypto.open_identity(ALICE.keyring, data, ALICE.public, account=ID))
    ignore(lambda: crypto.open_former_identity(ALICE.keyring, data, account=ID))
    crypto.PrivateIdentity.decode(data)


def read_succession(data: bytes) -> None:
    """Follow statements of changed keys, forwards and backwards."""
    pieces = Pieces(data)
    statements = [pieces.sized() for _ in range(pieces.number() % 4)] + [pieces.rest()]
    crypto.trace_back(statements, ALICE.public, account=ID)
    ignore(lambda: succession.open_succession(statements[-1], account=ID))
    crypto.follow(ALICE.public, statements, BOB.public, account=ID)


def verify_handover(data: bytes) -> None:
    """Verify both signatures of a handover of anything."""
    pieces = Pieces(data)
    one, two, three, four, five = (pieces.take(16) for _ in range(5))
    offer = handovers.Handover(one, two, three, four, five, ALICE.public, BOB.public, pieces.number(8))
    signature = pieces.sized()
    ignore(lambda: handovers.verify_suggestion(offer, signature, BOB.public))
    handovers.verify_consent(offer, signature, made=pieces.rest())


def open_link_key(data: bytes) -> None:
    """Open a link key, and a sitter's note."""
    ids = {"link": ID, "patient": ID, "clinician": ID}
    ignore(lambda: GrantedKey.decode(data))
    ignore(lambda: crypto.open_sitter_note(KEY, data, patient=ID, link=ID, note=ID, private=ALICE.private))
    crypto.open_link_key(data, **ids, private=BOB.private, signed_by=ALICE.public)


def open_session(data: bytes) -> None:
    """Open the account key in a web session, and read the secrets in addresses."""
    for attempt in (
        lambda: crypto.unwrap_account_key(KEY, data, account=ID, epoch=1),
        lambda: crypto.session_id(data),
        lambda: crypto.sitter_link_id(data),
        lambda: feeds.feed_key(data),
        lambda: feeds.feed_event_id(KEY, data),
        lambda: feeds.feed_state(KEY, data),
        lambda: ALICE.keyring.with_retired(data, account=ID),
    ):
        ignore(attempt)
    crypto.feed_id(data)


def verify_log(data: bytes) -> None:
    """Verify proofs of the log of keys, as storage gives them."""
    pieces = Pieces(data)
    number, size, old = (pieces.number(5) - 3 for _ in range(3))
    root, before, leaf = pieces.take(32), pieces.take(32), pieces.take(32)
    proof = pieces.many(32)
    head, past = merkle.LogHead(size, root), merkle.LogHead(old, before)
    ignore(lambda: merkle.verify_inclusion(leaf, number, head, proof))
    ignore(lambda: merkle.verify_consistency(past, head, proof))
    ignore(lambda: merkle.verify_consistency(head, past, proof))
    ignore(lambda: merkle.Frontier(size, proof))
    ignore(lambda: merkle.prove(merkle.list_inclusion(number, size), {(0, 0): leaf, (1, 0): root}))
    ignore(lambda: merkle.read_head(size, {(0, 0): leaf}))
    merkle.list_places(merkle.list_consistency(old, size))


def read_address(data: bytes) -> None:
    """Read an address of e-mail and its domain, however they are typed."""
    text = data.decode("utf-8", "surrogateescape")
    ignore(lambda: addresses.ascii_domain(text))
    ignore(lambda: addresses.readable_domain(text))
    for read in (
        addresses.split_address,
        addresses.normal_address,
        addresses.transitional_address,
        addresses.spelled_address,
    ):
        ignore(lambda read=read: read(text))
    crypto.has_mark_flood(text)
    crypto.normalize("NFC", text)
    crypto.take_apart(text)


TARGETS = tuple(
    Target(name, run, (CryptoError,), list_vector_bytes, ("crypto",))
    for name, run in (
        ("envelope", open_envelope),
        ("context", open_context),
        ("slots", open_slot),
        ("typed-keys", read_keys),
        ("kept-keys", open_kept_key),
        ("pins", open_pin),
        ("roots", read_root),
        ("page-texts", read_page_text),
        ("public-identity", read_public_identity),
        ("private-identity", open_identity),
        ("successions", read_succession),
        ("handovers", verify_handover),
        ("link-keys", open_link_key),
        ("sessions", open_session),
        ("merkle", verify_log),
        ("addresses", read_address),
    )
)
