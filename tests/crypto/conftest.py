"""The cast of the tests of the cryptographic layer."""

from __future__ import annotations

import pytest

from tests.crypto.people import Person


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
