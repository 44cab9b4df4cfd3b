from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exchange", "0002_facts_are_final"),
    ]

    operations = [
        migrations.AlterField(
            model_name="batch",
            name="feed",
            field=models.CharField(max_length=32),
        ),
        migrations.AlterField(
            model_name="contract",
            name="feed",
            field=models.CharField(max_length=32),
        ),
        migrations.AlterField(
            model_name="fact",
            name="feed",
            field=models.CharField(max_length=32),
        ),
    ]
