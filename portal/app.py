"""Build the application from a configuration."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from journal.errors import Damaged
from journal.installation.installation import Installation, utc_now
from journal.practice import practice
from journal.practice.practice import PracticeView
from journal.store.database import Store
from journal.store.errors import DatabaseRefused
from portal import logs
from portal.access.guard import guard_view
from portal.background import run_periodic_tasks
from portal.config import Config
from portal.http.fallback import ErrorFallback
from portal.http.fast_path import FastPath, RouteTable
from portal.http.limits import STANDARD, BodyLimits, Limits
from portal.http.middleware import HeadAsGet, HostCheck, SameOrigin, SecurityHeaders, UseStore
from portal.routes import ROUTES
from portal.web.errors import HANDLERS
from portal.web.pages import Templates

NOT_SET_UP = PracticeView("", False)
DAMAGED = PracticeView("", False, damaged=True)
PRACTICE_DAMAGED = "the record of the practice is damaged; no page shows its name: hearthside doctor"

GUARDED = [
    Route(
        rule.path, guard_view(rule.view, rule.audience, rule.fresh, rule.prefetch), methods=list(rule.methods)
    )
    for rule in ROUTES
]
TABLE = RouteTable(GUARDED)


@dataclass(slots=True)
class PracticeCache:
    """The practice for every page, and the row it was opened from; opened anew when that is another one."""

    current: PracticeView = NOT_SET_UP
    sealed: object = None

    async def load(self, installation: Installation) -> None:
        """
        Load the practice when the process starts.

        Raises:
            WrongServerKey: If this is another installation's database.
        """
        await practice.load_practice_view(installation)
        await self.reload(installation)

    async def reload(self, installation: Installation) -> None:
        """Open what stands in the practice's row now, unless it is what stood there before."""
        sealed = await practice.fetch_sealed_practice()
        if sealed == self.sealed:
            return
        try:
            self.current = await practice.open_practice(installation, sealed) or NOT_SET_UP
        except Damaged:
            self.current = DAMAGED
            logs.log_event(logging.ERROR, PRACTICE_DAMAGED)
        self.sealed = sealed


def create_app(
    config: Config,
    *,
    clock: Callable[[], datetime] = utc_now,
    quick: bool = False,
    limits: Limits = STANDARD,
) -> Starlette:
    """
    Build the application.

    Args:
        clock: Returns the time in UTC.
        quick: Hash new passwords at the floor of what is accepted (tests and the demonstration).
        limits: What one request may bring.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        store = app.state.store = await _open_store(config)
        try:
            with store.use():
                await _load_practice(app)
                async with run_periodic_tasks(app.state.installation, app.state.practice.reload) as gate:
                    app.state.task_gate = gate
                    yield
        finally:
            # Also when the start failed: an open connection keeps the process from ending.
            await store.close()

    app = Starlette(
        routes=[Mount("/static", StaticFiles(packages=[("portal", "static")]), name="static"), *GUARDED],
        middleware=[
            Middleware(FastPath, table=TABLE, config=config, limits=limits, handlers=HANDLERS),
            Middleware(SecurityHeaders, config=config),
            Middleware(ErrorFallback, log_all=config.access_log),
            Middleware(HostCheck, config=config),
            Middleware(BodyLimits, limits=limits),
            Middleware(SameOrigin, config=config),
            Middleware(HeadAsGet),
            Middleware(UseStore),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.config = config
    app.state.installation = config.installation(clock=clock, quick=quick)
    app.state.templates = Templates()
    app.state.practice = PracticeCache()
    return app


async def _open_store(config: Config) -> Store:
    try:
        return await Store.open(config.database_url, connections=config.connections)
    except DatabaseRefused as refused:
        logs.log_event(logging.CRITICAL, refused.message)
        raise


async def _load_practice(app: Starlette) -> None:
    try:
        await app.state.practice.load(app.state.installation)
    except Exception as error:
        logs.log_event(
            logging.CRITICAL, "the database cannot be read: hearthside doctor", logs.describe_error(error)
        )
        raise
