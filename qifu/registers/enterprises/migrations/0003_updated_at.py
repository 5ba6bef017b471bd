from django.db import migrations, models


class Migration(migrations.Migration):
    """What changed in the register lately is asked every half minute."""

    dependencies = [("enterprises", "0002_facts")]

    operations = [
        migrations.AlterField(
            model_name="enterprise",
            name="updated_at",
            field=models.DateTimeField(db_index=True, verbose_name="更新时间"),
        ),
    ]
