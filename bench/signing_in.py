"""Signing in: whether others wait for their pages while many passwords are stretched."""

from __future__ import annotations

import asyncio
from itertools import cycle
from statistics import quantiles

from bench.client import Act, Connection, Person, repeat
from bench.figures import Figure, Figures, Length
from bench.people import PASSWORD, People

PAGES = ("/journal", "/account", "/help-now")


async def stall(port: int, people: People, length: Length) -> Figures:
    """Measure one patient's pages while nobody else is there, and while eight people sign in without a pause."""
    looking = _looking(Person(port, people.patient))
    signing = [_signing_in(Person(port), writer.email) for writer in people.writers]
    quiet: list[float] = []
    busy: list[float] = []
    signed_in = 0
    await repeat(port, [looking], length.seconds)
    for _ in range(length.rounds):
        quiet += (await repeat(port, [looking], length.seconds)).answers
        during, came = await asyncio.gather(
            repeat(port, [looking], length.seconds), repeat(port, signing, length.seconds)
        )
        busy += during.answers
        signed_in += len(came.answers)
    ratio = p99(busy) / p99(quiet)
    beside = {"quiet_p99_ms": 1000 * p99(quiet), "busy_p99_ms": 1000 * p99(busy), "sign_ins": signed_in}
    return {"signin_stall_p99_ratio": Figure(ratio, beside)}


def _looking(person: Person) -> Act:
    requests = cycle([person.get(path) for path in PAGES])

    async def act(connection: Connection) -> None:
        (await connection.ask(next(requests))).expect(200)

    return act


def _signing_in(person: Person, email: str) -> Act:
    request = person.post("/sign-in", [("email", email), ("password", PASSWORD), ("next", "/")])

    async def act(connection: Connection) -> None:
        (await connection.ask(request)).expect(303)

    return act


def p99(answers: list[float]) -> float:
    """Return the time that one answer in a hundred takes longer than."""
    return quantiles(answers, n=100)[98] if len(answers) > 1 else max(answers)
