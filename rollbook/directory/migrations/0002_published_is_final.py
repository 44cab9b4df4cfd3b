from django.db import migrations

# A published list is never edited in place (N1.1): its projects cannot change, and of the list
# itself only the end of its validity may be set.
FORBID = """
    CREATE FUNCTION directory_published_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE of_list bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.demand_list_id ELSE NEW.demand_list_id END;
    BEGIN
        IF TG_OP <> 'INSERT' AND EXISTS (
            SELECT FROM directory_demandlist WHERE id = of_list AND state = 'published'
        ) THEN
            RAISE EXCEPTION 'a published directory is final';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER directory_published_is_final BEFORE UPDATE OR DELETE ON directory_demanditem
    FOR EACH ROW EXECUTE FUNCTION directory_published_is_final();

    CREATE FUNCTION directory_lists_stay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.state = 'published' AND (TG_OP = 'DELETE' OR
            (to_jsonb(NEW) - 'in_force') <> (to_jsonb(OLD) - 'in_force')) THEN
            RAISE EXCEPTION 'a published directory is final';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER directory_lists_stay BEFORE UPDATE OR DELETE ON directory_demandlist
    FOR EACH ROW EXECUTE FUNCTION directory_lists_stay();
"""
ALLOW = "DROP FUNCTION directory_published_is_final CASCADE; DROP FUNCTION directory_lists_stay CASCADE"


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
