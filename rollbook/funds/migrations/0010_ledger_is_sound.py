from django.db import migrations

# Everything about a batch of postings is proved at once, when its statement ends: half a million rows are then
# two joins, not half a million questions. SECURITY DEFINER: whoever posts needs no right to touch a balance.
FORBID = """
    DROP TRIGGER funds_transactions_balance ON funds_ledgerentry;
    DROP FUNCTION funds_transactions_balance;
    DROP TRIGGER funds_entries_move_balances ON funds_ledgerentry;
    DROP FUNCTION funds_entries_move_balances;

    CREATE FUNCTION funds_ledger_refuses(what text, name text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '%', what USING ERRCODE = '23514', CONSTRAINT = name;
    END $$;

    CREATE FUNCTION funds_entries_are_sound() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        touched bigint[];
    BEGIN
        SELECT array_agg(DISTINCT account_id ORDER BY account_id) INTO touched FROM entered;
        IF touched IS NULL THEN RETURN NULL; END IF;

        -- In the order of the accounts, so that two postings cannot wait for each other. From here on nobody
        -- closes a month of theirs and nobody reverses what they hold.
        PERFORM FROM funds_ledgeraccount WHERE id = ANY(touched) ORDER BY id FOR UPDATE;
        IF (SELECT count(*) FROM funds_ledgeraccount WHERE id = ANY(touched)) <> cardinality(touched) THEN
            PERFORM funds_ledger_refuses('an entry names no account', 'entry_has_its_account');
        END IF;

        -- Each transaction sums to zero, within one fund, and all its entries are written at once.
        IF EXISTS (
            SELECT FROM entered e JOIN funds_ledgeraccount a ON a.id = e.account_id
            GROUP BY e.transaction_id
            HAVING sum(e.amount_fen) <> 0 OR min(a.fund) <> max(a.fund)
        ) THEN
            PERFORM funds_ledger_refuses('the transaction does not balance within one fund', 'transaction_balances');
        END IF;
        IF (SELECT count(*) FROM funds_ledgerentry WHERE transaction_id IN (SELECT transaction_id FROM entered))
            <> (SELECT count(*) FROM entered) THEN
            PERFORM funds_ledger_refuses('the transaction was posted before', 'transaction_is_posted_once');
        END IF;
        IF EXISTS (
            SELECT FROM entered e LEFT JOIN funds_transaction t ON t.id = e.transaction_id WHERE t.id IS NULL
        ) THEN
            PERFORM funds_ledger_refuses('an entry has no transaction', 'entry_has_its_transaction');
        END IF;

        -- A closed month takes adjustments alone.
        IF EXISTS (SELECT FROM funds_closing) AND EXISTS (
            SELECT FROM entered e
            JOIN funds_transaction t ON t.id = e.transaction_id
            JOIN funds_ledgeraccount a ON a.id = e.account_id
            JOIN funds_closing c ON c.region_code = a.region_code AND c.fund = a.fund
                AND c.month = date_trunc('month', t.booked_on)::date
            WHERE t.reverses_id IS NULL
        ) THEN
            PERFORM funds_ledger_refuses('the month is closed', 'closed_month_takes_adjustments');
        END IF;

        -- What is taken from where money waits closes what put it there, whole.
        IF EXISTS (
            SELECT FROM entered e
            JOIN funds_ledgeraccount a ON a.id = e.account_id AND a.kind IN ('frozen', 'reserved', 'transit')
            JOIN funds_transaction t ON t.id = e.transaction_id
            LEFT JOIN funds_transaction p ON p.id = t.closes_id AND p.subject = t.subject
            LEFT JOIN funds_ledgerentry w
                ON w.transaction_id = p.id AND w.account_id = e.account_id AND w.amount_fen = -e.amount_fen
            WHERE e.amount_fen < 0 AND w.id IS NULL
        ) THEN
            PERFORM funds_ledger_refuses('nothing like that is pending', 'pending_is_closed_whole');
        END IF;

        -- What is reversed is what was posted, and no more of it in all.
        IF EXISTS (
            SELECT FROM entered e JOIN funds_transaction t ON t.id = e.transaction_id
            LEFT JOIN funds_transaction o ON o.id = t.reverses_id
            LEFT JOIN LATERAL (
                SELECT sum(x.amount_fen) AS amount_fen FROM funds_ledgerentry x
                WHERE x.transaction_id = o.id AND x.account_id = e.account_id
            ) was ON true
            LEFT JOIN LATERAL (
                SELECT sum(x.amount_fen) AS amount_fen
                FROM funds_ledgerentry x JOIN funds_transaction r ON r.id = x.transaction_id
                WHERE r.reverses_id = o.id AND x.account_id = e.account_id
            ) back ON true
            WHERE t.reverses_id IS NOT NULL AND (
                o.reverses_id IS NOT NULL OR was.amount_fen IS NULL
                OR sign(was.amount_fen) = sign(back.amount_fen) OR abs(back.amount_fen) > abs(was.amount_fen)
            )
        ) THEN
            PERFORM funds_ledger_refuses('more would be reversed than was posted', 'reversal_is_within_its_original');
        END IF;

        UPDATE funds_ledgeraccount a SET balance_fen = balance_fen + moved.amount_fen
        FROM (SELECT account_id, sum(amount_fen) AS amount_fen FROM entered GROUP BY 1) moved
        WHERE a.id = moved.account_id;
        RETURN NULL;
    END $$;

    CREATE TRIGGER funds_entries_are_sound AFTER INSERT ON funds_ledgerentry
    REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION funds_entries_are_sound();

    -- An account is opened empty, stays what it is, and moves by entries alone.
    CREATE FUNCTION funds_accounts_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' AND NEW.balance_fen = 0 THEN RETURN NEW; END IF;
        IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1
            AND (NEW.id, NEW.kind, NEW.fund, NEW.region_code, NEW.year)
            = (OLD.id, OLD.kind, OLD.fund, OLD.region_code, OLD.year)
        THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'a balance is moved by entries alone' USING ERRCODE = '23514', CONSTRAINT = 'accounts_are_kept';
    END $$;

    CREATE TRIGGER funds_accounts_are_kept BEFORE INSERT OR UPDATE OR DELETE ON funds_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION funds_accounts_are_kept();

    CREATE TRIGGER funds_closings_are_final BEFORE UPDATE OR DELETE ON funds_closing
    FOR EACH ROW EXECUTE FUNCTION funds_entries_are_final();
"""
ALLOW = """
    DROP FUNCTION funds_entries_are_sound CASCADE;
    DROP FUNCTION funds_accounts_are_kept CASCADE;
    DROP TRIGGER funds_closings_are_final ON funds_closing;
    DROP FUNCTION funds_ledger_refuses CASCADE;

    CREATE FUNCTION funds_entries_move_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE funds_ledgeraccount a SET balance_fen = balance_fen + moved.amount_fen
        FROM (SELECT account_id, sum(amount_fen) AS amount_fen FROM entered GROUP BY 1) moved
        WHERE a.id = moved.account_id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER funds_entries_move_balances AFTER INSERT ON funds_ledgerentry
    REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION funds_entries_move_balances();
    CREATE FUNCTION funds_transactions_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER funds_transactions_balance AFTER INSERT ON funds_ledgerentry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION funds_transactions_balance();
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0009_fill_ledger")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
