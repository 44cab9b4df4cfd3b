from django.db import migrations

# What was answered on the phone before screening read it.
COPY = """
    INSERT INTO risk_told (enrolment_id, outcome, paid_back, told_at, source)
    SELECT enrolment_id,
        CASE answer WHEN 'not-attended' THEN 'did-not-attend' WHEN 'wrong-number' THEN answer ELSE 'reached' END,
        answer = 'paid-back', called_at, 'supervision.PhoneCall:' || id
    FROM supervision_phonecall WHERE answer <> 'unreachable'
"""


class Migration(migrations.Migration):
    dependencies = [("supervision", "0004_cases"), ("risk", "0004_told_on_the_phone")]
    operations = [migrations.RunSQL(COPY, migrations.RunSQL.noop)]
