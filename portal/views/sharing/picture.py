"""The picture of a reframe as a page draws it: where each rating stands, without a day in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from journal.reframing.picture import Finding, Picture, Rating

LEFT, RIGHT, TOP, BOTTOM = 30.0, 312.0, 10.0, 130.0
"""Where the ratings stand in a drawing of 320 by 150."""
LINES = (0, 50, 100)


@dataclass(frozen=True, slots=True)
class Mark:
    """A rating, or a line across at a number."""

    x: float
    y: float
    value: int = 0


@dataclass(frozen=True, slots=True)
class PictureView:
    """
    Context of a picture. `old_path` and `new_path` are the points of the lines as SVG has them.

    `sessions` says where dosing days stand; `levels` are the numbers at the side.
    """

    old: tuple[Mark, ...]
    new: tuple[Mark, ...]
    old_path: str
    new_path: str
    sessions: tuple[float, ...]
    levels: tuple[Mark, ...]
    first_day: date
    last_day: date
    ratings: tuple[Rating, ...]
    dosing_days: tuple[date, ...]
    finding: Finding


def build_picture_view(picture: Picture) -> PictureView:
    """Return where everything of a picture stands."""
    every = [*(one.day for one in picture.ratings), *picture.dosing_days]
    first, last = min(every), max(every)
    span = max((last - first).days, 1)

    def place(day: date) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - first).days / span, 1)

    old = tuple(_mark(place(one.day), one.old) for one in picture.ratings if one.old is not None)
    new = tuple(_mark(place(one.day), one.new) for one in picture.ratings if one.new is not None)
    return PictureView(
        old,
        new,
        _join(old),
        _join(new),
        tuple(place(day) for day in picture.dosing_days),
        tuple(_mark(LEFT, level) for level in LINES),
        first,
        last,
        picture.ratings,
        picture.dosing_days,
        picture.finding,
    )


def _mark(x: float, value: int) -> Mark:
    return Mark(x, round(BOTTOM - (BOTTOM - TOP) * value / 100, 1), value)


def _join(marks: tuple[Mark, ...]) -> str:
    return " ".join(f"{one.x},{one.y}" for one in marks)
