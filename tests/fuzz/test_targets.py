"""Only what a decoder documents comes out of it: for what it reads, what once broke it, and the like."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import crypto_targets, journal_targets
from tests.fuzz.inputs import Target

FINDINGS = Path(__file__).with_name("findings")
TARGETS = {one.name: one for one in (*crypto_targets.TARGETS, *journal_targets.TARGETS)}
FOUND = sorted(path.relative_to(FINDINGS) for path in FINDINGS.glob("*/*"))


@pytest.mark.parametrize("path", FOUND, ids=str)
def test_what_once_broke_a_decoder_is_refused(path: Path) -> None:
    """Each input that the fuzzer found, or that was found by reading, now ends in a documented error."""
    TARGETS[path.parent.name].try_input((FINDINGS / path).read_bytes())


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_seeds_are_read(target: Target) -> None:
    """What the fuzzer begins with, cut anywhere or with a bit turned, raises only what is documented."""
    for seed in [b"", *target.seeds()]:
        target.try_input(seed)
        target.try_input(seed[: len(seed) // 2])
        if seed:
            target.try_input(bytes((*seed[:-1], seed[-1] ^ 1)))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_anything_is_read(target: Target) -> None:
    """So does anything else."""

    @settings(max_examples=25)
    @given(data=st.binary(max_size=400))
    def read(data: bytes) -> None:
        target.try_input(data)

    read()


def test_a_finding_names_its_target() -> None:
    """No finding lies where nobody plays it."""
    assert {path.parent.name for path in FOUND} <= set(TARGETS)
