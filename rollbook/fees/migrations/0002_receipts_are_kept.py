from django.db import migrations

# A receipt is what it was when it was given; the trainee answers it once. What was agreed on signing up stays.
FORBID = """
    CREATE FUNCTION fees_entries_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.answer <> 'waiting' OR
            (NEW.sign_up_id, NEW.number, NEW.token, NEW.kind, NEW.amount_fen, NEW.means, NEW."on", NEW.note,
             NEW.entered_by_id, NEW.entered_at)
            IS DISTINCT FROM
            (OLD.sign_up_id, OLD.number, OLD.token, OLD.kind, OLD.amount_fen, OLD.means, OLD."on", OLD.note,
             OLD.entered_by_id, OLD.entered_at)
        THEN
            RAISE EXCEPTION 'a receipt is kept as it was given' USING ERRCODE = '23514', CONSTRAINT = 'receipt_is_kept';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER fees_entries_are_kept BEFORE UPDATE OR DELETE ON fees_entry
    FOR EACH ROW EXECUTE FUNCTION fees_entries_are_kept();

    CREATE FUNCTION fees_sign_ups_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.state <> 'asked' AND OLD.state <> NEW.state OR
            (NEW.training_class_id, NEW.person_id, NEW.way, NEW.price_fen, NEW.share_fen, NEW.asked_at)
            IS DISTINCT FROM
            (OLD.training_class_id, OLD.person_id, OLD.way, OLD.price_fen, OLD.share_fen, OLD.asked_at)
        THEN
            RAISE EXCEPTION 'what was agreed on is kept' USING ERRCODE = '23514', CONSTRAINT = 'sign_up_is_kept';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER fees_sign_ups_are_kept BEFORE UPDATE OR DELETE ON fees_signup
    FOR EACH ROW EXECUTE FUNCTION fees_sign_ups_are_kept();
"""
ALLOW = "DROP FUNCTION fees_entries_are_kept CASCADE; DROP FUNCTION fees_sign_ups_are_kept CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("fees", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
