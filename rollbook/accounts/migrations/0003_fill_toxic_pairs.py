from typing import Any

from django.db import migrations

# As accounts.rules.TOXIC_PAIRS says; a test compares the two.
PAIRS = [
    ("audit-administrator", "auditor"),
    ("audit-administrator", "city-finance"),
    ("audit-administrator", "county-finance"),
    ("audit-administrator", "county-finance-releaser"),
    ("audit-administrator", "county-reviewer"),
    ("audit-administrator", "county-second-reviewer"),
    ("audit-administrator", "institution-manager"),
    ("audit-administrator", "province-finance"),
    ("audit-administrator", "security-administrator"),
    ("audit-administrator", "system-administrator"),
    ("audit-administrator", "teacher"),
    ("auditor", "city-finance"),
    ("auditor", "county-finance"),
    ("auditor", "county-finance-releaser"),
    ("auditor", "county-reviewer"),
    ("auditor", "county-second-reviewer"),
    ("auditor", "institution-manager"),
    ("auditor", "province-finance"),
    ("auditor", "security-administrator"),
    ("auditor", "system-administrator"),
    ("auditor", "teacher"),
    ("city-finance", "county-finance-releaser"),
    ("city-finance", "county-reviewer"),
    ("city-finance", "county-second-reviewer"),
    ("city-finance", "institution-manager"),
    ("city-finance", "security-administrator"),
    ("city-finance", "system-administrator"),
    ("city-finance", "teacher"),
    ("county-finance", "county-finance-releaser"),
    ("county-finance", "county-reviewer"),
    ("county-finance", "county-second-reviewer"),
    ("county-finance", "institution-manager"),
    ("county-finance", "security-administrator"),
    ("county-finance", "system-administrator"),
    ("county-finance", "teacher"),
    ("county-finance-releaser", "county-reviewer"),
    ("county-finance-releaser", "county-second-reviewer"),
    ("county-finance-releaser", "institution-manager"),
    ("county-finance-releaser", "province-finance"),
    ("county-finance-releaser", "security-administrator"),
    ("county-finance-releaser", "system-administrator"),
    ("county-finance-releaser", "teacher"),
    ("county-reviewer", "county-second-reviewer"),
    ("county-reviewer", "institution-manager"),
    ("county-reviewer", "province-finance"),
    ("county-reviewer", "security-administrator"),
    ("county-reviewer", "system-administrator"),
    ("county-reviewer", "teacher"),
    ("county-second-reviewer", "institution-manager"),
    ("county-second-reviewer", "province-finance"),
    ("county-second-reviewer", "security-administrator"),
    ("county-second-reviewer", "system-administrator"),
    ("county-second-reviewer", "teacher"),
    ("institution-manager", "province-finance"),
    ("institution-manager", "security-administrator"),
    ("institution-manager", "system-administrator"),
    ("province-finance", "security-administrator"),
    ("province-finance", "system-administrator"),
    ("province-finance", "teacher"),
    ("security-administrator", "system-administrator"),
    ("security-administrator", "teacher"),
    ("system-administrator", "teacher"),
]


def fill(apps: Any, _: Any) -> None:
    pair = apps.get_model("accounts", "ToxicPair")
    pair.objects.bulk_create([pair(one=one, other=other) for one, other in PAIRS], ignore_conflicts=True)


def empty(apps: Any, _: Any) -> None:
    apps.get_model("accounts", "ToxicPair").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_toxic_pairs")]
    operations = [migrations.RunPython(fill, empty)]
