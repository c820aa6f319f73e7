"""What is aimed for, and how a figure stands beside its aim. The aims are those of the design, section 7."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Aim:
    """A limit with its unit; what is counted per second has to reach it, everything else to stay below."""

    limit: float | None
    unit: str

    @property
    def at_least(self) -> bool:
        """Return whether more is better."""
        return self.unit in (
            "per second",
            "of raw commits",
            "of one worker",
            "of plain",
            "of saving",
            "of SQLite",
        )

    def is_met_by(self, value: float) -> bool:
        """Return whether *value* keeps to it."""
        if self.limit is None:
            return True
        return value >= self.limit if self.at_least else value <= self.limit


AIMS = {
    "save_per_s": Aim(1500, "per second"),
    "save_of_plain": Aim(0.12, "of plain"),
    "save_vs_raw_commit": Aim(0.25, "of raw commits"),
    "save_growth_own_1000": Aim(1.4, "times"),
    "timeline30_per_s": Aim(1302, "per second"),
    "timeline30_of_plain": Aim(0.11, "of plain"),
    "timeline_growth_own_1000": Aim(1.15, "times"),
    "timeline_growth_own_10000": Aim(1.25, "times"),
    "timeline_cold_over_warm": Aim(2.5, "times"),
    "entry_of_timeline": Aim(2, "times"),
    "entry_growth_own_1000": Aim(1.15, "times"),
    "session_growth_own_10000": Aim(1.5, "times"),
    "patient_of_timeline": Aim(6, "times"),
    "brief_of_timeline": Aim(7, "times"),
    "charts_per_s": Aim(10, "per second"),
    "charts_of_plain": Aim(0.0006, "of plain"),
    "summary_per_s": Aim(10, "per second"),
    "summary_of_plain": Aim(0.0006, "of plain"),
    "brief_per_s": Aim(10, "per second"),
    "brief_of_plain": Aim(0.0006, "of plain"),
    "others_p50_beside_10000": Aim(1.5, "times"),
    "plain_per_s": Aim(None, "per second"),
    "hello_per_s": Aim(None, "per second"),
    "hello_of_plain": Aim(0.75, "of plain"),
    "search_1000_ms": Aim(5, "ms"),
    "search_10000_ms": Aim(50, "ms"),
    "search_1000_by_plain": Aim(45, "times"),
    "search_10000_by_plain": Aim(350, "times"),
    "search_cold_over_warm": Aim(8, "times"),
    "export_1000_s": Aim(0.2, "s"),
    "import_10000_per_s": Aim(300, "per second"),
    "import_10000_of_saving": Aim(2, "of saving"),
    "fhir_1000_by_json": Aim(8, "times"),
    "fhir_1000_peak_by_size": Aim(4, "times"),
    "packet_100_by_page": Aim(12, "times"),
    "packet_100_peak_by_page": Aim(3, "times"),
    "sealing_overhead": Aim(1.10, "times"),
    "overwriting_overhead": Aim(1.25, "times"),
    "growth_1000x": Aim(1.2, "times"),
    "signin_stall_p99_ratio": Aim(2, "times"),
    "audit_workers4_of_1": Aim(1.0, "of one worker"),
    "audit_workers4_of_1_sqlite": Aim(1.0, "of one worker"),
    "audit_frozen_p99_ratio": Aim(2, "times"),
    "unknown_sign_in_pct": Aim(5, "%"),
    "unknown_recovery_pct": Aim(5, "%"),
    "hostile_form_ratio": Aim(None, "times"),
    "pg_timeline30_of_sqlite": Aim(0.7, "of SQLite"),
    "pg_save_of_sqlite": Aim(0.7, "of SQLite"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, with what was measured beside it to tell how far to trust it."""

    value: float
    beside: dict[str, float] = field(default_factory=dict)

    def standing(self, name: str) -> dict[str, Any]:
        """Return the figure with its aim, as results.json has it."""
        aim = AIMS[name]
        beside = {key: rounded(value) for key, value in self.beside.items()}
        return {
            "value": rounded(self.value),
            **asdict(aim),
            "met": aim.is_met_by(rounded(self.value)),  # of what is told, so that a reader can check it
            "beside": beside,
        }


Figures = dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Length:
    """
    How long to measure, so many rounds of so many seconds, and what.

    Attributes:
        small: On little data, only to see that all of it works.
        postgres: On PostgreSQL as well.
    """

    rounds: int
    seconds: float
    small: bool = False
    postgres: bool = False


FULL = Length(7, 0.6)
SMALL = Length(1, 0.05, small=True, postgres=True)


def middle(values: list[float]) -> float:
    """Return the median: on a machine that others use as well, the mean tells of them."""
    return median(values)


def rounded(value: float) -> float:
    """Keep three digits; more would be noise."""
    return float(f"{value:.3g}") if value < 1000 else float(round(value))
