from django.db import migrations

# Whatever our code does: nobody is trained at public cost at a level of an occupation that they had,
# or below one that they had, under whichever of their records (N12.3). Who reserves waits for
# whoever reserves for the same person, and then looks.
FORBID = """
    CREATE FUNCTION classes_records_of(person bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
        WITH RECURSIVE above AS (
            SELECT id, merged_into_id FROM persons_person WHERE id = person
            UNION SELECT p.id, p.merged_into_id FROM persons_person p JOIN above ON p.id = above.merged_into_id
        ), same AS (
            SELECT id FROM above WHERE merged_into_id IS NULL
            UNION SELECT p.id FROM persons_person p JOIN same ON p.merged_into_id = same.id
        )
        SELECT id FROM same
    $$;

    -- Its plan is kept from when the table was small: without the setting it would read the whole table each time.
    CREATE FUNCTION classes_higher_bars_lower() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
    DECLARE
        same bigint[] := ARRAY[NEW.person_id];
        is_merged boolean;
    BEGIN
        IF NEW.released_at IS NOT NULL THEN
            RETURN NEW;
        END IF;
        SELECT p.merged_into_id IS NOT NULL OR EXISTS (SELECT FROM persons_person o WHERE o.merged_into_id = p.id)
            INTO is_merged FROM persons_person p WHERE p.id = NEW.person_id FOR NO KEY UPDATE OF p;
        IF is_merged THEN
            same := ARRAY(SELECT classes_records_of(NEW.person_id));
            PERFORM FROM persons_person WHERE id = ANY(same) ORDER BY id FOR NO KEY UPDATE;
        END IF;
        IF EXISTS (
            SELECT FROM classes_levelreservation
            WHERE person_id = ANY(same) AND id IS DISTINCT FROM NEW.id
            AND occupation_identity = NEW.occupation_identity AND released_at IS NULL
            AND (level = NEW.level OR (level <> '0' AND level < NEW.level))
        ) THEN
            RAISE EXCEPTION 'this or a higher level of the occupation was had'
                USING ERRCODE = '23514', CONSTRAINT = 'had_level_bars_lower';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER classes_higher_bars_lower BEFORE INSERT OR UPDATE OF released_at ON classes_levelreservation
    FOR EACH ROW EXECUTE FUNCTION classes_higher_bars_lower();
"""
ALLOW = "DROP FUNCTION classes_higher_bars_lower CASCADE; DROP FUNCTION classes_records_of CASCADE"


class Migration(migrations.Migration):
    dependencies = [("classes", "0004_never_twice"), ("persons", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
