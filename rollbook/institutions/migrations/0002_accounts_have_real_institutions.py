from django.db import migrations

ADD = """
    ALTER TABLE accounts_account ADD CONSTRAINT account_has_a_real_institution
    FOREIGN KEY (institution_id) REFERENCES institutions_institution DEFERRABLE INITIALLY DEFERRED
"""
DROP = "ALTER TABLE accounts_account DROP CONSTRAINT account_has_a_real_institution"


class Migration(migrations.Migration):
    dependencies = [("institutions", "0001_initial"), ("accounts", "0001_initial")]
    operations = [migrations.RunSQL(ADD, DROP)]
