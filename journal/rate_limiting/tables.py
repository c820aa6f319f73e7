"""The row that counts tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    pass


class Throttle(Model):
    """How often something was tried. Times are milliseconds since 1970, so that both databases add them alike."""

    key = fields.CharField(
        64, primary_key=True
    )  # HMAC under the server key: of an account, a source, or both
    tries = fields.IntField()
    until = fields.BigIntField()  # no further try is let through before
    forgotten = fields.BigIntField(db_index=True)  # counting begins anew after

    class Meta:
        table = "throttle"
