"""
Who is who: invitations that vouch for keys, pins that remember them, a code to compare in person.

Format: docs/crypto-format.md section 11.
"""

from __future__ import annotations

from hashlib import sha512
from hmac import compare_digest, digest
from secrets import token_bytes

from crypto.context import ID_SIZE, Context, join_fields, require_id
from crypto.derive import derive_key
from crypto.envelope import seal
from crypto.errors import OpenError, require_size
from crypto.keyring import Keyring
from crypto.public_identity import PUBLIC_SIZE, PublicIdentity

INVITATION_SECRET_SIZE = 32

_GROUPS = 6
_DOUBT = b"\x01"
"""Stands behind the keys in a pin that is in doubt, which so has a byte more than any keys."""


def new_invitation_secret() -> bytes:
    """Draw the 32 random bytes that go into the invitation's address, and nowhere else."""
    return token_bytes(INVITATION_SECRET_SIZE)


def invitation_id(secret: bytes) -> bytes:
    """
    Derive the look-up id of an invitation; it reveals nothing about the key of the voucher.

    Args:
        secret: 32 bytes, from the invitation's address.

    Returns:
        32 bytes.

    Raises:
        KeySizeError: If *secret* is not 32 bytes long.
    """
    require_size(secret, INVITATION_SECRET_SIZE, "An invitation secret")
    return derive_key(secret, "invitation-id")


def vouch(secret: bytes, identity: PublicIdentity, *, account: bytes, role: str) -> bytes:
    """
    Vouch for the public keys of an account with the secret of an invitation.

    Args:
        secret: 32 bytes.
        identity: The keys vouched for.
        account: 16 bytes, the id of the account that owns them.
        role: Which side this is, such as "clinician"; a voucher of one side is none for the other.

    Returns:
        32 bytes, HMAC-SHA256.

    Raises:
        KeySizeError: If *secret* is not 32 bytes long.
        FormatError: If *account* is not 16 bytes long.
    """
    require_size(secret, INVITATION_SECRET_SIZE, "An invitation secret")
    require_id(account, "An account id")
    key = derive_key(secret, "invitation-voucher")
    return digest(key, join_fields(role.encode(), account, identity.encode()), "sha256")


def verify_voucher(
    secret: bytes, voucher: bytes, identity: PublicIdentity, *, account: bytes, role: str
) -> None:
    """
    Verify a voucher in constant time.

    Raises:
        OpenError: If it does not vouch for exactly these keys of this account in this role.
        KeySizeError: If *secret* is not 32 bytes long.
        FormatError: If *account* is not 16 bytes long.
    """
    if not compare_digest(voucher, vouch(secret, identity, account=account, role=role)):
        raise OpenError("The keys behind this invitation are not the ones it was made with.")


def pin(keyring: Keyring, identity: PublicIdentity, *, owner: bytes, peer: bytes, link: bytes) -> bytes:
    """
    Seal the public keys of someone, so that a later change is noticed.

    Args:
        keyring: The keys of the account that remembers.
        identity: The keys to remember.
        owner: 16 bytes, the account that remembers.
        peer: 16 bytes, the account remembered.
        link: 16 bytes, the care link between them.

    Raises:
        FormatError: If an id is not 16 bytes long.
    """
    return _seal_pin(keyring, identity.encode(), owner, peer, link)


def pin_in_doubt(
    keyring: Keyring, identity: PublicIdentity, *, owner: bytes, peer: bytes, link: bytes
) -> bytes:
    """Seal keys like `pin`, after something spoke against them: no keys fit this pin."""
    return _seal_pin(keyring, identity.encode() + _DOUBT, owner, peer, link)


def _seal_pin(keyring: Keyring, content: bytes, owner: bytes, peer: bytes, link: bytes) -> bytes:
    require_id(peer, "An account id")
    return seal(keyring.pins, peer + content, context=Context("pin", owner, link))


def open_pin(keyring: Keyring, sealed: bytes, *, owner: bytes, peer: bytes, link: bytes) -> PublicIdentity:
    """
    Open the public keys that `pin` sealed.

    Raises:
        OpenError: If it does not open, or remembers someone other than *peer*.
        FormatError: If the version or algorithm is unknown, or an id is not 16 bytes long.
    """
    return _read_pin(_open_pin_bytes(keyring, sealed, owner, peer, link))[0]


def is_doubted(keyring: Keyring, sealed: bytes, *, owner: bytes, peer: bytes, link: bytes) -> bool:
    """Return whether the keys that `pin` sealed are in doubt; raises as `open_pin`."""
    return _read_pin(_open_pin_bytes(keyring, sealed, owner, peer, link))[1]


def is_pinned(
    keyring: Keyring, sealed: bytes, current: bytes, *, owner: bytes, peer: bytes, link: bytes
) -> bool:
    """
    Return whether *current* are the very bytes of the keys that `pin` sealed, without reading them.

    A list asks this of every row, and reading public keys takes as long as opening fifty records.

    Raises:
        OpenError: If the pin does not open, or remembers someone other than *peer*: then nothing was agreed on.
        FormatError: If the version or algorithm is unknown, or an id is not 16 bytes long.
    """
    return compare_digest(_open_pin_bytes(keyring, sealed, owner, peer, link), current)


def _open_pin_bytes(keyring: Keyring, sealed: bytes, owner: bytes, peer: bytes, link: bytes) -> bytes:
    require_id(peer, "An account id")
    opened = keyring.pin_sealer().open(sealed, context=Context("pin", owner, link))
    if not compare_digest(opened[:ID_SIZE], peer):
        raise OpenError("These remembered keys belong to someone else.")
    return opened[ID_SIZE:]


def _read_pin(opened: bytes) -> tuple[PublicIdentity, bool]:
    """Return the keys in a pin, and whether they are in doubt."""
    if len(opened) == PUBLIC_SIZE + 1 and opened.endswith(_DOUBT):
        return PublicIdentity.decode(opened[:-1]), True
    return PublicIdentity.decode(opened), False


def check_pin(pinned: PublicIdentity, current: PublicIdentity) -> None:
    """
    Compare remembered keys with those in use, in constant time.

    Raises:
        OpenError: If they differ.
    """
    if not compare_digest(pinned.encode(), current.encode()):
        raise OpenError("Their keys have changed since you were connected.")


def fingerprint(account: bytes, identity: PublicIdentity) -> str:
    """
    Derive what stands for the keys of one account, for people to compare: their half of every safety code.

    Args:
        account: 16 bytes, the account's id.
        identity: Its public keys.

    Returns:
        30 digits in 6 groups of 5, separated by spaces.

    Raises:
        FormatError: If the id is not 16 bytes long.
    """
    require_id(account, "An account id")
    hashed = sha512(join_fields(b"hearthside/v1/fingerprint", account, identity.encode())).digest()
    groups = (int.from_bytes(hashed[5 * at : 5 * at + 5], "big") % 100_000 for at in range(_GROUPS))
    return " ".join(f"{group:05d}" for group in groups)


def safety_code(a_id: bytes, a: PublicIdentity, b_id: bytes, b: PublicIdentity) -> str:
    """
    Derive the code that two people compare in person: the fingerprint of each.

    Whoever sits between two people needs keys whose fingerprint is that of another; with 99 bits that takes
    about 2^99 tries.

    Args:
        a_id: 16 bytes, the account id of one side.
        a: Their public keys.
        b_id: 16 bytes, the account id of the other side.
        b: Their public keys.

    Returns:
        60 digits in 12 groups of 5, separated by spaces; the same whichever side comes first.

    Raises:
        FormatError: If an id is not 16 bytes long.
    """
    sides = sorted(((a_id, a.encode(), a), (b_id, b.encode(), b)), key=lambda side: side[:2])
    return " ".join(fingerprint(ident, identity) for ident, _, identity in sides)
