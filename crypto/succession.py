"""
Succession: an account says, with the keys it had and with those it has, that the second take the place of the first.

Whoever remembers the first follows the statements, one after the other, to those of now. Whoever stole the first can
make such a statement as well: the keys that it ends at have to be attested by something that is not theirs.
Format: docs/crypto-format.md section 22.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest

from crypto.context import join_fields, require_id
from crypto.errors import FormatError, OpenError
from crypto.identity import PrivateIdentity
from crypto.public_identity import SIGNATURE_SIZE, PublicIdentity, verify

PUBLIC_SIZE = 1249
SUCCESSION_SIZE = 1 + 2 * 8 + 2 * PUBLIC_SIZE + 2 * SIGNATURE_SIZE

_VERSION = b"\x01"
_PURPOSE = "succession"


@dataclass(frozen=True, slots=True)
class Succession:
    """
    One statement, verified.

    Attributes:
        number: 1 for an account's first change of keys, and one more for each.
        at: Seconds since 1970-01-01T00:00:00Z.
        before: The keys of before.
        after: The keys that take their place.
    """

    number: int
    at: int
    before: PublicIdentity
    after: PublicIdentity


def succeed(account: bytes, number: int, at: int, *, old: PrivateIdentity, new: PrivateIdentity) -> bytes:
    """
    Sign that new keys take the place of old ones, with both.

    Args:
        account: 16 bytes, the account's id.
        number: Counts an account's changes of keys from 1.
        at: Seconds since 1970-01-01T00:00:00Z.
        old: The private keys of before.
        new: The private keys of now.

    Returns:
        2,643 bytes: version || number || at || keys of before || keys of now || signatures of the first and the second.

    Raises:
        FormatError: If the id is not 16 bytes long, or a number is none of 64 bits.
    """
    message = _encode(account, number, at, old.public(), new.public())
    signatures = old.sign(message, purpose=_PURPOSE) + new.sign(message, purpose=_PURPOSE)
    numbers = number.to_bytes(8, "big") + at.to_bytes(8, "big")
    return _VERSION + numbers + old.public().encode() + new.public().encode() + signatures


def open_succession(statement: bytes, *, account: bytes) -> Succession:
    """
    Read what `succeed` returned, and verify both signatures.

    Raises:
        FormatError: If its version is unknown, it counts from 0, or a key in it is not usable.
        OpenError: If its length is another, it changes nothing, or one of the two did not sign it for this account.
    """
    if statement[:1] != _VERSION:
        raise FormatError("This is no change of keys that this version of Hearthside reads.")
    if len(statement) != SUCCESSION_SIZE:
        raise OpenError("The change of keys is cut short or too long.")
    number, at = (int.from_bytes(statement[place : place + 8], "big") for place in (1, 9))
    before = PublicIdentity.decode(statement[17 : 17 + PUBLIC_SIZE])
    after = PublicIdentity.decode(statement[17 + PUBLIC_SIZE : 17 + 2 * PUBLIC_SIZE])
    signatures = statement[17 + 2 * PUBLIC_SIZE :]
    message = _encode(account, number, at, before, after)
    if before == after:
        raise OpenError("The keys of before and of now are the same.")
    verify(before, message, signatures[:SIGNATURE_SIZE], purpose=_PURPOSE)
    verify(after, message, signatures[SIGNATURE_SIZE:], purpose=_PURPOSE)
    return Succession(number, at, before, after)


def follow(
    start: PublicIdentity, statements: Iterable[bytes], end: PublicIdentity, *, account: bytes
) -> tuple[Succession, ...]:
    """
    Follow an account's changes of keys from those that somebody remembers to those of now.

    Args:
        start: The keys that are remembered.
        statements: The account's, in the order of their numbers; what stands before those keys is passed over.
        end: The keys of now. The caller knows from elsewhere that they are the account's.

    Returns:
        The changes, each of the keys that the one before it gave, without a gap between their numbers.

    Raises:
        OpenError: If they do not lead there.
        FormatError: If one on the way is of no known version, or has unusable keys.
    """
    path: list[Succession] = []
    for statement in statements:
        reached = path[-1].after if path else start
        if statement[17 : 17 + PUBLIC_SIZE] != reached.encode():
            continue
        step = open_succession(statement, account=account)
        if path and step.number != path[-1].number + 1:
            raise OpenError("A change of keys is missing.")
        path.append(step)
    if not path or not compare_digest(path[-1].after.encode(), end.encode()):
        raise OpenError("Their keys have changed since you were connected.")
    return tuple(path)


def trace_back(
    statements: Iterable[bytes], present: PublicIdentity, *, account: bytes
) -> tuple[PublicIdentity, ...]:
    """
    Return the keys that an account had before the *present* ones, the latest first, as far as its statements reach.

    The first step back is vouched for by the present keys, and each further one by those that it leads to.
    """
    found: list[PublicIdentity] = []
    for statement in reversed(list(statements)):
        reached = found[-1] if found else present
        if statement[17 + PUBLIC_SIZE : 17 + 2 * PUBLIC_SIZE] != reached.encode():
            continue
        try:
            found.append(open_succession(statement, account=account).before)
        except (OpenError, FormatError):
            break
    return tuple(found)


def _encode(account: bytes, number: int, at: int, before: PublicIdentity, after: PublicIdentity) -> bytes:
    require_id(account, "An account id")
    if not 0 < number < 1 << 64 or not 0 <= at < 1 << 64:
        raise FormatError("A change of keys counts from 1, and its time from 1970.")
    numbers = (number.to_bytes(8, "big"), at.to_bytes(8, "big"))
    return join_fields(
        b"hearthside/v1/succession", account, numbers[0], before.encode(), after.encode(), numbers[1]
    )
