"""
Changes of an account's keys, signed by those of before and of now: who pinned the first follows them to those of now.

Whoever stole the keys of before can sign a change as well, and storage can show any. So a change counts only where it
ends at the keys that the profile attests, which the server key seals.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from uuid import UUID, uuid4

from crypto import (
    CryptoError,
    PrivateIdentity,
    PublicIdentity,
    Succession,
    fingerprint,
    follow,
    succeed,
    trace_back,
)
from journal.accounts import tables
from journal.accounts.profiles import open_cached_profile
from journal.actor import Actor
from journal.errors import Damaged, TrustBroken
from journal.installation.installation import Installation
from journal.store.rows import NonNegative, Row, fetch_row, fetch_rows, filter_undamaged

MOST_KEPT = 100
"""How many changes of an account are kept, the latest; each takes a quarter of a millisecond to verify."""
MOST_FORMER = 5
"""How many keys of before are tried at most, where something was signed or vouched for before they changed."""

Statements = Mapping[UUID, tuple[bytes, ...]]
"""The changes of accounts, in the order of their numbers."""


class SuccessionRow(Row, frozen=True):
    """A row of a change."""

    account_id: UUID
    number: NonNegative
    statement: bytes


class KeysRow(Row, frozen=True):
    """An account's profile and public keys, as storage shows them."""

    sealed: bytes
    public_identity: bytes


async def load_statements(accounts: Collection[UUID]) -> Statements:
    """Return the changes of keys of *accounts*, as storage has them."""
    found: dict[UUID, tuple[bytes, ...]] = {}
    rows = tables.Succession.filter(account_id__in=list(accounts)).order_by("number")
    for row in filter_undamaged(await fetch_rows(SuccessionRow, rows)) if accounts else []:
        found[row.account_id] = (*found.get(row.account_id, ()), row.statement)
    return found


async def load_former(actor: Actor) -> tuple[PublicIdentity, ...]:
    """Return the public keys that the actor had before those of now, the latest first."""
    statements = (await load_statements([actor.id])).get(actor.id, ())
    return trace_former(actor.id, statements, actor.open_identity().public())


def trace_former(
    account: UUID, statements: tuple[bytes, ...], present: PublicIdentity
) -> tuple[PublicIdentity, ...]:
    """Return the keys that an account had before the *present* ones, the latest first; at most `MOST_FORMER`."""
    return trace_back(statements[-MOST_FORMER:], present, account=account.bytes)


async def record_change(actor: Actor, old: PrivateIdentity, new: PrivateIdentity) -> None:
    """Sign and store that the actor's keys change, in the transaction that changes them."""
    mine = tables.Succession.filter(account_id=actor.id)
    rows = filter_undamaged(await fetch_rows(SuccessionRow, mine.order_by("-number").limit(1)))
    number = rows[0].number + 1 if rows else 1
    statement = succeed(actor.id.bytes, number, int(actor.now.timestamp()), old=old, new=new)
    await tables.Succession.create(id=uuid4(), account_id=actor.id, number=number, statement=statement)
    await mine.filter(number__lte=number - MOST_KEPT).delete()


def follow_attested(
    installation: Installation,
    account: UUID,
    profile: bytes,
    pinned: PublicIdentity,
    shown: bytes,
    statements: tuple[bytes, ...],
) -> tuple[Succession, ...]:
    """
    Return the changes that lead from the keys that somebody pinned to those that storage shows.

    Args:
        profile: The account's sealed profile, which attests the keys of now.

    Raises:
        TrustBroken: If they do not lead there, or the profile attests other keys or does not open.
    """
    require_attested(installation, account, profile, shown)
    try:
        return follow(pinned, statements, PublicIdentity.decode(shown), account=account.bytes)
    except CryptoError as error:
        raise TrustBroken from error


async def load_present_keys(
    installation: Installation, account: UUID, remembered: PublicIdentity
) -> PublicIdentity:
    """
    Return an account's keys of now, for somebody who remembers keys of it, and is not signed in.

    What storage shows is not asked as long as the profile, which the server key seals, does not call these retired.

    Raises:
        TrustBroken: If they are, and no attested change leads on from them; or if the profile does not open.
    """
    row = await fetch_row(KeysRow, tables.Account.filter(id=account))
    try:
        if row is None:
            raise TrustBroken
        retired = open_cached_profile(installation, account, row.sealed).retired_keys
        if fingerprint(account.bytes, remembered) not in {one.fingerprint for one in retired}:
            return remembered
    except Damaged as error:
        raise TrustBroken from error
    statements = (await load_statements([account])).get(account, ())
    steps = follow_attested(installation, account, row.sealed, remembered, row.public_identity, statements)
    return steps[-1].after


def require_attested(installation: Installation, account: UUID, profile: bytes, shown: bytes) -> None:
    """Raise `TrustBroken` unless the profile of an account attests the keys that storage shows as its own."""
    try:
        attested = open_cached_profile(installation, account, profile).keys
    except Damaged as error:
        raise TrustBroken from error
    if attested != sha256(shown).hexdigest():
        raise TrustBroken
