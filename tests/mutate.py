"""
Change the code in thousands of small ways and count how many of them the tests notice.

`make mutate` runs this file and writes bench/mutants.json. What counts as a change is in mutation/mutants.py, how each
is tried in mutation/trial.py. A score is of all changes: what no test reaches is not noticed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.mutation.rooms import ROOMS  # noqa: E402
from tests.mutation.trial import Trial, run_trial  # noqa: E402

RESULTS = ROOT / "bench" / "mutants.json"


def main() -> int:
    """Mutate the rooms that are named, or all; prints a score for each."""
    parser = argparse.ArgumentParser(
        description="Change the code in small ways and count what the tests notice."
    )
    parser.add_argument("rooms", nargs="*", help=f"one or more of {', '.join(ROOMS)}; all unless told")
    parser.add_argument("--sample", type=int, help="try so many of a room's mutants, drawn with --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", action="append", default=[], help="only mutants of this file")
    parser.add_argument("--survivors", action="store_true", help="only those that survived the last time")
    parser.add_argument(
        "--anew", action="store_true", help="import all anew for each, to compare: it takes longer"
    )
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the results go")
    options = parser.parse_args()
    os.chdir(ROOT)
    results = json.loads(options.output.read_text("utf-8")) if options.output.exists() else {}
    for name in options.rooms or ROOMS:
        files = [one for one in ROOMS[name].list_files() if not options.file or one in options.file]
        before = results.get(name, {}).get("files", {})
        only = [mutant for file in files for mutant in before.get(file, {}).get("survivors", ())]
        trial = Trial(
            ROOMS[name],
            options.sample,
            options.seed,
            files,
            frozenset(only) if options.survivors else None,
            options.anew,
        )
        if files:
            run_trial(trial)
        if not trial.outcomes:
            continue
        of_files = before | {
            file: summarise(trial, file, before.get(file)) for file in files if trial.total[file]
        }
        seed = (
            options.seed
            if options.sample
            else results.get(name, {}).get("seed")
            if options.survivors
            else None
        )
        results[name] = total(of_files) | ({} if seed is None else {"seed": seed}) | {"files": of_files}
        print(name, {key: value for key, value in results[name].items() if key != "files"})
        options.output.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


def summarise(trial: Trial, file: str, before: dict[str, Any] | None) -> dict[str, Any]:
    """Return the figures of a file: how many mutants it has, were tried and were noticed, and what survived."""
    tried = [one for one in trial.outcomes if one.mutant.file == file]
    survivors = [str(one.mutant) for one in tried if not one.is_noticed]
    count = len(tried)
    if trial.only is not None and before is not None:  # what was noticed the last time still is
        count += before["noticed"]
    noticed = count - len(survivors)
    score = round(noticed / count, 4) if count else None
    return {
        "mutants": trial.total[file],
        "tried": count,
        "noticed": noticed,
        "score": score,
        "survivors": survivors,
    }


def total(files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of a room from those of its files."""
    mutants, tried, noticed = (
        sum(one[what] for one in files.values()) for what in ("mutants", "tried", "noticed")
    )
    return {"mutants": mutants, "tried": tried, "noticed": noticed, "score": round(noticed / tried, 4)}


if __name__ == "__main__":
    raise SystemExit(main())
