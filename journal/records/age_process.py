"""
A program of its own: reads a passphrase, a line feed and some bytes; writes those bytes as an age file.

`pyrage` holds the interpreter for the seconds that the passphrase's scrypt takes, and with it every page that
the server would answer meanwhile, whichever thread it runs in. Here it has an interpreter to itself, at low
priority. The gigabyte it may take goes back when it ends, and if there is none, this ends and not the server.
"""

from __future__ import annotations

import os
import resource
import sys

from pyrage import passphrase


def main() -> None:
    """Seal what comes in on the standard input, and leave nothing behind, not even when interrupted."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would be the unsealed bytes on the disk
    os.nice(10)
    words = sys.stdin.buffer.readline().removesuffix(b"\n").decode()
    sys.stdout.buffer.write(passphrase.encrypt(sys.stdin.buffer.read(), words))


if __name__ == "__main__":
    main()
