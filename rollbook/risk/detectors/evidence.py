"""III. What photos, pictures and papers say of attendance (domain 5.2 D49-D56)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.shapes import Tables, counted, percent, seconds
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
ATTENDANCE = Scheme.ATTENDANCE
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]


@detector(
    "D49",
    _("No living face"),
    _("{count} face checks look like a picture or a screen."),
    S.ENROLMENT,
    REVIEW,
    ATTENDANCE,
    clause="N3.7",
    excuses=(E.BAD_SIGNAL,),
    similarity=(50, 20, 90),
    count=(2, 1, 10),
)
def no_living_face(t: Tables, p: Limits) -> Table:
    c = t.check_ins
    wrong = c.filter(c.liveness * 100 < p["similarity"])
    found = wrong.aggregate(by="enrolment_id", count=wrong.count())
    found = found.filter(found["count"] >= p["count"])
    return found.select(subject_id=found.enrolment_id, count=found["count"])


@detector(
    "D50",
    _("Photo used again"),
    _("A photo of {day} is like one of another lesson ({distance} bits differ)."),
    S.CLASS,
    REVIEW,
    ATTENDANCE,
    clause="N4.3",
    excuses=(E.RECORD,),
    distance=(5, 0, 12),
)
def photo_again(t: Tables, p: Limits) -> Table:
    f, pair = t.photos, t.photo_pairs
    f = f.filter(f.kind == "lesson")
    o = f.view()
    near = pair.filter(pair.distance <= p["distance"])
    j = near.join(f, near.photo_id == f.photo_id).join(
        o, [near.other_photo_id == o.photo_id, f.lesson_id != o.lesson_id]
    )
    return j.select(
        subject_id=f.class_id, day=f.day, distance=near.distance, other_class_id=o.class_id, photo_id=f.photo_id
    )


@detector(
    "D51",
    _("Photos not of the lesson"),
    _("{count} photos were taken elsewhere or at another time, or came more than {hours} hours late."),
    S.CLASS,
    WARN,
    ATTENDANCE,
    clause="N4.3",
    excuses=(E.OFFLINE, E.BAD_SIGNAL),
    hours=(24, 6, 240),
    count=(2, 1, 20),
    metres=(500, 100, 5000),
    minutes=(30, 5, 120),
)
def photo_not_of_lesson(t: Tables, p: Limits) -> Table:
    f = t.photos
    f = f.filter(f.kind == "lesson")
    late = seconds(f.uploaded_at, f.lesson_ends_at) > p["hours"] * 3600
    early = seconds(f.lesson_starts_at, f.taken_at) > p["minutes"] * 60
    after = seconds(f.taken_at, f.lesson_ends_at) > p["minutes"] * 60
    far = f.outside_m > p["metres"]
    wrong = f.filter(ibis.or_(*[one.fill_null(False) for one in (late, early, after, far)]))
    found = wrong.aggregate(by="class_id", count=wrong.count())
    found = found.filter(found["count"] >= p["count"])
    return found.select(subject_id=found.class_id, count=found["count"], hours=ibis.literal(p["hours"], "int64"))


@detector(
    "D52",
    _("Fewer heads than check-ins"),
    _("On {day} {people} heads in the picture, {present} checked in."),
    S.CLASS,
    REVIEW,
    ATTENDANCE,
    clause="N4.3",
    excuses=(E.BAD_SIGNAL,),
    share=(20, 10, 50),
    people=(5, 2, 20),
)
def fewer_heads(t: Tables, p: Limits) -> Table:
    h = t.head_counts
    missing = h.present - h.people
    found = h.filter(missing >= p["people"], percent(missing, h.present) > p["share"])
    return found.select(subject_id=found.class_id, day=found.day, people=found.people, present=found.present)


@detector(
    "D54",
    _("Much attendance made by hand"),
    _("{count} of {total} presences were made up by hand ({share} %), {late} of them more than {hours} hours later."),
    S.CLASS,
    REVIEW,
    ATTENDANCE,
    excuses=(E.BAD_SIGNAL, E.CORRECTED),
    share=(5, 1, 30),
    count=(5, 2, 50),
    hours=(48, 12, 240),
)
def made_by_hand(t: Tables, p: Limits) -> Table:
    r, k = t.presences, t.corrections
    late = seconds(k.asked_at, k.lesson_ends_at) > p["hours"] * 3600
    made = k.aggregate(by="class_id", made=k.count(), late=counted(late.fill_null(False)))
    total = r.aggregate(by="class_id", total=r.count())
    found = made.join(total, "class_id")
    share = percent(found.made, found.total)
    return found.filter(found.made >= p["count"], share > p["share"]).select(
        subject_id=found.class_id, count=found.made, total=found.total, share=share, late=found.late,
        hours=ibis.literal(p["hours"], "int64"),
    )  # fmt: skip


@detector(
    "D55",
    _("Sent in one batch, days later"),
    _("{count} check-ins of {day} came in one batch more than {hours} hours later."),
    S.CLASS,
    REVIEW,
    ATTENDANCE,
    excuses=(E.OFFLINE,),
    hours=(24, 6, 240),
    count=(10, 5, 100),
)
def late_batch(t: Tables, p: Limits) -> Table:
    c = t.check_ins
    late = c.filter(seconds(c.received_at, c.happened_at) > p["hours"] * 3600)
    late = late.mutate(sent=ibis.coalesce(late.batch, late.received_at.epoch_seconds().cast("string")))
    found = late.aggregate(by=["class_id", "day", "sent"], count=late.count())
    found = found.filter(found["count"] >= p["count"])
    return found.select(
        subject_id=found.class_id, day=found.day, count=found["count"], hours=ibis.literal(p["hours"], "int64")
    )


@detector(
    "D56",
    _("Leave abused"),
    _("{share} % of the hours on leave; {late} granted after the lesson."),
    S.ENROLMENT,
    REVIEW,
    ATTENDANCE,
    excuses=(E.CORRECTED,),
    share=(20, 10, 50),
    count=(3, 1, 20),
)
def leave_abused(t: Tables, p: Limits) -> Table:
    r, k = t.presences, t.leaves
    taken = k.aggregate(
        by="enrolment_id", minutes=k.minutes.sum(), late=counted((k.decided_at > k.lesson_starts_at).fill_null(False))
    )
    total = r.semi_join(taken, "enrolment_id").aggregate(by="enrolment_id", lesson_minutes=r.lesson_minutes.sum())
    found = taken.join(total, "enrolment_id")
    share = percent(found.minutes, found.lesson_minutes)
    return found.filter((share > p["share"]) | (found.late >= p["count"])).select(
        subject_id=found.enrolment_id, share=share, late=found.late
    )


DETECTORS = (
    no_living_face, photo_again, photo_not_of_lesson, fewer_heads, made_by_hand, late_batch, leave_abused,
)  # fmt: skip
