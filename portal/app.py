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

from journal.installation.installation import House, utc_now
from journal.practice import practice
from journal.practice.practice import PracticeView
from journal.store.database import Store
from journal.store.errors import DatabaseRefused
from portal import logs
from portal.access.guard import guard
from portal.background import chores
from portal.config import Config
from portal.http.fallback import LastResort
from portal.http.limits import STANDARD, BodyLimits, Limits
from portal.http.middleware import HeadAsGet, HostCheck, SameOrigin, SecurityHeaders, UseStore
from portal.http.short_way import ShortWay
from portal.routes import ROUTES
from portal.web.errors import HANDLERS
from portal.web.pages import make_environment

NOBODY_YET = PracticeView("", False)
PRACTICE_DAMAGED = "the record of the practice is damaged; no page shows its name: hearthside doctor"


@dataclass(slots=True)
class KnownPractice:
    """The practice for every page; loaded until it is known, since it then stays the same."""

    current: PracticeView = NOBODY_YET

    async def look(self, house: House) -> None:
        """Load the practice, unless it is known."""
        if self.current is NOBODY_YET:
            self.current = await practice.shown(house) or NOBODY_YET


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
        store = app.state.store = await _opened(config)
        try:
            with store.use():
                await _know_the_practice(app)
                async with chores(app.state.house):
                    yield
        finally:
            # Also when the start failed: an open connection keeps the process from ending.
            await store.close()

    routes = [
        Route(
            rule.path, guard(rule.view, rule.audience, rule.fresh, rule.prefetch), methods=list(rule.methods)
        )
        for rule in ROUTES
    ]
    app = Starlette(
        routes=[Mount("/static", StaticFiles(packages=[("portal", "static")]), name="static"), *routes],
        middleware=[
            Middleware(ShortWay, routes=routes, config=config, limits=limits, handlers=HANDLERS),
            Middleware(SecurityHeaders, config=config),
            Middleware(LastResort, every=config.access_log),
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
    app.state.house = config.house(clock=clock, quick=quick)
    app.state.templates = make_environment()
    app.state.practice = KnownPractice()
    return app


async def _opened(config: Config) -> Store:
    try:
        return await Store.open(config.database_url, connections=config.connections)
    except DatabaseRefused as refused:
        logs.event(logging.CRITICAL, refused.message)
        raise


async def _know_the_practice(app: Starlette) -> None:
    try:
        await app.state.practice.look(app.state.house)
        if app.state.practice.current.damaged:
            logs.event(logging.ERROR, PRACTICE_DAMAGED)
    except Exception as error:
        logs.event(logging.CRITICAL, "the database cannot be read: hearthside doctor", logs.trouble(error))
        raise
