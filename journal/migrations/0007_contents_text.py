from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for the words of pages; each is written by a search."""

    dependencies = [("journal", "0006_contents")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ContentsText",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "journal.Account",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="contents_texts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("number", fields.IntField()),
                ("revision", fields.BigIntField()),
                ("sealed", fields.BinaryField()),
            ],
            options={
                "table": "contents_text",
                "app": "journal",
                "unique_together": (("owner", "number"),),
                "pk_attr": "id",
                "table_description": (
                    "The words of a page's entries, for searching: made from them, and gone when one of them changes."
                ),
            },
            bases=["Model"],
        ),
    ]
