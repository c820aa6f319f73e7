"""A process that sends reminders once and ends: python -m tests.journal.reminders.sender DATABASE PORT MOMENT."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import datetime

from journal.installation.installation import Installation
from journal.reminders.sending import deliver_reminders
from journal.store.database import Store
from tests.cast import SERVER_KEY
from tests.receiver import Receiver


async def main(url: str, port: int, now: datetime) -> None:
    """Send what is due at *now* through the mail server at *port*, and say how many there were."""
    alone = Installation.with_key(SERVER_KEY, clock=lambda: now, quick=True)
    installation = replace(alone, mail=Receiver(port).server())
    store = await Store.open(url)
    with store.use():
        sys.stdout.write(str(await deliver_reminders(installation)))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])))
