"""`hearthside serve` and `hearthside run`: serve the pages."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys

from starlette.applications import Starlette

from journal.installation.installation import Installation
from journal.operations.demo import load_demo
from journal.practice import practice
from journal.store.database import migrate, open_for_command
from journal.store.errors import DatabaseStarting
from portal import logs
from portal.app import create_app
from portal.config import Config
from portal.http.process_renewal import (
    CHECK_COUNTS,
    LISTENING,
    Renewal,
    RenewingServer,
    get_handed_sockets,
    would_start,
)
from portal.http.server import build_server_config

KEY_BESIDE_DATA = (
    "The server key lies beside the data. For real people, keep it apart: HEARTHSIDE_SERVER_KEY_FILE."
)
DEMONSTRATION = (
    "A demonstration. Sign in as alice@example.org (alice reads by lamplight),"
    "\n  as her therapist bob@example.org (bob listens by lamplight),"
    "\n  or as her prescriber priya@example.org (priya asks by lamplight)."
)
WAITING_FOR_DATABASE = "Waiting for it; Hearthside serves as soon as it is there."
DATABASE_READY = "The database is there."
COLLECT_AFTER = (10_000, 5, 20)  # new objects; five times that; a million
RENEWED = "Nobody is connected: the process is renewed, so that it remembers nothing."
NOT_RENEWED = (
    "The process is not renewed: what is installed and set up now would not start. It goes on as it is."
)
CANNOT_LISTEN = (
    "Hearthside cannot listen on {}, port {}. Stop what listens there, or choose another: HEARTHSIDE_HOST or"
    " HEARTHSIDE_PORT."
)
POLL_SECONDS = 1.0  # seconds between two tries of a database that is away


def run(config: Config, options: argparse.Namespace) -> int:
    """Migrate, load the demonstration or create a set-up link if the database is empty, and serve."""
    if (
        LISTENING in os.environ or options.check
    ):  # a renewed process, or one to be: all of this was done, and said
        return serve(config, options)
    asyncio.run(migrate(config.database_url))
    state = asyncio.run(_prepare_database(config, demo=not options.no_demo))
    print(f"\n  Hearthside is at {config.origin}\n  {state}\n", flush=True)
    return serve(config, options)


async def _prepare_database(config: Config, *, demo: bool) -> str:
    """Load the demonstration or create a set-up link, if the database is empty; return what to print."""
    async with open_for_command(config.database_url):
        return await _prepare_practice(config.installation(), config.origin, demo=demo)


async def _prepare_practice(installation: Installation, origin: str, *, demo: bool) -> str:
    known = await practice.load_practice_view(installation)
    if known is None and demo:
        await load_demo(installation)
        known = await practice.load_practice_view(installation)
    if known is None:
        return f"Set up the first clinician's account: {origin}/setup/{await practice.create_setup_link(installation)}"
    if known.is_demo:
        return DEMONSTRATION
    if known.damaged:
        return "The record of the practice is damaged, so its name is not shown. Run: hearthside doctor."
    return f"The practice is {known.name}. Sign in there."


def serve(config: Config, options: argparse.Namespace) -> int:
    """Serve until the process is stopped; with `--check` only see whether it could."""
    logs.configure_logging(config.log)
    if options.check:
        create_app(config)
        asyncio.run(_check_database(config))
        return 0
    if not asyncio.run(_wait_for_database(config)):
        return 0
    warn_of_key_location(config)
    app = create_app(config)
    renewal = _build_renewal(app, config.renew_after) if options.can_restart else None
    server = RenewingServer(build_server_config(app, config), renewal)
    _freeze_garbage_collector()
    try:
        server.run(get_handed_sockets(os.environ))
    except KeyboardInterrupt:
        return 0 if server.started else 1
    except SystemExit:  # how uvicorn ends where it cannot begin, once it has logged why
        if not server.lifespan.should_exit:
            print(CANNOT_LISTEN.format(config.host, config.port), file=sys.stderr)
        return 1
    if server.kept:
        logs.log_event(logging.INFO, RENEWED)
        server.restart()
    return 0 if server.started else 1


def _build_renewal(app: Starlette, requests: int) -> Renewal:
    """
    Return when the process is renewed.

    Nothing is made beside the pages, no task runs, the database answers, and what is installed now would start.
    """

    believed_until = 0.0

    async def is_possible() -> bool:
        nonlocal believed_until
        if app.state.installation.background_work:
            return False
        try:
            with app.state.store.use():
                await practice.fetch_sealed_practice()
        except Exception:  # noqa: BLE001 - each driver has its own; a process that runs says so on its pages
            return False
        now = asyncio.get_running_loop().time()
        if now >= believed_until:
            if not await would_start():
                logs.log_event(logging.ERROR, NOT_RENEWED)
                return False
            believed_until = now + CHECK_COUNTS
        return True

    def close() -> bool:
        return not app.state.installation.background_work and app.state.task_gate.close()

    return Renewal(requests, is_possible, close)


def _freeze_garbage_collector() -> None:
    """
    Exclude all that was loaded from garbage collection, and collect less often.

    To scan what was loaded takes 60 ms, and a page of thousands of entries 100 ms, and everybody waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


async def _wait_for_database(config: Config) -> bool:
    """Wait until the database is reachable and valid; return False when the process was stopped."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stopped.set)
    looking = asyncio.create_task(_poll_database(config))
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


async def _poll_database(config: Config) -> None:
    waits = False
    while True:
        try:
            await _check_database(config)
        except DatabaseStarting as away:
            if not waits:
                logs.log_event(logging.WARNING, f"{away.message} {WAITING_FOR_DATABASE}")
            waits = True
            await asyncio.sleep(POLL_SECONDS)
        else:
            if waits:
                logs.log_event(logging.INFO, DATABASE_READY)
            return


async def _check_database(config: Config) -> None:
    """Raise in a sentence what the log of a failed start would only name."""
    async with open_for_command(config.database_url):
        await practice.load_practice_view(config.installation())


def warn_of_key_location(config: Config) -> None:
    """Log a warning when the server key lies beside the data."""
    if config.is_key_beside_data:
        logs.log_event(logging.WARNING, KEY_BESIDE_DATA)
