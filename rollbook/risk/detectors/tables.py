"""The tables that detectors read: names, typed columns, what a row is, and the day that files it in a month.

Persons are their number in the register, never an identity number. Phones, addresses, bank accounts, devices,
networks, companies and texts are keyed digests: equal where they are equal, and nothing else. Times are UTC; `day` is
the local day and `minute` the minute of that day, because the day of a time is UTC's in any other engine. Levels are
"5" (lowest) to "1"; "0" is none. Money is integer fen. A column that nobody has filled is NULL and finds nothing.
"""

from dataclasses import dataclass

import ibis

TYPES = {
    "int": "int64",
    "text": "string",
    "day": "date",
    "time": "timestamp('UTC')",
    "real": "float64",
    "bool": "boolean",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One table. `month_of` is the day by whose month the lake files it; without one it is kept whole."""

    name: str
    rows: str
    columns: tuple[tuple[str, str], ...]
    month_of: str = ""

    @property
    def schema(self) -> ibis.Schema:
        return ibis.schema({name: TYPES[kind] for name, kind in self.columns})


def _shape(name: str, rows: str, *, month_of: str = "", **columns: str) -> Shape:
    """Columns by type: `int="person_id class_id", day="starts_on"`; their order in the file is of no account."""
    pairs = tuple((column, kind) for kind, names in columns.items() for column in names.split())
    return Shape(name, rows, pairs, month_of)


# fmt: off
PEOPLE = (
    _shape("persons",
           "A real person. `home_code`: first six digits of the number. `network`: from where they were registered.",
           int="person_id registered_by",
           text="sex id_kind home_code region_code category phone address network verification", day="birth_on",
           time="registered_at", bool="id_valid"),
    _shape("bank_accounts",
           "A person's account on file. `owner_matches`: what the bank answered when it was asked whose it is; `holder_kind`: "
           "whose the bank says it is (person, staff, agent, institution); `institution_id`: that institution, or the one whose "
           "staff or agent it is.", int="person_id institution_id", text="account bank branch holder_kind", day="opened_on", bool="owner_matches"),
    _shape("relatives", "Two persons of one family, in both directions.", int="person_id other_person_id", text="kind"),
    _shape("face_pairs", "Two persons whose faces are alike, the smaller number first.",
           int="person_id other_person_id", real="similarity"),
)

TRAINING = (
    _shape("enrolments",
           "A person on the roster of a class that was submitted; what it needs of the class beside it.",
           month_of="starts_on", int="enrolment_id person_id class_id institution_id occupation",
           text="region_code level category employer network state", day="starts_on ends_on dropped_on",
           time="added_at"),
    _shape("classes",
           "A class from its submission on. `hours`: academic hours laid out; `least_hours` and `least_practice` (per "
           "cent): of the project. `plan`: digest of its lessons' subjects; `most_size`: the region's term.",
           month_of="starts_on",
           int="class_id institution_id occupation planned_size most_size hours practice_hours least_hours least_practice "
           "submitted_by decided_by", text="region_code level certificate_kind study_form state title plan",
           day="starts_on ends_on ended_on", time="submitted_at decided_at", bool="is_deemed"),
    _shape("lessons",
           "A dated lesson that binds room and teacher. `filed_*`: as first filed, where a change was never approved; "
           "`taught_minutes`: from the first to the last presence; `video_minutes`: of the recording; "
           "`teacher_minutes`: by the filed teacher's own check-ins, where the terms ask for them.",
           month_of="day",
           int="teacher_minutes lesson_id class_id institution_id room_id site_id teacher_id person_id hours minute minutes "
           "taught_minutes video_minutes filed_teacher_id filed_room_id", text="region_code kind subject", day="day",
           time="starts_at ends_at", bool="plan_changed"),
    _shape("presences", "What one trainee's attendance of one lesson came to. `starts_at` to `ends_at`: in to out.",
           month_of="day", int="enrolment_id person_id class_id lesson_id institution_id minutes lesson_minutes",
           text="region_code presence", day="day", time="starts_at ends_at", bool="is_corrected"),
    _shape("check_ins",
           "One attendance event. `outside_m`: metres beyond the fence; `accuracy_m`: as reported; `liveness`, "
           "`face_score`: 0 to 1; `batch`: of one upload; `minute`, `second`: local, of the day and of the minute.",
           month_of="day",
           int="check_in_id enrolment_id person_id class_id lesson_id institution_id by_account minute second",
           text="region_code direction means device network batch", day="day", time="happened_at received_at",
           real="outside_m accuracy_m longitude latitude face_score liveness", bool="is_mock is_kiosk by_hand"),
    _shape("set_aside",
           "An attendance event that was kept and does not count; `why`: the code of the reason.",
           month_of="day",
           int="check_in_id enrolment_id person_id class_id lesson_id institution_id",
           text="region_code direction means device why", day="day", time="happened_at received_at",
           real="accuracy_m longitude latitude", bool="is_mock is_kiosk"),
    _shape("leaves", "Leave that was granted.", month_of="day",
           int="enrolment_id person_id class_id lesson_id institution_id minutes", text="region_code ground",
           day="day", time="decided_at lesson_starts_at"),
    _shape("corrections", "Attendance changed by hand and granted.", month_of="day",
           int="enrolment_id person_id class_id lesson_id institution_id asked_by decided_by minutes",
           text="region_code", day="day", time="asked_at lesson_ends_at"),
    _shape("denials", "A trainee says of a lesson that counts for them: I was not there.", month_of="day",
           int="enrolment_id person_id class_id lesson_id institution_id", text="region_code", day="day"),
    _shape("receipts",
           "What an institution says it took of a trainee, or gave back (`kind`), and what the trainee says to it.",
           month_of="day", int="receipt_id enrolment_id person_id class_id institution_id amount_fen",
           text="region_code kind answer", day="day"),
    _shape("photos", "A photo of a lesson, a visit or an identity card (`kind`). `people`: heads counted in it.",
           month_of="day", int="photo_id person_id class_id lesson_id institution_id people",
           text="region_code kind sha256", day="day", time="taken_at uploaded_at lesson_starts_at lesson_ends_at",
           real="outside_m"),
    _shape("photo_pairs",
           "Two photos that look alike, the later first. `distance`: bits of the perceptual hash that differ.",
           int="photo_id other_photo_id distance"),
    _shape("head_counts", "Heads counted on the picture of a lesson, beside the presences at that moment.",
           month_of="day", int="lesson_id class_id institution_id people present", text="region_code", day="day",
           time="at"),
    _shape("camera_faults",
           "Seconds of a lesson in which its camera was offline, black, frozen, moved or saw nothing move (`still`).",
           month_of="day", int="lesson_id class_id institution_id room_id seconds lesson_seconds",
           text="region_code kind", day="day"),
    _shape("purchases", "Material bought for a class.", month_of="day",
           int="class_id institution_id occupation amount_fen", text="region_code", day="day"),
)

BODIES = (
    _shape("institutions", "A training institution, evaluation body or platform. `capacity`: trainees at one time.",
           int="institution_id capacity",
           text="region_code kind state company legal_person phone address account agent",
           day="listed_on removed_on", real="longitude latitude"),
    _shape("sites", "A filed place of an institution.", int="site_id institution_id", text="address",
           real="longitude latitude"),
    _shape("rooms", "A filed room.", int="room_id site_id institution_id seats stations", text="kind"),
    _shape("teachers", "A person who teaches for an institution.", int="teacher_id institution_id person_id",
           bool="is_full_time", day="joined_on left_on"),
    _shape("qualifications", "What a teacher may teach, up to `level`.", int="teacher_id occupation", text="level",
           day="expires_on"),
    _shape("papers", "A licence, agreement or safety certificate.", int="institution_id", text="kind",
           day="valid_from valid_until"),
    _shape("projects", "An occupation and level that an institution may train.", int="institution_id occupation",
           text="level", day="from_on until_on"),
    _shape("companies", "An enterprise of the company register. `insured`: employees with pension insurance now.",
           int="insured", text="company phone address account agent", day="registered_on closed_on"),
    _shape("positions",
           "A person's place in a company: legal-person, director, shareholder, staff. `share`: of a hundred.",
           int="person_id", text="company role", day="from_on until_on", real="share"),
    _shape("transfers", "Money that moved between accounts, where a bank helps.", month_of="day", int="amount_fen",
           text="from_account to_account", day="day"),
    _shape("documents", "A plan, test or summary of a class. `text`: digest of its words without names and dates.",
           month_of="day", int="document_id class_id institution_id", text="region_code kind sha256 text author",
           day="day"),
    _shape("complaints", "What was said against an institution or class.", month_of="day",
           int="complaint_id institution_id class_id", text="region_code outcome", day="day", bool="has_evidence"),
    _shape("calls",
           "A call back to a trainee: reached, wrong-number, unknown, did-not-attend. `answer`: digest of what was said.",
           month_of="day", int="enrolment_id person_id class_id institution_id", text="region_code outcome answer",
           day="day", bool="paid_back"),
)

FACTS = (
    _shape("deaths", "Civil affairs, cremation, end of pension.", int="person_id", text="source", day="died_on"),
    _shape("detentions", "Prison, detention, compulsory treatment.", int="person_id", text="source", day="from_on until_on"),
    _shape("travels", "Out of the country.", int="person_id", day="from_on until_on"),
    _shape("stays", "In hospital.", int="person_id", day="from_on until_on"),
    _shape("sightings", "Seen at a toll, on a train, at an exam of `class_id`.", int="person_id class_id", text="kind place", day="day", time="at"),
    _shape("pensions", "A pension that is paid.", int="person_id", text="kind", day="from_on until_on"),
    _shape("insured_months", "A month of pension insurance paid by an employer; `month` is its first day.", month_of="month", int="person_id", text="company", day="month"),
    _shape("contracts", "An employment contract.", int="person_id", text="company", day="from_on until_on"),
    _shape("shifts", "A working shift that an employer recorded.", month_of="day", int="person_id", text="company", day="day", time="starts_at ends_at"),
    _shape("school_rolls", "A full-time student.", int="person_id", day="from_on until_on graduates_on"),
    _shape("payrolls", "Staff within the establishment.", int="person_id", day="from_on until_on"),
    _shape("lists", "Who is on a list that proves a category, by its feed; and low-income.", int="person_id", text="kind", day="from_on until_on"),
    _shape("other_subsidies", "Paid by another fund or province.", month_of="paid_on", int="person_id occupation amount_fen", text="fund level region_code number", day="paid_on"),
    _shape("other_certificates", "A certificate of another province or of the past.", int="person_id occupation", text="level number body", day="issued_on"),
    _shape("work_years", "Proven years in an occupation.", int="person_id occupation years"),
    _shape("national_numbers", "A number that the national query knew on a day.", text="number", day="as_of"),
)

ONLINE = (
    _shape("sessions",
           "A session of online study, added up from its heartbeats. `content_s`: content covered; `unseen_jump_s`: longest "
           "jump ahead into what was not seen; `beat_spread_ms`, `answer_spread_ms`: standard deviation of heartbeat intervals and "
           "of answers to face checks; `idle_s`: longest time without any act; `click_places`: different places clicked.",
           month_of="day",
           int="session_id enrolment_id person_id class_id institution_id wall_s content_s unseen_jump_s hidden_s idle_s blurs seeks "
           "beats clicks click_places face_checks face_fails fails_in_a_row credited_s",
           text="region_code platform device network city course", day="day", time="starts_at ends_at",
           real="beat_spread_ms answer_spread_ms", bool="chain_holds"),
    _shape("quizzes", "A test within a course.", month_of="day",
           int="enrolment_id class_id institution_id questions right_first seconds", text="region_code course",
           day="day", bool="chain_holds"),
)

OUTCOMES = (
    _shape("exams",
           "One sitting: a class, a room, a body (`institution_id`) and the institution that trained (`trainer_id`).",
           month_of="day",
           int="exam_id class_id institution_id trainer_id room_id occupation seats candidates assessors invigilators "
           "minutes least_minutes", text="region_code level kind paper", day="day paper_drawn_on",
           time="starts_at ends_at", bool="has_video has_sign_in has_papers"),
    _shape("exam_staff", "Who was on duty in a sitting.", month_of="day", int="exam_id person_id institution_id", text="duty", day="day", time="starts_at ends_at"),
    _shape("scores",
           "One candidate's marks. `minutes`: spent on the paper; `photo_score`: the least of the photographs at the door against "
           "the face kept; `photo_word`: `other` where an examiner saw another person than the card shows.",
           month_of="day",
           int="exam_id enrolment_id person_id class_id institution_id room_id occupation theory practice minutes entered_by",
           text="region_code level photo_word", day="day", real="photo_score", bool="passed"),
    _shape("score_changes", "A mark changed after the lock.", month_of="day",
           int="enrolment_id class_id institution_id by_account was now minute", text="region_code", day="day"),
    _shape("answers", "One answer on a theory paper.", month_of="day", int="exam_id enrolment_id room_id question", text="choice", day="day", bool="is_right"),
    _shape("certificates",
           "A certificate of ours. `ends_on`: of the training; `exam_on`: of the exam; `number_valid`: by its structure.",
           month_of="issued_on",
           int="certificate_id enrolment_id person_id class_id institution_id occupation serial",
           text="region_code level number kind state", day="issued_on ends_on exam_on",
           bool="number_valid has_training"),
)

MONEY = (
    _shape("claims",
           "A claim that was not refused. `due_fen`: recomputed by the version it used; `payee`: who is paid, a person, "
           "employer or institution; `account`: of the person, where the person is paid.", month_of="filed_on",
           int="claim_id enrolment_id person_id institution_id class_id occupation amount_fen due_fen filed_by",
           text="region_code level state kind payee number account", day="filed_on certificate_on paid_on"),
    _shape("payments", "A line that went to the bank.", month_of="day", int="claim_id person_id amount_fen", text="account state", day="day", bool="owner_matches"),
    _shape("objections", "What was said against a claim in publicity.", month_of="day",
           int="objection_id claim_id class_id institution_id", text="region_code", day="day", bool="upheld"),
)

OFFICE = (
    _shape("reviews",
           "One decision of an official on a class or claim, from the journal. `seconds`: the object lay open before it.",
           month_of="day", int="review_id account_id subject_id institution_id minute seconds",
           text="region_code kind move network", day="day", time="at"),
    _shape("reveals",
           "Sealed data of a person, or an item of evidence, shown to an account of `region_code`. `was_due`: a case on its "
           "desk called for it.", month_of="day", int="reveal_id account_id person_id item_id minute", text="region_code person_region purpose",
           day="day", bool="was_due"),
    _shape("sign_ins", "An account signed in.", month_of="day", int="account_id institution_id", text="region_code role network", day="day"),
)
# fmt: on

SHAPES = {shape.name: shape for shape in (*PEOPLE, *TRAINING, *BODIES, *FACTS, *ONLINE, *OUTCOMES, *MONEY, *OFFICE)}
