from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for addresses from which a calendar reads when somebody's sessions are."""

    dependencies = [("journal", "0024_reminders")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CalendarFeed",
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
                        related_name="calendar_feeds",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("lookup", fields.CharField(unique=True, max_length=64)),
                ("revision", fields.IntField()),
                ("sealed", fields.BinaryField(null=True)),
                ("key", fields.BinaryField(null=True)),
                ("used_on", fields.CharField(null=True, max_length=16)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "calendar_feed",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "An address from which a calendar reads when one person's sessions are.",
            },
            bases=["Model"],
        ),
    ]
