from django.db import migrations

# A published policy is never edited: of it only the end of its validity may be set (N13.1). And
# whatever our code does, a person has an occupation's level once, and nothing below one that was
# had (N12.3): claims of one person come one after the other, and each looks at those before it.
FORBID = """
    CREATE FUNCTION subsidies_policies_stay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.state = 'published' AND (TG_OP = 'DELETE' OR
            (to_jsonb(NEW) - 'in_force') <> (to_jsonb(OLD) - 'in_force')) THEN
            RAISE EXCEPTION 'a published policy is final';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER subsidies_policies_stay BEFORE UPDATE OR DELETE ON subsidies_policyversion
    FOR EACH ROW EXECUTE FUNCTION subsidies_policies_stay();

    CREATE FUNCTION subsidies_higher_bars_lower() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.state = 'refused' OR NEW.level = '0'
            OR NEW.kind NOT IN ('level', 'upgrade', 'apprentice', 'evaluation') THEN
            RETURN NEW;
        END IF;
        PERFORM FROM persons_person WHERE id = NEW.person_id FOR UPDATE;
        IF EXISTS (
            SELECT FROM subsidies_claim
            WHERE person_id = NEW.person_id AND occupation_identity = NEW.occupation_identity
            AND kind IN ('level', 'upgrade', 'apprentice', 'evaluation')
            AND (kind = 'evaluation') = (NEW.kind = 'evaluation')
            AND state <> 'refused' AND id <> NEW.id AND level <> '0' AND level < NEW.level
        ) THEN
            RAISE EXCEPTION 'a higher level of this occupation was had'
                USING ERRCODE = '23514', CONSTRAINT = 'higher_level_bars_lower';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER subsidies_higher_bars_lower BEFORE INSERT ON subsidies_claim
    FOR EACH ROW EXECUTE FUNCTION subsidies_higher_bars_lower();
"""
ALLOW = "DROP FUNCTION subsidies_policies_stay CASCADE; DROP FUNCTION subsidies_higher_bars_lower CASCADE"


class Migration(migrations.Migration):
    dependencies = [("subsidies", "0002_policies")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
