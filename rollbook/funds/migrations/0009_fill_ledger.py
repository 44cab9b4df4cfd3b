import hashlib
import hmac
from datetime import UTC
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import migrations

HOLDING = ("frozen", "reserved", "transit")


def fill(apps, schema_editor):
    """What was posted before gets its day, what it closes, and its seal."""
    entries = {}
    for one in (
        apps.get_model("funds", "LedgerEntry")
        .objects.order_by("pk")
        .values_list("transaction_id", "account_id", "amount_fen", "account__kind")
    ):
        entries.setdefault(one[0], []).append(one[1:])
    rows, waiting = apps.get_model("funds", "Transaction").objects.in_bulk(entries), {}
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE funds_transaction DISABLE TRIGGER funds_transactions_are_final")
        for key, sides in entries.items():
            row = rows[key]
            closes = None
            for account, amount, kind in sides:
                if kind in HOLDING and amount < 0 and waiting.get((row.subject, account)):
                    closes = waiting[row.subject, account].pop()
            for account, amount, kind in sides:
                if kind in HOLDING and amount > 0:
                    waiting.setdefault((row.subject, account), []).append(key)
            booked_on = row.at.astimezone(ZoneInfo("Asia/Shanghai")).date()
            moved = ",".join(f"{account}:{amount}" for account, amount, _kind in sorted(sides))
            said = (
                key, row.kind, row.subject, row.at.astimezone(UTC).isoformat(), booked_on, row.by_id, row.document,
                row.reverses_id, closes, moved,
            )  # fmt: skip
            text = "|".join("" if one is None else str(one) for one in said)
            seal = hmac.digest(settings.SIGNATURE_KEY, text.encode(), hashlib.sha256).hex()
            cursor.execute(
                "UPDATE funds_transaction SET booked_on = %s, closes_id = %s, seal = %s WHERE id = %s",
                [booked_on, closes, seal, key],
            )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE funds_transaction ENABLE TRIGGER funds_transactions_are_final")


class Migration(migrations.Migration):
    dependencies = [("funds", "0008_ledger_of_periods")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
