"""What runs commands for the tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.portal.cli import commands
from tests.portal.cli.commands import Commands


@pytest.fixture(scope="session")
def command_line() -> Iterator[Commands]:
    """What runs commands with the rights of an ordinary user."""
    with commands.running() as running:
        yield running
