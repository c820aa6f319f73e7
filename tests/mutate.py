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
from collections import Counter, defaultdict
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.mutation.rooms import ROOMS  # noqa: E402
from tests.mutation.trial import Outcome, Trial, run_trial  # noqa: E402

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
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the results go")
    options = parser.parse_args()
    os.chdir(ROOT)
    results = json.loads(options.output.read_text("utf-8")) if options.output.exists() else {}
    for name in options.rooms or ROOMS:
        room, began = ROOMS[name], perf_counter()
        files = [one for one in room.list_files() if not options.file or one in options.file]
        if not files:
            continue
        trial = Trial(room, options.sample, options.seed, files)
        run_trial(trial)
        if not trial.outcomes:
            return 1
        results[name] = summarise(trial) | {"minutes": round((perf_counter() - began) / 60, 1)}
        print(
            name,
            json.dumps({key: value for key, value in results[name].items() if key != "survivors"}, indent=2),
        )
        options.output.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0


def summarise(trial: Trial) -> dict[str, Any]:
    """Return the figures of a room: of all its mutants, or of the sample, by file, and what survived."""
    files: dict[str, list[Outcome]] = defaultdict(list)
    for one in trial.outcomes:
        files[one.mutant.file].append(one)
    return {
        "mutants": trial.total,
        "tried": len(trial.outcomes),
        **({"seed": trial.seed} if len(trial.outcomes) < trial.total else {}),
        **Counter(one.end for one in trial.outcomes),
        "score": score(trial.outcomes),
        "files": {file: {"tried": len(those), "score": score(those)} for file, those in files.items()},
        "survivors": [
            f"{one.mutant.file}:{one.mutant.line}: {one.mutant.change}"
            for one in trial.outcomes
            if not one.is_noticed
        ],
    }


def score(outcomes: list[Outcome]) -> float:
    """Return the part that was noticed, of all."""
    return round(sum(one.is_noticed for one in outcomes) / len(outcomes), 4)


if __name__ == "__main__":
    raise SystemExit(main())
