from django.db import migrations

FORBID = """
    CREATE TRIGGER journal_is_never_emptied BEFORE TRUNCATE ON journal_entry
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();

    CREATE TRIGGER journal_is_never_emptied BEFORE TRUNCATE ON journal_seal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();
"""
ALLOW = """
    DROP TRIGGER journal_is_never_emptied ON journal_entry;
    DROP TRIGGER journal_is_never_emptied ON journal_seal;
"""


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_append_only")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
