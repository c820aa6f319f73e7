from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for when a clinician reads what is shared with them."""

    dependencies = [("journal", "0019_device_copies")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ReadingHours",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="reading_hours",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("revision", fields.IntField()),
                ("sealed", fields.BinaryField()),
            ],
            options={
                "table": "reading_hours",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "When one clinician reads what is shared with them.\n\nIts id is that of their account.",
            },
            bases=["Model"],
        ),
    ]
