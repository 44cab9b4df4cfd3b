from django.db import migrations

# A project may not leave a published list either: what it belonged to counts, and what it would.
FORBID = """
    CREATE OR REPLACE FUNCTION directory_published_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM directory_demandlist WHERE state = 'published' AND id IN (
                OLD.demand_list_id, CASE TG_OP WHEN 'UPDATE' THEN NEW.demand_list_id END)
        ) THEN
            RAISE EXCEPTION 'a published directory is final';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_alter_term_key")]
    operations = [migrations.RunSQL(FORBID, migrations.RunSQL.noop)]
