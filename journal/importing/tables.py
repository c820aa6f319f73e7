"""The rows of files that are imported."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from journal.accounts.tables import Account


class ImportRun(Model):
    """A file that somebody imports: what was found in it, and how far it is."""

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="import_runs"
    )
    revision = fields.IntField()
    state = fields.CharField(16)
    done = fields.IntField()  # how many of its parts are imported
    total = fields.IntField()
    sealed = fields.BinaryField()  # what was found; the owner's vault key
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    until = fields.DatetimeField()  # when it is deleted here

    class Meta:
        table = "import_run"
        indexes = [Index(fields=("owner_id", "created_at"))]


class ImportPart(Model):
    """A part of a file that waits to be imported."""

    id = fields.UUIDField(primary_key=True)
    run: fields.ForeignKeyRelation[ImportRun] = fields.ForeignKeyField(
        "journal.ImportRun", related_name="parts"
    )
    number = fields.IntField()
    sealed = fields.BinaryField()  # the owner's vault key

    class Meta:
        table = "import_part"
        unique_together = (("run", "number"),)
