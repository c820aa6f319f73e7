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
from journal.accounts.notices import notice
from journal.actor import Actor
from journal.ages import is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor, tables
from journal.authentication.passwords import SHORTEST
from journal.authentication.second_factor import SecondFactor
from journal.authentication.sign_in import unlock
from journal.errors import Damaged, JournalError, Refused
from journal.i18n import N_
from journal.mail.messages import Notice
from journal.sealing import encode, open_bytes
from journal.store.database import transaction
from journal.store.progress import repeated

SECRET_SIZE = 20
CODES = 10
LASTS = timedelta(minutes=30)
ISSUER = "Hearthside"


class EnrolmentOver(JournalError):
    """The offer was accepted already, has expired, or was replaced by a newer one."""

    message = N_("This page is no longer good for setting up a second step. Begin again from your account.")


class Drawn(msgspec.Struct, frozen=True):
    """A secret and codes for a page; vault key. Without a secret only the codes are new; `step` proves the app."""

    revision: int
    until: int
    codes: tuple[bytes, ...]
    secret: bytes = b""
    step: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """
    What a page shows of an offer, and the sealed copy that comes back with the answer.

    Attributes:
        words: The secret to type into an app, in groups of four; empty where it is not new.
        address: The URI in the QR code (otpauth).
        codes: The recovery codes; only once the app was shown to work.
    """

    sealed: str
    words: str = ""
    address: str = ""
    codes: tuple[str, ...] = ()


async def offer(actor: Actor) -> Offer:
    """
    Draw a secret and recovery codes for a person who has no second factor; nothing is stored yet.

    Raises:
        EnrolmentOver: If they have one.
    """
    factor, revision = await second_factor.of(actor.id, actor.vault)
    if factor.on:
        raise EnrolmentOver
    return _offer(actor, _drawn(actor, revision, token_bytes(SECRET_SIZE)))


async def prove(actor: Actor, sealed: str, typed: str) -> Offer:
    """
    Verify a code of the person's app, as proof that it works; return the offer with its recovery codes.

    Raises:
        Refused: If the code is not a present one.
        EnrolmentOver: If the offer has expired or was replaced.
    """
    drawn, _ = await _standing(actor, sealed)
    step = second_factor.step_of(drawn.secret, typed, actor.now) if drawn.secret else 0
    if not step:
        raise Refused({"code": NOT_NOW})
    return _offer(actor, msgspec.structs.replace(drawn, step=step))


async def new_codes(actor: Actor) -> Offer:
    """
    Draw new recovery codes; the old ones are valid until these are stored.

    Raises:
        EnrolmentOver: If there is no second factor.
    """
    factor, revision = await second_factor.of(actor.id, actor.vault)
    if not factor.on:
        raise EnrolmentOver
    return _offer(actor, _drawn(actor, revision))


async def reopen(actor: Actor, sealed: str) -> Offer:
    """Return the same offer again; raises `EnrolmentOver` as the others do."""
    return _offer(actor, (await _standing(actor, sealed))[0])


async def keep(actor: Actor, sealed: str, kept: bool) -> None:
    """
    Store what was offered; a new second factor signs every other browser out.

    Args:
        kept: The person says that they keep the recovery codes.

    Raises:
        Refused: If they do not say so.
        EnrolmentOver: If the offer has expired or was replaced.
    """
    before = await key_slots.of(actor)
    drawn, factor = await _standing(actor, sealed)
    if drawn.secret and not drawn.step:
        raise EnrolmentOver
    if not kept:
        raise Refused({"kept": N_("Tick this once you have put the codes where you can find them.")})
    hashes = tuple(hash_recovery_code(code, account=actor.id.bytes) for code in drawn.codes)
    replaced = msgspec.structs.replace(factor, codes=hashes)
    if drawn.secret:
        replaced = SecondFactor(drawn.secret, drawn.step, hashes, listed=True)
    async with transaction():
        await key_slots.swap(before, actor.vault)
        await require_session(actor)
        if not await second_factor.put(actor.id, actor.vault, replaced, drawn.revision):
            raise EnrolmentOver
        if drawn.secret:
            await tables.WebSession.filter(account_id=actor.id).exclude(id=actor.session).delete()
            await notice(actor.house, actor.id, Notice.FACTOR_ADDED)
        await audit_log.note(actor, Act.SECOND_FACTOR_ADDED if drawn.secret else Act.RECOVERY_CODES_MADE)


async def give_up(actor: Actor, password: str) -> None:
    """
    Remove the second factor.

    Raises:
        Refused: If the password is not theirs, or is too short to be the only thing that is asked for.
    """
    before = await key_slots.of(actor)
    await unlock(actor, password)
    if len(prepare(password).decode()) < SHORTEST:
        raise Refused({"current": TOO_SHORT_ALONE})
    factor, revision = await second_factor.of(actor.id, actor.vault)
    if not factor.on:
        return

    async def write() -> None:
        async with transaction():
            await key_slots.swap(before, actor.vault)
            await require_session(actor)
            if not await second_factor.put(actor.id, actor.vault, SecondFactor(listed=True), revision):
                raise EnrolmentOver
            await notice(actor.house, actor.id, Notice.FACTOR_REMOVED)
            await audit_log.note(actor, Act.SECOND_FACTOR_REMOVED)

    await repeated(write)


NOT_NOW = N_(
    "That is not the code of now. Wait for the next one in your app and type it. Is your phone’s clock right?"
)
TOO_SHORT_ALONE = N_(
    "Your password has fewer than 15 characters, which is enough only with a second step. "
    "Change it for a longer one first."
)


def _drawn(actor: Actor, revision: int, secret: bytes = b"") -> Drawn:
    until = int((actor.now + LASTS).timestamp())
    return Drawn(revision, until, tuple(new_recovery_code() for _ in range(CODES)), secret)


def _offer(actor: Actor, drawn: Drawn) -> Offer:
    sealed = urlsafe_b64encode(actor.vault.seal(encode(drawn), context=_context(actor))).decode()
    codes = tuple(format_recovery_code(code) for code in drawn.codes)
    if not drawn.secret:
        return Offer(sealed, codes=codes)
    plain = b32encode(drawn.secret).decode()
    words = " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
    address = TOTP(plain).provisioning_uri(name=actor.email, issuer_name=ISSUER)
    return Offer(sealed, words, address, codes if drawn.step else ())


async def _standing(actor: Actor, sealed: str) -> tuple[Drawn, SecondFactor]:
    """Open an offer; raises `EnrolmentOver` when the revision that it replaces is not the present one."""
    try:
        drawn = msgspec.json.decode(
            open_bytes(actor.vault, urlsafe_b64decode(sealed.encode()), _context(actor)), type=Drawn
        )
    except (
        ValueError,
        Damaged,
        msgspec.MsgspecError,
    ) as error:  # it comes from the page, where it can be altered
        raise EnrolmentOver from error
    factor, revision = await second_factor.of(actor.id, actor.vault)
    if (
        revision != drawn.revision
        or not is_alive(datetime.fromtimestamp(drawn.until, UTC), actor.now, LASTS)
        or factor.on == bool(drawn.secret)
    ):
        raise EnrolmentOver
    return drawn, factor


def _context(actor: Actor) -> Context:
    return Context("second-factor-offer", actor.id.bytes, actor.id.bytes)
