"""`hearthside serve` and `hearthside run`: serve the pages."""

from __future__ import annotations

import argparse
import asyncio
import logging
from contextlib import suppress

import uvicorn

from journal import practice
from journal.demo import load_demo
from journal.house import House
from journal.store import migrate, opened
from portal import logs
from portal.app import create_app
from portal.config import Config
from portal.wire import serving

KEY_BESIDE = (
    "The server key lies beside the data. For real people, keep it apart: HEARTHSIDE_SERVER_KEY_FILE."
)


def run(config: Config, options: argparse.Namespace) -> int:
    """Migrate, load the demonstration or make a set-up link where nothing is yet, and serve."""
    asyncio.run(migrate(config.database_url))
    state = asyncio.run(_begin(config, demo=not options.no_demo))
    print(f"\n  Hearthside is at {config.origin}\n  {state}\n", flush=True)
    return serve(config, options)


async def _begin(config: Config, *, demo: bool) -> str:
    """Load the demonstration or make a set-up link, if nothing is there yet; return what to say."""
    async with opened(config.database_url):
        return await _begun(config.house(), config.origin, demo=demo)


async def _begun(house: House, origin: str, *, demo: bool) -> str:
    known = await practice.checked_practice(house)
    if known is None and demo:
        await load_demo(house)
        known = await practice.the_practice(house)
    if known is None:
        return f"Set up the first clinician's account: {origin}/setup/{await practice.new_setup_link(house)}"
    if known.is_demo:
        return (
            "A demonstration. Sign in as alice@example.org (alice reads by lamplight)"
            " or bob@example.org (bob listens by lamplight)."
        )
    return f"The practice is {known.name}. Sign in there."


def serve(config: Config, options: argparse.Namespace) -> int:
    """Serve until the process is told to end."""
    asyncio.run(_look(config))
    logs.begin(config.log)
    warn(config)
    server = uvicorn.Server(serving(create_app(config), config))
    with suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1


async def _look(config: Config) -> None:
    """Refuse in a sentence what the log of a start that fails would only name."""
    async with opened(config.database_url):
        await practice.checked_practice(config.house())


def warn(config: Config) -> None:
    """Say in the log that the server key lies beside the data."""
    if config.key_is_beside_the_data:
        logs.event(logging.WARNING, KEY_BESIDE)
