"""A whole journal, exported and imported elsewhere, is the same again, whatever stands in it; and twice is once."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import zipfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from hypothesis import Phase, given, settings

from crypto import PrivateIdentity
from journal.catalogue.answers import ADDED_KINDS
from journal.entries.assignment import SessionAssignment
from journal.importing.items import LeftOut
from journal.records import archive, collection
from journal.sessions.session import SessionKind, Status
from journal.stamps import AUTHOR, mark_imported
from journal.store.database import Store
from journal.vault import record_state
from tests.cast import NOON, PRACTICE, Cast, Furniture, cast_of
from tests.journal.importing.corpus import read
from tests.journal.importing.test_adding import imported
from tests.journal.importing.worlds import World, build_world, worlds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from journal.actor import Actor

SIGNER = PrivateIdentity.generate()
ID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
IDS = frozenset({"id", "session_id", "belongs_to", "course_id", "about"})
ADDED = frozenset(kind.value for kind in ADDED_KINDS)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""To find a smaller world takes minutes, and an error says what differs."""


@asynccontextmanager
async def installation(path: Path, furniture: Furniture, folder: Path, name: str) -> AsyncIterator[Cast]:
    """Open an installation in which nobody has written anything."""
    store = await Store.open(f"sqlite://{shutil.copyfile(path, folder / name)}")
    try:
        with store.use():
            yield cast_of(furniture)
    finally:
        await store.close()


async def export(actor: Actor) -> bytes:
    """Return somebody's archive as it is before it is sealed; all of it opens."""
    records = await collection.collect_patient_records(actor, PRACTICE)
    assert records.unreadable == ()
    return archive.pack_archive(records, {}, "1.0", SIGNER)


class Numbered:
    """Ids as numbers in the order in which they come, so that what names what can be compared as well."""

    def __init__(self, left_out: frozenset[str] = frozenset()) -> None:
        """Begin to count; what names one of *left_out* names nothing."""
        self.numbers: dict[str, int] = {}
        self.left_out = left_out

    def number(self, ident: str) -> str:
        """Return the number of an id."""
        return f"#{self.numbers.setdefault(ident.replace('-', ''), len(self.numbers))}"

    def apply(self, value: Any, name: str = "", kind: str = "") -> Any:
        """Return a document with numbers for its ids, also in the lines of answers; words stay as they are."""
        if isinstance(value, dict):
            kind = value.get("kind", "") if "question" in value else ""
            return {key: self.apply(one, key, kind) for key, one in value.items()}
        if isinstance(value, list):
            return [self.apply(one, name, kind) for one in value]
        if isinstance(value, str) and name in IDS and ID.fullmatch(value):
            return None if value.replace("-", "") in self.left_out else self.number(value)
        if isinstance(value, str) and name == "value" and kind in ADDED:
            return ID.sub(lambda found: self.number(found[0]), value)
        return value


def read_documents(zipped: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the entries and the plan of an archive."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as found:
        told = [msgspec.json.decode(found.read(name)) for name in ("data/entries.json", "data/sessions.json")]
    return told[0], told[1]


def expect_back(zipped: bytes) -> Any:
    """Return what the format page says that comes back of an archive."""
    entries, plan = read_documents(zipped)
    over = [one for one in plan["sessions"] if find_end(one) <= NOON]
    out = frozenset(one["id"].replace("-", "") for one in plan["sessions"] if one not in over)
    courses = [one for one in plan["courses"] if one["id"] in {session["course_id"] for session in over}]
    place_anew(entries, over)
    return Numbered(out).apply([courses, [one | {"imported": True} for one in over], mark_authors(entries)])


@dataclass(frozen=True)
class Held:
    """A session that comes back, as far as it says which entries are of it."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    began_at: datetime | None
    kind: SessionKind
    status: Status


def place_anew(entries: list[dict[str, Any]], over: list[dict[str, Any]]) -> None:
    """Place entries among the sessions that come back: one that belonged to another may belong to one of these."""
    plan = [
        Held(
            UUID(one["id"]),
            datetime.fromisoformat(one["starts_at"]),
            find_end(one),
            datetime.fromisoformat(one["started_at"]) if one["started_at"] else None,
            SessionKind(one["kind"]),
            Status(one["status"]),
        )
        for one in over
    ]
    assignment = SessionAssignment(sorted(plan, key=lambda one: one.starts_at))
    for one in entries:
        tied = one["session_id"] and UUID(one["session_id"]).hex
        found = assignment.find_session(one["kind"], tied, datetime.fromisoformat(one["created_at"]))
        one["belongs_to"] = str(found.id) if found else None


def mark_authors(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return entries that came from a file, and whose kept notes say of their author that a file said so."""
    for one in entries:
        one["imported"] = True
        for version in (one, *one["earlier"]):
            for answer in version["answers"] if one["kind"] == "plan_note" else ():
                if answer["id"] == AUTHOR:
                    answer["value"] = mark_imported(answer["value"])
    return entries


def find_end(session: dict[str, Any]) -> datetime:
    """Return when a session was planned to end."""
    return datetime.fromisoformat(session["starts_at"]) + timedelta(minutes=session["minutes"])


def see_back(zipped: bytes) -> Any:
    """Return what came back, in the same shape."""
    entries, plan = read_documents(zipped)
    return Numbered().apply([plan["courses"], plan["sessions"], entries])


@settings(max_examples=10, phases=PHASES)
@given(world=worlds(NOON))
def test_a_random_journal_is_the_same_in_another_installation(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory, world: World
) -> None:
    """Every field of every entry, version, course and session, and which names which; a second time adds nothing."""
    asyncio.run(_go_there(furnished_sqlite, tmp_path_factory.mktemp("round-trip"), world))


async def _go_there(furnished: tuple[Path, Furniture], folder: Path, world: World) -> None:
    async with installation(*furnished, folder, "first") as here:
        await build_world(await here.actor("alice"), world)
        first = await export(await here.actor("alice"))
    async with installation(*furnished, folder, "second") as there:
        dana = await there.actor("dana")
        found = read(("it.zip", first), now=dana.now)
        assert found.left_out.keys() <= {LeftOut.SHARING, LeftOut.COMING}
        await imported(dana, found)
        second = await export(dana)
        assert see_back(second) == expect_back(first)
        assert (await record_state.compare_records(dana, earlier=True)).is_intact
        for again in (first, second):
            run = await imported(dana, read(("it.zip", again), now=dana.now))
            assert (run.document.added, run.document.added_sessions) == (0, 0)
        assert see_back(await export(dana)) == see_back(second)
