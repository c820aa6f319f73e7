"""Pages and searches of journals of all lengths: what they cost beside others, and whether a long one slows anybody."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from time import perf_counter

from bench.client import Act, Connection, Person, asking, repeat
from bench.figures import Figure, Figures, Length, middle
from bench.pages import in_turn
from bench.people import NEEDLE, TIMELINE, People
from bench.server import Port, cpu_seconds

LONG = 10_000


async def cold(port: int, people: People, length: Length) -> Figures:
    """Compare the first page of an account that was not asked for since the start with the pages after it."""
    others = asking(Person(port, people.patient).get("/journal"))
    await repeat(port, [others], length.seconds)  # what is read and compiled once for everybody
    first, then = [], []
    for one in people.strangers:
        act, connection = asking(Person(port, one).get("/journal")), await Connection.open(port)
        await connection.ask(Person(port).get("/healthz"))  # so that the server has taken the connection
        took = []
        for _ in range(10):
            before = perf_counter()
            await act(connection)
            took.append(perf_counter() - before)
        connection.close()
        first.append(took[0])
        then.append(middle(took[1:]))
    times = [cold / warm for cold, warm in zip(first, then, strict=True)]
    return {"timeline_cold_over_warm": Figure(middle(times), {"ms": 1000 * middle(first)})}


async def pages(port: Port, people: People, length: Length) -> Figures:
    """Compare what a server spends on a page, in seconds of CPU, with what it spends on others."""
    own = {count: Person(port, one.cookie) for count, one in people.journals.items()}
    entry = {count: f"/journal/{one.entry}" for count, one in people.journals.items()}
    session = {count: f"/sessions/{one.session}" for count, one in people.journals.items()}
    bob, patient = Person(port, people.clinician), f"/patients/{people.known}"
    asked = {
        "timeline": Person(port, people.patient).get("/journal"),
        "patient": bob.get(patient),
        "brief": bob.get(f"{patient}/brief"),
        **{f"timeline{count}": person.get("/journal") for count, person in own.items()},
        **{f"entry{count}": person.get(entry[count]) for count, person in own.items()},
        **{f"session{count}": person.get(session[count]) for count, person in own.items()},
    }
    taken = {name: await _cpu(port, asking(request), length) for name, request in asked.items()}
    for _ in range(1, length.rounds):
        for name, request in asked.items():
            taken[name] = [*taken[name], *await _cpu(port, asking(request), length)]
    spent = {name: middle(some) for name, some in taken.items()}

    def over(one: str, other: str) -> Figure:
        return Figure(
            spent[one] / spent[other], {"ms": 1000 * spent[one], "compared_ms": 1000 * spent[other]}
        )

    few = f"{TIMELINE}"
    return {
        "timeline_growth_own_1000": over("timeline1000", "timeline" + few),
        "timeline_growth_own_10000": over(f"timeline{LONG}", "timeline" + few),
        "entry_of_timeline": over("entry" + few, "timeline" + few),
        "entry_growth_own_1000": over("entry1000", "entry" + few),
        "session_growth_own_10000": over(f"session{LONG}", "session" + few),
        "patient_of_timeline": over("patient", "timeline"),
        "brief_of_timeline": over("brief", "timeline"),
    }


async def _cpu(port: Port, act: Act, length: Length) -> list[float]:
    """Return the seconds of CPU that one answer takes the server."""
    before = cpu_seconds(port)
    done = await repeat(port, [act], length.seconds)
    return [max(cpu_seconds(port) - before, 1e-5) / len(done.answers)]


async def search(plain: int, port: int, people: People, database: Path, length: Length) -> Figures:
    """Measure a search that finds three entries, from request to page, and the first before texts are put together."""
    figures: Figures = {}
    for count, ratio in ((1000, "search_1000"), (LONG, "search_10000")):
        act = asking(Person(port, people.journals[count].cookie).post("/journal", [("q", NEEDLE)]))
        for _ in range(
            1 if length.small else count // 200
        ):  # a few pages of text are put together by each search
            await repeat(port, [act], 0)
        smallest = asking(Person(plain).get("/healthz"))
        rounds = await in_turn([(plain, smallest), (port, act)], length)
        took = [1000 / ours for _, ours in rounds]
        figures[f"{ratio}_ms"] = Figure(middle(took), {"quickest": min(took)})
        figures[f"{ratio}_by_plain"] = Figure(middle([hello / ours for hello, ours in rounds]))
    warm, cold_ = figures["search_1000_ms"].value / 1000, []
    for _ in range(length.rounds):
        with closing(sqlite3.connect(database)) as opened, opened:
            opened.execute("DELETE FROM contents_text")
        cold_.append((await repeat(port, [_first(people, port)], 0)).answers[0])
    return figures | {"search_cold_over_warm": Figure(middle(cold_) / warm, {"ms": 1000 * middle(cold_)})}


def _first(people: People, port: int) -> Act:
    return asking(Person(port, people.journals[1000].cookie).post("/journal", [("q", NEEDLE)]))


async def others(port: int, people: People, length: Length) -> Figures:
    """Compare another patient's pages beside somebody who reloads a long journal with those beside a short one."""
    asked = asking(Person(port, people.patient).get("/journal"))
    halves: dict[int, list[float]] = {TIMELINE: [], LONG: []}
    for _ in range(length.rounds + 1):
        for count, took in halves.items():
            person = Person(port, people.journals[count].cookie)
            took.append(await _p50_beside(port, asked, asking(person.get("/journal")), length))
    few, many = (middle(took[1:]) for took in halves.values())
    return {"others_p50_beside_10000": Figure(many / few, {"ms": 1000 * many, "compared_ms": 1000 * few})}


async def _p50_beside(port: int, asked: Act, beside: Act, length: Length) -> float:
    took: list[float] = []

    async def timed(connection: Connection) -> None:
        before = perf_counter()
        await asked(connection)
        took.append(perf_counter() - before)

    await repeat(port, [timed, beside], length.seconds)
    return middle(took)
