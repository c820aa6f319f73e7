"""Pages: how many a second, what sealing costs them, and whether other people's data slows them down."""

from __future__ import annotations

from time import perf_counter

from bench.client import Act, Connection, Person, asking, repeat
from bench.figures import Figure, Figures, Length, middle
from bench.people import People


def reading(port: int, people: People) -> Act:
    """The act of looking at the patient's timeline."""
    return asking(Person(port, people.patient).get("/journal"))


async def hello(plain: int, port: int, length: Length) -> Figures:
    """
    Measure the smallest answer there is, ours and Starlette's own, on one connection each.

    Turns are short and many, so that whatever else the machine does disturbs few of them.
    """
    turns = Length(length.rounds * 20, length.seconds / 20)
    asked = [(one, asking(Person(one).get("/healthz"))) for one in (plain, port)]
    rates = await in_turn(asked, turns)
    plains, hellos = zip(*rates, strict=True)
    return {
        "plain_per_s": Figure(middle(list(plains))),
        "hello_per_s": Figure(middle(list(hellos))),
        "hello_of_plain": Figure(middle([ours / theirs for theirs, ours in rates])),
    }


async def timeline(plain: int, port: int, people: People, length: Length) -> Figures:
    """Measure a patient's timeline of 30 entries on one connection, beside the smallest answers there are."""
    turns = Length(length.rounds * 4, length.seconds / 4)
    smallest = [(one, asking(Person(one).get("/healthz"))) for one in (plain, port)]
    rates = await in_turn([*smallest, (port, reading(port, people))], turns)
    pages = [page for _, _, page in rates]
    beside = {"best_round": max(pages), "of_hello": middle([page / hello for _, hello, page in rates])}
    return {
        "timeline30_per_s": Figure(middle(pages), beside),
        "timeline30_of_plain": Figure(middle([page / plainly for plainly, _, page in rates])),
    }


async def sealing(sealed: tuple[int, People], bare: tuple[int, People], length: Length) -> Figures:
    """Compare the timeline of a server with that of one whose cipher encrypts nothing."""
    return {"sealing_overhead": await _times_as_long(sealed, bare, length)}


async def overwriting(overwrites: tuple[int, People], leaves: tuple[int, People], length: Length) -> Figures:
    """Compare the timeline of a server that overwrites freed memory with that of one that leaves it as it was."""
    return {"overwriting_overhead": await _times_as_long(overwrites, leaves, length)}


async def growth(few: tuple[int, People], many: tuple[int, People], length: Length) -> Figures:
    """Compare the timeline among few other entries with that among a thousand times as many."""
    return {"growth_1000x": await _times_as_long(many, few, length)}


async def _times_as_long(one: tuple[int, People], other: tuple[int, People], length: Length) -> Figure:
    """Return how many times as long a page takes of *one* as of *other*, asking them page by page in turn."""
    sides = [(reading(*side), await Connection.open(side[0]), list[float]()) for side in (one, other)]
    until = perf_counter() + 2 * length.rounds * length.seconds
    while not sides[0][2] or perf_counter() < until:
        for act, connection, took in sides:
            before = perf_counter()
            await act(connection)
            took.append(1000 * (perf_counter() - before))
    for _, connection, _ in sides:
        connection.close()
    slow, quick = (middle(took) for _, _, took in sides)
    return Figure(slow / quick, {"ms": slow, "compared_ms": quick})


async def in_turn(sides: list[tuple[int, Act]], length: Length) -> list[list[float]]:
    """Run acts in turns, each on one connection; return their rates round by round, a warm-up left out."""
    rounds = [
        [(await repeat(port, [act], length.seconds)).per_second for port, act in sides]
        for _ in range(length.rounds + 1)
    ]
    return rounds[1:]
