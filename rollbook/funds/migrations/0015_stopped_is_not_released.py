from django.db import migrations

# Whatever our code does: no batch is released with a payment that is stopped.
FORBID = """
    CREATE FUNCTION funds_stopped_is_not_released() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM funds_paymentline l JOIN funds_paymentstop s ON s.subject = l.subject AND s.lifted_at IS NULL
            WHERE l.batch_id = NEW.id AND l.state = 'waiting'
        ) THEN
            RAISE EXCEPTION 'the batch has a payment that is stopped'
                USING ERRCODE = '23514', CONSTRAINT = 'stopped_is_not_released';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER funds_stopped_is_not_released BEFORE UPDATE ON funds_paymentbatch
    FOR EACH ROW WHEN (NEW.state IN ('released', 'sent') AND OLD.state NOT IN ('released', 'sent', 'settled'))
    EXECUTE FUNCTION funds_stopped_is_not_released();
"""
ALLOW = "DROP FUNCTION funds_stopped_is_not_released CASCADE"


class Migration(migrations.Migration):
    dependencies = [("funds", "0014_paymentstop")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
