"""Signals of insiders (domain 5.2 D81 and beyond): decisions in bursts, at night, for one institution; curious reads."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.shapes import Tables, counted, either, percent, seconds
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
INSIDER = Scheme.INSIDER
REVIEW, WARN = Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]
APPROVALS = ["approve", "pass-on", "pass-first", "pass-second"]


def approvals(t: Tables) -> Table:
    return t.reviews.filter(t.reviews.move.isin(APPROVALS))


@detector(
    "D81",
    _("One reviewer, one institution"),
    _("{share} % of {count} decisions on one institution are approvals, {quick} of them within {minutes} minutes."),
    S.ACCOUNT,
    REVIEW,
    INSIDER,
    clause="N14.1",
    excuses=(E.DUTY,),
    share=(90, 60, 100),
    count=(20, 5, 200),
    minutes=(2, 1, 10),
    other_share=(80, 50, 100),
)
def reviewer_bias(t: Tables, p: Limits) -> Table:
    """Nearly all approved, nearly all within minutes, and by one who decides most of what that institution files.

    Or decided from the network that the institution itself signs in from.
    """
    r, sign = t.reviews, t.sign_ins
    one = r.aggregate(
        by=["account_id", "institution_id"], count=r.count(), approved=counted(r.move.isin(APPROVALS)),
        quick=counted((r.seconds < p["minutes"] * 60).fill_null(False)),
    )  # fmt: skip
    all_of_it = r.aggregate(by="institution_id", whole=r.count())
    both = one.join(all_of_it, "institution_id")
    share = percent(both.approved, both["count"])
    biased = both.filter(
        both["count"] >= p["count"],
        share > p["share"],
        percent(both.quick, both["count"]) >= p["other_share"],
        percent(both["count"], both.whole) >= p["other_share"],
    )
    theirs = sign.filter(sign.role == "institution-manager", sign.network.notnull())
    inside = r.join(theirs, [r.institution_id == theirs.institution_id, r.network == theirs.network])
    same = inside.aggregate(
        by=[r.account_id, r.institution_id], count=r.review_id.nunique(), quick=counted(r.seconds.notnull())
    )
    minutes = ibis.literal(p["minutes"], "int64")
    return either(
        biased.select(
            subject_id=biased.account_id, institution_id=biased.institution_id, share=share, count=biased["count"],
            quick=biased.quick, minutes=minutes, what=ibis.literal("approves"),
        ),
        same.select(
            subject_id=same.account_id, institution_id=same.institution_id, share=ibis.literal(100, "int64"),
            count=same["count"], quick=same.quick, minutes=minutes, what=ibis.literal("same-network"),
        ),
    )  # fmt: skip


@detector(
    "I01",
    _("Approvals in a burst"),
    _("On {day} {count} approvals within {minutes} minutes."),
    S.ACCOUNT,
    REVIEW,
    INSIDER,
    clause="N14.1",
    excuses=(E.DUTY, E.CAMPAIGN),
    count=(20, 5, 200),
    minutes=(10, 2, 60),
)
def burst_of_approvals(t: Tables, p: Limits) -> Table:
    """Different objects, each its own decision: so many a few minutes cannot have been read."""
    r = approvals(t)
    o = r.view()
    window = r.join(
        o, [r.account_id == o.account_id, r.day == o.day, o.at >= r.at, seconds(o.at, r.at) < p["minutes"] * 60]
    ).aggregate(by=[r.account_id, r.day, r.at], count=o.subject_id.nunique())
    most = window.aggregate(by=["account_id", "day"], count=window["count"].max())
    found = most.filter(most["count"] >= p["count"])
    return found.select(
        subject_id=found.account_id, day=found.day, count=found["count"], minutes=ibis.literal(p["minutes"], "int64")
    )


@detector(
    "I02",
    _("Approvals at night"),
    _("{count} approvals at night, {share} % of all of this account."),
    S.ACCOUNT,
    REVIEW,
    INSIDER,
    clause="N14.1",
    excuses=(E.DUTY,),
    count=(5, 2, 50),
    share=(10, 2, 100),
    from_minute=(1320, 1140, 1440),
    until_minute=(360, 0, 420),
)
def night_approvals(t: Tables, p: Limits) -> Table:
    r = approvals(t)
    night = (r.minute >= p["from_minute"]) | (r.minute < p["until_minute"])
    group = r.aggregate(by="account_id", count=counted(night), total=r.count())
    share = percent(group["count"], group.total)
    return group.filter(group["count"] >= p["count"], share >= p["share"]).select(
        subject_id=group.account_id, count=group["count"], share=share
    )


@detector(
    "I03",
    _("Personal data read off the pattern"),
    _(
        "On {day} sealed data of {people} people and {pieces} items of evidence, of them {away} people of other regions; "
        "a usual day of such an account has {usual} of both."
    ),
    S.ACCOUNT,
    REVIEW,
    INSIDER,
    clause="N14.1",
    excuses=(E.DUTY, E.CAMPAIGN),
    count=(10, 3, 200),
    times=(5, 2, 50),
)
def curious_reads(t: Tables, p: Limits) -> Table:
    """Many more than the mean day of all accounts, and not called for by a case on the desk."""
    r = t.reveals
    loose = r.filter(~r.was_due.fill_null(False))
    own = loose.region_code.re_replace("(00)+$", "")  # of a city also its counties
    day = loose.aggregate(
        by=["account_id", "day"],
        people=loose.person_id.nunique(),
        pieces=loose.item_id.nunique(),
        away=loose.person_id.nunique(where=~loose.person_region.startswith(own)),
    )
    day = day.mutate(shown=day.people + day.pieces)
    others = day.view()
    peers = day.left_join(others, day.account_id != others.account_id).aggregate(
        by=[day.account_id, day.day, day.people, day.pieces, day.away, day.shown], usual=others.shown.mean()
    )
    usual = peers.usual.fill_null(0)
    found = peers.filter(peers.shown >= p["count"], peers.shown > usual * p["times"])
    return found.select(
        subject_id=found.account_id,
        day=found.day,
        people=found.people,
        pieces=found.pieces,
        away=found.away,
        usual=found.usual.fill_null(0).ceil().cast("int64"),
    )


@detector(
    "I04",
    _("Personal data read at night"),
    _("{count} times sealed data was shown at night."),
    S.ACCOUNT,
    WARN,
    INSIDER,
    clause="N14.1",
    excuses=(E.DUTY,),
    count=(5, 2, 50),
    from_minute=(1320, 1140, 1440),
    until_minute=(360, 0, 420),
)
def night_reads(t: Tables, p: Limits) -> Table:
    r = t.reveals
    night = r.filter((r.minute >= p["from_minute"]) | (r.minute < p["until_minute"]))
    found = night.aggregate(by="account_id", count=night.count())
    return found.filter(found["count"] >= p["count"]).select(subject_id=found.account_id, count=found["count"])


DETECTORS = (reviewer_bias, burst_of_approvals, night_approvals, curious_reads, night_reads)
