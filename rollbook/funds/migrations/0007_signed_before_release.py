from django.db import migrations

# Whatever our code does: no batch is released without the hands of maker, checker and releaser, and of as many
# besides as its amount asks for, all over the same lines.
FORBID = """
    CREATE FUNCTION funds_signed_before_release() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (
            SELECT count(DISTINCT step) FILTER (WHERE step IN ('make', 'check', 'release')) < 3
                OR count(*) FILTER (WHERE step = 'cosign') < NEW.cosigners
                OR count(DISTINCT digest) <> 1
                OR min(digest) <> NEW.digest
            FROM funds_signature WHERE batch_id = NEW.id AND voided_at IS NULL
        ) THEN
            RAISE EXCEPTION 'the batch is not signed by all who must'
                USING ERRCODE = '23514', CONSTRAINT = 'signed_before_release';
        END IF;
        RETURN NEW;
    END $$;

    CREATE TRIGGER funds_signed_before_release BEFORE UPDATE ON funds_paymentbatch
    FOR EACH ROW WHEN (NEW.state IN ('released', 'sent') AND OLD.state NOT IN ('released', 'sent', 'settled'))
    EXECUTE FUNCTION funds_signed_before_release();

    CREATE FUNCTION funds_signatures_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.voided_at IS NOT NULL OR
            (NEW.id, NEW.batch_id, NEW.by_id, NEW.person_id, NEW.step, NEW.office, NEW.digest, NEW.at, NEW.mac)
            IS DISTINCT FROM
            (OLD.id, OLD.batch_id, OLD.by_id, OLD.person_id, OLD.step, OLD.office, OLD.digest, OLD.at, OLD.mac)
        THEN
            RAISE EXCEPTION 'a signature is final' USING ERRCODE = '23514', CONSTRAINT = 'signature_is_final';
        END IF;
        RETURN NEW;
    END $$;

    CREATE TRIGGER funds_signatures_are_final BEFORE UPDATE OR DELETE ON funds_signature
    FOR EACH ROW EXECUTE FUNCTION funds_signatures_are_final();
"""
ALLOW = "DROP FUNCTION funds_signed_before_release CASCADE; DROP FUNCTION funds_signatures_are_final CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("funds", "0006_signatures")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
