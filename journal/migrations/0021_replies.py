from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for replies to shared copies, and for clinicians' drafts of them."""

    dependencies = [("journal", "0020_reading_hours")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Reply",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "link",
                    fields.ForeignKeyField(
                        "journal.CareLink",
                        source_field="link_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="replies",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "share",
                    fields.ForeignKeyField(
                        "journal.Share",
                        source_field="share_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="replies",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("author", fields.CharField(max_length=16)),
                ("revision", fields.IntField()),
                ("sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("read_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "reply",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "A reply to a shared copy, by either of its two people. It goes with the copy.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ReplyDraft",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="owner_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="reply_drafts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("patient", fields.UUIDField()),
                ("share", fields.UUIDField()),
                ("revision", fields.IntField()),
                ("sealed", fields.BinaryField()),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "reply_draft",
                "app": "journal",
                "unique_together": (("owner", "share"),),
                "pk_attr": "id",
                "table_description": (
                    "A clinician's draft of a reply. It outlasts the copy and the care that it was for."
                ),
            },
            bases=["Model"],
        ),
    ]
