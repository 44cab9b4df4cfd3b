from django.db import migrations

# A handful of check-ins is looked up by index, whatever the tables' statistics say, by a plan that is made once. What
# the planner did of itself was to hash all sessions there are, to find the one that a ticket belongs to.
FUNCTION = """
    CREATE OR REPLACE FUNCTION classes_check_in_facts(asked json) RETURNS TABLE (
        n integer, lesson_id bigint, starts_at timestamptz, ends_at timestamptz, closed_at timestamptz,
        room_id bigint, teacher_person_id bigint, latitude double precision, longitude double precision,
        class_id bigint, title varchar, state varchar, starts_on date, region_code varchar, institution_id bigint,
        enrolment_id bigint, in_at timestamptz, out_at timestamptz, presence varchar, minutes smallint,
        wrong_codes smallint, is_decided boolean, known_lesson bigint, known_enrolment bigint, known_aside varchar,
        is_signed_in boolean
    ) LANGUAGE plpgsql
        SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = off SET enable_hashjoin = off
        SET enable_mergejoin = off AS $$
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
               EXISTS (SELECT FROM classes_leave x
                       WHERE x.lesson_id = l.id AND x.enrolment_id = e.id AND x.state = 'granted')
               OR EXISTS (SELECT FROM classes_correction x
                          WHERE x.lesson_id = l.id AND x.enrolment_id = e.id AND x.state = 'granted'),
               k.lesson_id, k.enrolment_id, k.set_aside,
               (a.session IS NULL OR coalesce((
                   SELECT encode(sha256(convert_to(u.session_key, 'UTF8')), 'hex') = a.session
                   FROM accounts_account u JOIN django_session d ON d.session_key = u.session_key
                   WHERE u.id = a.account AND u.is_active AND d.expire_date > now()), false))
               AND (a.reader IS NULL
                    OR EXISTS (SELECT FROM classes_device v WHERE v.id = a.reader AND v.state = 'active'))
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
        LEFT JOIN classes_attendance m ON m.lesson_id = l.id AND m.enrolment_id = e.id
        LEFT JOIN classes_checkin k ON k.event_id = a.event
              AND k.held_on = (l.starts_at AT TIME ZONE 'Asia/Shanghai')::date;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("classes", "0009_teachers_and_rolls")]
    operations = [migrations.RunSQL(FUNCTION, migrations.RunSQL.noop)]
