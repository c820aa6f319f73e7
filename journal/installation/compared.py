"""Which signed-in sessions have compared their whole journal with what was left, as far as a process remembers."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from journal.ages import age

HOURLY = timedelta(hours=1)


@dataclass(slots=True)
class Compared:
    """Which sessions compared everything of their journal with what was left, and when; `MOST` of them at most."""

    MOST: ClassVar[int] = 10_000
    at: OrderedDict[str, datetime] = field(default_factory=OrderedDict)

    def is_due(self, session: str, now: datetime) -> bool:
        """Return whether a session has to compare everything: at its first reading, and then every hour."""
        then = self.at.get(session)
        return then is None or age(then, now) >= HOURLY

    def note(self, session: str, now: datetime) -> None:
        """Remember that a session compared everything and found it as it was left."""
        self.at[session] = now
        self.at.move_to_end(session)
        if len(self.at) > self.MOST:
            self.at.popitem(last=False)

    def forget(self, session: str) -> None:
        """Forget a session, so that it compares everything again at its next reading: something was amiss."""
        self.at.pop(session, None)
