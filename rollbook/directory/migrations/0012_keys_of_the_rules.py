from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0011_terms_of_lessons"),
    ]

    operations = [
        migrations.AlterField(
            model_name="term",
            name="key",
            field=models.CharField(max_length=32),
        ),
    ]
