"""The cast of the tests of the cryptographic layer."""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_bytes

import pytest

from crypto import slots
from tests.crypto.people import Person


@pytest.fixture(scope="module", autouse=True)
def own_salts() -> Iterator[None]:
    """Each slot has a salt of its own here, as it has outside the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots, "token_bytes", token_bytes)
        yield


@pytest.fixture(scope="session")
def alice() -> Person:
    """A patient."""
    return Person.named("alice")


@pytest.fixture(scope="session")
def bob() -> Person:
    """Her therapist."""
    return Person.named("bob")


@pytest.fixture(scope="session")
def charlie() -> Person:
    """A therapist who is an outsider."""
    return Person.named("charlie")


@pytest.fixture(scope="session")
def dana() -> Person:
    """A patient who is an outsider."""
    return Person.named("dana")
