from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for tables of contents; each is laid out when its owner next reads their journal."""

    dependencies = [("journal", "0005_past_names")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ContentsPage",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="contents_pages",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("number", fields.IntField()),
                ("oldest_at", fields.BigIntField()),
                ("revision", fields.BigIntField()),
                ("sealed", fields.BinaryField()),
            ],
            options={
                "table": "contents",
                "app": "journal",
                "unique_together": (("owner", "number"),),
                "indexes": [Index(fields=["owner_id", "oldest_at"])],
                "pk_attr": "id",
                "table_description": "A page of a patient's table of contents: docs/crypto-format.md section 19.",
            },
            bases=["Model"],
        ),
    ]
