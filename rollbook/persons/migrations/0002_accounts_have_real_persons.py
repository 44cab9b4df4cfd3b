from django.db import migrations

ADD = """
    ALTER TABLE accounts_account ADD CONSTRAINT account_has_a_real_person
    FOREIGN KEY (person_id) REFERENCES persons_person DEFERRABLE INITIALLY DEFERRED
"""
DROP = "ALTER TABLE accounts_account DROP CONSTRAINT account_has_a_real_person"


class Migration(migrations.Migration):
    dependencies = [("persons", "0001_initial"), ("accounts", "0001_initial")]
    operations = [migrations.RunSQL(ADD, DROP)]
