"""What is needed and on what terms: the words of the demand directory, and dated terms."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class TrainingType(Choice):
    LEVEL = "level", _("Skill-level training")
    COMPLETION = "completion", _("Completion-certificate training")
    SPECIAL = "special", _("Special-ability training")
    STARTUP = "startup", _("Entrepreneurship training")
    INDUCTION = "induction", _("Pre-job training of employees")


class Level(Choice):
    """Skill levels by their certificate digit; "0" where a project has none."""

    NONE = "0", _("No level")
    JUNIOR = "5", _("Level 5, junior")
    INTERMEDIATE = "4", _("Level 4, intermediate")
    SENIOR = "3", _("Level 3, senior")
    TECHNICIAN = "2", _("Level 2, technician")
    SENIOR_TECHNICIAN = "1", _("Level 1, senior technician")


class Urgency(Choice):
    ORDINARY = "ordinary", _("In demand")
    SCARCE = "scarce", _("Scarce")
    VERY_SCARCE = "very-scarce", _("Very scarce")


class ListState(Choice):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("With finance")
    AGREED = "agreed", _("Agreed by finance")
    PUBLISHED = "published", _("Published")


class ListMove(Choice):
    SUBMIT = "submit", _("Send to finance")
    AGREE = "agree", _("Agree")
    RETURN = "return", _("Return")
    PUBLISH = "publish", _("Publish")


LISTS = Lifecycle(
    {
        (ListState.DRAFT, ListMove.SUBMIT): ListState.SUBMITTED,
        (ListState.SUBMITTED, ListMove.AGREE): ListState.AGREED,
        (ListState.SUBMITTED, ListMove.RETURN): ListState.DRAFT,
        (ListState.AGREED, ListMove.RETURN): ListState.DRAFT,
        (ListState.AGREED, ListMove.PUBLISH): ListState.PUBLISHED,
    }
)


class TermKey(Choice):
    """What a notice may set for a region: the name of each dated term, with its unit."""

    APPLY_DAYS_AHEAD = "apply-days-ahead", _("Working days between application and start")
    REVIEW_DAYS = "review-days", _("Working days to decide on a class")
    DEEMED_APPROVAL = "deemed-approval", _("Silence is consent (1 yes, 0 no)")
    SECOND_REVIEW = "second-review", _("A second officer confirms a class (1 yes, 0 no)")
    ROSTER_DAYS = "roster-days", _("Days after the start when the roster is frozen")
    CLASS_MIN = "class-min", _("Fewest trainees in a class")
    CLASS_MAX = "class-max", _("Most trainees in a class")
    HOURS_PER_DAY = "hours-per-day", _("Most academic hours a day")
    PRACTICE_PERCENT = "practice-percent", _("Least share of practice, per cent")
    ATTENDANCE_PERCENT = "attendance-percent", _("Least attendance of a person, per cent")
    DAY_ATTENDANCE_PERCENT = (
        "day-attendance-percent",
        _("Least attendance of a class on any day, per cent"),
    )
    SIGN_IN_BEFORE = "sign-in-before", _("Minutes before a lesson when check-in opens")
    SIGN_IN_LATE = "sign-in-late", _("Minutes after which a trainee is late")
    SIGN_OUT_AFTER = "sign-out-after", _("Minutes after a lesson when check-out closes")
    CODE_SECONDS = "code-seconds", _("Seconds that a check-in code is shown")
    ATTENDANCE_LOCK_DAYS = "attendance-lock-days", _("Days after a lesson until which events of devices count")
    METHOD_CODE = "method-code", _("Check-in with the code of the lesson (1 yes, 0 no)")
    OFFLINE_HOURS = "offline-hours", _("Hours for which a phone may keep a check-in without a signal (0 never)")
    METHOD_ROLL = "method-roll", _("Check-in by roll call (1 yes, 0 no)")
    ROLL_CONFIRM = "roll-confirm", _("A second person confirms a roll call (1 yes, 0 no)")
    TEACHER_CHECK_IN = "teacher-check-in", _("The teacher checks in and out of each lesson (1 yes, 0 no)")
    METHOD_CARD = "method-card", _("Check-in with the ID card at a reader (1 yes, 0 no)")
    METHOD_FENCE = "method-fence", _("Check-in by position alone (1 yes, 0 no)")
    METHOD_FACE = "method-face", _("Face beside another method (1 yes, 0 no)")
    FACE_SCORE = "face-score", _("Least likeness at which a face counts, per cent")
    FACE_NONCE_SECONDS = "face-nonce-seconds", _("Seconds for the moves that prove a living face")
    FACE_SAMPLE_PERCENT = "face-sample-percent", _("Faces that the server compares again, per cent")
    FACE_MONTHS = "face-months", _("Months that consent to the use of a face holds")
    FACE_PAIR_SCORE = "face-pair-score", _("Likeness at which two persons' faces are compared by a person, per cent")
    FACE_ALARM = "face-alarm", _("Stored faces from which the province is warned")
    FACE_FILING = "face-filing", _("Stored faces from which the cyberspace office must be told")
    FACE_FILING_DAYS = "face-filing-days", _("Working days to tell the cyberspace office")
    FACE_TRIES = "face-tries", _("Tries with the face on a phone that may fail in a day")
    FACE_EVIDENCE = "face-evidence", _("Pictures of faces compared again are kept as evidence (1 yes, 0 no)")
    FENCE = "fence", _("Position with a check-in (0 not asked, 1 noted, 2 must be within)")
    FENCE_METRES = "fence-metres", _("Metres around the site that are within")
    FENCE_ACCURACY = "fence-accuracy", _("Metres of inaccuracy at which a position proves nothing")
    TRAVEL_KMH = "travel-kmh", _("Kilometres an hour between two check-ins that nobody travels")
    DEVICE_BY_COUNTY = "device-by-county", _("The county activates a device (1), or the institution (0)")
    CHECK_IN_MONTHS = "check-in-months", _("Months that check-ins stay in the database")
    LATES_AN_ABSENCE = "lates-an-absence", _("Lessons late that make one absence (0 none)")
    HALF_DAYS = "half-days", _("Attendance counts by half days (1), or by lessons (0)")
    LATE_COUNTS = "late-counts", _("Late counts toward (0 nothing, 1 certificate, 2 subsidy, 3 both)")
    LEAVE_COUNTS = "leave-counts", _("Leave counts toward (0 nothing, 1 certificate, 2 subsidy, 3 both)")
    MAKE_UP_ILLNESS = "make-up-illness", _("Lessons missed on leave for illness are made up (1 yes, 0 no)")
    MAKE_UP_FAMILY = "make-up-family", _("Lessons missed on leave for the family are made up (1 yes, 0 no)")
    MAKE_UP_DUTY = "make-up-duty", _("Lessons missed on leave for public duty are made up (1 yes, 0 no)")
    MAKE_UP_WORK = "make-up-work", _("Lessons missed on leave for work are made up (1 yes, 0 no)")
    MAKE_UP_OTHER = "make-up-other", _("Lessons missed on leave for another ground are made up (1 yes, 0 no)")
    MAKE_UP_ABSENT = "make-up-absent", _("Lessons missed without leave are made up (1 yes, 0 no)")
    MAKE_UP_PERCENT = "make-up-percent", _("Most that a person makes up, per cent of the hours")
    MAKE_UP_DAYS = "make-up-days", _("Days after a lesson within which it is made up")
    MAKE_UP_AHEAD = "make-up-ahead", _("Working days ahead that the county is told of a make-up lesson")
    MAKE_UP_COUNTS = "make-up-counts", _("Made up counts toward (0 nothing, 1 certificate, 2 subsidy, 3 both)")
    CERTIFICATE_PERCENT = "certificate-percent", _("Least attendance for the certificate, per cent")
    HOURS_LEAST = "hours-least", _("Fewest hours that a person must attend (0 none)")
    LEAVE_ILLNESS = "leave-illness", _("Leave for illness (0 not given, 1 with its document, 2 without)")
    LEAVE_FAMILY = "leave-family", _("Leave for the family (0 not given, 1 with its document, 2 without)")
    LEAVE_DUTY = "leave-duty", _("Leave for public duty (0 not given, 1 with its document, 2 without)")
    LEAVE_WORK = "leave-work", _("Leave for work (0 not given, 1 with its document, 2 without)")
    LEAVE_OTHER = "leave-other", _("Leave for another ground (0 not given, 1 with its document, 2 without)")
    LEAVE_PERCENT = "leave-percent", _("Most leave, per cent of the hours")
    PASS_MARK = "pass-mark", _("Pass mark of theory and of practice, out of 100")
    ASSESS_DAYS = "assess-days", _("Working days after the end to assess")
    CLAIM_DAYS = "claim-days", _("Days after the certificate to claim")
    FIRST_REVIEW_DAYS = "first-review-days", _("Working days for the first review of a claim")
    SECOND_REVIEW_DAYS = "second-review-days", _("Working days for the second review of a claim")
    PUBLICITY_DAYS = "publicity-days", _("Working days of publicity")
    CLAIMS_A_YEAR = "claims-a-year", _("Most subsidies of a person in a year")
    CLAIMS_LIFETIME = "claims-lifetime", _("Most subsidies of a person in all")
    VERSION_BY_START = (
        "version-by-start",
        _("The list of the first day applies (1), or of approval (0)"),
    )
    FLOAT_PERCENT = "float-percent", _("How far a standard may differ from the upper list's, per cent")
    TEACHERS_LEAST = "teachers-least", _("Fewest teachers for an occupation")
    FULL_TIME_PERCENT = "full-time-percent", _("Least share of full-time teachers, per cent")
    AGREEMENT_MONTHS = "agreement-months", _("Months that an agreement runs")
    MIN_AGE = "min-age", _("Youngest age at the start")
    OWNERSHIP_DAYS = "ownership-days", _("Days that the bank's answer on an account's owner counts")
    PAYEE_HOLD_HOURS = "payee-hold-hours", _("Hours that a payment waits after its account was changed")
    ANSWER_HOURS = "answer-hours", _("Hours after which a payment that the bank did not answer for is settled by hand")
    UNSIGNED_HOURS = "unsigned-hours", _("Hours that a department's file may lie without its signature")
    RECOVERY_DAYS = "recovery-days", _("Days to pay back what is recovered")
    RECOVERY_INTEREST = "recovery-interest", _("Interest on what is paid back late, 1/10 000 a year (0 none)")
    RECOVERY_INTEREST_FROM = "recovery-interest-from", _("It runs from the payment (1), or from the last day (0)")
    RECOVERY_REMIND_DAYS = "recovery-remind-days", _("Days before an instalment when its payer is reminded")
    PLAN_MONTHS = "plan-months", _("Most months of instalments to pay back")
    NETTING_PERCENT = "netting-percent", _("Most of a payment that is set off, per cent (0 never)")
    NETTING_KEPT = "netting-kept", _("Yuan of a payment that are paid out in any case")
    FEE_BACK_BEFORE = "fee-back-before", _("Given back of a trainee's money before the first lesson, per cent")
    FEE_BACK_FIRST_HALF = "fee-back-first-half", _("… before half of the hours, per cent")
    FEE_BACK_LATER = "fee-back-later", _("… after half of the hours, per cent")
    FEE_BACK_COMPLETED = (
        "fee-back-completed",
        _("Of an advance, given back by the institution after completion, per cent"),
    )
    FEE_CREDIT_BY_SUBSIDY = (
        "fee-credit-by-subsidy",
        _("Who pays on credit owes no more than the subsidy paid (1 yes, 0 no)"),
    )
    KEEP_RAW_MONTHS = "keep-raw-months", _("Months that raw recordings are kept")
    KEEP_VIDEO_MONTHS = "keep-video-months", _("Months that videos are kept")
    KEEP_FILE_MONTHS = "keep-file-months", _("Months that class files are kept")
    EVIDENCE_GIGABYTES = "evidence-gigabytes", _("Gigabytes of evidence of one institution")
    PHOTOS_A_LESSON = "photos-a-lesson", _("Fewest photographs of a lesson")
    CAMERA_MINUTES = "camera-minutes", _("Minutes around a lesson when its camera may send")
    CAMERA_GAP_PERCENT = "camera-gap-percent", _("Most of a lesson without a picture, per cent")
    HEAD_COUNT_PERCENT = "head-count-percent", _("Most that heads may differ from check-ins, per cent")
    CALL_PERCENT = "call-percent", _("Least share of a class to be called by phone, per cent")
    RESULT_DAYS = "result-days", _("Days within which an inspection's result is entered")
    TALK_DAYS = "talk-days", _("Working days to mend what a talk was about")
    MEND_DAYS = "mend-days", _("Days to mend what a letter or notice was about")
    LETTER_MONTHS = "letter-months", _("Months without new classes after a rectification letter")
    NOTICE_MONTHS = "notice-months", _("Months without new classes after public criticism")
    ENDED_MONTHS = "ended-months", _("Months without new projects after the agreement ended")
    LADDER_REPEATS = "ladder-repeats", _("Measures in one year that lead to the next grade")
    UNQUALIFIED_PERCENT = "unqualified-percent", _("Most unqualified classes of a year, per cent")
    ASKED_DAYS = "asked-days", _("Working days for an inspection that an alert asked for")
    DRAW_PERCENT = "draw-percent", _("Share of the institutions of a region that one draw takes, per cent")
    DRAW_MONTHS = "draw-months", _("Months within which every institution is checked once")
    CASE_DAYS = "case-days", _("Days to look into a case")
    REPLY_DAYS = "reply-days", _("Working days for another authority to answer about a case")
    ACCURACY_LEAST = "accuracy-least", _("Least that a county may have paid of 10 000 due")
    ACCURACY_MOST = "accuracy-most", _("Most that a county may have paid of 10 000 due")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A number in force in a region on a day, and the document that set it."""

    key: str
    value: int
    document: str
    region_code: str


@dataclass(frozen=True, slots=True)
class Terms:
    """All terms in force for one region on one day; `terms["class-max"]` is its number."""

    rows: dict[str, Term]
    on: date

    def __getitem__(self, key: str) -> int:
        return self.rows[key].value

    @property
    def values(self) -> dict[str, int]:
        return {key: row.value for key, row in self.rows.items()}

    def document(self, key: str) -> str:
        return self.rows[key].document


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project as a list has it, for comparing two lists and for judging a change."""

    key: tuple[str, str, str]  # training type, occupation code, level
    name: str
    hours: int
    practice_percent: int
    amount_fen: int
    scarce_amount_fen: int | None = None
    urgency: str = "ordinary"


def reasons_against_project(ours: Project, upper: Project | None, float_percent: int) -> Iterator[Message]:
    """Why a city or county may not have a project so: the upper list's limits (N1.2)."""
    if ours.hours <= 0 or ours.amount_fen < 0 or not 0 <= ours.practice_percent <= 100:
        yield reason("item-figures", _("Hours, share of practice and standard must be possible figures."))
    training_type, _code, level = ours.key
    if training_type == TrainingType.LEVEL and level == Level.NONE:
        yield reason("level-missing", _("Skill-level training has a level from 5 to 1."), "N1.1")
    if training_type != TrainingType.LEVEL and level != Level.NONE:
        yield reason("level-unknown", _("This kind of training has no levels."), "N1.1")
    if ours.scarce_amount_fen is not None and ours.scarce_amount_fen < ours.amount_fen:
        yield reason("scarce-below", _("The standard where scarce is below the ordinary one."), "N13.1")
    if upper is None:
        return
    if ours.hours < upper.hours:
        text = _("{hours} hours are fewer than the {least} of the upper list.")
        yield reason("item-hours", text, "N1.2", hours=ours.hours, least=upper.hours)
    if ours.practice_percent < upper.practice_percent:
        text = _("{percent} % practice is less than the {least} % of the upper list.")
        yield reason("item-practice", text, "N1.2", percent=ours.practice_percent, least=upper.practice_percent)
    spread = upper.amount_fen * float_percent // 100
    if abs(ours.amount_fen - upper.amount_fen) > spread:
        text = _("{ours} yuan differs by more than {percent} % from the {upper} of the upper list.")
        figures = {"ours": ours.amount_fen // 100, "upper": upper.amount_fen // 100, "percent": float_percent}
        yield reason("item-amount", text, "N1.2", **figures)


MOST_DAYS = 16  # of one holiday


def reasons_against_days(first: date, last: date) -> Iterator[Message]:
    """Why these days cannot be one holiday: turned round, or so many that one date is mistyped."""
    if last < first:
        yield reason("days-turned", _("The last day lies before the first day."))
    elif (last - first).days >= MOST_DAYS:
        yield reason("days-many", _("A holiday has at most {most} days; one of the dates is mistyped."), most=MOST_DAYS)


def difference(
    old: dict[tuple[str, str, str], Project], new: dict[tuple[str, str, str], Project]
) -> dict[str, list[tuple[Project | None, Project | None]]]:
    """What a new version adds, drops and changes."""
    return {
        "added": [(None, new[key]) for key in new if key not in old],
        "dropped": [(old[key], None) for key in old if key not in new],
        "changed": [(old[key], new[key]) for key in new if key in old and old[key] != new[key]],
    }
