from django.db import migrations

# What was sat and answered stays as it was when the results were locked (N5.2, N6.2).
FORBID = """
    CREATE FUNCTION assessment_locked_sittings() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE its bigint;
    BEGIN
        IF TG_TABLE_NAME = 'assessment_sitting' THEN
            its := CASE TG_OP WHEN 'DELETE' THEN OLD.assessment_id ELSE NEW.assessment_id END;
        ELSE
            SELECT assessment_id INTO its FROM assessment_sitting
            WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.sitting_id ELSE NEW.sitting_id END;
        END IF;
        IF EXISTS (SELECT FROM assessment_assessment WHERE id = its AND locked_at IS NOT NULL) THEN
            RAISE EXCEPTION 'what was sat is final once the results are locked';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
"""
TABLES = ("assessment_sitting", "assessment_duty", "assessment_answersheet")
FIRE = "CREATE TRIGGER assessment_locked_sittings BEFORE INSERT OR UPDATE OR DELETE ON {} "
FIRE += "FOR EACH ROW EXECUTE FUNCTION assessment_locked_sittings();"


class Migration(migrations.Migration):
    dependencies = [("assessment", "0003_sittings")]
    operations = [
        migrations.RunSQL(
            FORBID + "".join(FIRE.format(table) for table in TABLES), "DROP FUNCTION assessment_locked_sittings CASCADE"
        )
    ]
