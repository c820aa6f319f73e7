"""A real nginx before the product, with the example that operators copy: only names, ports and places are others."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.serving import ROOT
from tests.setup_tools import nginx

EXAMPLE = ROOT / "docs" / "examples" / "nginx.conf"
HOST = "localhost"
HAS_IPV6 = Path("/proc/net/if_inet6").exists()
"""Whether this machine has addresses of that kind; a container may have none."""
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx has folders for temporary files for."""


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    folder: Path
    context: ssl.SSLContext

    def temporary_files(self) -> list[Path]:
        """What it ever wrote aside: the folders of such files stay when they are gone."""
        return [path for kind in KINDS for path in (self.folder / kind).rglob("*")]


@contextmanager
def before(server: int, port: int, plain: int, folder: Path) -> Iterator[Proxy]:
    """
    Run nginx until the block ends.

    Args:
        server: Where the product listens.
        port: Where nginx takes TLS.
        plain: Where it leads from http:// to https://.
        folder: An empty one, for all that it writes.
    """
    program = nginx()
    assert program is not None, "setup_tools.py installs it"
    _write_certificate(folder)
    site = EXAMPLE.read_text(encoding="utf-8")
    for theirs, ours in {
        "hearth.example.org": HOST,
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen [::]:443 ssl http2;": f"listen [::1]:{port} ssl http2;" if HAS_IPV6 else "",
        "listen [::]:80;": f"listen [::1]:{plain};" if HAS_IPV6 else "",
        "127.0.0.1:8000": f"127.0.0.1:{server}",
        f"/etc/letsencrypt/live/{HOST}": str(folder),
        "/var/log/nginx/hearthside.log": str(folder / "error.log"),
    }.items():
        assert theirs in site, theirs
        site = site.replace(theirs, ours)
    places = "".join(f"{kind}_temp_path {folder / kind} 1 2;\n" for kind in KINDS)
    settings = folder / "nginx.conf"
    settings.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\nworker_processes 1;\npid {folder / 'pid'};\n"
        f"error_log {folder / 'start.log'};\nevents {{}}\nhttp {{\n{places}{site}}}\n",
        encoding="utf-8",
    )
    command = [str(program), "-c", str(settings), "-e", str(folder / "start.log")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # returns once it listens
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    process = int((folder / "pid").read_text())
    try:
        yield Proxy(folder, ssl.create_default_context(cafile=str(folder / "fullchain.pem")))
    finally:
        os.kill(process, signal.SIGTERM)


def _write_certificate(folder: Path) -> None:
    """Write a certificate for this machine alone, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
