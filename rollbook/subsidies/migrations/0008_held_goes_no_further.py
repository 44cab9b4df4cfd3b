from django.db import migrations

# Whatever our code does: a held claim is neither published, nor approved, nor put into a payment; and a hold is
# never deleted or rewritten, only lifted. A claim that comes back out of a batch, or whose payment was refused by
# the bank, may be approved as it was before.
FORBID = """
    CREATE FUNCTION subsidies_held_goes_no_further() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM subsidies_hold h WHERE h.lifted_at IS NULL AND (
                h.claim_id = NEW.id OR h.training_class_id =
                    (SELECT e.training_class_id FROM classes_enrolment e WHERE e.id = NEW.enrolment_id)
            )
        ) THEN
            RAISE EXCEPTION 'claim % is held', NEW.id
                USING ERRCODE = '23514', CONSTRAINT = 'held_goes_no_further';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER subsidies_held_goes_no_further BEFORE UPDATE ON subsidies_claim
    FOR EACH ROW WHEN (
        (OLD.state = 'first' AND NEW.state = 'publicity')
        OR (OLD.state IN ('filed', 'first', 'returned', 'publicity', 'pulled-back') AND NEW.state = 'approved')
        OR (OLD.state <> 'in-payment' AND NEW.state IN ('in-payment', 'paid'))
        OR (OLD.publicity_id IS NULL AND NEW.publicity_id IS NOT NULL)
    ) EXECUTE FUNCTION subsidies_held_goes_no_further();

    CREATE FUNCTION subsidies_holds_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL OR
            to_jsonb(NEW) - ARRAY['lifted_at', 'lifted_by_id', 'lifted_because']
            IS DISTINCT FROM to_jsonb(OLD) - ARRAY['lifted_at', 'lifted_by_id', 'lifted_because']
        THEN
            RAISE EXCEPTION 'a hold is lifted, never changed' USING ERRCODE = '23514', CONSTRAINT = 'holds_are_kept';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER subsidies_holds_are_kept BEFORE UPDATE OR DELETE ON subsidies_hold
    FOR EACH ROW EXECUTE FUNCTION subsidies_holds_are_kept();
"""
ALLOW = "DROP FUNCTION subsidies_held_goes_no_further CASCADE; DROP FUNCTION subsidies_holds_are_kept CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("subsidies", "0007_hold")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
