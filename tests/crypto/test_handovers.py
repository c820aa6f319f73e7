"""Handovers: each signature covers every part of what is suggested, and is no other signature."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from crypto import FormatError, Handover, OpenError, consent, join_fields, suggest, verify, verify_consent
from crypto import verify_suggestion as check
from tests.crypto.people import Person

MADE, OTHER = b"m" * 16, b"x" * 16


@pytest.fixture
def offer(alice: Person, bob: Person, charlie: Person) -> Handover:
    """Bob suggests to alice that charlie goes on."""
    keys = (alice.public, charlie.public)
    return Handover(b"h" * 16, b"l" * 16, alice.id, bob.id, charlie.id, *keys, 1_800_000_000)


def test_what_is_signed_is_as_the_format_says(offer: Handover, alice: Person, charlie: Person) -> None:
    """The ids in their order, the digests of both keys, and the time in eight bytes (section on handovers)."""
    ids = (b"h" * 16, b"l" * 16, offer.patient, offer.clinician, offer.successor)
    digests = (sha256(one.public.encode()).digest() for one in (alice, charlie))
    told = (1_800_000_000).to_bytes(8, "big")
    assert offer.encode() == join_fields(b"hearthside/v1/handover", *ids, *digests, told)


def test_a_suggestion_is_its_clinicians(offer: Handover, bob: Person, charlie: Person) -> None:
    """It verifies under the keys of who made it, for the purpose that the format names, and under no other's."""
    signature = suggest(offer, bob.private)
    check(offer, signature, bob.public)
    verify(bob.public, offer.encode(), signature, purpose="handover")
    with pytest.raises(OpenError):
        check(offer, signature, charlie.public)
    with pytest.raises(OpenError):
        check(offer, bytes(64), bob.public)


def test_consent_is_the_patients(offer: Handover, alice: Person, bob: Person) -> None:
    """It verifies for the link that was made, and is nobody else's and no suggestion."""
    signature = consent(offer, alice.private, made=MADE)
    verify_consent(offer, signature, made=MADE)
    verify(alice.public, join_fields(offer.encode(), MADE), signature, purpose="handover-consent")
    for wrong in (suggest(offer, alice.private), consent(offer, bob.private, made=MADE), bytes(64)):
        with pytest.raises(OpenError):
            verify_consent(offer, wrong, made=MADE)
    with pytest.raises(OpenError):
        verify_consent(offer, signature, made=OTHER)


@pytest.mark.parametrize("part", ["handover", "link", "patient", "clinician", "successor", "expires_at"])
def test_every_part_is_signed(offer: Handover, alice: Person, bob: Person, part: str) -> None:
    """Another id or time makes another handover, for both signatures."""
    changed: dict[str, Any] = {part: 1_800_000_001 if part == "expires_at" else OTHER}
    other = replace(offer, **changed)
    with pytest.raises(OpenError):
        check(other, suggest(offer, bob.private), bob.public)
    with pytest.raises(OpenError):
        verify_consent(other, consent(offer, alice.private, made=MADE), made=MADE)


@pytest.mark.parametrize("part", ["patient_keys", "successor_keys"])
def test_the_keys_are_signed(offer: Handover, alice: Person, bob: Person, dana: Person, part: str) -> None:
    """Nobody puts other keys in the place of those that were suggested."""
    changed: dict[str, Any] = {part: dana.public}
    with pytest.raises(OpenError):
        check(replace(offer, **changed), suggest(offer, bob.private), bob.public)


@pytest.mark.parametrize("part", ["handover", "link", "patient", "clinician", "successor"])
def test_ids_have_their_length(offer: Handover, bob: Person, part: str) -> None:
    """What is no id is refused before anything is signed."""
    changed: dict[str, Any] = {part: b"short"}
    with pytest.raises(FormatError):
        suggest(replace(offer, **changed), bob.private)


def test_the_link_that_was_made_has_its_length(offer: Handover, alice: Person) -> None:
    """Signed and verified alike."""
    with pytest.raises(FormatError):
        consent(offer, alice.private, made=b"short")
    with pytest.raises(FormatError):
        verify_consent(offer, bytes(64), made=b"short")
