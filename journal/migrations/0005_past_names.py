from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("journal", "0004_heartbeat")]

    initial = False

    operations = [
        ops.AddField(model_name="CareLink", name="past", field=fields.BinaryField(null=True)),
    ]
