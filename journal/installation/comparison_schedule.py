"""When each session last compared its whole journal with the record state; kept in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from journal.ages import compute_age

COMPARISON_INTERVAL = timedelta(hours=1)


@dataclass(slots=True)
class ComparisonSchedule:
    """When each session last compared its whole journal; `MAX_SESSIONS` sessions at most."""

    MAX_SESSIONS: ClassVar[int] = 10_000
    last_compared: OrderedDict[str, datetime] = field(default_factory=OrderedDict)

    def is_due(self, session: str, now: datetime) -> bool:
        """Return whether a session has to compare everything: on its first read, and then every hour."""
        then = self.last_compared.get(session)
        return then is None or compute_age(then, now) >= COMPARISON_INTERVAL

    def record(self, session: str, now: datetime) -> None:
        """Record that a session compared everything and found it intact."""
        self.last_compared[session] = now
        self.last_compared.move_to_end(session)
        if len(self.last_compared) > self.MAX_SESSIONS:
            self.last_compared.popitem(last=False)

    def forget(self, session: str) -> None:
        """Forget a session, so that it compares everything again on its next read."""
        self.last_compared.pop(session, None)
