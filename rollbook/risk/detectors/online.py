"""V. Online study that nobody did (domain 5.2 D83-D96, N7.4)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.shapes import Tables, came, counted, meets, percent, seconds
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
ONLINE = Scheme.ONLINE
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]


@detector(
    "D83",
    _("Two devices at once"),
    _("On {day} two devices of the account studied at the same time."),
    S.ENROLMENT,
    BLOCK,
    ONLINE,
    clause="N7.4",
    excuses=(E.BAD_SIGNAL,),
    seconds=(60, 10, 600),
)
def two_devices(t: Tables, p: Limits) -> Table:
    """The later one is found; a change of device within `seconds` is none."""
    one = t.sessions
    other = one.view()
    found = one.join(
        other,
        [
            one.person_id == other.person_id,
            one.day == other.day,
            one.device != other.device,
            (one.starts_at > other.starts_at)
            | ((one.starts_at == other.starts_at) & (one.session_id > other.session_id)),
            seconds(other.ends_at, one.starts_at) > p["seconds"],
        ],
    )
    return found.select(subject_id=one.enrolment_id, day=one.day, session_id=one.session_id).distinct()


@detector(
    "D84",
    _("Several pages at once"),
    _("On {day} several courses played at the same time on one device."),
    S.ENROLMENT,
    REVIEW,
    ONLINE,
    clause="N7.4",
    excuses=(E.BAD_SIGNAL,),
)
def several_pages(t: Tables, _p: Limits) -> Table:
    one = t.sessions
    other = one.view()
    found = one.join(
        other,
        [
            one.person_id == other.person_id,
            one.day == other.day,
            one.device == other.device,
            one.session_id > other.session_id,
            one.course != other.course,
            meets(one, other),
        ],
    )
    return found.select(subject_id=one.enrolment_id, day=one.day, session_id=one.session_id).distinct()


@detector(
    "D85",
    _("Faster than time"),
    _("On {day} {content} s of content in {wall} s, or a jump of {jump} s ahead."),
    S.ENROLMENT,
    REVIEW,
    ONLINE,
    clause="N7.4",
    share=(105, 101, 200),
    seconds=(10, 5, 120),
)
def too_fast(t: Tables, p: Limits) -> Table:
    s = t.sessions
    found = s.filter((s.content_s * 100 > s.wall_s * p["share"]) | (s.unseen_jump_s > p["seconds"]))
    return found.select(
        subject_id=found.enrolment_id, day=found.day, content=found.content_s, wall=found.wall_s,
        jump=found.unseen_jump_s.fill_null(0),
    )  # fmt: skip


@detector(
    "D86",
    _("Left running"),
    _("On {day} nothing was done for {seconds} s and the time was credited."),
    S.ENROLMENT,
    REVIEW,
    ONLINE,
    clause="S54",
    seconds=(300, 120, 1800),
)
def left_running(t: Tables, p: Limits) -> Table:
    s = t.sessions
    found = s.filter(s.idle_s > p["seconds"], s.credited_s > s.wall_s - s.idle_s)
    return found.select(subject_id=found.enrolment_id, day=found.day, seconds=found.idle_s)


@detector(
    "D87",
    _("Looked elsewhere"),
    _("On {day} the page was left {count} times, hidden {share} % of the time."),
    S.ENROLMENT,
    WARN,
    ONLINE,
    clause="S54",
    excuses=(E.BAD_SIGNAL,),
    count=(10, 3, 100),
    share=(20, 5, 80),
)
def looked_elsewhere(t: Tables, p: Limits) -> Table:
    s = t.sessions
    share = percent(s.hidden_s, s.wall_s)
    return s.filter((s.blurs >= p["count"]) | (share > p["share"])).select(
        subject_id=s.enrolment_id, day=s.day, count=s.blurs, share=share
    )


@detector(
    "D88",
    _("Skipped through"),
    _("On {day} {count} jumps within one session."),
    S.ENROLMENT,
    WARN,
    ONLINE,
    clause="S54",
    count=(5, 2, 50),
)
def skipped(t: Tables, p: Limits) -> Table:
    s = t.sessions
    return s.filter(s.seeks >= p["count"]).select(subject_id=s.enrolment_id, day=s.day, count=s.seeks)


@detector(
    "D89",
    _("More than a day holds"),
    _("On {day} {hours} hours were credited."),
    S.ENROLMENT,
    WARN,
    ONLINE,
    clause="S54",
    hours=(8, 4, 12),
)
def beyond_a_day(t: Tables, p: Limits) -> Table:
    s = t.sessions
    total = s.aggregate(by=["enrolment_id", "day"], credited=s.credited_s.sum())
    found = total.filter(total.credited > p["hours"] * 3600)
    return found.select(
        subject_id=found.enrolment_id, day=found.day, hours=(found.credited / 3600).floor().cast("int64")
    )


@detector(
    "D90",
    _("Face checks failed"),
    _("{count} of {checks} face checks failed, {row} in a row."),
    S.ENROLMENT,
    REVIEW,
    ONLINE,
    clause="N7.2",
    excuses=(E.BAD_SIGNAL, E.TWINS),
    times=(2, 2, 10),
    share=(95, 50, 100),
    milliseconds=(50, 10, 500),
    count=(5, 3, 30),
)
def face_checks_failed(t: Tables, p: Limits) -> Table:
    """Two in a row, fewer passed than `share`, or answered after the same delay each time, which no hand does."""
    s = t.sessions
    total = s.aggregate(
        by="enrolment_id", checks=s.face_checks.sum(), count=s.face_fails.sum(), row=s.fails_in_a_row.max(),
        steady=counted(((s.answer_spread_ms <= p["milliseconds"]) & (s.face_checks >= p["count"])).fill_null(False)),
    )  # fmt: skip
    passed = percent(total.checks - total["count"], total.checks)
    low = (total.checks >= p["count"]) & (passed < p["share"])
    found = total.filter((total.row >= p["times"]) | low | (total.steady > 0))
    return found.select(subject_id=found.enrolment_id, count=found["count"], checks=found.checks, row=found.row)


@detector(
    "D91",
    _("Moves like a machine"),
    _("On {day} {clicks} clicks on one place or heartbeats without any variation ({spread} ms)."),
    S.ENROLMENT,
    REVIEW,
    ONLINE,
    clause="N7.4",
    milliseconds=(5, 1, 50),
    count=(20, 10, 200),
    hours=(20, 16, 24),
)
def like_a_machine(t: Tables, p: Limits) -> Table:
    s = t.sessions
    spread = s.beat_spread_ms.floor().cast("int64")
    steady = (s.beats >= p["count"]) & (spread <= p["milliseconds"])
    same_place = (s.clicks >= p["count"]) & (s.click_places == 1)
    odd = s.filter(ibis.or_(steady.fill_null(False), same_place.fill_null(False), s.wall_s >= p["hours"] * 3600))
    return odd.select(subject_id=odd.enrolment_id, day=odd.day, clicks=odd.clicks, spread=spread)


@detector(
    "D92",
    _("Tests brushed"),
    _("{share} % of the class answered “{course}” all right at the first try, in {seconds} s a question."),
    S.CLASS,
    REVIEW,
    ONLINE,
    clause="N7.4",
    excuses=(E.SMALL_CLASS,),
    share=(80, 50, 100),
    seconds=(3, 1, 10),
    people=(10, 5, 50),
)
def tests_brushed(t: Tables, p: Limits) -> Table:
    q = t.quizzes
    quick = (q.questions > 0) & (q.seconds < q.questions * p["seconds"])
    perfect = (q.right_first == q.questions) & (q.questions >= 5)
    group = q.aggregate(
        by=["class_id", "course"], people=q.enrolment_id.nunique(), quick=counted(quick), perfect=counted(perfect),
        total=q.count(), seconds=(q.seconds.sum() / q.questions.sum().nullif(0)).floor().cast("int64"),
    )  # fmt: skip
    share = percent(ibis.greatest(group.quick, group.perfect), group.total)
    return group.filter(group.people >= p["people"], share >= p["share"]).select(
        subject_id=group.class_id, share=share, course=group.course, seconds=group.seconds
    )


@detector(
    "D93",
    _("Records of the platform changed"),
    _("{count} sessions or tests whose record was changed, or sessions with more credit than time."),
    S.CLASS,
    REVIEW,
    ONLINE,
    clause="N7.4",
    count=(1, 1, 50),
)
def platform_changed(t: Tables, p: Limits) -> Table:
    s, q = t.sessions, t.quizzes
    wrong = s.filter((~s.chain_holds).fill_null(False) | (s.credited_s > s.wall_s)).select("class_id")
    wrong = wrong.union(q.filter((~q.chain_holds).fill_null(False)).select("class_id"))
    found = wrong.aggregate(by="class_id", count=wrong.count())
    found = found.filter(found["count"] >= p["count"])
    return found.select(subject_id=found.class_id, count=found["count"])


@detector(
    "D94",
    _("Two cities, no time between"),
    _("On {day} studied in {city} and {minutes} minutes later in another city."),
    S.ENROLMENT,
    REVIEW,
    ONLINE,
    clause="N7.4",
    excuses=(E.BAD_SIGNAL,),
    minutes=(60, 20, 240),
)
def two_cities(t: Tables, p: Limits) -> Table:
    s = t.sessions
    s = s.filter(s.city.notnull())
    window = ibis.window(group_by=s.person_id, order_by=[s.starts_at, s.session_id])
    step = s.mutate(before=s.city.lag().over(window), ended=s.ends_at.lag().over(window))
    gap = seconds(step.starts_at, step.ended)
    return step.filter(step.before != step.city, gap < p["minutes"] * 60).select(
        subject_id=step.enrolment_id, day=step.day, city=step.before, minutes=(gap / 60).floor().cast("int64")
    )


@detector(
    "D95",
    _("Practice before theory"),
    _("Practice on {day}, online theory only until {until}."),
    S.ENROLMENT,
    REVIEW,
    ONLINE,
    clause="S50b",
    excuses=(E.CHANGE_FILED,),
)
def practice_first(t: Tables, _p: Limits) -> Table:
    s, r, lesson = t.sessions, came(t.presences), t.lessons
    theory = s.aggregate(by="enrolment_id", until=s.day.max())
    practice = r.semi_join(theory, "enrolment_id").join(lesson.filter(lesson.kind == "practice"), "lesson_id")
    first = practice.aggregate(by="enrolment_id", first=practice.day.min())
    found = first.join(theory, "enrolment_id")
    found = found.filter(found["first"] < found.until)
    return found.select(subject_id=found.enrolment_id, day=found["first"], until=found.until)


@detector(
    "D96",
    _("Studied outside the class's time"),
    _("{count} sessions before the class began or after it ended."),
    S.ENROLMENT,
    WARN,
    ONLINE,
    clause="N7.4",
    count=(1, 1, 20),
)
def outside_time(t: Tables, p: Limits) -> Table:
    s, e = t.sessions, t.enrolments
    wrong = s.join(e, [s.enrolment_id == e.enrolment_id, (s.day < e.starts_on) | (s.day > e.ends_on)])
    found = wrong.filter(s.credited_s > 0).aggregate(by=[s.enrolment_id], count=s.session_id.nunique())
    found = found.filter(found["count"] >= p["count"])
    return found.select(subject_id=found.enrolment_id, count=found["count"])


DETECTORS = (
    two_devices, several_pages, too_fast, left_running, looked_elsewhere, skipped, beyond_a_day, face_checks_failed,
    like_a_machine, tests_brushed, platform_changed, two_cities, practice_first, outside_time,
)  # fmt: skip
