"""The rows of a patient's records: entries, earlier versions, the table of contents, and the state."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from journal.accounts.tables import Account


class Entry(Model):
    """A patient's entry, sealed under the vault key. Kind and session are sealed with it."""

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="entries"
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # owner's vault key
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "entry"
        indexes = [Index(fields=("owner_id", "created_at", "id"))]


class RecordState(Model):
    """
    What is remembered of an account's records, by the account's id, and of a care link's copies, by the link's.

    `owner` is the patient. It changes with every record: docs/crypto-format.md section 17.
    """

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="record_states", db_index=True
    )
    revision = fields.IntField()
    sealed = fields.BinaryField()  # owner's vault key, or the care-link key

    class Meta:
        table = "record_state"


class ContentsPage(Model):
    """
    A page of a patient's table of contents: docs/crypto-format.md section 19.

    `oldest_at` is the moment of its first line, in microseconds since 1970, UTC.
    """

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="contents_pages"
    )
    number = fields.IntField()
    oldest_at = fields.BigIntField()
    revision = fields.BigIntField()
    sealed = fields.BinaryField()  # owner's vault key

    class Meta:
        table = "contents"
        unique_together = (("owner", "number"),)
        indexes = [Index(fields=("owner_id", "oldest_at"))]


class ContentsText(Model):
    """
    The words of a page's entries, for searching: made from them, and gone when one of them changes.

    `revision` is the page's: docs/crypto-format.md section 19.
    """

    id = fields.UUIDField(primary_key=True)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "journal.Account", related_name="contents_texts"
    )
    number = fields.IntField()
    revision = fields.BigIntField()
    sealed = fields.BinaryField()  # owner's vault key

    class Meta:
        table = "contents_text"
        unique_together = (("owner", "number"),)


class EntryRevision(Model):
    """An earlier text of an entry, kept so that it can be read and restored."""

    id = fields.UUIDField(primary_key=True)
    entry: fields.ForeignKeyRelation[Entry] = fields.ForeignKeyField(
        "journal.Entry", related_name="revisions"
    )
    sealed = fields.BinaryField()  # owner's vault key
    created_at = fields.DatetimeField()

    class Meta:
        table = "entry_revision"
        indexes = [Index(fields=("entry_id", "created_at"))]
