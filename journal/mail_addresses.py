"""Which addresses mail can be sent to: one person's, and nothing that could become a second header or recipient."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address

FORBIDDEN = frozenset(map(chr, [*range(33), 127])) | frozenset('"(),:;<>[\\]')


class Undeliverable(Exception):
    """Nobody can be sent to at this address."""


def deliverable(typed: str) -> str:
    """
    Give an address in ASCII.

    Raises:
        Undeliverable: If it is none, or something that a header or an envelope would read as more than one.
    """
    local, _, domain = typed.rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode()}"
        spelled = Address(addr_spec=plain).addr_spec
    except (
        ValueError,
        HeaderParseError,
        IndexError,
        AttributeError,
    ) as error:  # the parser has many ways to say no
        raise Undeliverable from error
    if spelled != plain or not plain.isascii() or any(sign in plain for sign in FORBIDDEN):
        raise Undeliverable
    return plain
