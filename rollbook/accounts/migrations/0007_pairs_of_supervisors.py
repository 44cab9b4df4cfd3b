from typing import Any

from django.db import migrations, models

# As accounts.rules.TOXIC_PAIRS says of third-party supervisors; a test compares the two.
PAIRS = [
    ("audit-administrator", "supervisor"),
    ("auditor", "supervisor"),
    ("city-finance", "supervisor"),
    ("county-finance", "supervisor"),
    ("county-finance-releaser", "supervisor"),
    ("county-reviewer", "supervisor"),
    ("county-second-reviewer", "supervisor"),
    ("institution-manager", "supervisor"),
    ("province-finance", "supervisor"),
    ("security-administrator", "supervisor"),
    ("supervisor", "system-administrator"),
    ("supervisor", "teacher"),
]


def fill(apps: Any, _: Any) -> None:
    pair = apps.get_model("accounts", "ToxicPair")
    pair.objects.bulk_create([pair(one=one, other=other) for one, other in PAIRS], ignore_conflicts=True)


def empty(apps: Any, _: Any) -> None:
    pair = apps.get_model("accounts", "ToxicPair")
    pair.objects.filter(models.Q(one="supervisor") | models.Q(other="supervisor")).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_supervisors")]
    operations = [migrations.RunPython(fill, empty)]
