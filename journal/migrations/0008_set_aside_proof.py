from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Store whose something set aside is; what was set aside before is shown without its dates."""

    dependencies = [("journal", "0007_contents_text")]

    initial = False

    operations = [
        ops.AddField(model_name="SetAside", name="proof", field=fields.CharField(max_length=64, null=True)),
    ]
