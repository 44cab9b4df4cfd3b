"""Whether a training subsidy is due and how much: over columns, with the working shown (N12.2, B1).

One claim is one row. What is decided for many is what would be decided for each.
"""

from dataclasses import dataclass

import numpy as np

from rollbook.kernel.columns import Bools, Columns, Ints, Texts
from rollbook.kernel.decisions import Award, Ground, Line, refused
from rollbook.kernel.messages import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(Columns):
    """What is known of each claim on the day it is filed."""

    attended_percent: Ints  # of the planned academic hours
    worst_day_percent: Ints  # of the class, on its worst day
    has_certificate: Bools  # valid, of this class
    is_committed: Bools
    is_verified: Bools  # against the population service
    level: Ints  # 1 highest … 5, 0 none
    highest_paid_level: Ints  # of the same occupation, paid or claimed before; 9 where none
    same_level_had: Bools
    paid_this_year: Ints  # subsidies of this person, paid or under way
    paid_ever: Ints
    days_since_certificate: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(Columns):
    """The numbers in force for each claim, each with its document."""

    amount_fen: Ints
    scarce_extra_fen: Ints  # published scarce amount less the ordinary one; 0 where there is none
    attendance_percent: Ints
    day_attendance_percent: Ints
    claims_a_year: Ints
    claims_lifetime: Ints
    claim_days: Ints
    list_document: Texts
    attendance_document: Texts
    caps_document: Texts
    days_document: Texts


def _clause(text: str, facts: Facts) -> Texts:
    return np.full(len(facts), text)


def grounds(facts: Facts, terms: Terms) -> list[Ground]:
    """Every reason not to pay, with the claims that it holds for."""
    return [
        Ground(
            "attendance",
            _("Attended {percent} % of the hours; {least} % are needed."),
            terms.attendance_document,
            facts.attended_percent < terms.attendance_percent,
            {"percent": facts.attended_percent, "least": terms.attendance_percent},
        ),
        Ground(
            "class-unqualified",
            _("On its worst day {percent} % of the class was there; below {least} % the class gets no subsidy."),
            terms.attendance_document,
            facts.worst_day_percent < terms.day_attendance_percent,
            {"percent": facts.worst_day_percent, "least": terms.day_attendance_percent},
        ),
        Ground(
            "no-certificate",
            _("There is no valid certificate of this class."),
            _clause("N5.3", facts),
            ~facts.has_certificate,
        ),
        Ground(
            "no-commitment",
            _("The trainee has not signed the commitment."),
            _clause("N4.6", facts),
            ~facts.is_committed,
        ),
        Ground(
            "unverified",
            _("The identity is not verified; pending is not a pass."),
            _clause("N3.7", facts),
            ~facts.is_verified,
        ),
        Ground(
            "same-level",
            _("The same occupation and level was claimed or paid before."),
            _clause("N12.3", facts),
            facts.same_level_had,
        ),
        Ground(
            "higher-level",
            _("Level {had} of this occupation was claimed or paid before; a higher one bars a lower."),
            _clause("N12.3", facts),
            (facts.highest_paid_level < facts.level) & (facts.level > 0),
            {"had": facts.highest_paid_level},
        ),
        Ground(
            "yearly-cap",
            _("{count} subsidies this year already; {limit} may be had."),
            terms.caps_document,
            facts.paid_this_year >= terms.claims_a_year,
            {"count": facts.paid_this_year, "limit": terms.claims_a_year},
        ),
        Ground(
            "lifetime-cap",
            _("{count} subsidies in all already; {limit} may be had."),
            terms.caps_document,
            facts.paid_ever >= terms.claims_lifetime,
            {"count": facts.paid_ever, "limit": terms.claims_lifetime},
        ),
        Ground(
            "too-late",
            _("{days} days since the certificate; a claim must be made within {limit}."),
            terms.days_document,
            facts.days_since_certificate > terms.claim_days,
            {"days": facts.days_since_certificate, "limit": terms.claim_days},
        ),
    ]


def award(facts: Facts, terms: Terms) -> Award:
    """How much, in lines that add up."""
    del facts  # the standard of 2023 depends on the project alone
    return Award(
        [
            Line(_("Standard of the directory"), terms.amount_fen, terms.list_document),
            Line(_("More where the occupation is scarce"), terms.scarce_extra_fen, terms.list_document),
        ]
    )


def payable_fen(facts: Facts, terms: Terms) -> Ints:
    """What each claim comes to, in fen: nothing where any ground holds."""
    return np.where(refused(grounds(facts, terms)), 0, award(facts, terms).amount_fen)
