"""When each session last compared its whole journal with the record state; kept in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from journal.ages import age

HOURLY = timedelta(hours=1)


@dataclass(slots=True)
class Compared:
    """When each session last compared its whole journal; `MOST` sessions at most."""

    MOST: ClassVar[int] = 10_000
    at: OrderedDict[str, datetime] = field(default_factory=OrderedDict)

    def is_due(self, session: str, now: datetime) -> bool:
        """Return whether a session has to compare everything: on its first read, and then every hour."""
        then = self.at.get(session)
        return then is None or age(then, now) >= HOURLY

    def note(self, session: str, now: datetime) -> None:
        """Record that a session compared everything and found it intact."""
        self.at[session] = now
        self.at.move_to_end(session)
        if len(self.at) > self.MOST:
            self.at.popitem(last=False)

    def forget(self, session: str) -> None:
        """Forget a session, so that it compares everything again on its next read."""
        self.at.pop(session, None)
