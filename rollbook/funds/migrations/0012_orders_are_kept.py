from django.db import migrations

# What was asked stays as it was asked; what was decided stays decided.
FORBID = """
    CREATE FUNCTION funds_orders_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.state <> 'asked' OR
            (NEW.id, NEW.key, NEW.kind, NEW.fund, NEW.year, NEW.region_code, NEW.target_region, NEW.amount_fen,
             NEW.document, NEW.until, NEW.booked_on, NEW.of_id, NEW.asked_by_id, NEW.asked_person_id)
            IS DISTINCT FROM
            (OLD.id, OLD.key, OLD.kind, OLD.fund, OLD.year, OLD.region_code, OLD.target_region, OLD.amount_fen,
             OLD.document, OLD.until, OLD.booked_on, OLD.of_id, OLD.asked_by_id, OLD.asked_person_id)
        THEN
            RAISE EXCEPTION 'an order is kept as it was asked' USING ERRCODE = '23514', CONSTRAINT = 'order_is_kept';
        END IF;
        RETURN NEW;
    END $$;

    CREATE TRIGGER funds_orders_are_kept BEFORE UPDATE OR DELETE ON funds_fundorder
    FOR EACH ROW EXECUTE FUNCTION funds_orders_are_kept();

    -- Whoever posts to an account of the month waits, or is waited for.
    CREATE FUNCTION funds_closing_waits() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM FROM funds_ledgeraccount WHERE region_code = NEW.region_code AND fund = NEW.fund ORDER BY id FOR UPDATE;
        RETURN NEW;
    END $$;

    CREATE TRIGGER funds_closing_waits BEFORE INSERT ON funds_closing
    FOR EACH ROW EXECUTE FUNCTION funds_closing_waits();
"""
ALLOW = "DROP FUNCTION funds_orders_are_kept CASCADE; DROP FUNCTION funds_closing_waits CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("funds", "0011_orders")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
