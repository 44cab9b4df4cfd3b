from django.db import migrations

# Whatever our code does: who is paid for a claim stays, but where a returned claim is decided anew; and a payment for
# a claim goes to whom the claim names (N16.2).
FORBID = """
    CREATE FUNCTION subsidies_payee_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'who is paid for a claim stays'
            USING ERRCODE = '23514', CONSTRAINT = 'payee_of_a_claim_stays';
    END $$;
    CREATE TRIGGER subsidies_payee_stays BEFORE UPDATE ON subsidies_claim
    FOR EACH ROW WHEN (
        (NEW.payee, NEW.organisation_id) IS DISTINCT FROM (OLD.payee, OLD.organisation_id)
        AND NOT (OLD.state = 'returned' AND NEW.state = 'filed')
    ) EXECUTE FUNCTION subsidies_payee_stays();

    CREATE FUNCTION subsidies_payment_goes_to_the_payee() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM subsidies_claim c WHERE c.id = split_part(NEW.subject, ':', 2)::bigint
            AND (c.person_id, c.organisation_id) IS DISTINCT FROM (NEW.person_id, NEW.organisation_id)
        ) THEN
            RAISE EXCEPTION 'a payment goes to whom its claim names'
                USING ERRCODE = '23514', CONSTRAINT = 'payment_goes_to_the_payee';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER subsidies_payment_goes_to_the_payee
    BEFORE INSERT OR UPDATE OF subject, person_id, organisation_id ON funds_paymentline
    FOR EACH ROW WHEN (NEW.subject ~ '^subsidies\\.Claim:\\d{1,18}$')
    EXECUTE FUNCTION subsidies_payment_goes_to_the_payee();
"""
ALLOW = "DROP FUNCTION subsidies_payee_stays CASCADE; DROP FUNCTION subsidies_payment_goes_to_the_payee CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("subsidies", "0014_payees"), ("funds", "0022_payees_before_release")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
