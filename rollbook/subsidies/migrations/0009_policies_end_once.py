from django.db import migrations

# Of a published version only the end of its validity may still be set, and that once.
FORBID = """
    CREATE OR REPLACE FUNCTION subsidies_policies_stay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.state = 'published' AND (TG_OP = 'DELETE' OR
            (to_jsonb(NEW) - 'in_force') <> (to_jsonb(OLD) - 'in_force') OR
            lower(NEW.in_force) IS DISTINCT FROM lower(OLD.in_force) OR
            (upper(OLD.in_force) IS NOT NULL AND NEW.in_force <> OLD.in_force)) THEN
            RAISE EXCEPTION 'a published policy is final';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("subsidies", "0008_held_goes_no_further")]
    operations = [migrations.RunSQL(FORBID, migrations.RunSQL.noop)]
