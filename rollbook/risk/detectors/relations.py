"""Hidden relations (domain 5.2 D74, D76, D77, D80, D110): who shares a person, phone, address, account, agent or share."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.shapes import Tables, days, percent
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
COLLUSION = Scheme.COLLUSION
REVIEW = Severity.REVIEW
Limits = Mapping[str, int]


def ties(t: Tables) -> Table:
    """What ties a party to others: one row a party and value, of every kind that can be shared.

    A party is "institution:7" or "company:…"; a person ties all parties in which they hold a place.
    """
    i, c, at, teach = t.institutions, t.companies, t.positions, t.teachers
    party = ibis.literal("institution:") + i.institution_id.cast("string")
    found = [
        i.select(party=party, kind=ibis.literal(kind), value=i[kind])
        for kind in ("phone", "address", "account", "agent", "company", "legal_person")
    ]
    other = ibis.literal("company:") + c.company
    found += [
        c.select(party=other, kind=ibis.literal(kind), value=c[kind])
        for kind in ("phone", "address", "account", "agent")
    ]
    found.append(c.select(party=other, kind=ibis.literal("company"), value=c.company))
    found.append(
        at.filter(at.until_on.isnull()).select(
            party=ibis.literal("company:") + at.company,
            kind=ibis.literal("person"),
            value=at.person_id.cast("string"),
        )
    )
    staff = teach.filter(teach.left_on.isnull(), teach.is_full_time)
    found.append(
        staff.select(
            party=ibis.literal("institution:") + staff.institution_id.cast("string"),
            kind=ibis.literal("person"),
            value=staff.person_id.cast("string"),
        )
    )
    whole = ibis.union(*found, distinct=True)
    return whole.filter(whole.value.notnull(), whole.value != "")


def related(t: Tables, widest: int) -> Table:
    """Pairs of institutions that share something, straight or through one company in between, with the path.

    What more than `widest` parties share (a business park's address, a book-keeper's phone) ties nobody.
    """
    all_ties = ties(t)
    sharing = all_ties.count().over(ibis.window(group_by=[all_ties.kind, all_ties.value]))
    counted = all_ties.mutate(sharing=sharing)
    known = counted.filter(counted.sharing.between(2, widest))
    other = known.view()
    step = known.join(other, [known.kind == other.kind, known.value == other.value, known.party != other.party]).select(
        known.party, known.kind, known.value, to=other.party
    )
    of_institutions = step.filter(step.party.startswith("institution:"))
    straight = of_institutions.filter(of_institutions.to.startswith("institution:"))
    direct = straight.select(
        "party", "to", kind=straight.kind, value=straight.value, over=ibis.literal(""), second=ibis.literal("")
    )
    away, back = of_institutions, of_institutions.view()
    bridge = away.join(back, [away.to == back.to, away.party != back.party, away.to.startswith("company:")]).select(
        party=away.party, to=back.party, kind=away.kind, value=away.value, over=away.to, second=back.kind
    )
    pairs = ibis.union(direct, bridge, distinct=True)
    return pairs.select(
        institution_id=pairs.party.substr(12).cast("int64"),
        other_institution_id=pairs.to.substr(12).cast("int64"),
        kind=pairs.kind, value=pairs.value, over=pairs.over, second=pairs.second,
    )  # fmt: skip


@detector(
    "D74",
    _("Related institutions"),
    _("Shares its {kind} with another institution."),
    S.INSTITUTION,
    REVIEW,
    COLLUSION,
    clause="N11.4",
    excuses=(E.GROUP,),
    people=(8, 3, 30),
)
def related_institutions(t: Tables, p: Limits) -> Table:
    """`people`: what more parties than this share ties nobody."""
    found = related(t, p["people"])
    return found.select(
        "kind",
        "value",
        "over",
        "second",
        subject_id=found.institution_id,
        other_institution_id=found.other_institution_id,
    )


@detector(
    "D76",
    _("Passed on to another body"),
    _("{share} % of the lessons are taught by another body's staff, or money went to it."),
    S.INSTITUTION,
    REVIEW,
    COLLUSION,
    clause="N11.4",
    excuses=(E.GROUP,),
    share=(50, 20, 100),
    count=(10, 5, 100),
    fen=(1_000_000, 100_000, 100_000_000),
)
def subcontracted(t: Tables, p: Limits) -> Table:
    lesson, teach, money, i = t.lessons, t.teachers, t.transfers, t.institutions
    own = teach.filter(teach.is_full_time)
    lent = lesson.join(own, [lesson.person_id == own.person_id, lesson.institution_id != own.institution_id]).aggregate(
        by=[lesson.institution_id, own.institution_id.name("other_institution_id")], lent=lesson.lesson_id.nunique()
    )
    total = lesson.aggregate(by="institution_id", total=lesson.lesson_id.nunique())
    taught = lent.join(total, "institution_id")
    share = percent(taught.lent, taught.total)
    by_staff = taught.filter(taught.lent >= p["count"], share >= p["share"]).select(
        subject_id=taught.institution_id, other_institution_id=taught.other_institution_id, share=share,
        amount_fen=ibis.literal(0, "int64"),
    )  # fmt: skip
    to = i.view()
    paid = money.join(i, money.from_account == i.account).join(
        to, [money.to_account == to.account, i.institution_id != to.institution_id]
    )
    flow = paid.aggregate(
        by=[i.institution_id, to.institution_id.name("other_institution_id")], amount_fen=money.amount_fen.sum()
    )
    by_money = flow.filter(flow.amount_fen >= p["fen"]).select(
        subject_id=flow.institution_id, other_institution_id=flow.other_institution_id, share=ibis.literal(0, "int64"),
        amount_fen=flow.amount_fen,
    )  # fmt: skip
    return ibis.union(by_staff, by_money)


@detector(
    "D77",
    _("Recruiting fees"),
    _("{count} like payments of {amount_fen} fen to individuals within {days} days before a class."),
    S.INSTITUTION,
    REVIEW,
    COLLUSION,
    clause="N11.4",
    excuses=(E.DUTY,),
    count=(5, 3, 50),
    days=(60, 15, 180),
)
def recruiting_fees(t: Tables, p: Limits) -> Table:
    """The notice forbids buying trainees with "recruitment fees": equal sums to people who are not its staff."""
    money, i, a, teach, c = t.transfers, t.institutions, t.bank_accounts, t.teachers, t.classes
    paid = (
        money.join(i, money.from_account == i.account)
        .join(a, money.to_account == a.account)
        .select(i.institution_id, a.person_id, money.amount_fen, money.day, account=money.to_account)
    )
    paid = paid.anti_join(teach, ["institution_id", "person_id"])
    before = paid.semi_join(
        c,
        [
            paid.institution_id == c.institution_id,
            paid.day <= c.starts_on,
            days(c.starts_on, paid.day) <= p["days"],
        ],
    )
    found = before.aggregate(by=["institution_id", "amount_fen"], count=before.count(), day=before.day.min())
    found = found.filter(found["count"] >= p["count"])
    return found.select(
        subject_id=found.institution_id, count=found["count"], amount_fen=found.amount_fen, day=found.day,
        days=ibis.literal(p["days"], "int64"),
    )  # fmt: skip


@detector(
    "D80",
    _("People of a removed body"),
    _("A person of a removed institution stands behind this one: {role}."),
    S.INSTITUTION,
    REVIEW,
    COLLUSION,
    clause="N6.4",
    excuses=(E.RECORD,),
)
def people_of_removed(t: Tables, _p: Limits) -> Table:
    i, at, teach = t.institutions, t.positions, t.teachers
    gone, new = i.filter(i.state == "removed"), i.filter(i.state != "removed")
    removed = gone.join(at, gone.company == at.company).select(at.person_id, other_institution_id=gone.institution_id)
    behind = new.join(at, new.company == at.company).select(
        subject_id=new.institution_id, person_id=at.person_id, role=at.role
    )
    teaching = teach.join(new, "institution_id").select(
        subject_id=teach.institution_id, person_id=teach.person_id, role=ibis.literal("teacher")
    )
    all_of_them = ibis.union(behind, teaching, distinct=True)
    found = all_of_them.join(removed, "person_id")
    return found.select("subject_id", "person_id", "role", "other_institution_id").distinct()


@detector(
    "D110",
    _("Training and evaluation in one hand"),
    _("The body that examined the class is related to who trained it."),
    S.CLASS,
    REVIEW,
    COLLUSION,
    clause="S26",
    excuses=(E.GROUP,),
    people=(8, 3, 30),
)
def one_hand(t: Tables, p: Limits) -> Table:
    """An alert, not a ban: employers today lawfully do both (domain 10.2)."""
    exam, pair = t.exams, related(t, p["people"])
    found = exam.join(pair, [exam.trainer_id == pair.institution_id, exam.institution_id == pair.other_institution_id])
    return found.select(
        subject_id=exam.class_id,
        day=exam.day,
        other_institution_id=exam.institution_id,
        kind=pair.kind,
        value=pair.value,
        over=pair.over,
        second=pair.second,
    ).distinct()


DETECTORS = (related_institutions, subcontracted, recruiting_fees, people_of_removed, one_hand)
