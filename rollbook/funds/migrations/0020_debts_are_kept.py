from django.db import migrations

# What is set off, given up or paid in parts: held whatever our code does.
FORBID = """
    -- What of a recovery is set off in payments that the bank has not answered.
    CREATE FUNCTION funds_pending_of(recovery bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT coalesce(sum(n.amount_fen), 0)::bigint FROM funds_netting n JOIN funds_paymentline l ON l.id = n.line_id
        WHERE n.recovery_id = recovery AND l.state IN ('waiting', 'sent')
    $$;

    -- Set off within one fund of one region, and no more than is left of the recovery, which is locked.
    CREATE FUNCTION funds_netting_is_sound() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        debt funds_recovery;
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            RAISE EXCEPTION 'what was set off is kept' USING ERRCODE = '23514', CONSTRAINT = 'netting_is_kept';
        END IF;
        SELECT * INTO debt FROM funds_recovery WHERE id = NEW.recovery_id FOR UPDATE;
        IF debt.state <> 'open' OR NOT EXISTS (
            SELECT FROM funds_paymentline own JOIN funds_paymentbatch b ON b.id = own.batch_id,
                funds_paymentline paid JOIN funds_paymentbatch was ON was.id = paid.batch_id
            WHERE own.id = NEW.line_id AND paid.id = debt.line_id AND own.state = 'waiting'
                AND b.fund = was.fund AND b.region_code = was.region_code
        ) THEN
            RAISE EXCEPTION 'set off within one fund of one region only'
                USING ERRCODE = '23514', CONSTRAINT = 'netting_is_within_its_fund';
        END IF;
        IF debt.received_fen + funds_pending_of(debt.id) + NEW.amount_fen > debt.amount_fen THEN
            RAISE EXCEPTION 'more would be set off than is left'
                USING ERRCODE = '23514', CONSTRAINT = 'netting_is_within_recovery';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER funds_netting_is_sound BEFORE INSERT OR UPDATE OR DELETE ON funds_netting
    FOR EACH ROW EXECUTE FUNCTION funds_netting_is_sound();

    CREATE OR REPLACE FUNCTION funds_recovery_is_within_payment() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        paid bigint;
    BEGIN
        IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND
            (OLD.state IN ('done', 'refused') OR NEW.received_fen < OLD.received_fen OR
            OLD.state = 'written-off' AND (NEW.state <> 'open' OR NEW.received_fen <> OLD.received_fen) OR
            OLD.state <> 'asked' AND
            (NEW.interest_rate, NEW.interest_since) IS DISTINCT FROM (OLD.interest_rate, OLD.interest_since) OR
            (NEW.line_id, NEW.amount_fen, NEW.ground, NEW.why, NEW.document, NEW.ordered_by_id, NEW.ordered_person_id)
            IS DISTINCT FROM
            (OLD.line_id, OLD.amount_fen, OLD.ground, OLD.why, OLD.document, OLD.ordered_by_id, OLD.ordered_person_id))
        THEN
            RAISE EXCEPTION 'a recovery is kept as it was ordered'
                USING ERRCODE = '23514', CONSTRAINT = 'recovery_is_kept';
        END IF;
        IF TG_OP = 'UPDATE' AND NEW.received_fen + funds_pending_of(NEW.id) > NEW.amount_fen THEN
            RAISE EXCEPTION 'part of it is being set off'
                USING ERRCODE = '23514', CONSTRAINT = 'netting_is_within_recovery';
        END IF;
        IF TG_OP = 'UPDATE' AND NEW.state = 'written-off' AND OLD.state <> 'written-off' AND (
            funds_pending_of(NEW.id) > 0 OR NOT EXISTS (
                SELECT FROM funds_writeoff w LEFT JOIN funds_reopening r ON r.write_off_id = w.id
                WHERE w.recovery_id = NEW.id AND w.state = 'done' AND r.id IS NULL
                    AND w.amount_fen = NEW.amount_fen - NEW.received_fen
        )) THEN
            RAISE EXCEPTION 'nobody has written it off'
                USING ERRCODE = '23514', CONSTRAINT = 'written_off_by_two';
        END IF;
        IF TG_OP = 'INSERT' THEN
            SELECT amount_fen + netted_fen INTO paid FROM funds_paymentline
            WHERE id = NEW.line_id AND state = 'paid' FOR UPDATE;
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

    CREATE OR REPLACE FUNCTION funds_lines_move_forward() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE'
            OR OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
                ('waiting', 'sent'), ('waiting', 'corrected'), ('sent', 'paid'), ('sent', 'failed'),
                ('sent', 'waiting'), ('failed', 'corrected'))
            OR OLD.netted_fen <> NEW.netted_fen
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

    -- What leaves is what the rows of set-off say.
    CREATE FUNCTION funds_netted_is_named() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM funds_paymentline l WHERE l.batch_id = NEW.id AND l.netted_fen <> (
                SELECT coalesce(sum(amount_fen), 0) FROM funds_netting WHERE line_id = l.id)
        ) THEN
            RAISE EXCEPTION 'something is set off against nothing'
                USING ERRCODE = '23514', CONSTRAINT = 'netted_is_named';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER funds_netted_is_named BEFORE UPDATE ON funds_paymentbatch
    FOR EACH ROW WHEN (NEW.state IN ('released', 'sent') AND OLD.state NOT IN ('released', 'sent', 'settled'))
    EXECUTE FUNCTION funds_netted_is_named();

    -- Given up with as many hands as the sum asks for; what was decided is kept.
    CREATE FUNCTION funds_write_off_is_signed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.state = 'done' AND (SELECT count(*) FROM funds_writeoffsignature WHERE write_off_id = NEW.id)
            < NEW.cosigners THEN
            RAISE EXCEPTION 'not signed by all who must' USING ERRCODE = '23514', CONSTRAINT = 'write_off_is_signed';
        END IF;
        IF (NEW.recovery_id, NEW.amount_fen, NEW.ground, NEW.why, NEW.document, NEW.asked_by_id, NEW.asked_person_id)
            IS DISTINCT FROM
            (OLD.recovery_id, OLD.amount_fen, OLD.ground, OLD.why, OLD.document, OLD.asked_by_id, OLD.asked_person_id)
        THEN
            RAISE EXCEPTION 'it is kept as it was asked' USING ERRCODE = '23514', CONSTRAINT = 'word_is_kept';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER funds_write_off_is_signed BEFORE UPDATE ON funds_writeoff
    FOR EACH ROW EXECUTE FUNCTION funds_write_off_is_signed();
    CREATE TRIGGER funds_write_offs_are_kept BEFORE UPDATE OR DELETE ON funds_writeoff
    FOR EACH ROW EXECUTE FUNCTION funds_word_is_kept();
    CREATE TRIGGER funds_write_off_hands_are_final BEFORE UPDATE OR DELETE ON funds_writeoffsignature
    FOR EACH ROW EXECUTE FUNCTION funds_entries_are_final();
    CREATE TRIGGER funds_reopenings_are_final BEFORE UPDATE OR DELETE ON funds_reopening
    FOR EACH ROW EXECUTE FUNCTION funds_entries_are_final();

    CREATE FUNCTION funds_plans_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL
            OR (NEW.recovery_id, NEW.document, NEW.was_due_on, NEW.made_by_id, NEW.made_at)
            IS DISTINCT FROM (OLD.recovery_id, OLD.document, OLD.was_due_on, OLD.made_by_id, OLD.made_at)
        THEN
            RAISE EXCEPTION 'a plan is kept as it was agreed' USING ERRCODE = '23514', CONSTRAINT = 'plan_is_kept';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER funds_plans_are_kept BEFORE UPDATE OR DELETE ON funds_plan
    FOR EACH ROW EXECUTE FUNCTION funds_plans_are_kept();
    CREATE FUNCTION funds_instalments_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR (NEW.plan_id, NEW.number, NEW.due_on, NEW.amount_fen, NEW.until_fen)
            IS DISTINCT FROM (OLD.plan_id, OLD.number, OLD.due_on, OLD.amount_fen, OLD.until_fen)
        THEN
            RAISE EXCEPTION 'a plan is kept as it was agreed' USING ERRCODE = '23514', CONSTRAINT = 'plan_is_kept';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER funds_instalments_are_kept BEFORE UPDATE OR DELETE ON funds_instalment
    FOR EACH ROW EXECUTE FUNCTION funds_instalments_are_kept();

    -- What is set off waits beside the payment and is moved on with it, whole.
    DO $$
    DECLARE
        body text := pg_get_functiondef('funds_entries_are_sound()'::regprocedure);
    BEGIN
        IF position('''frozen'', ''reserved'', ''transit''' IN body) = 0 THEN
            RAISE EXCEPTION 'the ledger''s trigger is not what it was';
        END IF;
        EXECUTE replace(body, '''frozen'', ''reserved'', ''transit''', '''frozen'', ''reserved'', ''transit'', ''netting''');
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0019_debts")]
    operations = [migrations.RunSQL(FORBID)]
