"""II. Identities and contacts that many share (domain 5.2 D25-D38)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.eligibility import live
from rollbook.risk.detectors.shapes import Tables, counted, crowds, days, either, percent, rosters
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
IDENTITY = Scheme.IDENTITY
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]


def on_roster(t: Tables) -> Table:
    """Trainees with what is on file of the person."""
    e, who = live(t), t.persons
    return e.join(who, e.person_id == who.person_id).select(
        e.enrolment_id, e.class_id, e.institution_id, e.person_id, e.employer, e.network, e.added_at,
        e.region_code, who.phone, who.address, who.home_code, who.birth_on,
    )  # fmt: skip


@detector(
    "D25",
    _("One phone, many people"),
    _("{people} trainees of the class have one phone, {all_people} people in all."),
    S.CLASS,
    REVIEW,
    IDENTITY,
    excuses=(E.FAMILY, E.AGENT),
    people=(3, 2, 20),
    all_people=(5, 3, 50),
)
def shared_phone(t: Tables, p: Limits) -> Table:
    r, who = on_roster(t), t.persons
    r = r.filter(r.phone.notnull())
    here = r.aggregate(by=["class_id", "phone"], people=r.person_id.nunique())
    everywhere = who.filter(who.phone.notnull()).aggregate(by="phone", all_people=who.person_id.nunique())
    found = here.join(everywhere, "phone")
    found = found.filter((found.people >= p["people"]) | (found.all_people >= p["all_people"]))
    return found.select(subject_id=found.class_id, people=found.people, all_people=found.all_people, phone=found.phone)


@detector(
    "D26",
    _("One bank account, many people"),
    _("The account of this claim belongs to {people} people."),
    S.CLAIM,
    BLOCK,
    IDENTITY,
    clause="N16.3",
    excuses=(E.FAMILY, E.RECORD),
    people=(2, 2, 5),
)
def shared_account(t: Tables, p: Limits) -> Table:
    c, a = t.claims, t.bank_accounts
    a = a.filter(a.account.notnull())
    many = crowds(a, ["account"], "person_id", p["people"])
    found = c.join(many, "account")
    return found.select(subject_id=found.claim_id, people=found.people, account=found.account)


@detector(
    "D27",
    _("Account of somebody else"),
    _("The bank says that the account is not the payee's."),
    S.CLAIM,
    BLOCK,
    IDENTITY,
    clause="N16.3",
    excuses=(E.NAME, E.RECORD),
)
def foreign_account(t: Tables, _p: Limits) -> Table:
    c, a = t.claims, t.bank_accounts
    found = c.join(a, [c.person_id == a.person_id, c.account == a.account, ~a.owner_matches])
    return found.select(subject_id=c.claim_id, account=c.account).distinct()


@detector(
    "D28",
    _("Account of the institution's people"),
    _("The account belongs to the institution's side: {role}."),
    S.CLAIM,
    REVIEW,
    IDENTITY,
    excuses=(E.FAMILY, E.RECORD),
)
def account_of_staff(t: Tables, _p: Limits) -> Table:
    c, a, teach, i = t.claims, t.bank_accounts, t.teachers, t.institutions
    said = a.filter(a.holder_kind.isin(["staff", "agent", "institution"]))
    by_bank = c.join(said, c.account == said.account).select(subject_id=c.claim_id, role=said.holder_kind)
    staff = teach.join(a, teach.person_id == a.person_id).select(a.account, a.person_id, teach.institution_id)
    of_staff = c.join(
        staff,
        [c.account == staff.account, c.institution_id == staff.institution_id, c.person_id != staff.person_id],
    ).select(subject_id=c.claim_id, role=ibis.literal("teacher"))
    own = c.join(i, [c.account == i.account, c.institution_id == i.institution_id])
    return either(by_bank, of_staff, own.select(subject_id=c.claim_id, role=ibis.literal("institution")))


@detector(
    "D29",
    _("Accounts opened together"),
    _("{share} % of the class opened their accounts at one branch within {days} days of {day}."),
    S.CLASS,
    REVIEW,
    IDENTITY,
    excuses=(E.AGENT, E.VILLAGE_CLASS),
    share=(60, 30, 100),
    days=(2, 1, 7),
    people=(8, 5, 30),
)
def serial_accounts(t: Tables, p: Limits) -> Table:
    e, a = live(t), t.bank_accounts
    mine = e.join(a, [e.person_id == a.person_id, a.opened_on.notnull(), a.branch.notnull()]).select(
        e.class_id, e.person_id, a.branch, a.opened_on
    )
    # Too few at a branch on any days are too few within some: without those the join of days grows with their square.
    mine = mine.semi_join(crowds(mine, ["class_id", "branch"], "person_id", p["people"]), ["class_id", "branch"])
    o = mine.view()
    near = mine.join(
        o,
        [
            mine.class_id == o.class_id,
            mine.branch == o.branch,
            o.opened_on >= mine.opened_on,
            days(o.opened_on, mine.opened_on) < p["days"],
        ],
    ).select(mine.class_id, mine.branch, day=mine.opened_on, person_id=o.person_id)
    groups = crowds(near, ["class_id", "branch", "day"], "person_id", p["people"])
    found = groups.join(rosters(t.enrolments), "class_id")
    share = percent(found.people, found.roster)
    return found.filter(share >= p["share"]).select(
        subject_id=found.class_id, day=found.day, people=found.people, share=share, branch=found.branch,
        days=ibis.literal(p["days"], "int64"),
    )  # fmt: skip


@detector(
    "D30",
    _("One device, many people"),
    _("On {day} one telephone checked in {people} people."),
    S.CLASS,
    REVIEW,
    IDENTITY,
    excuses=(E.FAMILY, E.OFFLINE),
    people=(3, 2, 20),
)
def shared_device(t: Tables, p: Limits) -> Table:
    c = t.check_ins
    own = c.filter(c.device.notnull(), c.device != "", ~c.is_kiosk.fill_null(False), ~c.by_hand.fill_null(False))
    many = crowds(own, ["device", "day"], "person_id", p["people"])
    found = own.select("device", "day", "class_id").distinct().join(many, ["device", "day"])
    return found.select(subject_id=found.class_id, day=found.day, people=found.people, device=found.device)


@detector(
    "D31",
    _("One network, many accounts"),
    _("On {day} one address on the Internet had {people} trainees within an hour."),
    S.CLASS,
    WARN,
    IDENTITY,
    excuses=(E.SHARED_NETWORK,),
    people=(10, 5, 100),
)
def shared_network(t: Tables, p: Limits) -> Table:
    s, own = t.sessions, t.sign_ins
    s = s.filter(s.network.notnull()).mutate(hour=(s.starts_at.epoch_seconds() / 3600).floor())
    known = own.filter(own.role == "institution-manager")
    s = s.anti_join(known, [s.network == known.network, s.institution_id == known.institution_id])
    many = crowds(s, ["network", "day", "hour"], "person_id", p["people"])
    found = s.select("network", "day", "hour", "class_id").distinct().join(many, ["network", "day", "hour"])
    return found.select(subject_id=found.class_id, day=found.day, people=found.people, network=found.network).distinct()


@detector(
    "D32",
    _("One face under two identities"),
    _("The face is {likeness} % like that of another person in the register."),
    S.ENROLMENT,
    REVIEW,
    IDENTITY,
    clause="N3.7",
    excuses=(E.TWINS,),
    similarity=(85, 70, 99),
)
def same_face(t: Tables, p: Limits) -> Table:
    e, f = live(t), t.face_pairs
    likeness = (f.similarity * 100).floor().cast("int64")
    alike = f.filter(likeness >= p["similarity"])
    both = ibis.union(
        alike.select("person_id", "other_person_id", "similarity"),
        alike.select(person_id=alike.other_person_id, other_person_id=alike.person_id, similarity=alike.similarity),
    )
    found = e.join(both, "person_id")
    return found.select(
        subject_id=found.enrolment_id,
        other_person_id=found.other_person_id,
        likeness=(found.similarity * 100).floor().cast("int64"),
    )


@detector(
    "D33",
    _("Faces that did not match were passed by hand"),
    _("{share} % of the class's face checks were passed by hand ({count})."),
    S.CLASS,
    REVIEW,
    IDENTITY,
    clause="N3.7",
    excuses=(E.BAD_SIGNAL,),
    share=(10, 5, 50),
    count=(5, 3, 50),
    similarity=(60, 40, 90),
)
def passed_by_hand(t: Tables, p: Limits) -> Table:
    c = t.check_ins
    c = c.filter(c.face_score.notnull())
    group = c.aggregate(
        by="class_id", checks=c.count(), count=counted((c.face_score * 100 < p["similarity"]) & c.by_hand)
    )
    share = percent(group["count"], group.checks)
    return group.filter(share >= p["share"], group["count"] >= p["count"]).select(
        subject_id=group.class_id, share=share, count=group["count"]
    )


@detector(
    "D34",
    _("Most from one address or employer, far away"),
    _("{share} % of the class come from one place; the class is held in another county."),
    S.CLASS,
    WARN,
    IDENTITY,
    excuses=(E.VILLAGE_CLASS, E.AGENT),
    share=(60, 30, 100),
    people=(10, 5, 50),
)
def one_place(t: Tables, p: Limits) -> Table:
    r = on_roster(t)
    r = r.mutate(place=ibis.coalesce(r.address, r.employer))
    r = r.filter(r.place.notnull(), r.home_code != r.region_code)
    groups = crowds(r, ["class_id", "place"], "person_id", p["people"])
    found = groups.join(rosters(t.enrolments), "class_id")
    share = percent(found.people, found.roster)
    return found.filter(share >= p["share"]).select(
        subject_id=found.class_id, share=share, people=found.people, place=found.place
    )


@detector(
    "D35",
    _("One picture for several identities"),
    _("The picture of the identity card is the same file as of {people} people."),
    S.ENROLMENT,
    REVIEW,
    IDENTITY,
    clause="N3.7",
    excuses=(E.RECORD,),
    people=(2, 2, 5),
)
def same_card_picture(t: Tables, p: Limits) -> Table:
    e, f = live(t), t.photos
    cards = f.filter(f.kind == "id", f.person_id.notnull(), f.sha256.notnull())
    many = crowds(cards, ["sha256"], "person_id", p["people"])
    who = cards.join(many, "sha256").select("person_id", "people").distinct()
    found = e.join(who, "person_id")
    return found.select(subject_id=found.enrolment_id, people=found.people)


@detector(
    "D36",
    _("Roster copied"),
    _("{share} % of the class were on the roster of another class, {days} days before."),
    S.CLASS,
    REVIEW,
    IDENTITY,
    clause="N11.4",
    excuses=(E.NEXT_LEVEL, E.VILLAGE_CLASS),
    share=(80, 50, 100),
    people=(10, 5, 50),
    days=(365, 90, 730),
)
def copied_roster(t: Tables, p: Limits) -> Table:
    e = live(t)
    o = e.view()
    pairs = e.join(
        o,
        [
            e.person_id == o.person_id,
            e.class_id != o.class_id,
            (o.starts_on < e.starts_on) | ((o.starts_on == e.starts_on) & (o.class_id < e.class_id)),
            days(e.starts_on, o.starts_on) <= p["days"],
        ],
    ).select(e.class_id, e.person_id, other_class_id=o.class_id, days=days(e.starts_on, o.starts_on))
    groups = crowds(pairs, ["class_id", "other_class_id", "days"], "person_id", p["people"])
    found = groups.join(rosters(t.enrolments), "class_id")
    share = percent(found.people, found.roster)
    return found.filter(share >= p["share"]).select(
        subject_id=found.class_id, other_class_id=found.other_class_id, share=share, people=found.people,
        days=found.days,
    )  # fmt: skip


@detector(
    "D37",
    _("Identity numbers in a row"),
    _("{people} trainees have the same home county and birthday {birth_on}."),
    S.CLASS,
    WARN,
    IDENTITY,
    excuses=(E.TWINS,),
    people=(3, 3, 10),
)
def numbers_in_a_row(t: Tables, p: Limits) -> Table:
    r = on_roster(t)
    found = crowds(r.filter(r.home_code.notnull()), ["class_id", "home_code", "birth_on"], "person_id", p["people"])
    return found.select(
        subject_id=found.class_id, people=found.people, birth_on=found.birth_on, home_code=found.home_code
    )


@detector(
    "D38",
    _("Signed up in a burst"),
    _("{people} people signed up within {minutes} minutes from one network."),
    S.CLASS,
    WARN,
    IDENTITY,
    excuses=(E.SHARED_NETWORK, E.AGENT),
    people=(20, 10, 100),
    minutes=(10, 5, 60),
)
def burst_of_sign_ups(t: Tables, p: Limits) -> Table:
    e = live(t)
    e = e.filter(e.network.notnull()).mutate(slot=(e.added_at.epoch_seconds() / (p["minutes"] * 60)).floor())
    found = crowds(e, ["class_id", "network", "slot"], "person_id", p["people"])
    return found.select(
        subject_id=found.class_id,
        people=found.people,
        minutes=ibis.literal(p["minutes"], "int64"),
        network=found.network,
    )


DETECTORS = (
    shared_phone, shared_account, foreign_account, account_of_staff, serial_accounts, shared_device, shared_network,
    same_face, passed_by_hand, one_place, same_card_picture, copied_roster, numbers_in_a_row, burst_of_sign_ups,
)  # fmt: skip
