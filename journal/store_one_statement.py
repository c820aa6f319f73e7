"""
Several changes as one statement of PostgreSQL's: one way to the server and back, and not one for each.

Each is a part of a `WITH`. They see the rows as they were before all of them, so none may build on another.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PLACE = re.compile(r"\$([0-9]+)")


@lru_cache(maxsize=256)
def one_of(changes: tuple[tuple[str, int, bool], ...]) -> str:
    """
    Return one statement for several.

    It divides by zero, and nothing is changed, where one of them changes no row that has to.

    Args:
        changes: Each as it is written, with how many values it takes, and whether it may change nothing. The statement
            takes all values in their order.
    """
    parts, before = [], 0
    for number, (sql, values, _) in enumerate(changes):
        moved = _PLACE.sub(lambda place, by=before: f"${int(place[1]) + by}", sql)  # type: ignore[misc]
        parts.append(f"s{number} AS ({moved} RETURNING 1)")
        before += values
    needed = (number for number, (*_, if_there) in enumerate(changes) if not if_there)
    each = " AND ".join(f"EXISTS (TABLE s{number})" for number in needed) or "true"
    return f"WITH {', '.join(parts)} SELECT 1 / CASE WHEN {each} THEN 1 ELSE 0 END"
