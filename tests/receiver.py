"""A real SMTP receiver on this machine, which can be choosy, slow or rude."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from journal.installation.mail_server import MailServer, TransportSecurity
from tests.waiting import PATIENCE

USER, PASSWORD = "hearth", "a password for mail"
ORIGIN = "https://hearth.example.org"
SENDER = "hearth@example.org"


@dataclass
class Receiver:
    """What came, as envelope and message; `answers` are given to the next recipients in the place of yes."""

    port: int = 0
    letters: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    final: list[str] = field(default_factory=list)
    rude: int = 0
    silent: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    secured: set[bool] = field(default_factory=set)
    came: threading.Event = field(default_factory=threading.Event)
    signed_in: set[bytes] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None

    def server(self, security: TransportSecurity = TransportSecurity.NONE, **more: object) -> MailServer:
        """How the product is told of it."""
        return MailServer("127.0.0.1", self.port, SENDER, ORIGIN, security, **more)  # type: ignore[arg-type]

    @property
    def settings(self) -> dict[str, str]:
        """The same, as settings of a process."""
        return {
            "HEARTHSIDE_SMTP_HOST": "127.0.0.1",
            "HEARTHSIDE_SMTP_PORT": str(self.port),
            "HEARTHSIDE_SMTP_SECURITY": "none",
            "HEARTHSIDE_MAIL_FROM": SENDER,
        }

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or say what was prepared."""
        if self.loop:
            self.loop.call_soon_threadsafe(self.asked.set)
        if self.silent:
            await asyncio.get_running_loop().create_future()
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message, or hang up in the middle of it."""
        if self.rude:
            self.rude -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "421 never said"
        if self.final:
            return self.final.pop(0)
        assert isinstance(envelope.content, bytes)
        self.secured.add(session.ssl is not None)
        self.letters.append((envelope, message_from_bytes(envelope.content, policy=policy.default)))
        self.came.set()
        return "250 kept"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Know one user by the password."""
        assert isinstance(data, LoginPassword)
        self.signed_in.add(data.login)
        known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=False)  # so that a stranger is told no

    def wait_for(self, words: str) -> None:
        """Wait until a message with these *words* has come, whatever else came before it."""
        while not any(words in text for text in self.texts):
            assert self.came.wait(PATIENCE)
            self.came.clear()

    @property
    def texts(self) -> list[str]:
        """What each message says, with its subject first."""
        return [f"{one['Subject']}\n{one.get_content()}" for _, one in self.letters]


class Hearing(SMTP):
    """Keeps what a client says of recipients as it came: the library takes an address apart, and quotes away."""

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802 - the library's name
        """Note what follows the word RCPT."""
        assert isinstance(self.event_handler, Receiver)
        self.event_handler.commands.append(arg)
        await super().smtp_RCPT(arg)


class Listening(Controller):
    """On any free port of this machine."""

    def factory(self) -> SMTP:
        """Answer a client."""
        return Hearing(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@contextmanager
def receiving(
    tls: ssl.SSLContext | None = None, *, wrapped: bool = False, password: bool = False
) -> Iterator[Receiver]:
    """Receive mail, with STARTTLS required when *tls* is given, or TLS from the first byte when *wrapped*."""
    receiver = Receiver()
    settings: dict[str, Any] = {}
    if tls and not wrapped:
        settings |= {"tls_context": tls, "require_starttls": True}
    if password:
        settings |= {
            "authenticator": receiver.authenticate,
            "auth_required": not wrapped,
            "auth_require_tls": not wrapped,
        }
    listening = Listening(
        receiver,
        hostname="127.0.0.1",
        port=0,
        ready_timeout=PATIENCE,
        ssl_context=tls if wrapped else None,
        **settings,
    )
    listening.start()
    receiver.port = listening.port
    try:
        yield receiver
    finally:
        listening.stop()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1 that only its maker vouches for: the file to trust, and the server's side."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    trust, private = folder / "trust.pem", folder / "private.pem"
    trust.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trust, private)
    return trust, context
