from django.db import migrations

# Whatever our code does: what both inspectors signed is never changed, the institution's answer apart, which is given
# once; and neither inspections nor calls nor measures are deleted.
FORBID = """
    CREATE FUNCTION supervision_signed_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        answer text[] := ARRAY['answered_by_id', 'answered_at', 'agrees', 'answer'];
        signature text[] := ARRAY['signed_by_id', 'signed_at'];
    BEGIN
        IF TG_OP = 'DELETE'
            OR to_jsonb(NEW) - answer - signature IS DISTINCT FROM to_jsonb(OLD) - answer - signature
            OR (OLD.signed_at IS NOT NULL AND NEW.signed_at IS DISTINCT FROM OLD.signed_at)
            OR (OLD.answered_at IS NOT NULL AND
                (NEW.answered_at, NEW.agrees, NEW.answer) IS DISTINCT FROM (OLD.answered_at, OLD.agrees, OLD.answer))
        THEN
            RAISE EXCEPTION 'what was found is final' USING ERRCODE = '23514', CONSTRAINT = 'signed_is_final';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER supervision_signed_is_final BEFORE UPDATE OR DELETE ON supervision_inspection
    FOR EACH ROW EXECUTE FUNCTION supervision_signed_is_final();

    CREATE FUNCTION supervision_calls_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a call is final' USING ERRCODE = '23514', CONSTRAINT = 'call_is_final';
    END $$;
    CREATE TRIGGER supervision_calls_are_final BEFORE UPDATE OR DELETE ON supervision_phonecall
    FOR EACH ROW EXECUTE FUNCTION supervision_calls_are_final();
"""
ALLOW = "DROP FUNCTION supervision_signed_is_final CASCADE; DROP FUNCTION supervision_calls_are_final CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("supervision", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
