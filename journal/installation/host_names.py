"""The names of hosts in settings and headers: one form for whatever means the same machine."""

from __future__ import annotations

import ipaddress

from crypto import FormatError, ascii_domain


def normalize_host_name(typed: str) -> str:
    """
    Return a host as connections and browsers write it.

    Args:
        typed: A name in any script, or an IP address; an IPv6 address with or without its brackets.

    Returns:
        A name in ASCII, or an IP address without brackets.

    Raises:
        ValueError: If it is neither.
    """
    bare = typed.removeprefix("[").removesuffix("]")
    try:
        if ":" in bare:
            return ipaddress.IPv6Address(bare).compressed
        return ascii_domain(typed)
    except (ValueError, FormatError) as error:
        raise ValueError("the name or address of a machine, like hearth.example.org") from error
