"""The row of a challenge that was answered."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class SpentChallenge(Model):
    """A challenge that was answered. It is remembered until it would not be believed any more."""

    lookup = fields.CharField(64, primary_key=True)  # hash of the challenge
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "spent_challenge"
