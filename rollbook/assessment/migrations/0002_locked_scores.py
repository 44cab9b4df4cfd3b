from django.db import migrations

# A locked score changes only to what a granted request says (N5.2).
FORBID = """
    CREATE FUNCTION assessment_locked_scores() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM assessment_assessment WHERE id = OLD.assessment_id AND locked_at IS NOT NULL)
        AND (TG_OP = 'DELETE' OR NOT EXISTS (
            SELECT FROM assessment_scorechange c WHERE c.score_id = OLD.id AND c.state = 'granted'
            AND c.theory IS NOT DISTINCT FROM NEW.theory AND c.practice IS NOT DISTINCT FROM NEW.practice
        )) THEN
            RAISE EXCEPTION 'a locked score changes only by a granted request';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER assessment_locked_scores BEFORE UPDATE OR DELETE ON assessment_score
    FOR EACH ROW EXECUTE FUNCTION assessment_locked_scores();
"""
ALLOW = "DROP FUNCTION assessment_locked_scores CASCADE"


class Migration(migrations.Migration):
    dependencies = [("assessment", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
