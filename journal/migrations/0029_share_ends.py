from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Make room for the end of a share, whether its copy was deleted then, and when it was filed."""

    dependencies = [("journal", "0028_importing")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Share", name="ends", field=fields.BooleanField(default=False, db_index=True)
        ),
        ops.AddField(model_name="Share", name="due", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="Share", name="ended_at", field=fields.DatetimeField(null=True)),
        ops.AddField(model_name="Share", name="filed", field=fields.BinaryField(null=True)),
    ]
