from django.db import migrations

# Nobody takes a photograph of a candidate away or puts another in its place, and none comes after the lock (N5.2, N7.4).
SQL = """
    CREATE FUNCTION assessment_door_photos_are_final() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a photograph at the door is final'; END $$;
    CREATE TRIGGER assessment_door_photos_are_final BEFORE UPDATE OR DELETE ON assessment_doorphoto
    FOR EACH ROW EXECUTE FUNCTION assessment_door_photos_are_final();
    CREATE TRIGGER assessment_locked_sittings BEFORE INSERT ON assessment_doorphoto
    FOR EACH ROW EXECUTE FUNCTION assessment_locked_sittings();
"""
UNDO = """
    DROP TRIGGER assessment_locked_sittings ON assessment_doorphoto;
    DROP TRIGGER assessment_door_photos_are_final ON assessment_doorphoto;
    DROP FUNCTION assessment_door_photos_are_final;
"""


class Migration(migrations.Migration):
    dependencies = [("assessment", "0005_door_photos")]
    operations = [migrations.RunSQL(SQL, UNDO)]
