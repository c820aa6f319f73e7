"""The application in this process, and as it is served."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.cast import Furniture
from tests.portal.conftest import Portal, running
from tests.postgres import PostgresServer, Prepared, running_postgres

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder on a disk, as people have their data, and not in memory: a commit takes its time, and is cut off."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
async def portal(furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path) -> AsyncIterator[Portal]:
    """The application on SQLite."""
    async with running(*furnished_sqlite_url, tmp_path) as portal:
        yield portal


@pytest.fixture(scope="module")
def stopped() -> Iterator[subprocess.Popen[str]]:
    """The process whose children die."""
    command = [sys.executable, "-m", "tests.durability.stopped"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        yield one
        assert one.stdin is not None
        one.stdin.close()


@pytest.fixture
def own_server(prepared_postgres: tuple[Prepared, Furniture]) -> Iterator[PostgresServer]:
    """A server that this test may stop."""
    # So that it can come back as a standby.
    with running_postgres(prepared=prepared_postgres[0], wal_level="replica") as server:
        yield server
