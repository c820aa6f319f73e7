"""The rows of what a patient gives to the person who sits with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from journal.accounts.tables import Account
    from journal.sessions.tables import KapSession


class SitterLink(Model):
    """A link without account for whoever sits with a patient in one session."""

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="sitter_links", db_index=True
    )
    session: fields.ForeignKeyRelation[KapSession] = fields.ForeignKeyField(
        "journal.KapSession", related_name="sitter_links"
    )
    lookup = fields.CharField(64, unique=True)  # hash of the secret, which stands nowhere
    sealed = fields.BinaryField(null=True)  # under a key from the secret; none after the end
    note_key = fields.BinaryField()  # patient's vault key, wrapped: who vouches for notes
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sitter_link"


class SitterNote(Model):
    """What somebody who sits with a patient noted, for that patient alone."""

    id = fields.UUIDField(primary_key=True)
    patient: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="sitter_notes", db_index=True
    )
    link: fields.ForeignKeyRelation[SitterLink] = fields.ForeignKeyField(
        "journal.SitterLink", related_name="notes", db_index=True
    )
    sealed = fields.BinaryField()  # to the patient's public key, and vouched for with the link's
    mark = fields.BinaryField(null=True)  # kind and time, under the link's secret; none after its end
    created_at = fields.DatetimeField()

    class Meta:
        table = "sitter_note"
