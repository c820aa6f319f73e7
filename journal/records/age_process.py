"""
A program of its own: reads a passphrase, a line feed and some bytes; writes those bytes as an age file.

With the argument `recipient` the first line is a public key.

`pyrage` blocks the interpreter for the seconds that the passphrase's scrypt takes, whichever thread it runs in,
and with it every page of the server. Here it has an interpreter to itself, at low priority. The gigabyte it may
take is freed when it ends, and if there is none, this process ends and not the server.
"""

from __future__ import annotations

import os
import resource
import sys

import pyrage
from pyrage import passphrase, ssh, x25519


def main() -> None:
    """Seal what comes in on the standard input; nothing unsealed is left behind, even when interrupted."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would be the unsealed bytes on the disk
    os.nice(10)
    words = sys.stdin.buffer.readline().removesuffix(b"\n").decode()
    if sys.argv[1] == "recipient":
        known = ssh.Recipient if words.startswith("ssh-") else x25519.Recipient
        sealed = pyrage.encrypt(sys.stdin.buffer.read(), [known.from_str(words)])
    else:
        sealed = passphrase.encrypt(sys.stdin.buffer.read(), words)
    sys.stdout.buffer.write(sealed)


if __name__ == "__main__":
    main()
