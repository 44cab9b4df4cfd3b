from django.db import migrations

# A payment goes forward only, and stays what was signed: nobody makes a refused one paid, or another's.
FORBID = """
    CREATE FUNCTION funds_lines_move_forward() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE'
            OR OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
                ('waiting', 'sent'), ('waiting', 'corrected'), ('sent', 'paid'), ('sent', 'failed'),
                ('sent', 'waiting'), ('failed', 'corrected'))
            OR OLD.state <> 'waiting' AND NEW.state <> 'waiting' AND
                (NEW.batch_id, NEW.number, NEW.subject, NEW.person_id, NEW.payee_name, NEW.bank_digest, NEW.amount_fen,
                 NEW.reference)
                IS DISTINCT FROM
                (OLD.batch_id, OLD.number, OLD.subject, OLD.person_id, OLD.payee_name, OLD.bank_digest, OLD.amount_fen,
                 OLD.reference)
        THEN
            RAISE EXCEPTION 'a payment goes forward only' USING ERRCODE = '23514', CONSTRAINT = 'line_moves_forward';
        END IF;
        RETURN NEW;
    END $$;

    CREATE TRIGGER funds_lines_move_forward BEFORE UPDATE OR DELETE ON funds_paymentline
    FOR EACH ROW EXECUTE FUNCTION funds_lines_move_forward();

    CREATE TRIGGER funds_statements_are_final BEFORE UPDATE OR DELETE ON funds_bankstatement
    FOR EACH ROW EXECUTE FUNCTION funds_entries_are_final();
    CREATE TRIGGER funds_movements_are_final BEFORE UPDATE OR DELETE ON funds_statementline
    FOR EACH ROW EXECUTE FUNCTION funds_entries_are_final();

    CREATE FUNCTION funds_word_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.state IN ('done', 'refused', 'settled') THEN
            RAISE EXCEPTION 'what was decided is kept' USING ERRCODE = '23514', CONSTRAINT = 'word_is_kept';
        END IF;
        RETURN NEW;
    END $$;

    CREATE TRIGGER funds_receipts_are_final BEFORE UPDATE OR DELETE ON funds_receipt
    FOR EACH ROW EXECUTE FUNCTION funds_entries_are_final();

    -- What comes back of a payment is no more than was paid, in however many orders; the payment is locked.
    CREATE FUNCTION funds_recovery_is_within_payment() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        paid bigint;
    BEGIN
        IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND
            (OLD.state IN ('done', 'refused') OR NEW.received_fen < OLD.received_fen OR
            (NEW.line_id, NEW.amount_fen, NEW.ground, NEW.why, NEW.document, NEW.ordered_by_id, NEW.ordered_person_id)
            IS DISTINCT FROM
            (OLD.line_id, OLD.amount_fen, OLD.ground, OLD.why, OLD.document, OLD.ordered_by_id, OLD.ordered_person_id))
        THEN
            RAISE EXCEPTION 'a recovery is kept as it was ordered'
                USING ERRCODE = '23514', CONSTRAINT = 'recovery_is_kept';
        END IF;
        IF TG_OP = 'INSERT' THEN
            SELECT amount_fen INTO paid FROM funds_paymentline WHERE id = NEW.line_id AND state = 'paid' FOR UPDATE;
            IF paid IS NULL OR paid < NEW.amount_fen + (
                SELECT coalesce(sum(amount_fen), 0) FROM funds_recovery
                WHERE line_id = NEW.line_id AND state <> 'refused'
            ) THEN
                RAISE EXCEPTION 'more would come back than was paid'
                    USING ERRCODE = '23514', CONSTRAINT = 'recovery_is_within_payment';
            END IF;
        END IF;
        RETURN NEW;
    END $$;

    CREATE TRIGGER funds_recovery_is_within_payment BEFORE INSERT OR UPDATE OR DELETE ON funds_recovery
    FOR EACH ROW EXECUTE FUNCTION funds_recovery_is_within_payment();

    CREATE TRIGGER funds_resolutions_are_kept BEFORE UPDATE OR DELETE ON funds_resolution
    FOR EACH ROW EXECUTE FUNCTION funds_word_is_kept();
    CREATE TRIGGER funds_differences_are_kept BEFORE UPDATE OR DELETE ON funds_difference
    FOR EACH ROW EXECUTE FUNCTION funds_word_is_kept();
"""
ALLOW = """
    DROP FUNCTION funds_lines_move_forward CASCADE;
    DROP FUNCTION funds_word_is_kept CASCADE;
    DROP FUNCTION funds_recovery_is_within_payment CASCADE;
    DROP TRIGGER funds_receipts_are_final ON funds_receipt;
    DROP TRIGGER funds_statements_are_final ON funds_bankstatement;
    DROP TRIGGER funds_movements_are_final ON funds_statementline;
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0016_statements_and_recoveries")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
