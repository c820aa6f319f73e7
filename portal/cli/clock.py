"""`hearthside confirm-clock`: confirm that this machine's clock is right, after it jumped."""

from __future__ import annotations

import argparse
import asyncio

from journal.operations import heartbeat
from journal.store.database import opened
from portal.config import Config


def confirm(config: Config, options: argparse.Namespace) -> int:
    """Trust the clock from now on; purging continues within the hour."""
    house = config.house()
    held = asyncio.run(_confirm(config))
    print(f"The clock is taken to be right: {house.clock():%Y-%m-%d %H:%M} UTC.")
    print("Deleting for good goes on." if held else "Deleting for good was not held.")
    return 0


async def _confirm(config: Config) -> bool:
    async with opened(config.database_url):
        return await heartbeat.confirm(config.house())
