"""What of a simulated county goes into which table of the register, as queries over its Parquet files.

Numbers stay what they are: a class of the simulator has the same number in the register, so that the truth speaks of both.
`{first}` is where the numbers of the county begin. What the register has no column for is left out.
"""

# An account decides one thing here: managers of institutions have the number of theirs.
ACCOUNTS = """
    WITH managers AS (SELECT institution_id AS id, institution_id FROM institutions WHERE kind = 'training'),
    officers AS (
        SELECT id, 'county-reviewer' AS role FROM (
            SELECT DISTINCT decided_by AS id FROM classes UNION SELECT DISTINCT account_id FROM reviews
            UNION SELECT DISTINCT decided_by FROM corrections
        ) UNION SELECT {first} + 200, 'county-reviewer' UNION SELECT {first} + 300, 'county-second-reviewer'
    )
    SELECT id, 's' || id AS username, '!' AS password, 'institution-manager' AS role, '{region}' AS region_code, institution_id,
        NULL AS about FROM managers
    UNION ALL SELECT id, 's' || id, '!', role, '{region}', NULL, NULL FROM officers WHERE id NOT IN (SELECT id FROM managers)
"""

FIRMS = """
    SELECT 'c' || institution_id FROM institutions UNION SELECT company FROM insured_months UNION SELECT company FROM positions
"""

INSTITUTIONS = """
    SELECT institution_id AS id, '模拟机构 ' || institution_id AS name, f.code AS uscc, 'private-school' AS kind,
        region_code, coalesce(address, '') AS address, coalesce(legal_person, '') AS legal_person,
        coalesce(phone, '') AS phone, capacity, 'listed' AS state,
        coalesce(listed_on, DATE '2020-03-01')::timestamptz AS listed_at, 'institution:' || institution_id AS about
    FROM institutions i JOIN firms f ON f.number = i.institution_id
"""

# A room that only a lesson or a sitting names stands where that was.
SITES = """
    SELECT institution_id AS id, institution_id, '校区' AS name, coalesce(i.address, '') AS address, i.region_code,
        i.longitude::decimal(9,6) AS longitude, i.latitude::decimal(9,6) AS latitude,
        'institution:' || institution_id AS about
    FROM institutions i
"""

ROOMS = """
    WITH used AS (
        SELECT room_id, min(institution_id) AS site, 60 AS seats FROM exams GROUP BY room_id
        UNION ALL SELECT room_id, min(institution_id), 60 FROM lessons GROUP BY room_id
    ), known AS (
        SELECT r.room_id, coalesce(nullif(r.site_id, 0), u.site) AS site, r.seats, r.kind
        FROM rooms r LEFT JOIN (SELECT room_id, min(site) AS site FROM used GROUP BY room_id) u USING (room_id)
    )
    SELECT room_id AS id, site AS site_id, 'r' || room_id AS name, coalesce(kind, 'classroom') AS kind, seats, NULL AS about
    FROM known UNION ALL
    SELECT room_id, min(site), 'r' || room_id, 'classroom', 60, NULL FROM used
    WHERE room_id NOT IN (SELECT room_id FROM rooms) GROUP BY room_id
"""

EQUIPMENT = (
    "SELECT room_id AS id, room_id, '工位' AS name, 1 AS quantity, stations AS work_stations, NULL AS about FROM rooms"
)

PAPERS = """
    SELECT {first} + row_number() OVER () AS id, institution_id, CASE kind WHEN 'branch-licence' THEN 'fire' ELSE kind END AS kind,
        'P' || row_number() OVER () AS number, '[' || valid_from || ',' || (valid_until + 1) || ')' AS valid,
        'institution:' || institution_id AS about
    FROM papers
"""

PROJECTS = """
    SELECT {first} + row_number() OVER () AS id, p.institution_id, i.occupation_id, p.level, 'approved' AS state,
        '[' || min(from_on) || ',)' AS in_force, {first} + 200 AS decided_by_id, 'institution:' || p.institution_id AS about
    FROM projects p JOIN items i ON i.occupation = p.occupation AND i.level = p.level
    GROUP BY p.institution_id, i.occupation_id, p.level
"""

# Everybody who trains, teaches, or was on duty in a sitting.
EVERYBODY = """
    WITH staff AS (
        SELECT person_id FROM teachers UNION SELECT person_id FROM lessons UNION SELECT person_id FROM exam_staff
    )
    SELECT person_id, sex, birth_on, home_code, region_code, category, verification, phone, account, bank
    FROM persons LEFT JOIN bank_accounts USING (person_id) UNION ALL
    SELECT person_id, (1 + person_id % 2)::text, DATE '1968-01-01' + (person_id * 37 % 7000)::int, '{region}', '{region}', NULL,
        'matched', NULL, NULL, NULL
    FROM staff WHERE person_id NOT IN (SELECT person_id FROM persons) ORDER BY 1
"""

PERSONS = """
    SELECT person_id AS id, name, sex, birth_on, id_digest, id_masked, phone_masked, phone_digest, bank_masked, bank_digest,
        category, region_code, coalesce(verification, 'matched') AS verification, TIMESTAMPTZ '2025-12-01 02:00:00+00' AS verified_at,
        NULL AS about
    FROM people
"""

SEALED = "SELECT person_id, key_version, box, NULL AS about FROM sealed"

TEACHERS = """
    SELECT teacher_id AS id, institution_id, person_id, is_full_time, left_on, 'institution:' || institution_id AS about
    FROM teachers
"""

QUALIFICATIONS = """
    SELECT {first} + row_number() OVER () AS id, teacher_id, i.occupation_id, q.level, 'Q' || teacher_id AS certificate_number,
        expires_on, NULL AS about
    FROM qualifications q JOIN items i ON i.occupation = q.occupation AND i.level = q.level
"""

CLASSES = """
    SELECT class_id AS id, institution_id, c.region_code, i.item_id, i.occupation_id, c.level, title, certificate_kind,
        'full-time' AS study_form, starts_on, ends_on, planned_size, 'assessed' AS state, 'S' || class_id AS number,
        submitted_at AS created_at, submitted_at, institution_id AS submitted_by_id,
        CASE WHEN NOT is_deemed THEN decided_by END AS decided_by_id, decided_at, is_deemed, decided_at AS roster_frozen_at,
        starts_on::timestamptz AS started_at, ended_on::timestamptz + INTERVAL 10 HOUR AS ended_at, 'class:' || class_id AS about
    FROM classes c LEFT JOIN items i ON i.occupation = c.occupation AND i.level = c.level
"""

REVIEWS = """
    SELECT review_id AS id, subject_id AS training_class_id, 'first' AS stage, move, account_id AS by_id, "at",
        'class:' || subject_id AS about
    FROM reviews WHERE kind = 'class'
"""

LESSONS = """
    SELECT lesson_id AS id, class_id AS training_class_id, starts_at, ends_at, hours, kind, subject, room_id, teacher_id,
        person_id AS teacher_person_id, true AS is_binding, ends_at + INTERVAL 1 DAY AS attendance_closed_at,
        'class:' || class_id AS about
    FROM lessons ORDER BY starts_at
"""

ENROLMENTS = """
    SELECT enrolment_id AS id, class_id AS training_class_id, person_id, category, added_at, dropped_on::timestamptz AS dropped_at,
        coalesce(employer, '') AS employer, 'class:' || class_id AS about
    FROM enrolments
"""

# How long was taught is read from who came first and left last: where the simulator says less, everybody left earlier.
ATTENDANCE = """
    SELECT {first}000 + row_number() OVER (ORDER BY p.day, lesson_id, enrolment_id) AS id, lesson_id, enrolment_id,
        p.starts_at AS in_at,
        CASE WHEN l.taught_minutes < l.minutes - 6 THEN least(p.ends_at, l.starts_at + to_minutes(l.taught_minutes)) ELSE p.ends_at END
            AS out_at,
        presence, p.minutes, 'class:' || p.class_id AS about
    FROM presences p JOIN lessons l USING (lesson_id) ORDER BY p.day, lesson_id, enrolment_id
"""

CHECK_INS = """
    SELECT check_in_id AS id, uuid() AS event_id, day AS held_on, lesson_id, enrolment_id, direction, means, happened_at,
        received_at, coalesce(device, '') AS device, latitude, longitude, accuracy_m::int AS accuracy, outside_m::int AS distance,
        is_mock, 'class:' || class_id AS about
    FROM check_ins ORDER BY day, lesson_id
"""

CORRECTIONS = """
    SELECT {first} + row_number() OVER () AS id, lesson_id, enrolment_id, 'present' AS presence, minutes, '补记' AS reason,
        'granted' AS state, institution_id AS asked_by_id, asked_at, decided_by AS decided_by_id, asked_at + INTERVAL 1 DAY AS decided_at,
        'class:' || class_id AS about
    FROM corrections
"""

ASSESSMENTS = """
    SELECT class_id AS id, class_id AS training_class_id, min(day) AS held_on, 'class:' || class_id AS about
    FROM exams GROUP BY class_id
"""

# The key stands only where somebody's answers were kept.
SITTINGS = """
    WITH answered AS (SELECT exam_id, count(DISTINCT question) AS questions FROM answers GROUP BY exam_id)
    SELECT exam_id AS id, class_id AS assessment_id, kind AS part, room_id, starts_at, ends_at, minutes, coalesce(paper, '') AS paper,
        paper_drawn_on AS drawn_on, coalesce(array_to_string(list_transform(range(questions), lambda _: 'A'), ','), '') AS key,
        ends_at AS filed_at, trainer_id AS filed_by_id, 'class:' || class_id AS about
    FROM exams LEFT JOIN answered USING (exam_id)
"""

DUTIES = """
    SELECT {first} + row_number() OVER () AS id, s.exam_id AS sitting_id, s.person_id, duty AS kind, 'class:' || x.class_id AS about
    FROM exam_staff s JOIN exams x USING (exam_id)
"""

SHEETS = """
    WITH chosen AS (
        SELECT exam_id, enrolment_id, string_agg(choice, ',' ORDER BY question) AS choices FROM answers GROUP BY ALL
    )
    SELECT s.enrolment_id AS id, s.exam_id AS sitting_id, s.enrolment_id, s.minutes, coalesce(choices, '') AS choices,
        x.ends_at AS filed_at, x.trainer_id AS filed_by_id, 'class:' || s.class_id AS about
    FROM scores s JOIN exams x USING (exam_id) LEFT JOIN chosen c ON c.exam_id = s.exam_id AND c.enrolment_id = s.enrolment_id
"""

SCORES = """
    SELECT s.enrolment_id AS id, s.class_id AS assessment_id, s.enrolment_id, theory, practice,
        CASE WHEN passed THEN 'passed' ELSE 'failed' END AS result, s.day::timestamptz + INTERVAL 9 HOUR AS entered_at,
        c.institution_id AS entered_by_id, 'class:' || s.class_id AS about
    FROM scores s JOIN classes c USING (class_id)
"""

SCORE_CHANGES = """
    SELECT {first} + row_number() OVER () AS id, h.enrolment_id AS score_id, h.now AS theory, s.practice,
        '{{"theory": ' || h.was || '}}' AS was, '复核' AS reason, 'granted' AS state, c.institution_id AS asked_by_id,
        h.day::timestamptz + to_minutes(h.minute) - INTERVAL 8 HOUR AS asked_at, {first} + 200 AS decided_by_id,
        h.day::timestamptz + to_minutes(h.minute) - INTERVAL 8 HOUR AS decided_at, 'class:' || h.class_id AS about
    FROM score_changes h JOIN scores s USING (enrolment_id) JOIN classes c ON c.class_id = h.class_id
"""

CERTIFICATES = """
    SELECT certificate_id AS id, {series} AS series_id, certificate_id AS serial, t.number, md5('t' || certificate_id) AS token, enrolment_id,
        t.person_id, coalesce(p.name, '') AS name, coalesce(p.id_masked, '') AS id_masked, t.institution_id,
        '模拟机构 ' || t.institution_id AS institution_name, i.occupation_id, '职业' || t.occupation AS project, t.level,
        coalesce(c.hours, 0) AS hours, coalesce(c.starts_on, t.ends_on) AS starts_on, t.ends_on, issued_on, t.region_code,
        CASE WHEN t.class_id > 0 THEN 'class:' || t.class_id ELSE 'institution:' || t.institution_id END AS about
    FROM (SELECT * REPLACE (nullif(enrolment_id, 0) AS enrolment_id) FROM certificates) t
    LEFT JOIN items i ON i.occupation = t.occupation AND i.level = t.level
    LEFT JOIN classes c ON c.class_id = t.class_id LEFT JOIN people p ON p.person_id = t.person_id
"""

# Filed by the manager; what the reviewer of the simulator decided is the first review, another's the second.
CLAIMS = """
    WITH seen AS (SELECT subject_id, min(account_id) AS account_id, min("at") AS decided_at FROM reviews WHERE kind = 'claim' GROUP BY ALL)
    SELECT claim_id AS id, c.enrolment_id, c.person_id, c.institution_id, i.item_id, c.region_code, 'level' AS kind,
        c.occupation AS occupation_identity, c.level, 'paid' AS state, amount_fen, '{{}}' AS facts, {policy} AS policy_id, '[]' AS working,
        filed_on::timestamptz + INTERVAL 2 HOUR AS filed_at, c.institution_id AS filed_by_id,
        coalesce(s.account_id, {first} + 200) AS first_by_id,
        coalesce(s.decided_at, filed_on::timestamptz + INTERVAL 74 HOUR) AS first_at, {first} + 300 AS second_by_id,
        filed_on::timestamptz + INTERVAL 150 HOUR AS second_at, paid_on::timestamptz + INTERVAL 3 HOUR AS paid_at,
        'class:' || c.class_id AS about
    FROM claims c LEFT JOIN items i ON i.occupation = c.occupation AND i.level = c.level LEFT JOIN seen s ON s.subject_id = c.claim_id
    ORDER BY filed_on, claim_id
"""

# What platforms, offices that called, cameras and the comparison of faces said.
SESSIONS = """
    SELECT session_id AS id, enrolment_id, platform, session_id AS number, course, starts_at, ends_at, coalesce(device, '') AS device,
        coalesce(network, '') AS network, coalesce(city, '') AS city, content_s AS content, credited_s AS credited,
        unseen_jump_s AS unseen_jump, hidden_s AS hidden, idle_s AS idle, blurs, seeks, beats, beat_spread_ms, clicks, click_places,
        face_checks, face_fails, fails_in_a_row, answer_spread_ms, md5('s' || session_id) AS digest, ends_at AS filed_at,
        institution_id AS filed_by_id, 'class:' || class_id AS about
    FROM sessions
"""

TOLD = """
    SELECT {first} + row_number() OVER () AS id, enrolment_id, outcome, paid_back, day::timestamptz + INTERVAL 3 HOUR AS told_at,
        'simulated:{first}:' || row_number() OVER () AS source, 'class:' || class_id AS about
    FROM calls
"""

CAMERAS = """
    SELECT room_id AS id, room_id, min(institution_id) AS institution_id, '{region}' AS region_code, '前方' AS name,
        's' || room_id AS stream, md5('c' || room_id) AS key_digest, TIMESTAMPTZ '2025-12-01 02:00:00+00' AS registered_at,
        min(institution_id) AS registered_by_id, NULL AS about
    FROM camera_faults GROUP BY room_id
"""

FAULTS = """
    SELECT {first} + row_number() OVER () AS id, f.lesson_id, f.room_id AS camera_id, f.kind, l.starts_at AS begins_at,
        l.starts_at + to_seconds(f.seconds) AS ends_at, 'class:' || f.class_id AS about
    FROM camera_faults f JOIN lessons l USING (lesson_id)
"""

LIKENESSES = """
    SELECT {first} + row_number() OVER () AS id, least(person_id, other_person_id) AS older_id,
        greatest(person_id, other_person_id) AS newer_id, similarity AS score, TIMESTAMPTZ '2026-12-01 02:00:00+00' AS found_at, NULL AS about
    FROM face_pairs
"""

TABLES = (
    ("institutions.Institution", INSTITUTIONS),
    ("accounts.Account", ACCOUNTS),
    ("institutions.Site", SITES),
    ("institutions.Room", ROOMS),
    ("institutions.Equipment", EQUIPMENT),
    ("institutions.Paper", PAPERS),
    ("institutions.ProjectApproval", PROJECTS),
    ("persons.Person", PERSONS),
    ("persons.Sealed", SEALED),
    ("institutions.Teacher", TEACHERS),
    ("institutions.Qualification", QUALIFICATIONS),
    ("classes.TrainingClass", CLASSES),
    ("classes.Review", REVIEWS),
    ("classes.Lesson", LESSONS),
    ("classes.Enrolment", ENROLMENTS),
    ("classes.Attendance", ATTENDANCE),
    ("classes.CheckIn", CHECK_INS),
    ("classes.Correction", CORRECTIONS),
    ("assessment.Assessment", ASSESSMENTS),
    ("assessment.Sitting", SITTINGS),
    ("assessment.Duty", DUTIES),
    ("assessment.AnswerSheet", SHEETS),
    ("assessment.Score", SCORES),
    ("assessment.ScoreChange", SCORE_CHANGES),
    ("certificates.Certificate", CERTIFICATES),
    ("subsidies.Claim", CLAIMS),
    ("learning.Session", SESSIONS),
    ("risk.Told", TOLD),
    ("live.Camera", CAMERAS),
    ("live.Fault", FAULTS),
    ("faces.Likeness", LIKENESSES),
)
