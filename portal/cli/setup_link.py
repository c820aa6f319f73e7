"""`hearthside setup-link`: create a set-up link for one of the staff."""

from __future__ import annotations

import argparse
import asyncio

from journal.practice import practice
from journal.roles import POSITIONS
from journal.store.database import opened
from portal.config import Config


def print_link(config: Config, options: argparse.Namespace) -> int:
    """Print a new one-time link."""
    print(f"{config.origin}/setup/{asyncio.run(_new_link(config, options.role))}")
    return 0


async def _new_link(config: Config, role: str) -> str:
    async with opened(config.database_url):
        house = config.house()
        await practice.shown(house)
        return await practice.new_setup_link(house, POSITIONS[role])
