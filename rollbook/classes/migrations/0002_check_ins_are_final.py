from django.db import migrations

FORBID = """
    CREATE FUNCTION classes_check_ins_are_final() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a check-in is never changed'; END $$;
    CREATE TRIGGER classes_check_ins_are_final BEFORE UPDATE OR DELETE ON classes_checkin
    FOR EACH ROW EXECUTE FUNCTION classes_check_ins_are_final();
"""
ALLOW = "DROP FUNCTION classes_check_ins_are_final CASCADE"


class Migration(migrations.Migration):
    dependencies = [("classes", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
