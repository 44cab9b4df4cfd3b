from django.db import migrations

# Whatever our code does: a person has a level of an occupation once, and none below one that was had,
# under whichever of their records, code or fund (N12.3); and a decision stays what it was (B1), but
# for a returned claim that is decided anew. Claims of one person come one after the other, and each
# looks at those before it.
FORBID = """
    -- Its plan is kept from when the table was small: without the setting it would read the whole table each time.
    CREATE OR REPLACE FUNCTION subsidies_higher_bars_lower() RETURNS trigger LANGUAGE plpgsql
        SET enable_seqscan = off AS $$
    DECLARE
        same bigint[] := ARRAY[NEW.person_id];
        is_merged boolean;
    BEGIN
        IF NEW.state = 'refused' THEN
            RETURN NEW;
        END IF;
        SELECT p.merged_into_id IS NOT NULL OR EXISTS (SELECT FROM persons_person o WHERE o.merged_into_id = p.id)
            INTO is_merged FROM persons_person p WHERE p.id = NEW.person_id FOR NO KEY UPDATE OF p;
        IF is_merged THEN
            same := ARRAY(SELECT classes_records_of(NEW.person_id));
            PERFORM FROM persons_person WHERE id = ANY(same) ORDER BY id FOR NO KEY UPDATE;
        END IF;
        IF NOT EXISTS (
            SELECT FROM directory_demanditem i JOIN directory_occupation o ON o.id = i.occupation_id
            WHERE i.id = NEW.item_id AND o.identity = NEW.occupation_identity
        ) THEN
            RAISE EXCEPTION 'the claim names another occupation than its project'
                USING ERRCODE = '23514', CONSTRAINT = 'claim_is_for_the_occupation_of_its_project';
        END IF;
        IF EXISTS (
            SELECT FROM subsidies_claim
            WHERE person_id = ANY(same) AND occupation_identity = NEW.occupation_identity
            AND CASE WHEN NEW.kind IN ('evaluation', 'living', 'safety') THEN kind = NEW.kind
                ELSE kind NOT IN ('evaluation', 'living', 'safety') END
            AND state <> 'refused' AND id IS DISTINCT FROM NEW.id
            AND ((level = NEW.level AND NEW.kind NOT IN ('living', 'safety'))
                OR (level <> '0' AND level < NEW.level))
        ) THEN
            RAISE EXCEPTION 'this or a higher level of the occupation was had'
                USING ERRCODE = '23514', CONSTRAINT = 'had_level_bars_lower';
        END IF;
        RETURN NEW;
    END $$;
    DROP TRIGGER subsidies_higher_bars_lower ON subsidies_claim;
    CREATE TRIGGER subsidies_higher_bars_lower BEFORE INSERT ON subsidies_claim
    FOR EACH ROW EXECUTE FUNCTION subsidies_higher_bars_lower();
    CREATE TRIGGER subsidies_refused_stays_barred BEFORE UPDATE OF state ON subsidies_claim
    FOR EACH ROW WHEN (OLD.state = 'refused' AND NEW.state <> 'refused')
    EXECUTE FUNCTION subsidies_higher_bars_lower();

    CREATE FUNCTION subsidies_decisions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'a claim is never deleted';
        END IF;
        IF (NEW.enrolment_id, NEW.person_id, NEW.institution_id, NEW.item_id, NEW.region_code, NEW.kind,
            NEW.occupation_identity, NEW.level, NEW.fund, NEW.filed_at, NEW.filed_by_id)
            IS DISTINCT FROM
           (OLD.enrolment_id, OLD.person_id, OLD.institution_id, OLD.item_id, OLD.region_code, OLD.kind,
            OLD.occupation_identity, OLD.level, OLD.fund, OLD.filed_at, OLD.filed_by_id)
        OR NOT (OLD.state = 'returned' AND NEW.state = 'filed' AND NEW.filings = OLD.filings + 1) AND
           (NEW.amount_fen, NEW.policy_id, NEW.facts, NEW.working, NEW.grounds, NEW.sources, NEW.filings)
            IS DISTINCT FROM
           (OLD.amount_fen, OLD.policy_id, OLD.facts, OLD.working, OLD.grounds, OLD.sources, OLD.filings)
        THEN
            RAISE EXCEPTION 'a decision is final'
                USING ERRCODE = '23514', CONSTRAINT = 'decision_is_final';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER subsidies_decisions_stay BEFORE UPDATE OR DELETE ON subsidies_claim
    FOR EACH ROW EXECUTE FUNCTION subsidies_decisions_stay();

    CREATE FUNCTION subsidies_identity_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM classes_levelreservation WHERE occupation_identity = OLD.identity)
            OR EXISTS (SELECT FROM subsidies_claim WHERE occupation_identity = OLD.identity) THEN
            RAISE EXCEPTION 'people were trained in this occupation: its identity stays'
                USING ERRCODE = '23514', CONSTRAINT = 'identity_of_an_occupation_stays';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER subsidies_identity_stays BEFORE UPDATE OF identity ON directory_occupation
    FOR EACH ROW WHEN (OLD.identity <> NEW.identity) EXECUTE FUNCTION subsidies_identity_stays();
"""
ALLOW = """
    DROP FUNCTION subsidies_decisions_stay CASCADE;
    DROP FUNCTION subsidies_identity_stays CASCADE;
    DROP TRIGGER subsidies_refused_stays_barred ON subsidies_claim;
"""


class Migration(migrations.Migration):
    dependencies = [("subsidies", "0004_never_twice"), ("classes", "0005_higher_bars_lower")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
