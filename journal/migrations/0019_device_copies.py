from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for which browsers keep a copy of a safety plan."""

    dependencies = [("journal", "0018_notices")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DeviceCopy",
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
                        related_name="device_copies",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("lookup", fields.CharField(unique=True, max_length=64)),
                ("browser", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "device_copy",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "A copy that some browser keeps. It is there as long as the row is.",
            },
            bases=["Model"],
        ),
    ]
