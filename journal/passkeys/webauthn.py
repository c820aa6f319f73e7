"""
Options for the browser, and verification of its answers (W3C Web Authentication, level 3).

Nothing here knows accounts, rows or sessions. Beyond what the library checks, answers from a page inside another site's
page are refused, and so are answers that its parsers fail on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_client_data_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

T = TypeVar("T")

PRF_INPUT = sha256(b"hearthside/v1/passkey-prf").digest()
"""What every passkey evaluates; each has a secret of its own, so no two outputs are equal."""

ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
TIMEOUT_MS = 5 * 60 * 1000  # milliseconds, as long as a challenge lasts
LONGEST_ANSWER = 20_000  # characters; real ones have fewer than 4,000
TRANSPORTS = frozenset(one.value for one in AuthenticatorTransport)


class VerificationFailed(Exception):
    """An answer that does not verify."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are valid: the origin as browsers write it, and its host, the relying party's id."""

    origin: str
    host: str


@dataclass(frozen=True, slots=True)
class UserEntity:
    """The user of a new passkey: the account's 16 bytes, and its name in the device's own list."""

    handle: bytes
    name: str


@dataclass(frozen=True, slots=True)
class CredentialDescriptor:
    """What names a credential to a browser."""

    credential: bytes
    transports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A new credential."""

    credential: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What an answer says of itself, before it is verified."""

    credential: bytes
    challenge: bytes
    handle: bytes | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What a verified answer proves: that the credential was used, with the person verified."""

    sign_count: int
    backed_up: bool


def build_creation_options(
    site: Site, challenge: bytes, person: UserEntity, known: Iterable[CredentialDescriptor]
) -> dict[str, Any]:
    """Return the options for `navigator.credentials.create`; bytes are base64url."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Hearthside",
        user_id=person.handle,
        user_name=person.name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_build_descriptor(one) for one in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return _add_prf(options_to_json_dict(options))


def build_request_options(
    site: Site, challenge: bytes, known: Iterable[CredentialDescriptor] = ()
) -> dict[str, Any]:
    """Return the options for `navigator.credentials.get`: any passkey of this site, or one of *known*."""
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[_build_descriptor(one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _add_prf(options_to_json_dict(options))


def parse_claim(answer: str) -> Claim:
    """Return what an answer says of itself; raises `VerificationFailed` when it cannot be read."""

    def read() -> Claim:
        if len(answer) > LONGEST_ANSWER:
            raise VerificationFailed
        found = json.loads(answer)
        response = found["response"]
        client_data = parse_client_data_json(base64url_to_bytes(response["clientDataJSON"]))
        if client_data.cross_origin:
            raise VerificationFailed
        handle = response.get("userHandle")
        return Claim(
            base64url_to_bytes(found["rawId"]),
            client_data.challenge,
            base64url_to_bytes(handle) if handle else None,
        )

    return _run_parser(read)


def verify_registration(site: Site, answer: str, challenge: bytes) -> NewCredential:
    """Verify an answer of `create`; raises `VerificationFailed`."""

    def verify() -> NewCredential:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
        named: Mapping[str, Any] = json.loads(answer)["response"]
        return NewCredential(
            found.credential_id,
            found.credential_public_key,
            found.sign_count,
            tuple(sorted(TRANSPORTS & set(named.get("transports") or ()))),
            found.credential_backed_up,
        )

    return _run_parser(verify)


def verify_assertion(site: Site, answer: str, challenge: bytes, public_key: bytes) -> Proof:
    """
    Verify an answer of `get`; raises `VerificationFailed`.

    The signature count is only returned: the caller compares it with the last one.
    """

    def verify() -> Proof:
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        return Proof(found.new_sign_count, found.credential_backed_up)

    return _run_parser(verify)


def _add_prf(options: dict[str, Any]) -> dict[str, Any]:
    return options | {"extensions": {"prf": {"eval": {"first": bytes_to_base64url(PRF_INPUT)}}}}


def _build_descriptor(one: CredentialDescriptor) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(kind) for kind in one.transports]
    return PublicKeyCredentialDescriptor(id=one.credential, transports=transports or None)


def _run_parser(read: Callable[[], T]) -> T:
    try:
        return read()
    except Exception as error:  # parsing what a stranger sent, the library raises anything
        raise VerificationFailed from error
