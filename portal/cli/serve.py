"""`hearthside serve` and `hearthside run`: serve the pages."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import signal
from contextlib import suppress

import uvicorn

from journal.installation.installation import House
from journal.operations.demo import load_demo
from journal.practice import practice
from journal.store.database import migrate, opened
from journal.store.errors import DatabaseStarting
from portal import logs
from portal.app import create_app
from portal.config import Config
from portal.http.server import serving

KEY_BESIDE = (
    "The server key lies beside the data. For real people, keep it apart: HEARTHSIDE_SERVER_KEY_FILE."
)

WAITS = "Waiting for it; Hearthside serves as soon as it is there."
CAME = "The database is there."
LOOK = 1.0  # seconds between two tries of a database that is away


def run(config: Config, options: argparse.Namespace) -> int:
    """Migrate, load the demonstration or create a set-up link if the database is empty, and serve."""
    asyncio.run(migrate(config.database_url))
    state = asyncio.run(_begin(config, demo=not options.no_demo))
    print(f"\n  Hearthside is at {config.origin}\n  {state}\n", flush=True)
    return serve(config, options)


async def _begin(config: Config, *, demo: bool) -> str:
    """Load the demonstration or create a set-up link, if the database is empty; return what to print."""
    async with opened(config.database_url):
        return await _begun(config.house(), config.origin, demo=demo)


async def _begun(house: House, origin: str, *, demo: bool) -> str:
    known = await practice.shown(house)
    if known is None and demo:
        await load_demo(house)
        known = await practice.shown(house)
    if known is None:
        return f"Set up the first clinician's account: {origin}/setup/{await practice.new_setup_link(house)}"
    if known.is_demo:
        return (
            "A demonstration. Sign in as alice@example.org (alice reads by lamplight)"
            " or bob@example.org (bob listens by lamplight)."
        )
    if known.damaged:
        return "The record of the practice is damaged, so its name is not shown. Run: hearthside doctor."
    return f"The practice is {known.name}. Sign in there."


def serve(config: Config, options: argparse.Namespace) -> int:
    """Serve until the process is stopped."""
    logs.begin(config.log)
    if not asyncio.run(_wait_for_database(config)):
        return 0
    warn(config)
    server = uvicorn.Server(serving(create_app(config), config))
    _pass_over_the_program()
    with suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1


def _pass_over_the_program() -> None:
    """Exclude all that was loaded from garbage collection: to scan it takes 60 ms, and everybody waits."""
    gc.collect()
    gc.freeze()


async def _wait_for_database(config: Config) -> bool:
    """Wait until the database is reachable and valid; return False when the process was stopped."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stopped.set)
    looking = asyncio.create_task(_look_until_there(config))
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait((looking, stopping), return_when=asyncio.FIRST_COMPLETED)
        if looking.done():
            looking.result()
        return looking.done()
    finally:
        for task in (looking, stopping):
            task.cancel()
        await asyncio.gather(looking, stopping, return_exceptions=True)
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(one)


async def _look_until_there(config: Config) -> None:
    waits = False
    while True:
        try:
            await _look(config)
        except DatabaseStarting as away:
            if not waits:
                logs.event(logging.WARNING, f"{away.message} {WAITS}")
            waits = True
            await asyncio.sleep(LOOK)
        else:
            if waits:
                logs.event(logging.INFO, CAME)
            return


async def _look(config: Config) -> None:
    """Raise in a sentence what the log of a failed start would only name."""
    async with opened(config.database_url):
        await practice.shown(config.house())


def warn(config: Config) -> None:
    """Log a warning when the server key lies beside the data."""
    if config.key_is_beside_the_data:
        logs.event(logging.WARNING, KEY_BESIDE)
