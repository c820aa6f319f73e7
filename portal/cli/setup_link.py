"""`hearthside setup-link`: create a set-up link for one of the staff."""

from __future__ import annotations

import argparse
import asyncio

from journal.practice import practice
from journal.roles import POSITIONS
from journal.store.database import open_for_command
from portal.config import Config


def print_setup_link(config: Config, options: argparse.Namespace) -> int:
    """Print a new one-time link."""
    print(f"{config.origin}/setup/{asyncio.run(_create_link(config, options.role))}")
    return 0


async def _create_link(config: Config, role: str) -> str:
    async with open_for_command(config.database_url):
        installation = config.installation()
        await practice.load_practice_view(installation)
        return await practice.create_setup_link(installation, POSITIONS[role])
