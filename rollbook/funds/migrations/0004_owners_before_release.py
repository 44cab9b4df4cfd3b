from django.db import migrations

# Whatever our code does: no batch is released while an account in it is not, by the bank's word, the payee's own.
FORBID = """
    CREATE FUNCTION funds_owners_before_release() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM funds_paymentline l
            WHERE l.batch_id = NEW.id AND NOT EXISTS (
                SELECT FROM funds_ownership o
                WHERE o.person_id = l.person_id AND o.bank_digest = l.bank_digest AND o.outcome = 'match'
            )
        ) THEN
            RAISE EXCEPTION 'an account of the batch is not known to be the payee''s own'
                USING ERRCODE = '23514', CONSTRAINT = 'owners_before_release';
        END IF;
        RETURN NEW;
    END $$;

    CREATE TRIGGER funds_owners_before_release BEFORE UPDATE ON funds_paymentbatch
    FOR EACH ROW WHEN (NEW.state IN ('released', 'sent') AND OLD.state NOT IN ('released', 'sent', 'settled'))
    EXECUTE FUNCTION funds_owners_before_release();
"""
ALLOW = "DROP FUNCTION funds_owners_before_release CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("funds", "0003_ownership")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
