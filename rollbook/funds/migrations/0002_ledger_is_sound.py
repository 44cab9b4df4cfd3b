from django.db import migrations

# Three things that no code of ours may break: entries never change; each moves its account's
# balance; the entries of a transaction sum to zero and stay within one fund.
FORBID = """
    CREATE FUNCTION funds_entries_are_final() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;

    CREATE TRIGGER funds_entries_are_final BEFORE UPDATE OR DELETE ON funds_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION funds_entries_are_final();
    CREATE TRIGGER funds_transactions_are_final BEFORE UPDATE OR DELETE ON funds_transaction
    FOR EACH ROW EXECUTE FUNCTION funds_entries_are_final();

    -- In the order of the accounts, so that two transactions cannot wait for each other.
    CREATE FUNCTION funds_entries_move_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM funds_ledgeraccount WHERE id IN (SELECT account_id FROM entered)
        ORDER BY id FOR UPDATE;
        UPDATE funds_ledgeraccount a SET balance_fen = balance_fen + moved.amount_fen
        FROM (SELECT account_id, sum(amount_fen) AS amount_fen FROM entered GROUP BY 1) moved
        WHERE a.id = moved.account_id;
        RETURN NULL;
    END $$;

    CREATE TRIGGER funds_entries_move_balances AFTER INSERT ON funds_ledgerentry
    REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION funds_entries_move_balances();

    CREATE FUNCTION funds_transactions_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM funds_ledgerentry e JOIN funds_ledgeraccount a ON a.id = e.account_id
            WHERE e.transaction_id = NEW.transaction_id
            HAVING sum(e.amount_fen) <> 0 OR count(DISTINCT a.fund) > 1
        ) THEN
            RAISE EXCEPTION 'the transaction does not balance within one fund'
                USING ERRCODE = '23514', CONSTRAINT = 'transaction_balances';
        END IF;
        RETURN NULL;
    END $$;

    CREATE CONSTRAINT TRIGGER funds_transactions_balance AFTER INSERT ON funds_ledgerentry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION funds_transactions_balance();
"""
ALLOW = """
    DROP FUNCTION funds_entries_are_final CASCADE;
    DROP FUNCTION funds_entries_move_balances CASCADE;
    DROP FUNCTION funds_transactions_balance CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
