"""
Passwords to keys: Argon2id (RFC 9106) between a floor and a ceiling fixed here.

Stored parameters are data that hostile storage can change. Below the floor they would weaken a password,
above the ceiling one sign-in would exhaust the machine, so both are refused before any work is done.
Format: docs/crypto-format.md section 6.
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass

from argon2.low_level import ARGON2_VERSION, Type, hash_secret_raw

from crypto.bounded import normalize
from crypto.derive import KEY_SIZE
from crypto.errors import FormatError

SALT_SIZE = 16
LONGEST = 4096
"""
Characters as typed; what is longer is refused unread.

Four characters at most become one in NFC: whatever is longer than this is longer than 1,024 afterwards too, which
nobody can choose.
"""

_LAYOUT = struct.Struct(">BIIB")
PARAMETERS_SIZE = _LAYOUT.size
_ARGON2ID = ARGON2_VERSION
"""0x13: Argon2 version 1.3 is the one this byte stands for; the type is always Argon2id."""


@dataclass(frozen=True, slots=True)
class Argon2Parameters:
    """
    The cost of one Argon2id run.

    Attributes:
        memory_kib: Memory in KiB.
        iterations: Passes over the memory.
        parallelism: Lanes.
    """

    memory_kib: int
    iterations: int
    parallelism: int

    def encode(self) -> bytes:
        """
        Encode for a key slot.

        Returns:
            10 bytes: 0x13 || memory (4, big-endian) || iterations (4) || parallelism (1).

        Raises:
            FormatError: If the parameters are outside floor and ceiling.
        """
        self.check()
        return _LAYOUT.pack(_ARGON2ID, self.memory_kib, self.iterations, self.parallelism)

    @classmethod
    def decode(cls, data: bytes) -> Argon2Parameters:
        """
        Read what `encode` wrote.

        Raises:
            FormatError: If *data* is not 10 bytes, of another Argon2 version, or outside the bounds.
        """
        if len(data) != _LAYOUT.size or data[0] != _ARGON2ID:
            raise FormatError("The stored password parameters are of no known form.")
        _, memory_kib, iterations, parallelism = _LAYOUT.unpack(data)
        parameters = cls(memory_kib, iterations, parallelism)
        parameters.check()
        return parameters

    def check(self) -> None:
        """
        Refuse parameters outside `FLOOR` and `CEILING`.

        Raises:
            FormatError: If memory, iterations or parallelism lies outside.
        """
        if not (
            FLOOR.memory_kib <= self.memory_kib <= CEILING.memory_kib
            and FLOOR.iterations <= self.iterations <= CEILING.iterations
            and FLOOR.parallelism <= self.parallelism <= CEILING.parallelism
        ):
            raise FormatError("The password parameters are weaker or heavier than Hearthside accepts.")


STANDARD = Argon2Parameters(memory_kib=65536, iterations=3, parallelism=1)
"""64 MiB and 3 passes, as the second recommended option of RFC 9106 section 4, on one lane."""
FLOOR = Argon2Parameters(memory_kib=19456, iterations=2, parallelism=1)
"""The least that the OWASP Password Storage Cheat Sheet accepts with 2 passes."""
CEILING = Argon2Parameters(memory_kib=1048576, iterations=10, parallelism=4)
"""1 GiB: the most one sign-in may ask of the machine."""


def prepare(password: str) -> bytes:
    """
    Turn a typed password into bytes that are the same on every keyboard.

    After OpaqueString (RFC 8265 section 4.2): other spaces become U+0020, then NFC, then UTF-8. Case,
    width and surrounding spaces are kept, and no character is forbidden.

    Args:
        password: As typed.

    Raises:
        FormatError: If it is longer than `LONGEST`, or holds half a surrogate pair, which is no text.
    """
    if len(password) > LONGEST:
        raise FormatError(f"A password has at most {LONGEST} characters.")
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in password)
    try:
        return normalize("NFC", spaced).encode("utf-8")
    except UnicodeEncodeError:
        raise FormatError("The password is not valid text.") from None


def stretch(password: str, salt: bytes, parameters: Argon2Parameters) -> bytes:
    """
    Derive 32 bytes from a password, slowly. Run it off the event loop.

    Args:
        password: As typed; see `prepare`.
        salt: 16 random bytes, stored beside what the result protects.
        parameters: Between `FLOOR` and `CEILING`.

    Returns:
        32 bytes.

    Raises:
        FormatError: If *parameters* or the length of *salt* is out of bounds; no work is done then.
    """
    parameters.check()
    if len(salt) != SALT_SIZE:
        raise FormatError(f"A password salt is {SALT_SIZE} bytes long, not {len(salt)}.")
    return argon2id(prepare(password), salt, parameters)


def argon2id(secret: bytes, salt: bytes, parameters: Argon2Parameters) -> bytes:
    """Run Argon2id version 1.3 (RFC 9106) with no check of ours; use `stretch`."""
    return hash_secret_raw(
        secret,
        salt,
        time_cost=parameters.iterations,
        memory_cost=parameters.memory_kib,
        parallelism=parameters.parallelism,
        hash_len=KEY_SIZE,
        type=Type.ID,
        version=ARGON2_VERSION,
    )
