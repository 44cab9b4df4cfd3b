from django.db import migrations

# A draw stays as it was drawn, and a result as it was published (N11.2).
FORBID = """
    CREATE FUNCTION supervision_draws_are_final() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'what was drawn is never changed'; END $$;
    CREATE TRIGGER supervision_draws_are_final BEFORE UPDATE OR DELETE ON supervision_draw
    FOR EACH ROW EXECUTE FUNCTION supervision_draws_are_final();

    CREATE FUNCTION supervision_checks_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.published_at IS NOT NULL
        OR (NEW.draw_id, NEW.institution_id, NEW.first_id, NEW.second_id)
            IS DISTINCT FROM (OLD.draw_id, OLD.institution_id, OLD.first_id, OLD.second_id) THEN
            RAISE EXCEPTION 'what was drawn or published is never changed';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER supervision_checks_are_final BEFORE UPDATE OR DELETE ON supervision_check
    FOR EACH ROW EXECUTE FUNCTION supervision_checks_are_final();
"""
ALLOW = "DROP FUNCTION supervision_draws_are_final CASCADE; DROP FUNCTION supervision_checks_are_final CASCADE"


class Migration(migrations.Migration):
    dependencies = [("supervision", "0006_draws")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
