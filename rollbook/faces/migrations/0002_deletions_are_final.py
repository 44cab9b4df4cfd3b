from django.db import migrations

# The certificate of a deletion stays as it was written, whoever writes past our code.
SQL = """
CREATE FUNCTION faces_deletions_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the certificate of a deletion is final';
END $$;
CREATE TRIGGER faces_deletions_are_final BEFORE UPDATE OR DELETE ON faces_deletion
    FOR EACH ROW EXECUTE FUNCTION faces_deletions_are_final();
"""
UNDO = "DROP TRIGGER faces_deletions_are_final ON faces_deletion; DROP FUNCTION faces_deletions_are_final();"


class Migration(migrations.Migration):
    dependencies = [("faces", "0001_initial")]
    operations = [migrations.RunSQL(SQL, UNDO)]
