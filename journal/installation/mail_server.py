"""The mail server that the practice sends through, as its settings name it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class TransportSecurity(StrEnum):
    """How the way to the mail server is kept closed."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """
    Where mail goes out.

    `sender` is what stands in From; `origin` is the only address that a message leads to, but for an invitation's.
    `ca_file` is a file of certificates to believe besides those that the machine believes.
    """

    host: str
    port: int
    sender: str
    origin: str
    security: TransportSecurity = TransportSecurity.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
