"""
Add a second factor, renew its recovery codes, remove it.

Until the person has shown that their app works and said that they keep the codes, nothing is stored: what was drawn
for them goes to their page and comes back sealed under their own vault key, with the revision that it replaces, so
that no older page restores what a newer one replaced.
"""

from __future__ import annotations

from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_bytes

import msgspec
from pyotp import TOTP

from crypto import Context, format_recovery_code, hash_recovery_code, new_recovery_code
from crypto.password import prepare
from journal.accounts.current_keys import require_session
from journal.accounts.notices import queue_notice
from journal.actor import Actor
from journal.ages import is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor, tables
from journal.authentication.passwords import SHORTEST
from journal.authentication.second_factor import SecondFactor
from journal.authentication.sign_in import verify_password
from journal.device_copies import copies
from journal.errors import Damaged, InvalidInput, JournalError
from journal.i18n import N_
from journal.mail.messages import Notice
from journal.sealing import encode_document, open_document
from journal.store.database import transaction
from journal.store.progress import run_with_retry

SECRET_SIZE = 20
CODE_COUNT = 10
LIFETIME = timedelta(minutes=30)
ISSUER = "Hearthside"


class EnrolmentExpired(JournalError):
    """The offer was accepted already, has expired, or was replaced by a newer one."""

    message = N_("This page can no longer set up two-step sign-in. Start again from your account.")


class EnrolmentDraft(msgspec.Struct, frozen=True):
    """A secret and codes for a page; vault key. Without a secret only the codes are new; `step` proves the app."""

    revision: int
    until: int
    codes: tuple[bytes, ...]
    secret: bytes = b""
    step: int = 0


@dataclass(frozen=True, slots=True)
class EnrolmentOffer:
    """
    What a page shows of an offer, and the sealed copy that comes back with the answer.

    Attributes:
        formatted_secret: The secret to type into an app, in groups of four; empty where it is not new.
        provisioning_uri: The URI in the QR code (otpauth).
        codes: The recovery codes; only once the app was shown to work.
    """

    sealed: str
    formatted_secret: str = ""
    provisioning_uri: str = ""
    codes: tuple[str, ...] = ()


async def offer_enrolment(actor: Actor) -> EnrolmentOffer:
    """
    Draw a secret and recovery codes for a person who has no second factor; nothing is stored yet.

    Raises:
        EnrolmentExpired: If they have one.
    """
    factor, revision = await second_factor.load_second_factor(actor.id, actor.vault)
    if factor.is_enabled:
        raise EnrolmentExpired
    return _build_offer(actor, _draw(actor, revision, token_bytes(SECRET_SIZE)))


async def verify_app(actor: Actor, sealed: str, typed: str) -> EnrolmentOffer:
    """
    Verify a code of the person's app, as proof that it works; return the offer with its recovery codes.

    Raises:
        InvalidInput: If the code is not a present one.
        EnrolmentExpired: If the offer has expired or was replaced.
    """
    drawn, _ = await _open_draft(actor, sealed)
    step = second_factor.find_step(drawn.secret, typed, actor.now) if drawn.secret else 0
    if not step:
        raise InvalidInput({"code": WRONG_CODE})
    return _build_offer(actor, msgspec.structs.replace(drawn, step=step))


async def offer_new_codes(actor: Actor) -> EnrolmentOffer:
    """
    Draw new recovery codes; the old ones are valid until these are stored.

    Raises:
        EnrolmentExpired: If there is no second factor.
    """
    factor, revision = await second_factor.load_second_factor(actor.id, actor.vault)
    if not factor.is_enabled:
        raise EnrolmentExpired
    return _build_offer(actor, _draw(actor, revision))


async def reopen_offer(actor: Actor, sealed: str) -> EnrolmentOffer:
    """Return the same offer again; raises `EnrolmentExpired` as the others do."""
    return _build_offer(actor, (await _open_draft(actor, sealed))[0])


async def accept_offer(actor: Actor, sealed: str, kept: bool) -> None:
    """
    Store what was offered; a new second factor signs every other browser out.

    Args:
        kept: The person says that they keep the recovery codes.

    Raises:
        InvalidInput: If they do not say so.
        EnrolmentExpired: If the offer has expired or was replaced.
    """
    before = await key_slots.load_own_access(actor)
    drawn, factor = await _open_draft(actor, sealed)
    if drawn.secret and not drawn.step:
        raise EnrolmentExpired
    if not kept:
        raise InvalidInput({"kept": N_("Tick this once you have put the codes where you can find them.")})
    hashes = tuple(hash_recovery_code(code, account=actor.id.bytes) for code in drawn.codes)
    replaced = msgspec.structs.replace(factor, codes=hashes)
    if drawn.secret:
        replaced = SecondFactor(drawn.secret, drawn.step, hashes, listed=True)
    async with transaction():
        await key_slots.advance_epoch(before, actor.vault)
        await require_session(actor)
        if not await second_factor.replace_second_factor(actor.id, actor.vault, replaced, drawn.revision):
            raise EnrolmentExpired
        if drawn.secret:
            await copies.end_copies_elsewhere(actor.id, actor.session)
            await tables.WebSession.filter(account_id=actor.id).exclude(id=actor.session).delete()
            await queue_notice(actor.installation, actor.id, Notice.FACTOR_ADDED)
        await audit_log.record_event(
            actor, Act.SECOND_FACTOR_ADDED if drawn.secret else Act.RECOVERY_CODES_MADE
        )


async def remove_second_factor(actor: Actor, password: str) -> None:
    """
    Remove the second factor.

    Raises:
        InvalidInput: If the password is not theirs, or is too short to be the only thing that is asked for.
    """
    before = await key_slots.load_own_access(actor)
    await verify_password(actor, password)
    require_length_alone(password)
    factor, revision = await second_factor.load_second_factor(actor.id, actor.vault)
    if not factor.is_enabled:
        return

    async def write() -> None:
        async with transaction():
            await key_slots.advance_epoch(before, actor.vault)
            await require_session(actor)
            if not await second_factor.replace_second_factor(
                actor.id, actor.vault, SecondFactor(listed=True), revision
            ):
                raise EnrolmentExpired
            await queue_notice(actor.installation, actor.id, Notice.FACTOR_REMOVED)
            await audit_log.record_event(actor, Act.SECOND_FACTOR_REMOVED)

    await run_with_retry(write)


def require_length_alone(password: str) -> None:
    """Raise `InvalidInput` if a password is too short to be the only thing that is asked for."""
    if len(prepare(password).decode()) < SHORTEST:
        raise InvalidInput({"current": TOO_SHORT_ALONE})


WRONG_CODE = N_(
    "That is not the code that your app shows now. Wait for the next one and type it. Is your phone’s clock right?"
)
TOO_SHORT_ALONE = N_(
    "Your password has fewer than 15 characters, which is enough only with two-step sign-in. Change "
    "it for a longer one first."
)


def _draw(actor: Actor, revision: int, secret: bytes = b"") -> EnrolmentDraft:
    until = int((actor.now + LIFETIME).timestamp())
    return EnrolmentDraft(revision, until, tuple(new_recovery_code() for _ in range(CODE_COUNT)), secret)


def _build_offer(actor: Actor, drawn: EnrolmentDraft) -> EnrolmentOffer:
    sealed = urlsafe_b64encode(actor.vault.seal(encode_document(drawn), context=_context(actor))).decode()
    codes = tuple(format_recovery_code(code) for code in drawn.codes)
    if not drawn.secret:
        return EnrolmentOffer(sealed, codes=codes)
    plain = b32encode(drawn.secret).decode()
    words = " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
    address = TOTP(plain).provisioning_uri(name=actor.email, issuer_name=ISSUER)
    return EnrolmentOffer(sealed, words, address, codes if drawn.step else ())


async def _open_draft(actor: Actor, sealed: str) -> tuple[EnrolmentDraft, SecondFactor]:
    """Open an offer; raises `EnrolmentExpired` when the revision that it replaces is not the present one."""
    try:
        drawn = open_document(
            actor.vault, urlsafe_b64decode(sealed.encode()), _context(actor), EnrolmentDraft
        )
    except (ValueError, Damaged) as error:  # it comes from the page, where it can be altered
        raise EnrolmentExpired from error
    factor, revision = await second_factor.load_second_factor(actor.id, actor.vault)
    if (
        revision != drawn.revision
        or not is_alive(datetime.fromtimestamp(drawn.until, UTC), actor.now, LIFETIME)
        or factor.is_enabled == bool(drawn.secret)
    ):
        raise EnrolmentExpired
    return drawn, factor


def _context(actor: Actor) -> Context:
    return Context("second-factor-offer", actor.id.bytes, actor.id.bytes)
