"""The stores that tests run on: every test that asks for `database_url` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import pickle
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, TypeVar

import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from tests.cast import Furniture, furnish
from tests.hashing import hash_once
from tests.memory import find_memory
from tests.orm import prepare_once
from tests.pages import compile_once
from tests.postgres import PostgresServer, Prepared, running_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

_TEMPLATE, _FURNISHED = "migrated", "furnished"
Made = TypeVar("Made")


def pytest_configure(config: pytest.Config) -> None:
    """Keep Hypothesis's examples with the other caches, and let no verdict depend on a machine's speed."""
    prepare_once()
    hash_once()
    compile_once(config)
    if memory := find_memory(programs=True):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
    # httpx looks for it at each request to an application; what is not installed is looked for anew every time.
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
    set_hypothesis_home_dir(config.rootpath / ".cache" / "hypothesis")
    too_slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("hearthside", deadline=None, suppress_health_check=too_slow)
    hypothesis.settings.load_profile("hearthside")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """
    Let the garbage collector pass over what is there once all tests are collected, which lasts until the end.

    It is half a million objects, and to go through them took every few tests longer than one of them.
    """
    gc.disable()
    try:
        collected = yield
        gc.collect()
        gc.freeze()
    finally:
        gc.enable()
    return collected


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Begin with long tests and the browser's, which take longest each: what is left to share at the end are short ones.

    Processes that are done take tests from the end of what the others have. So a module's pages, which take as long to
    make as some of its tests, are made in one process, and not in each once more.
    """
    items.sort(key=lambda item: (item.get_closest_marker("long") is None, "browser" not in item.path.parts))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run one process more than there are processors: half of its time a test waits for a database or a browser."""
    return 1 + (os.cpu_count() or 1)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]) -> Made:
    """
    Return what *make* makes in a folder of its own, for all the processes that run tests: the first one makes it.

    Args:
        name: Of the folder, and of nothing else that is made so.
        make: What it returns can be pickled.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept = shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = make(Path(mkdtemp(prefix=f"{name}-", dir=shared)))
            kept.write_bytes(pickle.dumps(made))
    brought: Made = pickle.loads(kept.read_bytes())
    return brought


@pytest.fixture(scope="session")
def prepared_postgres(tmp_path_factory: pytest.TempPathFactory) -> tuple[Prepared, Furniture]:
    """What every process's server begins with: a database with every migration applied, and one with the cast in it."""

    def make(folder: Path) -> tuple[Prepared, Furniture]:
        with running_postgres() as server:
            furniture = asyncio.run(_fill_postgres(server))
            return server.keep(folder), furniture

    return made_once(tmp_path_factory, "postgres", make)


@pytest.fixture(scope="session")
def postgres(prepared_postgres: tuple[Prepared, Furniture]) -> Iterator[PostgresServer]:
    """A real PostgreSQL server, started by the first test that needs one."""
    with running_postgres(prepared=prepared_postgres[0]) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres() -> str:
    """The name of a database with every migration applied, to copy from."""
    return _TEMPLATE


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every migration applied, to copy from."""
    from journal.store import database

    def make(folder: Path) -> Path:
        path = folder / "migrated.sqlite3"
        asyncio.run(database.migrate(f"sqlite://{path}"))
        return path

    return made_once(tmp_path_factory, "migrated", make)


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The address of a fresh, migrated SQLite database."""
    path = tmp_path / "hearthside.sqlite3"
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite://{path}"


@pytest.fixture
def postgres_url(postgres: PostgresServer, migrated_postgres: str) -> Iterator[str]:
    """The address of a fresh, migrated PostgreSQL database."""
    with postgres.copy_of(migrated_postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database of either kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


async def _fill_postgres(server: PostgresServer) -> Furniture:
    from journal.store import database

    await server.create(_TEMPLATE)
    await database.migrate(server.url(_TEMPLATE))
    await server.create(_FURNISHED, template=_TEMPLATE)
    return await furnish(server.url(_FURNISHED))


@pytest.fixture(scope="session")
def furnished_sqlite(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Furniture]:
    """An SQLite file with the cast in it, to copy from."""

    def make(folder: Path) -> tuple[Path, Furniture]:
        path = folder / "furnished.sqlite3"
        shutil.copyfile(migrated_sqlite, path)
        return path, asyncio.run(furnish(f"sqlite://{path}"))

    return made_once(tmp_path_factory, "furnished", make)


@pytest.fixture(scope="session")
def furnished_postgres(prepared_postgres: tuple[Prepared, Furniture]) -> tuple[str, Furniture]:
    """The name of a database with the cast in it, to copy from."""
    return _FURNISHED, prepared_postgres[1]


@pytest.fixture
def furnished_sqlite_url(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> tuple[str, Furniture]:
    """A fresh SQLite database with the cast in it: its address, and what opens it."""
    path = tmp_path / "furnished.sqlite3"
    shutil.copyfile(furnished_sqlite[0], path)
    return f"sqlite://{path}", furnished_sqlite[1]


@pytest.fixture
def furnished_postgres_url(
    postgres: PostgresServer, furnished_postgres: tuple[str, Furniture]
) -> Iterator[tuple[str, Furniture]]:
    """A fresh PostgreSQL database with the cast in it: its address, and what opens it."""
    with postgres.copy_of(furnished_postgres[0]) as url:
        yield url, furnished_postgres[1]


@pytest.fixture(params=["sqlite", "postgres"])
def furnished_url(request: pytest.FixtureRequest) -> tuple[str, Furniture]:
    """A fresh database of either kind with the cast in it."""
    url: tuple[str, Furniture] = request.getfixturevalue(f"furnished_{request.param}_url")
    return url
