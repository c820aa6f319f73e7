"""Medplum's validator, which takes a second to start, once for a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journal.fhir.validators import Structures


@pytest.fixture(scope="module")
def structures() -> Iterator[Structures]:
    """The validator, running."""
    started = Structures()
    yield started
    started.close()
