"""Saving: autosaves through the whole application, beside bare commits of the same bytes."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from time import perf_counter

from bench.client import Act, Connection, Person, asking, repeat, with_cookies_of
from bench.figures import Figure, Figures, Length, middle
from bench.pages import in_turn
from bench.people import TIMELINE, People, Writer, words
from bench.rows import SEALED
from journal.store.sqlite import PRAGMAS, apply_pragmas

REVISION = re.compile(rb'name="revision" id="revision" value="(\d+)"')
RAW = "UPDATE entry SET revision = revision + 1, sealed = ?, updated_at = ? WHERE id = ?"


class WritingPage(HTMLParser):
    """The form of a page on which somebody writes, as a browser would send it: names and values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.form: list[tuple[str, str]] = []
        self._select = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Take the fields of the form that saves by itself."""
        named = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._inside = "data-autosave" in named
        if not self._inside:
            return
        if tag == "select":
            self._select = named["name"]
        elif tag == "option" and "selected" in named:
            self.form.append((self._select, named["value"]))
        elif tag == "textarea" or (
            tag == "input" and named.get("type") not in ("radio", "checkbox", "submit")
        ):
            self.form.append((named["name"], named.get("value", "")))


async def saving(plain: int, port: int, people: People, copy: Path, length: Length) -> Figures:
    """
    Measure durable saves: with eight patients writing at once, with one alone, and bare commits between them.

    Turns are short and many, and what is compared with them stands beside them.

    Args:
        plain: Where `bench.plain` is served.
        copy: A copy of the database, for the bare commits.
    """
    acts = await writing(port, people.writers)
    smallest = [asking(Person(plain).get("/healthz"))] * len(acts)
    together, alone, raw, hellos, at_once = [], [], [], [], []
    seconds = length.seconds / 4
    for _ in range(4 * length.rounds + 1):
        at_once.append((await repeat(plain, smallest, seconds / 2)).per_second)
        hellos.append((await repeat(plain, smallest[:1], seconds / 2)).per_second)
        together.append((await repeat(port, acts, seconds)).per_second)
        raw.append(_commits(copy, seconds / 2))
        alone.append((await repeat(port, acts[:1], seconds)).per_second)
    pairs = list(zip(together, raw, strict=True))[1:]
    shares = [ours / hello for ours, hello in zip(together, hellos, strict=True)][1:]
    return {
        "save_of_plain": Figure(
            middle(shares), {"plain_per_s": middle(hellos[1:]), "plain_in_flight_per_s": middle(at_once[1:])}
        ),
        "save_per_s": Figure(
            middle(together[1:]),
            {"in_flight": len(acts), "one_connection": middle(alone[1:]), "best_round": max(together)},
        ),
        "save_vs_raw_commit": Figure(
            middle([ours / bare for ours, bare in pairs]), {"raw_commits_per_s": middle(raw[1:])}
        ),
    }


async def growth(port: int, people: People, length: Length) -> Figures:
    """Compare saving in a journal of 1,000 entries with saving in one of 30."""
    owners = [people.journals[count] for count in (TIMELINE, 1000)]
    acts = await writing(port, [Writer(one.cookie, one.entry, "") for one in owners])
    turns = Length(4 * length.rounds, length.seconds / 4)
    rates = await in_turn([(port, act) for act in acts], turns)
    return {"save_growth_own_1000": Figure(middle([few / many for few, many in rates]))}


async def writing(port: int, writers: Sequence[Writer]) -> list[Act]:
    """Return for each writer the act of changing an entry's words and saving them."""
    return [await _writing(port, writer, random.Random(number)) for number, writer in enumerate(writers)]


async def _writing(port: int, writer: Writer, chance: random.Random) -> Act:
    """Open a patient's page; return the act of changing its 200 words and saving them, as the page itself does."""
    person, where = Person(port, writer.cookie), f"/journal/{writer.entry}"
    opened = await Connection.open(port)
    page = (await opened.ask(person.get(f"{where}/edit"))).expect(200)
    opened.close()
    form = dict(WritingPage(page.body.decode()).form)
    (field,) = (name for name in form if name.endswith(".text"))

    async def act(connection: Connection) -> None:
        form[field] = words(chance)
        request = with_cookies_of(page, person.post(where, list(form.items()), htmx=True))
        saved = (await connection.ask(request)).expect(200)
        found = REVISION.search(saved.body)
        if found is None or int(found[1]) != int(form["revision"]) + 1:
            raise RuntimeError(f"not saved: {saved.body.decode()}")
        form["revision"] = found[1].decode()

    return act


def _commits(copy: Path, seconds: float) -> float:
    """Commit the bytes of an entry again and again under the product's pragmas; return commits per second."""
    database, sealed = sqlite3.connect(copy, isolation_level=None), random.Random(0).randbytes(SEALED)
    apply_pragmas(database, PRAGMAS)
    ids = [row[0] for row in database.execute("SELECT id FROM entry LIMIT 8")]
    count, begun = 0, perf_counter()
    while not count or perf_counter() - begun < seconds:
        database.execute(RAW, (sealed, f"2026-11-22 12:00:00.{count:06}+00:00", ids[count % len(ids)]))
        count += 1
    taken = perf_counter() - begun
    database.close()
    return count / taken
