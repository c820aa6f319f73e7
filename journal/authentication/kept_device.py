"""What a session remembers of a device that its owner keeps for 7 days."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

KEPT_LIFETIME = timedelta(days=7)


class KeptDevice(msgspec.Struct, frozen=True):
    """
    A session that its owner may take up again until `until`. From `open_until` on, only a passkey opens it.

    `epoch` is the account's when its owner chose so; at any other it is over.
    """

    until: datetime
    open_until: datetime
    epoch: int
