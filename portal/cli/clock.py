"""`hearthside confirm-clock`: confirm that this machine's clock is right, after it jumped."""

from __future__ import annotations

import argparse
import asyncio

from journal.operations import heartbeat
from journal.store.database import open_for_command
from portal.config import Config


def confirm_clock(config: Config, options: argparse.Namespace) -> int:
    """Trust the clock from now on; purging continues within the hour."""
    installation = config.installation()
    held = asyncio.run(_confirm_clock(config))
    print(f"The clock is taken to be right: {installation.clock():%Y-%m-%d %H:%M} UTC.")
    print("Deleting for good goes on." if held else "Deleting for good was not held.")
    return 0


async def _confirm_clock(config: Config) -> bool:
    async with open_for_command(config.database_url):
        return await heartbeat.confirm_clock(config.installation())
