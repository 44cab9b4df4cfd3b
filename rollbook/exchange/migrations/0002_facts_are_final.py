from django.db import migrations

FORBID = """
    CREATE FUNCTION exchange_facts_are_final() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'facts are append-only: a correction is another row'; END $$;

    CREATE TRIGGER exchange_facts_are_final BEFORE UPDATE OR DELETE ON exchange_fact
    FOR EACH ROW EXECUTE FUNCTION exchange_facts_are_final();

    -- What was received stays as it was received; only what became of it is written besides.
    CREATE FUNCTION exchange_batches_stay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR (
            OLD.source_id, OLD.contract_id, OLD.feed, OLD.number, OLD.way, OLD.as_of, OLD.file, OLD.sha256, OLD.sm3,
            OLD.is_signed, OLD.rows, OLD.wrong, OLD.lake_path, OLD.lake_sha256, OLD.received_by_id, OLD.received_at
        ) IS DISTINCT FROM (
            NEW.source_id, NEW.contract_id, NEW.feed, NEW.number, NEW.way, NEW.as_of, NEW.file, NEW.sha256, NEW.sm3,
            NEW.is_signed, NEW.rows, NEW.wrong, NEW.lake_path, NEW.lake_sha256, NEW.received_by_id, NEW.received_at
        ) OR OLD.state IN ('loaded', 'refused') THEN
            RAISE EXCEPTION 'a batch stays as it was received and decided';
        END IF;
        RETURN NEW;
    END $$;

    CREATE TRIGGER exchange_batches_stay BEFORE UPDATE OR DELETE ON exchange_batch
    FOR EACH ROW EXECUTE FUNCTION exchange_batches_stay();
"""
ALLOW = """
    DROP FUNCTION exchange_facts_are_final CASCADE;
    DROP FUNCTION exchange_batches_stay CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
