"""VII. Claims, payments, work after training, complaints (domain 5.2 D113-D126)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.eligibility import live
from rollbook.risk.detectors.shapes import Tables, counted, crowds, days, either, held, percent, rosters
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
MONEY, DOUBLE = Scheme.MONEY, Scheme.DOUBLE
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]
BESIDE = ["living", "evaluation"]  # kinds of claims that are due beside the one for the training


@detector(
    "D113",
    _("Amount is not what the rule gives"),
    _("Claimed {amount_fen} fen; the rule gives {due_fen}."),
    S.CLAIM,
    BLOCK,
    MONEY,
    clause="N14.1",
    excuses=(E.CORRECTED,),
)
def wrong_amount(t: Tables, _p: Limits) -> Table:
    c = t.claims
    found = c.filter(c.amount_fen != c.due_fen)
    return found.select(subject_id=found.claim_id, amount_fen=found.amount_fen, due_fen=found.due_fen)


@detector(
    "D114",
    _("Claimed too late"),
    _("Claimed on {filed_on}, the certificate is of {certificate_on}."),
    S.CLAIM,
    BLOCK,
    MONEY,
    clause="S13",
    excuses=(E.CAMPAIGN,),
    days=(365, 180, 730),
)
def late_claim(t: Tables, p: Limits) -> Table:
    c = t.claims
    found = c.filter(days(c.filed_on, c.certificate_on) > p["days"])
    return found.select(subject_id=found.claim_id, filed_on=found.filed_on, certificate_on=found.certificate_on)


@detector(
    "D115",
    _("Claimed by two payees"),
    _("The same training is claimed by {payees} payees."),
    S.CLAIM,
    BLOCK,
    DOUBLE,
    clause="N12.3",
    excuses=(E.RECORD,),
)
def two_payees(t: Tables, _p: Limits) -> Table:
    """What goes beside the subsidy of the training itself, as the living allowance of the person does, may go to another."""
    c = t.claims.filter(t.claims.kind.notin(BESIDE))
    group = c.aggregate(by=["person_id", "class_id"], payees=c.payee.nunique())
    found = c.join(group.filter(group.payees > 1), ["person_id", "class_id"])
    return found.select(subject_id=found.claim_id, payees=found.payees)


@detector(
    "D116",
    _("One certificate, two regions"),
    _("The certificate is also claimed for in region {other_region}."),
    S.CLAIM,
    BLOCK,
    DOUBLE,
    clause="N12.3",
    excuses=(E.RECORD,),
)
def two_regions(t: Tables, _p: Limits) -> Table:
    c, o = t.claims, t.other_subsidies
    c = c.filter(c.number.notnull())
    other = c.view()
    here = c.join(other, [c.number == other.number, c.region_code != other.region_code])
    away = c.join(o, [c.number == o.number, c.region_code != o.region_code])
    return either(
        here.select(subject_id=c.claim_id, other_region=other.region_code),
        away.select(subject_id=c.claim_id, other_region=o.region_code),
    )


@detector(
    "D117",
    _("Money flows back"),
    _("{share} % of the class passed their subsidy on to one account within {days} days."),
    S.CLASS,
    REVIEW,
    MONEY,
    clause="N11.4",
    excuses=(E.FAMILY, E.DUTY),
    share=(50, 20, 100),
    people=(5, 3, 30),
    days=(30, 7, 90),
)
def flows_back(t: Tables, p: Limits) -> Table:
    c, money = t.claims, t.transfers
    paid = c.filter(c.paid_on.notnull(), c.account.notnull())
    back = paid.join(
        money,
        [
            paid.account == money.from_account,
            money.day >= paid.paid_on,
            days(money.day, paid.paid_on) <= p["days"],
            money.amount_fen * 2 >= paid.amount_fen,
        ],
    ).select(paid.class_id, paid.person_id, money.to_account, money.amount_fen)
    group = crowds(back, ["class_id", "to_account"], "person_id", p["people"])
    total = paid.aggregate(by="class_id", total=paid.person_id.nunique())
    found = group.join(total, "class_id")
    share = percent(found.people, found.total)
    return found.filter(share >= p["share"]).select(
        subject_id=found.class_id, share=share, people=found.people, account=found.to_account,
        days=ibis.literal(p["days"], "int64"),
    )  # fmt: skip


@detector(
    "D118",
    _("Paid back in cash"),
    _("{people} trainees say that they paid money back."),
    S.CLASS,
    REVIEW,
    MONEY,
    clause="N11.4",
    excuses=(E.RECORD,),
    people=(1, 1, 10),
)
def paid_back(t: Tables, p: Limits) -> Table:
    k = t.calls
    told = k.filter(k.paid_back)
    found = told.aggregate(by="class_id", people=told.person_id.nunique())
    return found.filter(found.people >= p["people"]).select(subject_id=found.class_id, people=found.people)


@detector(
    "D119",
    _("Work that lasted only for the count"),
    _("{share} % of the class were insured after it for at most {months} months."),
    S.CLASS,
    REVIEW,
    MONEY,
    clause="N5.4",
    excuses=(E.CAMPAIGN, E.RECORD),
    share=(60, 30, 100),
    months=(3, 1, 6),
    people=(10, 5, 50),
)
def short_work(t: Tables, p: Limits) -> Table:
    """Begun after the class, ended within months, and long enough ago that it can be said to have ended."""
    e, m = live(t), t.insured_months
    latest = m.aggregate(latest=m.month.max())
    after = e.join(m, [e.person_id == m.person_id, m.company.notnull(), m.month > e.ends_on]).aggregate(
        by=[e.class_id, e.person_id, e.ends_on], first=m.month.min(), last=m.month.max(), months=m.month.nunique()
    )
    after = after.cross_join(latest)
    ended = after.filter(
        after.months <= p["months"], days(after["first"], after.ends_on) <= 92, days(after.latest, after["last"]) > 61
    )
    group = ended.aggregate(by="class_id", people=ended.person_id.nunique())
    found = group.join(rosters(t.enrolments), "class_id")
    share = percent(found.people, found.roster)
    return found.filter(found.people >= p["people"], share >= p["share"]).select(
        subject_id=found.class_id, share=share, people=found.people, months=ibis.literal(p["months"], "int64")
    )


@detector(
    "D120",
    _("Large share of a county's money"),
    _("{share} % of the county's claims of the year, {amount_fen} fen."),
    S.INSTITUTION,
    WARN,
    MONEY,
    clause="S51",
    excuses=(E.CAMPAIGN,),
    share=(10, 5, 60),
    count=(10, 3, 100),
)
def large_share(t: Tables, p: Limits) -> Table:
    """Only where at least `count` institutions share the county's money: of three, one always has a third."""
    c = t.claims
    c = c.mutate(year=c.filed_on.year())
    mine = c.aggregate(by=["region_code", "year", "institution_id"], amount_fen=c.amount_fen.sum())
    whole = c.aggregate(by=["region_code", "year"], whole=c.amount_fen.sum(), bodies=c.institution_id.nunique())
    found = mine.join(whole, ["region_code", "year"])
    share = percent(found.amount_fen, found.whole)
    fair = found.bodies * share > 300  # and three times an equal share
    return found.filter(found.bodies >= p["count"], share > p["share"], fair).select(
        subject_id=found.institution_id, share=share, amount_fen=found.amount_fen
    )


@detector(
    "D121",
    _("Rush at the end of the year"),
    _("{share} % of the county's yearly amount was claimed in December."),
    S.COUNTY,
    WARN,
    MONEY,
    clause="N12.1",
    excuses=(E.CAMPAIGN,),
    share=(40, 20, 80),
    count=(50, 10, 1000),
)
def december(t: Tables, p: Limits) -> Table:
    c = t.claims
    c = c.mutate(year=c.filed_on.year(), in_december=ibis.ifelse(c.filed_on.month() == 12, c.amount_fen, 0))
    year = c.aggregate(by=["region_code", "year"], whole=c.amount_fen.sum(), late=c.in_december.sum(), count=c.count())
    share = percent(year.late, year.whole)
    return year.filter(year["count"] >= p["count"], share > p["share"]).select(
        subject_id=year.region_code.cast("int64"), share=share, year=year.year.cast("int64")
    )


@detector(
    "D122",
    _("Trainees say otherwise"),
    _("{people} trainees do not know of the class, cannot be reached, or say they were not there."),
    S.CLASS,
    REVIEW,
    Scheme.ATTENDANCE,
    clause="N4.5",
    excuses=(E.RECORD, E.BAD_SIGNAL),
    people=(2, 1, 10),
    count=(3, 2, 10),
)
def trainees_deny(t: Tables, p: Limits) -> Table:
    """Calls back that fail, denials in the app, or `count` word-for-word equal answers."""
    k, no = t.calls, t.denials
    bad = ibis.union(
        k.filter(k.outcome.isin(["wrong-number", "unknown", "did-not-attend"])).select("class_id", "person_id"),
        no.select("class_id", "person_id"),
        distinct=True,
    )
    denied = bad.aggregate(by="class_id", people=bad.person_id.nunique())
    denied = denied.filter(denied.people >= p["people"])
    learned = crowds(k.filter(k.answer.notnull()), ["class_id", "answer"], "person_id", p["count"])
    return either(
        denied.select(subject_id=denied.class_id, people=denied.people, what=ibis.literal("denied")),
        learned.select(subject_id=learned.class_id, people=learned.people, what=ibis.literal("learned-by-heart")),
    )


@detector(
    "D123",
    _("Complaints"),
    _("{count} complaints within {days} days, {proved} with evidence."),
    S.INSTITUTION,
    REVIEW,
    Scheme.COLLUSION,
    clause="N11.3",
    excuses=(E.RECORD,),
    count=(2, 1, 10),
    days=(183, 30, 365),
    other_count=(1, 1, 5),
)
def complaints(t: Tables, p: Limits) -> Table:
    """Those that were found to be groundless do not count."""
    k = t.complaints
    k = k.filter(k.institution_id.notnull(), (k.outcome != "groundless") | k.outcome.isnull())
    o = k.view()
    near = k.join(o, [k.institution_id == o.institution_id, o.day <= k.day, days(k.day, o.day) < p["days"]]).aggregate(
        by=[k.institution_id, k.day], count=o.complaint_id.nunique(), proved=counted(o.has_evidence.fill_null(False))
    )
    most = near.aggregate(by="institution_id", count=near["count"].max(), proved=near.proved.max())
    found = most.filter((most["count"] >= p["count"]) | (most.proved >= p["other_count"]))
    return found.select(
        subject_id=found.institution_id,
        count=found["count"],
        proved=found.proved,
        days=ibis.literal(p["days"], "int64"),
    )


@detector(
    "D124",
    _("Objection in publicity"),
    _("{count} objections were raised against claims of the class."),
    S.CLASS,
    REVIEW,
    MONEY,
    clause="S4",
    excuses=(E.RECORD,),
    count=(2, 1, 10),
)
def objections(t: Tables, p: Limits) -> Table:
    """The claim itself is pulled back by its objection; here the class is looked at when there are several."""
    o = t.objections
    open_or_right = o.filter(o.upheld.fill_null(True))
    found = open_or_right.aggregate(by="class_id", count=open_or_right.objection_id.nunique())
    found = found.filter(found["count"] >= p["count"])
    return found.select(subject_id=found.class_id, count=found["count"])


@detector(
    "D125",
    _("Apprentice not employed there"),
    _("The apprentice was not insured by the employer on {starts_on}: {what}."),
    S.ENROLMENT,
    REVIEW,
    MONEY,
    clause="S2",
    excuses=(E.ARREARS, E.RECORD),
)
def apprentice(t: Tables, _p: Limits) -> Table:
    """New apprenticeships: insured by another, or by nobody, in the month of the start; only people on record."""
    e, m, c = live(t), t.insured_months, t.classes
    e = e.semi_join(c.filter(c.study_form == "apprenticeship"), "class_id").filter(e.employer.notnull())
    known = e.semi_join(m.select("person_id").distinct(), "person_id")
    there = known.anti_join(
        m,
        [
            known.person_id == m.person_id,
            known.employer == m.company,
            m.month >= known.starts_on.truncate("M"),
            m.month <= known.ends_on,
        ],
    )
    k = t.contracts
    two = e.join(k, [e.person_id == k.person_id, held(k, e.starts_on), k.company != e.employer])
    return either(
        there.select(subject_id=there.enrolment_id, starts_on=there.starts_on, what=ibis.literal("not-insured")),
        two.select(subject_id=e.enrolment_id, starts_on=e.starts_on, what=ibis.literal("two-employers")),
    )


@detector(
    "D126",
    _("Files of two institutions are the same"),
    _("The {kind} of this class is the same as another institution's."),
    S.CLASS,
    WARN,
    Scheme.COLLUSION,
    clause="N11.4",
    excuses=(E.SAME_PLAN, E.GROUP),
    count=(4, 2, 20),
)
def same_files(t: Tables, p: Limits) -> Table:
    """Word for word; a text that `count` or more institutions use is a common one. Plans stand in `classes.plan` too."""
    d = t.documents
    d = d.filter(d.text.notnull())
    bodies = d.aggregate(by=["kind", "text"], bodies=d.institution_id.nunique())
    few = bodies.filter(bodies.bodies > 1, bodies.bodies < p["count"])
    found = d.join(few, ["kind", "text"])
    return found.select(subject_id=found.class_id, kind=found.kind, document_id=found.document_id, bodies=found.bodies)


@detector(
    "F01",
    _("Receipts denied by trainees"),
    _("{people} trainees deny receipts of {yuan} yuan in all: they did not pay them, or did not get them back."),
    S.CLASS,
    REVIEW,
    Scheme.MONEY,
    clause="N16.1",
    excuses=(E.RECORD,),
    people=(1, 1, 10),
)
def receipts_denied(t: Tables, p: Limits) -> Table:
    """What an institution says it took of its trainees or gave back, against their word."""
    r = t.receipts
    no = r.filter(r.answer == "denied")
    found = no.aggregate(by="class_id", people=no.person_id.nunique(), fen=no.amount_fen.sum())
    found = found.filter(found.people >= p["people"])
    return found.select(subject_id=found.class_id, people=found.people, yuan=(found.fen / 100).cast("int64"))


DETECTORS = (
    wrong_amount, late_claim, two_payees, two_regions, flows_back, paid_back, short_work, large_share, december,
    trainees_deny, complaints, objections, apprentice, same_files, receipts_denied,
)  # fmt: skip
