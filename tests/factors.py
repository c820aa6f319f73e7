"""Somebody with a second factor: their app, and the recovery codes they keep."""

from __future__ import annotations

from base64 import b32decode, b32encode
from datetime import datetime

from pyotp import TOTP

from journal.authentication import totp_enrolment
from tests.cast import Cast


def app_code(secret: bytes, now: datetime) -> str:
    """What the person's app shows."""
    return TOTP(b32encode(secret).decode()).at(now)


async def enrolled(cast: Cast, name: str) -> tuple[bytes, tuple[str, ...]]:
    """Set up a second factor for somebody; return its secret and the recovery codes."""
    actor = await cast.actor(name)
    offer = await totp_enrolment.offer_enrolment(actor)
    secret = b32decode(offer.formatted_secret.replace(" ", ""))
    proven = await totp_enrolment.verify_app(actor, offer.sealed, app_code(secret, actor.now))
    await totp_enrolment.accept_offer(actor, proven.sealed, kept=True)
    return secret, proven.codes
