"""
Which keys an account signed with: those of now, and the earlier ones, which a renewal or a reset retired.

The earlier ones stand in the profile by their fingerprints, since a reset loses everything that is under the account's
own keys. What they signed carries the keys themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from crypto import CryptoError, PublicIdentity, fingerprint
from journal.accounts import tables
from journal.accounts.profiles import ProfileRow, RetiredKey, load_profile, open_profile, profile_context
from journal.actor import Actor
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.sealing import seal_document
from journal.store.rows import Timestamp, fetch_row

MOST_RETIRED = 20


class SigningRow(ProfileRow, frozen=True):
    """An account's profile, and when it was opened."""

    created_at: Timestamp


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """
    An account's own fingerprint and those before it, the latest first.

    Attributes:
        since: Since when the present keys are in use; None for an account that was reset before this was noted.
    """

    fingerprint: str
    since: datetime | None
    retired: Sequence[RetiredKey]


async def load_signing_keys(actor: Actor) -> SigningKeys:
    """Return the actor's own keys; the present ones are those they hold, whatever storage says. Raises `Damaged`."""
    row = await fetch_row(SigningRow, tables.Account.filter(id=actor.id))
    if row is None:
        raise Damaged
    profile = open_profile(actor.installation, row)
    retired = profile.retired_keys[::-1]
    is_first = profile.keys == sha256(actor.public_keys).hexdigest()
    since = retired[0].until if retired else row.created_at if is_first else None
    return SigningKeys(actor.fingerprint, since, retired)


async def retire_keys(
    installation: Installation, account: UUID, public_keys: bytes, now: datetime, *, attested: bytes = b""
) -> None:
    """
    Note in the profile that an account's public keys are in use no more.

    Call it inside the transaction that replaces them, which has locked the account. Keys that are none signed nothing.

    Args:
        attested: The public keys that take their place, where the keys of before say so: the profile attests them.
    """
    profile = await load_profile(installation, account)
    with suppress(CryptoError):
        retired = RetiredKey(fingerprint(account.bytes, PublicIdentity.decode(public_keys)), now)
        kept = (*profile.retired_keys, retired)[-MOST_RETIRED:]
        keys = sha256(attested).hexdigest() if attested else profile.keys
        changed = msgspec.structs.replace(profile, retired_keys=kept, keys=keys)
        sealed = seal_document(installation.server_keys, changed, profile_context(account))
        await tables.Account.filter(id=account).update(sealed=sealed)
