"""
What stands in the log of public keys: a commitment to the keys of an account, and a label by which it is found again.

Format: docs/crypto-format.md section 25.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import digest

from crypto.context import join_fields, require_id
from crypto.errors import require_size
from crypto.merkle import HASH_SIZE
from crypto.public_identity import PublicIdentity


def log_label(log_key: bytes, account: bytes) -> bytes:
    """
    Return what marks an account's leaves in one log.

    Args:
        log_key: 32 bytes, from the log's first leaf.
        account: 16 bytes, the account's id.
    """
    require_size(log_key, HASH_SIZE, "A log's key")
    require_id(account, "An account id")
    return digest(log_key, join_fields(b"hearthside/v1/key-log-label", account), "sha256")


def commit_identity(salt: bytes, identity: PublicIdentity, *, account: bytes) -> bytes:
    """
    Return the commitment to an account's public keys: without the salt, nobody can try keys on it.

    Args:
        salt: 32 random bytes.
        identity: The public keys.
        account: 16 bytes, the account's id.
    """
    require_size(salt, HASH_SIZE, "A salt")
    require_id(account, "An account id")
    return sha256(join_fields(b"hearthside/v1/key-log", salt, account, identity.encode())).digest()


def write_leaf(label: bytes, commitment: bytes) -> bytes:
    """Return a leaf, 64 bytes: an account's label and commitment; in the first leaf, twice the log's key."""
    require_size(label, HASH_SIZE, "A label")
    require_size(commitment, HASH_SIZE, "A commitment")
    return label + commitment
