from django.db import migrations

# As before, and for organisations too: no batch is released while an account in it is not, by the bank's word, the
# payee's own; and what was signed stays paid to whom it was.
OWNERS = """
    CREATE OR REPLACE FUNCTION funds_owners_before_release() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM funds_paymentline l
            WHERE l.batch_id = NEW.id AND NOT EXISTS (
                SELECT FROM funds_ownership o
                WHERE {owner} AND o.bank_digest = l.bank_digest AND o.outcome = 'match'
            )
        ) THEN
            RAISE EXCEPTION 'an account of the batch is not known to be the payee''s own'
                USING ERRCODE = '23514', CONSTRAINT = 'owners_before_release';
        END IF;
        RETURN NEW;
    END $$;
"""
LINES = """
    CREATE OR REPLACE FUNCTION funds_lines_move_forward() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE'
            OR OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
                ('waiting', 'sent'), ('waiting', 'corrected'), ('sent', 'paid'), ('sent', 'failed'),
                ('sent', 'waiting'), ('failed', 'corrected'))
            OR OLD.netted_fen <> NEW.netted_fen
            OR OLD.state <> 'waiting' AND NEW.state <> 'waiting' AND
                (NEW.batch_id, NEW.number, NEW.subject, NEW.person_id, NEW.payee_name, NEW.bank_digest, NEW.amount_fen,
                 NEW.reference{new})
                IS DISTINCT FROM
                (OLD.batch_id, OLD.number, OLD.subject, OLD.person_id, OLD.payee_name, OLD.bank_digest, OLD.amount_fen,
                 OLD.reference{old})
        THEN
            RAISE EXCEPTION 'a payment goes forward only' USING ERRCODE = '23514', CONSTRAINT = 'line_moves_forward';
        END IF;
        RETURN NEW;
    END $$;
"""
OWNER = (
    "(l.organisation_id IS NULL AND o.person_id = l.person_id"
    " OR l.organisation_id IS NOT NULL AND o.organisation_id = l.organisation_id)"
)
FORBID = OWNERS.format(owner=OWNER) + LINES.format(new=", NEW.organisation_id", old=", OLD.organisation_id")
ALLOW = OWNERS.format(owner="o.person_id = l.person_id") + LINES.format(new="", old="")


class Migration(migrations.Migration):
    dependencies = [("funds", "0021_payees")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
