"""VI. Certificates (domain 5.2 D106-D108, D111, D112)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.shapes import Tables, counted, days, either, percent
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
EXAM, CERTIFICATE = Scheme.EXAM, Scheme.CERTIFICATE
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]


@detector(
    "D106",
    _("More certificates than seats"),
    _("{count} certificates for the exams of {day}, which had {seats} seats."),
    S.INSTITUTION,
    REVIEW,
    CERTIFICATE,
    clause="N6.2",
    excuses=(E.RECORD,),
    count=(1000, 100, 5000),
)
def more_than_seats(t: Tables, p: Limits) -> Table:
    c, x = t.certificates, t.exams
    made = c.filter(c.exam_on.notnull()).aggregate(by=["institution_id", "exam_on"], count=c.certificate_id.nunique())
    room = x.aggregate(by=["institution_id", "day"], seats=x.seats.sum())
    found = made.left_join(room, [made.institution_id == room.institution_id, made.exam_on == room.day])
    found = found.filter((made["count"] > p["count"]) | (made["count"] > room.seats))
    return found.select(
        subject_id=made.institution_id, count=made["count"], day=made.exam_on, seats=room.seats.fill_null(0)
    )


@detector(
    "D107",
    _("Certificate number is not valid"),
    _("Number {number}: {why}."),
    S.ENROLMENT,
    BLOCK,
    CERTIFICATE,
    clause="N5.3",
    excuses=(E.RECORD,),
    days=(31, 7, 180),
)
def bad_certificate_number(t: Tables, p: Limits) -> Table:
    """Wrong structure, the same twice, or unknown to the national query long after it was issued (only where that was
    received): a certificate is a while on its way."""
    c, n = t.certificates, t.national_numbers
    c = c.filter(c.enrolment_id.notnull(), c.state != "revoked")
    twice = c.aggregate(by="number", holders=c.person_id.nunique())
    twice = c.semi_join(twice.filter(twice.holders > 1), "number")
    wrong = c.filter(~c.number_valid)
    asked = c.filter(c.kind == "level").cross_join(n.aggregate(asked_on=n.as_of.max()))
    unknown = asked.filter(days(asked.asked_on, asked.issued_on) > p["days"]).anti_join(n, "number")

    def row(rows: Table, why: str) -> Table:
        return rows.select(subject_id=rows.enrolment_id, number=rows.number, why=ibis.literal(why))

    return either(row(wrong, "structure"), row(twice, "twice"), row(unknown, "unknown"))


@detector(
    "D108",
    _("Impossible date of a certificate"),
    _("Issued on {issued_on}; training until {ends_on}, exam on {exam_on}."),
    S.ENROLMENT,
    REVIEW,
    CERTIFICATE,
    clause="N5.3",
    excuses=(E.RECORD,),
)
def impossible_date(t: Tables, _p: Limits) -> Table:
    c = t.certificates
    before_exam = (c.issued_on < c.exam_on).fill_null(False)
    before_end = (c.issued_on <= c.ends_on).fill_null(False)
    found = c.filter(c.enrolment_id.notnull(), before_exam | before_end)
    return found.select(
        subject_id=found.enrolment_id, issued_on=found.issued_on, ends_on=found.ends_on, exam_on=found.exam_on
    )


@detector(
    "D111",
    _("Levels too close"),
    _("Level {level} on {issued_on}, {days} days after level {before}."),
    S.ENROLMENT,
    REVIEW,
    CERTIFICATE,
    clause="S58",
    excuses=(E.PROOF_MISSING,),
    years=(2, 1, 5),
)
def levels_too_close(t: Tables, p: Limits) -> Table:
    c, o = t.certificates, t.other_certificates
    c = c.filter(c.level != "0", c.enrolment_id.notnull(), c.kind == "level")
    mine = c.view()
    earlier = ibis.union(
        mine.select("person_id", "occupation", "level", "issued_on"),
        o.select("person_id", "occupation", "level", "issued_on"),
    )
    found = c.join(
        earlier,
        [
            c.person_id == earlier.person_id,
            c.occupation == earlier.occupation,
            earlier.level != "0",
            c.level < earlier.level,
            c.issued_on >= earlier.issued_on,
            days(c.issued_on, earlier.issued_on) < p["years"] * 365,
        ],
    )
    return found.select(
        subject_id=c.enrolment_id, level=c.level, issued_on=c.issued_on, days=days(c.issued_on, earlier.issued_on),
        before=earlier.level,
    ).distinct()  # fmt: skip


@detector(
    "D112",
    _("Certificates without training"),
    _("{count} certificates without training for people of other counties ({share} %)."),
    S.INSTITUTION,
    WARN,
    CERTIFICATE,
    clause="N11.4",
    excuses=(E.CAMPAIGN,),
    count=(20, 5, 500),
    share=(50, 20, 100),
)
def bought(t: Tables, p: Limits) -> Table:
    c, who, i = t.certificates, t.persons, t.institutions
    j = (
        c.join(who, "person_id")
        .join(i, "institution_id")
        .select(c.institution_id, c.certificate_id, c.has_training, away=who.region_code != i.region_code)
    )
    group = j.aggregate(by="institution_id", count=counted(~j.has_training & j.away), total=j.count())
    share = percent(group["count"], group.total)
    return group.filter(group["count"] >= p["count"], share >= p["share"]).select(
        subject_id=group.institution_id, count=group["count"], share=share
    )


DETECTORS = (
    more_than_seats, bad_certificate_number, impossible_date, levels_too_close, bought,
)  # fmt: skip
