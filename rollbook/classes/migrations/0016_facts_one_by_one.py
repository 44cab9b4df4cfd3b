import django.db.models.deletion
from django.db import migrations, models

# Every fact of a check-in is looked up by its own key, whatever the planner thinks of the tables. Joined, or asked for
# with EXISTS, it read all devices, all granted leave and, where a month had begun after the plan was made, all check-ins
# of the month each time. A subquery that gives at most one row cannot be turned into either.
FUNCTION = """
    CREATE OR REPLACE FUNCTION classes_check_in_facts(asked json) RETURNS TABLE (
        n integer, lesson_id bigint, starts_at timestamptz, ends_at timestamptz, closed_at timestamptz,
        room_id bigint, teacher_person_id bigint, latitude double precision, longitude double precision,
        class_id bigint, title varchar, state varchar, starts_on date, region_code varchar, institution_id bigint,
        enrolment_id bigint, in_at timestamptz, out_at timestamptz, presence varchar, minutes smallint,
        wrong_codes smallint, is_decided boolean, known_lesson bigint, known_enrolment bigint, known_aside varchar,
        is_signed_in boolean, is_make_up boolean
    ) LANGUAGE plpgsql
        SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = off SET enable_hashjoin = off
        SET enable_mergejoin = off SET enable_material = off AS $$
    BEGIN
        PERFORM FROM classes_enrolment e WHERE e.id IN (
            SELECT coalesce(a.enrolment, (
                SELECT o.id FROM classes_enrolment o JOIN classes_lesson l ON l.training_class_id = o.training_class_id
                WHERE l.id = a.lesson AND o.person_id = a.person
            ))
            FROM json_to_recordset(asked) AS a (lesson bigint, enrolment bigint, person bigint)
        ) ORDER BY e.id FOR NO KEY UPDATE;
        RETURN QUERY
        SELECT a.n, l.id, l.starts_at, l.ends_at, l.attendance_closed_at, l.room_id, l.teacher_person_id,
               s.latitude::double precision, s.longitude::double precision,
               c.id, c.title, c.state, c.starts_on, c.region_code, c.institution_id,
               e.id, m.in_at, m.out_at, m.presence, m.minutes, m.wrong_codes,
               coalesce((SELECT true FROM classes_leave x
                         WHERE x.lesson_id = l.id AND x.enrolment_id = e.id AND x.state = 'granted' LIMIT 1),
                        (SELECT true FROM classes_correction x
                         WHERE x.lesson_id = l.id AND x.enrolment_id = e.id AND x.state = 'granted' LIMIT 1), false),
               k.lesson_id, k.enrolment_id, k.set_aside,
               (a.session IS NULL OR coalesce((
                   SELECT encode(sha256(convert_to(u.session_key, 'UTF8')), 'hex') = a.session
                   FROM accounts_account u JOIN django_session d ON d.session_key = u.session_key
                   WHERE u.id = a.account AND u.is_active AND d.expire_date > now()), false))
               AND (a.reader IS NULL
                    OR coalesce((SELECT v.state = 'active' FROM classes_device v WHERE v.id = a.reader), false)),
               l.is_make_up
        FROM json_to_recordset(asked) AS a (
            n integer, lesson bigint, enrolment bigint, person bigint, event uuid, account bigint, session text,
            reader bigint)
        JOIN classes_lesson l ON l.id = a.lesson
        JOIN classes_trainingclass c ON c.id = l.training_class_id
        JOIN institutions_room r ON r.id = l.room_id
        JOIN institutions_site s ON s.id = r.site_id
        LEFT JOIN classes_enrolment e ON e.training_class_id = c.id AND e.dropped_at IS NULL
              AND e.id = coalesce(a.enrolment, (
                  SELECT o.id FROM classes_enrolment o WHERE o.training_class_id = c.id AND o.person_id = a.person))
              AND (NOT l.is_make_up OR (
                  SELECT true FROM classes_makeup u JOIN classes_makeupplace p ON p.make_up_id = u.id
                  WHERE u.lesson_id = l.id AND p.enrolment_id = e.id LIMIT 1))
        LEFT JOIN LATERAL (
            SELECT m.in_at, m.out_at, m.presence, m.minutes, m.wrong_codes FROM classes_attendance m
            WHERE m.lesson_id = l.id AND m.enrolment_id = e.id LIMIT 1) m ON true
        LEFT JOIN LATERAL (
            SELECT k.lesson_id, k.enrolment_id, k.set_aside FROM classes_checkin k
            WHERE k.event_id = a.event AND k.held_on = (l.starts_at AT TIME ZONE 'Asia/Shanghai')::date LIMIT 1) k ON true;
    END $$;
"""
# A mark is written when its trainee comes and again at leaving: with room in its page it stays in its place, and no
# index is touched.
ROOM = "ALTER TABLE classes_attendance SET (fillfactor = 80)"
NO_ROOM = "ALTER TABLE classes_attendance RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [("classes", "0015_apprenticeships")]
    operations = [
        migrations.RunSQL(FUNCTION, migrations.RunSQL.noop),
        migrations.RunSQL(ROOM, NO_ROOM),
        # Five indexes on marks, of which two said the same and one only the beginning of another.
        migrations.RemoveIndex(model_name="attendance", name="attendance_by_enrolment"),
        migrations.AlterField(
            model_name="attendance",
            name="lesson",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attendances",
                to="classes.lesson",
            ),
        ),
        migrations.AlterField(
            model_name="attendance",
            name="enrolment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attendances",
                to="classes.enrolment",
            ),
        ),
        migrations.AddIndex(
            model_name="attendance",
            index=models.Index(fields=["enrolment", "lesson"], name="attendance_by_enrolment"),
        ),
    ]
