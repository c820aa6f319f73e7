"""
Feed every decoder with inputs that the fuzzer bends until they reach new code: `make fuzz`.

Needs Atheris, which `make fuzz` puts into .cache/fuzz/packages and nothing else uses. Each target runs in a process of
its own; what it finds is kept in .cache/fuzz/corpus for the next time. An input that raises what is not documented
ends its target and is written to .cache/fuzz/found: mend the decoder, and move the input into findings/<target>, where
`test_targets.py` plays it from then on.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".cache" / "fuzz"
LONGEST = 16 * 1024
"""Bytes of an input."""
SLOWEST = 20
"""Seconds that one input may take."""
MEMORY = 3000
"""Megabytes that a process may take."""


def main() -> int:
    """Run the targets that are named, or all, for so many seconds each; returns 1 when one of them found something."""
    parser = argparse.ArgumentParser(description="Feed every decoder with anything.")
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=120, help="for each target")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_target(options.targets[0], options.seconds)
    from tests.fuzz.crypto_targets import TARGETS as OF_CRYPTO
    from tests.fuzz.journal_targets import TARGETS as OF_JOURNAL

    results: dict[str, dict[str, object]] = {}
    for target in (*OF_CRYPTO, *OF_JOURNAL):
        if options.targets and target.name not in options.targets:
            continue
        seed(target.name, target.seeds())
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.run",
            "--one",
            target.name,
            "--seconds",
            str(options.seconds),
        ]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, errors="replace"
        )
        counted = re.findall(r"^#(\d+)\s", done.stderr, re.MULTILINE)
        result: dict[str, object] = {
            "inputs": int(counted[-1]) if counted else 0,
            "is_sound": done.returncode == 0,
        }
        results[target.name] = result
        print(
            f"{target.name:18} {result['inputs']:>9} inputs  {'' if result['is_sound'] else 'FOUND SOMETHING'}",
            flush=True,
        )
        if done.returncode:
            print("\n".join((done.stdout + done.stderr).splitlines()[-30:]), flush=True)
    (WORK / "results.json").write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    return 0 if all(result["is_sound"] for result in results.values()) else 1


def seed(name: str, seeds: object) -> None:
    """Write the inputs that a target begins with, and the findings of before."""
    folder = WORK / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    (WORK / "found").mkdir(exist_ok=True)
    known = [path.read_bytes() for path in (Path(__file__).with_name("findings") / name).glob("*")]
    for one in [*seeds, *known]:  # type: ignore[misc]
        (folder / sha256(one).hexdigest()[:20]).write_bytes(one)


def run_target(name: str, seconds: int) -> None:
    """Run one target in this process, which ends with it."""
    sys.path.insert(0, str(WORK / "packages"))
    import atheris

    with atheris.instrument_imports(include=["crypto", "journal", "portal", "webauthn", "cbor2", "zipfile"]):
        from tests.fuzz.crypto_targets import TARGETS as OF_CRYPTO
        from tests.fuzz.journal_targets import TARGETS as OF_JOURNAL
    (target,) = (one for one in (*OF_CRYPTO, *OF_JOURNAL) if one.name == name)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={MEMORY}",
    ]
    atheris.Setup(
        [sys.argv[0], *options, f"-artifact_prefix={WORK / 'found' / name}-", str(WORK / "corpus" / name)],
        target.try_input,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    raise SystemExit(main())
