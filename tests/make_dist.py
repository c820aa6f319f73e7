"""
Build what is released: source package, wheel, bill of materials and the digests of all three.

`make dist` runs this file. It builds the last commit and not what lies beside it, and gives the same bytes each time
and on each machine with the locked tools: whoever wants to know whether a release is this source builds it as well.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent.parent
BILL = "hearthside.cdx.json"
DIGESTS = "SHA256SUMS"


def build(source: Path, out: Path) -> None:
    """Build the last commit of the checkout *source* into the folder *out*."""
    with TemporaryDirectory(prefix="dist-") as folder:
        tree = Path(folder)
        with tarfile.open(fileobj=io.BytesIO(_git(source, "archive", "HEAD"))) as archive:
            archive.extractall(tree, filter="data")
        there = {
            **os.environ,
            "SOURCE_DATE_EPOCH": _git(source, "log", "-1", "--format=%ct").decode().strip(),
        }
        commands: tuple[tuple[str, ...], ...] = (
            ("-m", "build", "--no-isolation", "--outdir", str(out), str(tree)),
            (str(tree / "tests" / "make_sbom.py"), str(out / BILL)),
        )
        for command in commands:
            subprocess.run([sys.executable, *command], check=True, env=there, stdout=sys.stderr)
    digests = [
        f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
        for file in sorted(out.iterdir())
        if file.name != DIGESTS
    ]
    (out / DIGESTS).write_text("".join(digests), encoding="utf-8")


def _git(source: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(source), *arguments], check=True, capture_output=True).stdout


def main(arguments: Iterable[str]) -> int:
    """Build the checkout that this file is in into the folder that is named, which has nothing in it yet."""
    (target,) = arguments
    out = Path(target).resolve()
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        sys.exit(f"There is something in {out} already: remove it first, so that nothing old is released.")
    build(HERE, out)
    print((out / DIGESTS).read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
