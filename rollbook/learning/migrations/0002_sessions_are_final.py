from django.db import migrations

# What a platform said first stays as it was said (N7.4).
FORBID = """
    CREATE FUNCTION learning_first_word_stays() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'what a platform filed is never changed'; END $$;
    CREATE TRIGGER learning_first_word_stays BEFORE UPDATE OR DELETE ON learning_session
    FOR EACH ROW EXECUTE FUNCTION learning_first_word_stays();
    CREATE TRIGGER learning_first_word_stays BEFORE UPDATE OR DELETE ON learning_quiz
    FOR EACH ROW EXECUTE FUNCTION learning_first_word_stays();
    CREATE TRIGGER learning_first_word_stays BEFORE UPDATE OR DELETE ON learning_restated
    FOR EACH ROW EXECUTE FUNCTION learning_first_word_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("learning", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, "DROP FUNCTION learning_first_word_stays CASCADE")]
