from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for what somebody chose of their records for somebody else."""

    dependencies = [("journal", "0025_calendar")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Packet",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="packets",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("revision", fields.IntField()),
                ("state", fields.CharField(max_length=16)),
                ("done", fields.SmallIntField()),
                ("sealed", fields.BinaryField()),
                ("told", fields.BinaryField(null=True)),
                ("file", fields.BinaryField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("file_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "packet",
                "app": "journal",
                "indexes": [Index(fields=("owner_id", "created_at"))],
                "pk_attr": "id",
                "table_description": "What somebody chose of their records for somebody else, and for a day the file that was made of it.",
            },
            bases=["Model"],
        ),
    ]
