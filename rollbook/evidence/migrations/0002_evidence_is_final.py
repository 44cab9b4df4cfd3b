from django.db import migrations

# What evidence is never changes; it is kept longer but never shorter, and goes only after its time and
# while no case needs it. Whoever writes past our code meets this too.
SQL = """
CREATE FUNCTION evidence_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'evidence is never deleted';
    END IF;
    IF to_jsonb(NEW) - ARRAY['keep', 'keep_until', 'removed_at', 'thumbnail']
        IS DISTINCT FROM to_jsonb(OLD) - ARRAY['keep', 'keep_until', 'removed_at', 'thumbnail'] THEN
        RAISE EXCEPTION 'evidence is never changed';
    END IF;
    IF NEW.keep_until < OLD.keep_until THEN
        RAISE EXCEPTION 'evidence is never kept shorter';
    END IF;
    IF OLD.removed_at IS NOT NULL AND NEW.removed_at IS DISTINCT FROM OLD.removed_at THEN
        RAISE EXCEPTION 'what was removed stays removed';
    END IF;
    IF NEW.removed_at IS NOT NULL AND OLD.removed_at IS NULL THEN
        IF (NEW.removed_at AT TIME ZONE 'Asia/Shanghai')::date <= NEW.keep_until THEN
            RAISE EXCEPTION 'evidence % must be kept until %', OLD.id, NEW.keep_until;
        END IF;
        IF EXISTS (SELECT FROM evidence_legalhold WHERE dossier = OLD.dossier AND lifted_at IS NULL) THEN
            RAISE EXCEPTION 'a case needs evidence %', OLD.id;
        END IF;
    ELSIF NEW.thumbnail IS DISTINCT FROM OLD.thumbnail THEN
        RAISE EXCEPTION 'evidence is never changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evidence_is_final BEFORE UPDATE OR DELETE ON evidence_item
    FOR EACH ROW EXECUTE FUNCTION evidence_is_final();
"""
UNDO = "DROP TRIGGER evidence_is_final ON evidence_item; DROP FUNCTION evidence_is_final();"


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial")]
    operations = [migrations.RunSQL(SQL, UNDO)]
