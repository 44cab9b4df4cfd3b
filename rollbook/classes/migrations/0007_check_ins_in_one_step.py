from django.db import migrations

FUNCTIONS = """
    -- What decides on each check-in asked for: first the trainees' rows are locked, in their order, then everything
    -- is read, so that whoever waited sees what the other wrote.
    CREATE FUNCTION classes_check_in_facts(asked json) RETURNS TABLE (
        n integer, lesson_id bigint, starts_at timestamptz, ends_at timestamptz, closed_at timestamptz,
        room_id bigint, teacher_person_id bigint, latitude double precision, longitude double precision,
        class_id bigint, title varchar, state varchar, starts_on date, region_code varchar, institution_id bigint,
        enrolment_id bigint, in_at timestamptz, out_at timestamptz, presence varchar, minutes smallint,
        wrong_codes smallint, is_decided boolean, known_lesson bigint, known_enrolment bigint, known_aside varchar,
        is_signed_in boolean
    ) LANGUAGE plpgsql AS $$
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
               (a.session IS NULL OR EXISTS (
                   SELECT FROM accounts_account u JOIN django_session d ON d.session_key = u.session_key
                   WHERE u.id = a.account AND u.is_active AND d.expire_date > now()
                         AND encode(sha256(convert_to(u.session_key, 'UTF8')), 'hex') = a.session))
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

    -- Marks and then the events behind them. What was kept before stays as it was.
    CREATE FUNCTION classes_keep_check_ins(marks json, events json) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO classes_attendance AS kept
            (lesson_id, enrolment_id, in_at, out_at, presence, minutes, wrong_codes)
        SELECT m.lesson_id, m.enrolment_id, m.in_at, m.out_at, m.presence, m.minutes, m.wrong_codes
        FROM json_to_recordset(marks) AS m (lesson_id bigint, enrolment_id bigint, in_at timestamptz,
            out_at timestamptz, presence text, minutes smallint, wrong_codes smallint)
        ON CONFLICT (lesson_id, enrolment_id) DO UPDATE SET in_at = excluded.in_at, out_at = excluded.out_at,
            presence = excluded.presence, minutes = excluded.minutes, wrong_codes = excluded.wrong_codes;
        INSERT INTO classes_checkin
            (event_id, held_on, lesson_id, enrolment_id, direction, means, happened_at, received_at, device, by_id,
             reader_id, sequence, nonce, skew_seconds, latitude, longitude, accuracy, distance, is_mock, set_aside)
        SELECT e.event_id, e.held_on, e.lesson_id, e.enrolment_id, e.direction, e.means, e.happened_at, e.received_at,
               e.device, e.by_id, e.reader_id, e.sequence, e.nonce, e.skew_seconds, e.latitude, e.longitude,
               e.accuracy, e.distance, e.is_mock, e.set_aside
        FROM json_to_recordset(events) AS e (event_id uuid, held_on date, lesson_id bigint, enrolment_id bigint,
            direction text, means text, happened_at timestamptz, received_at timestamptz, device text, by_id bigint,
            reader_id bigint, sequence bigint, nonce text, skew_seconds integer, latitude double precision,
            longitude double precision, accuracy integer, distance integer, is_mock boolean, set_aside text)
        ON CONFLICT DO NOTHING;
    END $$;
"""
AWAY = """
    DROP FUNCTION classes_check_in_facts(json);
    DROP FUNCTION classes_keep_check_ins(json, json);
"""


class Migration(migrations.Migration):
    dependencies = [("classes", "0006_devices_and_months")]
    operations = [migrations.RunSQL(FUNCTIONS, AWAY)]
