from django.db import migrations, models
from django.db.models import F, Q

# What of a recovery is given up stands with it; whatever our code does, it is what two people have written off.
HELD = """
    CREATE OR REPLACE FUNCTION funds_netting_is_sound() RETURNS trigger LANGUAGE plpgsql AS $$
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
        IF debt.received_fen + debt.written_off_fen + funds_pending_of(debt.id) + NEW.amount_fen > debt.amount_fen THEN
            RAISE EXCEPTION 'more would be set off than is left'
                USING ERRCODE = '23514', CONSTRAINT = 'netting_is_within_recovery';
        END IF;
        RETURN NEW;
    END $$;

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
        IF TG_OP = 'UPDATE' AND
            NEW.received_fen + NEW.written_off_fen + funds_pending_of(NEW.id) > NEW.amount_fen THEN
            RAISE EXCEPTION 'part of it is being set off'
                USING ERRCODE = '23514', CONSTRAINT = 'netting_is_within_recovery';
        END IF;
        IF TG_OP = 'UPDATE' AND NEW.written_off_fen <> OLD.written_off_fen AND NEW.written_off_fen <> (
            SELECT coalesce(sum(w.amount_fen), 0)
            FROM funds_writeoff w LEFT JOIN funds_reopening r ON r.write_off_id = w.id
            WHERE w.recovery_id = NEW.id AND w.state = 'done' AND r.id IS NULL
        ) THEN
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

    ALTER TABLE funds_recovery DISABLE TRIGGER funds_recovery_is_within_payment;
    UPDATE funds_recovery SET written_off_fen = amount_fen - received_fen WHERE state = 'written-off';
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE funds_recovery ENABLE TRIGGER funds_recovery_is_within_payment;
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0022_payees_before_release")]
    operations = [
        migrations.AddField("recovery", "written_off_fen", models.BigIntegerField(db_default=0, default=0)),
        migrations.RemoveConstraint("recovery", "no_more_comes_back_than_was_ordered"),
        migrations.RemoveConstraint("recovery", "recovered_when_all_came_back"),
        migrations.RunSQL(HELD, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "recovery",
            models.CheckConstraint(
                name="no_more_comes_back_than_was_ordered",
                condition=Q(received_fen__gte=0, written_off_fen__gte=0)
                & Q(received_fen__lte=F("amount_fen") - F("written_off_fen")),
            ),
        ),
        migrations.AddConstraint(
            "recovery",
            models.CheckConstraint(
                name="recovered_when_all_came_back",
                condition=Q(state="done", received_fen=F("amount_fen"))
                | Q(state="open", received_fen__lt=F("amount_fen") - F("written_off_fen"))
                | Q(state="written-off", written_off_fen__gt=0, received_fen=F("amount_fen") - F("written_off_fen"))
                | Q(state__in=["asked", "refused"], received_fen=0, written_off_fen=0),
            ),
        ),
    ]
