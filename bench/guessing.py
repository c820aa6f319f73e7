"""
Guessing: whether the time of an answer tells who has an account.

The whole application answers inside this process, with the product's own Argon2. What was counted is deleted before
every request, so that nobody waits because of the tries before.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from httpx import ASGITransport, AsyncClient

from bench.figures import Figure, Figures, Length, middle
from bench.people import SERVER_KEY, People
from bench.rows import DATABASE
from journal.rate_limiting import tables as rate_limiting_tables
from journal.store.database import Store
from portal.app import create_app
from portal.config import Config

ORIGIN = "http://127.0.0.1:8000"
NOBODY = "nobody.at.all@example.org"
TRIES = 200
NEW = "slow water under the other bridge"
DOORS = {
    "unknown_sign_in_pct": ("/sign-in", {"password": "another bridge altogether"}),
    "unknown_recovery_pct": (
        "/recover",
        {"recovery_key": "-".join(["0000"] * 9), "password": NEW, "repeated": NEW},
    ),
}


async def difference(folder: Path, people: People, length: Length) -> Figures:
    """Measure how much the median answer to a known and to an unknown address differ, in percent."""
    config = Config(folder, f"sqlite://{folder / DATABASE}", SERVER_KEY, ORIGIN, "127.0.0.1", 8000)
    app = create_app(config, quick=length.small)
    figures: Figures = {}
    headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url=ORIGIN, headers=headers) as browser,
    ):
        for name, (path, form) in DOORS.items():
            door = Door(browser, app.state.store, path, form)
            figures[name] = await door.difference(people.writers[0].email, 4 if length.small else TRIES)
    return figures


@dataclass
class Door:
    """A form at which somebody guesses."""

    browser: AsyncClient
    store: Store
    path: str
    form: dict[str, str]

    async def difference(self, known: str, tries: int) -> Figure:
        """Guess at both in turns, each first as often as the other: the second finds more in the processor's memory."""
        times: dict[str, list[float]] = {known: [], NOBODY: []}
        for turn in range(tries + 1):
            for email in (known, NOBODY) if turn % 2 else (NOBODY, known):
                times[email].append(await self._guess(email))
        one, other = (middle(found[1:]) for found in times.values())
        beside = {"known_ms": 1000 * one, "unknown_ms": 1000 * other, "tries": tries}
        return Figure(max(100 * abs(one - other) / one, 0.001), beside)

    async def _guess(self, email: str) -> float:
        with self.store.use():
            await rate_limiting_tables.Throttle.all().delete()
        begun = perf_counter()
        answer = await self.browser.post(self.path, data=self.form | {"email": email})
        took = perf_counter() - begun
        if answer.status_code != 422:
            raise RuntimeError(f"{self.path} answered {answer.status_code}")
        return took
