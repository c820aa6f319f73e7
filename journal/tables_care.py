"""The rows of a handover from one clinician to another; `journal.tables` gathers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account


class Handover(Model):
    """A clinician's suggestion that a colleague takes over. Nothing comes of it without the patient's consent."""

    id = fields.UUIDField(primary_key=True)
    link_id = fields.UUIDField()  # the care link of patient and clinician
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="handovers", db_index=True
    )
    clinician: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="handovers_made"
    )
    successor: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="handovers_to"
    )
    waiting = fields.CharField(36, null=True, unique=True)  # the link's id until there is an answer
    state = fields.CharField(16)
    signature = fields.BinaryField()  # the clinician's, over both other people's keys
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "handover"
