from django.db import migrations

# Of two accounts of one person being made at once, one must wait for the other: the person's
# number is locked. The next migration fills the table of pairs.
FORBID = """
    CREATE FUNCTION accounts_refuse_toxic_pair() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.person_id IS NULL OR NOT NEW.is_active THEN RETURN NEW; END IF;
        PERFORM pg_advisory_xact_lock(7301, hashint8(NEW.person_id));
        IF EXISTS (
            SELECT FROM accounts_account held JOIN accounts_toxicpair pair
            ON (held.role = pair.one AND NEW.role = pair.other)
            OR (held.role = pair.other AND NEW.role = pair.one)
            WHERE held.person_id = NEW.person_id AND held.id <> NEW.id AND held.is_active
        ) THEN
            RAISE EXCEPTION 'toxic pair of roles' USING ERRCODE = '23514',
                CONSTRAINT = 'toxic_pair_of_roles';
        END IF;
        RETURN NEW;
    END $$;

    CREATE TRIGGER accounts_refuse_toxic_pair BEFORE INSERT OR UPDATE ON accounts_account
    FOR EACH ROW EXECUTE FUNCTION accounts_refuse_toxic_pair();
"""
ALLOW = "DROP FUNCTION accounts_refuse_toxic_pair CASCADE"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
