from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("journal", "0003_audit_pending")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", fields.IntField(primary_key=True, unique=True, db_index=True)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("held_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "heartbeat",
                "app": "journal",
                "pk_attr": "id",
                "table_description": "The one row that says when a process last served, and since when the clock is doubted: nothing is purged then.",
            },
            bases=["Model"],
        ),
    ]
