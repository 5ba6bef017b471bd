from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("policies", "0005_requests")]
    operations = [
        migrations.AlterField(
            model_name="policyreview",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("asked", "已送审"),
                    ("passed", "通过"),
                    ("returned", "退回修改"),
                    ("lapsed", "已失效"),
                ],
                max_length=8,
                verbose_name="结果",
            ),
        ),
    ]
