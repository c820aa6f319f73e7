"""Put what was measured where people look: bench/results.json, and the table in docs/performance.md."""

from __future__ import annotations

import json
import os
import platform
import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.figures import AIMS, Figures

TABLE = re.compile(r"(?<=<!-- measured -->\n).*?(?=<!-- end -->)", re.DOTALL)


def results(figures: Figures, kept: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """
    Return every figure beside its aim, and what it was measured on.

    Args:
        kept: Earlier results, for figures that were not taken now: those of a part, or without PostgreSQL.
    """
    measured_on = {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "day": datetime.now(UTC).date().isoformat(),
    }
    standing = {name: figures[name].standing(name) if name in figures else kept[name] for name in AIMS}
    return standing | {"measured_on": kept.get("measured_on", measured_on)}


def write(measured: Mapping[str, Any], to: Path) -> None:
    """Keep the results as JSON."""
    to.write_text(json.dumps(measured, indent=2) + "\n")


def table(measured: Mapping[str, Any]) -> str:
    """Draw the results as a table, with a line that says what they were measured on."""
    lines = ["| Figure | Measured | Aim | |", "|---|---|---|---|"]
    for name in AIMS:
        one = measured[name]
        sign = "≥" if AIMS[name].at_least else "≤"
        aim = "" if one["limit"] is None else f"{sign} {one['limit']:g}"
        met = "" if one["limit"] is None else "met" if one["met"] else "not met"
        lines.append(f"| `{name}` | {one['value']:g} {one['unit']} | {aim} | {met} |")
    on = measured["measured_on"]
    where = f"{on['cpus']} CPUs, Python {on['python']}, SQLite {on['sqlite']}, {on['day']}"
    return "\n".join([*lines, "", f"Measured with {where}.", ""])


def update(page: Path, measured: Mapping[str, Any]) -> None:
    """Put the table into the page, between its two marks."""
    page.write_text(TABLE.sub(lambda _: table(measured), page.read_text()))
