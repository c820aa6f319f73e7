from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for when somebody is to be reminded."""

    dependencies = [("journal", "0023_own_notes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ReminderSlot",
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
                        related_name="reminder_slot",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("sealed", fields.BinaryField()),
            ],
            options={
                "table": "reminder_slot",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "When something waits for one person, in a sealed text that has one size.\n\nIts id is that of their account. No time stands beside it: it would tell the days of sessions.",
            },
            bases=["Model"],
        ),
    ]
