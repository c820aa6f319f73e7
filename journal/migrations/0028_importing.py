from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for files of records that somebody imports, until they are imported or deleted."""

    dependencies = [("journal", "0027_clinician_packets")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ImportRun",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="import_runs",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("revision", fields.IntField()),
                ("state", fields.CharField(max_length=16)),
                ("done", fields.IntField()),
                ("total", fields.IntField()),
                ("sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "import_run",
                "app": "journal",
                "indexes": [Index(fields=("owner_id", "created_at"))],
                "pk_attr": "id",
                "table_description": "A file that somebody imports: what was found in it, and how far it is.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportPart",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "run",
                    fields.ForeignKeyField(
                        "journal.ImportRun",
                        source_field="run_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="parts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("number", fields.IntField()),
                ("sealed", fields.BinaryField()),
            ],
            options={
                "table": "import_part",
                "app": "journal",
                "unique_together": (("run", "number"),),
                "pk_attr": "id",
                "table_description": "A part of a file that waits to be imported.",
            },
            bases=["Model"],
        ),
    ]
