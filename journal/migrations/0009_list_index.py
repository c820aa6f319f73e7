from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Have entries in the order of lists, those of one moment as well, so that no list sorts them."""

    dependencies = [("journal", "0008_set_aside_proof")]

    initial = False

    operations = [
        ops.AddIndex(model_name="Entry", index=Index(fields=["owner_id", "created_at", "id"])),
        ops.RemoveIndex(model_name="Entry", fields=["owner_id", "created_at"]),
    ]
