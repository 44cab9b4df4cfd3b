from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, F, Min, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.timezone import localdate

from rollbook.accounts import queries as accounts
from rollbook.accounts.rules import Permission, Role, holds
from rollbook.assessment import queries as assessment
from rollbook.classes import queries as classes
from rollbook.classes.rules.states import State as ClassState
from rollbook.directory import queries as directory
from rollbook.evidence import queries as evidence
from rollbook.exchange.queries import senders, untaken
from rollbook.faces import queries as faces
from rollbook.funds import queries as funds
from rollbook.institutions import queries as institutions
from rollbook.journal import queries as journal
from rollbook.kernel.messages import _
from rollbook.kernel.money import yuan
from rollbook.persons import queries as persons
from rollbook.regions.queries import moved_days, name_of
from rollbook.risk import queries as risk
from rollbook.subsidies import queries as subsidies
from rollbook.subsidies.rules import State as ClaimState
from rollbook.subsidies.rules import share
from rollbook.supervision import queries as supervision

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

P = Permission
VERIFY_DAYS = 7  # after which the journal is to be compared with its seals again
NOTICE_MONTH = 11  # from when on the notice of next year's holidays is out


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that waits for the reader."""

    kind: str
    title: str
    url_name: str
    pk: int | None
    due_on: date | None = None
    search: str = ""


def todos(by: "Account") -> list[Todo]:
    """What waits for this account, the nearest limit first; what has no limit comes after."""
    found = [
        *(
            Todo(_("Class to review"), str(one), "classes:class_detail", one.pk, one.decide_by)
            for one in classes.review_queue(by)[:100]
        ),
        *_claims(by),
        *_batches(by),
        *_institutions(by),
        *_lists(by),
        *_discrepancies(by),
        *_requests(by),
        *_money(by),
        *_alike(by),
        *_faces(by),
        *_detectors(by),
        *_watch(by),
        *_administration(by),
        *_untaken(by),
    ]
    if holds(by, P.SCORE_ENTER):
        found += [
            Todo(_("Class to assess"), str(one), "assessment:detail", one.pk, one.ends_on)
            for one in assessment.to_assess(by)[:100]
        ]
    if holds(by, P.SCORE_CHANGE_APPROVE):
        found += [
            Todo(
                _("Change of score asked"),
                str(one.score.enrolment.person),
                "assessment:detail",
                one.score.assessment.training_class_id,
            )
            for one in assessment.changes_asked(by)[:100]
        ]
    return sorted(found, key=lambda one: (one.due_on is None, one.due_on or date.max, one.title))


def _claims(by: "Account") -> list[Todo]:
    """The claims of a class are reviewed together: one line a class."""
    rows = (
        subsidies.review_queue(by)
        .order_by()
        .values(number=F("enrolment__training_class__number"), school=F("institution__name"))
        .annotate(n=Count("pk"), fen=Sum("amount_fen"), due=Min("decide_by"))
    )
    return [
        Todo(
            _("Claims to review"),
            f"{row['school']} · {row['number']} · {row['n']} · {yuan(row['fen'])}",
            "subsidies:review_queue",
            None,
            row["due"],
            row["number"],
        )
        for row in rows.order_by("due")[:100]
    ]


def _batches(by: "Account") -> list[Todo]:
    wanted = {P.BATCH_CHECK: "draft", P.BATCH_RELEASE: "checked"}
    states = [state for permission, state in wanted.items() if holds(by, permission)]
    return [
        Todo(_("Payment batch"), one.number, "funds:batch_detail", one.pk)
        for one in funds.visible_to(by).filter(state__in=states)[:100]
    ]


def _institutions(by: "Account") -> list[Todo]:
    states = [
        state for p, state in ((P.INSTITUTION_VERIFY, "applied"), (P.INSTITUTION_APPROVE, "verified")) if holds(by, p)
    ]
    found = institutions.visible_to(by).filter(state__in=states)[:100]
    return [Todo(_("Institution to decide"), one.name, "institutions:institution_detail", one.pk) for one in found]


def _lists(by: "Account") -> list[Todo]:
    state = "submitted" if holds(by, P.DEMAND_AGREE) else "agreed" if holds(by, P.DEMAND_PUBLISH) else ""
    found = directory.waiting_for(by).filter(state=state) if state else []
    return [Todo(_("Demand directory"), str(one), "directory:list_detail", one.pk) for one in found]


def _discrepancies(by: "Account") -> list[Todo]:
    """Decisions that no longer come out as they were, and counties whose payments are not what was due."""
    found = []
    open_ones = subsidies.discrepancies_visible_to(by).filter(settled_at=None) if holds(by, P.OBJECTION_SETTLE) else ()
    for one in open_ones[:100]:
        title = f"{one.claim.person.name} · {yuan(one.was_fen)} → {yuan(one.now_fen)}"
        found.append(Todo(_("Discrepancy to settle"), title, "subsidies:discrepancy_detail", one.pk))
    if by.institution_id is None and holds(by, P.STATISTICS_READ):
        alarms = [one for one in subsidies.accuracies(by) if one.is_out_of_band]
        for row in alarms[:20]:
            title = f"{name_of(row.region_code)} · {share(row.due_fen, row.paid_fen)} %"
            found.append(Todo(_("Paid is not what was due"), title, "subsidies:accuracy", None))
    return found


def _detectors(by: "Account") -> list[Todo]:
    """Detectors that failed in the last night, for the province: one line for all (N3.5)."""
    codes = [step.detector for step in risk.failing(by)]
    return [Todo(_("Detectors that fail"), ", ".join(codes[:10]), "risk:detector_list", None)] if codes else []


def _untaken(by: "Account") -> list[Todo]:
    """Deliveries of departments that were not taken, one line for all; sources whose key another asks to change (N3.5)."""
    count = untaken.open_refusals(by).count() if holds(by, P.EXCHANGE_LOAD) else 0
    found = [Todo(_("Deliveries not taken"), str(count), "exchange:refusal_list", None)] if count else []
    changes = senders.changes_to_decide(by)[:100]
    return found + [
        Todo(_("Change of a source asked"), str(one), "exchange:source_detail", one.source_id) for one in changes
    ]


def _alike(by: "Account") -> list[Todo]:
    """Records to be compared, for whoever may merge them: one line for all (N3.1)."""
    count = persons.candidates(by).count() if holds(by, P.PERSON_MERGE) else 0
    return [Todo(_("Perhaps one person"), str(count), "persons:candidate_list", None)] if count else []


def _faces(by: "Account") -> list[Todo]:
    """Two persons with one face, and the filing that the number of stored faces asks for (B7, S69)."""
    count = faces.likenesses(by).filter(finding="").count() if holds(by, P.FACE_SETTLE) else 0
    found = [Todo(_("Two persons, one face"), str(count), "faces:pair_list", None)] if count else []
    if holds(by, P.FACE_SETTLE) and faces.notices(by, localdate()):
        found.append(Todo(_("Storing of faces to be filed"), str(faces.stored()), "faces:overview", None))
    return found


def _watch(by: "Account") -> list[Todo]:
    """For whoever watches over the others: differences, draws, evidence and the journal (N14.1, B6)."""
    if by.role not in (Role.AUDITOR, Role.AUDIT_ADMINISTRATOR):
        return []
    found, today = [], localdate()
    if n := subsidies.discrepancies_visible_to(by).filter(settled_at=None).count():
        found.append(Todo(_("Differences of recomputation, not settled"), str(n), "subsidies:discrepancy_list", None))
    found += [
        Todo(
            _("Draw with results overdue"),
            f"{row['title']} · {row['late']}",
            "supervision:draw",
            row["pk"],
            row["due_on"],
        )
        for row in supervision.overdue(by, today)[:20]
    ]
    scrubs = evidence.last_scrubs(1) if holds(by, P.EVIDENCE_READ) else []
    if scrubs and scrubs[0].wrong:
        found.append(Todo(_("Evidence not as it was stored"), str(len(scrubs[0].wrong)), "evidence:item_list", None))
    return found + _journal(today)


def _journal(today: date) -> list[Todo]:
    last, late = journal.last_verified(), journal.sealed_late(today)
    found = []
    if last and last.data["broken"]:
        found.append(Todo(_("The journal is not as it was sealed"), last.data["first"], "reports:journal", None))
    elif last is None or (today - localdate(last.at)).days > VERIFY_DAYS:
        told = str(localdate(last.at)) if last else "–"
        found.append(Todo(_("Journal to be compared with its seals; last"), told, "reports:journal", None))
    if late:
        found.append(Todo(_("Journal not sealed since"), str(late), "reports:journal", None))
    return found


def _administration(by: "Account") -> list[Todo]:
    """Of the administrators: accounts that are locked or have no second factor, and the calendar (N14.1)."""
    found = []
    if holds(by, P.ACCOUNT_SECURE):
        ways = [(_("Locked account"), accounts.to_unlock(by, timezone.now()))]
        if not settings.DEMO:  # where officials need one
            ways.append((_("Official without second factor"), accounts.without_second_factor(by)))
        found += [Todo(kind, str(one), "persons:account_detail", one.pk) for kind, rows in ways for one in rows[:20]]
    if holds(by, P.ACCOUNT_MANAGE):
        found += [
            Todo(_("Institution whose accounts are all closed"), one.name, "persons:account_list", None)
            for one in institutions.without_account(by)[:20]
        ]
    if holds(by, P.CALENDAR_EXTEND):
        today = localdate()
        years = [today.year, *([today.year + 1] if today.month >= NOTICE_MONTH else [])]
        found += [
            Todo(
                _("Working-day calendar to be extended"), str(year), "directory:calendar", None, date(year - 1, 12, 31)
            )
            for year in years
            if not moved_days(year)
        ]
    return found


def _requests(by: "Account") -> list[Todo]:
    """Requests that a second person decides, and objections: one line a class or claim."""
    found = []
    if holds(by, P.ATTENDANCE_APPROVE) or holds(by, P.CLASS_APPLY):
        asked = Counter(
            str(getattr(one, "training_class", None) or one.lesson.training_class)
            for kind, rows in classes.asks_for(by).items()
            for one in rows
            if kind == "leaves" or one.asked_by_id != by.pk
        )
        found += [Todo(_("Requests"), f"{klass} · {n}", "classes:asks", None) for klass, n in asked.items()]
    if holds(by, P.ATTENDANCE_TAKE):
        rolls = Counter(str(one.lesson.training_class) for one in classes.rolls_for(by))
        found += [Todo(_("Rolls to confirm"), f"{klass} · {n}", "classes:asks", None) for klass, n in rolls.items()]
    if holds(by, P.ATTENDANCE_APPROVE):
        told = list(classes.make_ups_ahead(by, timezone.now()).order_by("starts_at")[:1000])
        if told:
            first = localdate(told[0].starts_at)
            found.append(Todo(_("Make-up lessons to come"), str(len(told)), "classes:make_up_list", None, first))
    if holds(by, P.OBJECTION_SETTLE):
        found += [
            Todo(_("Objection"), f"{one.claim.institution} · {one.claim.person}", "subsidies:objection_list", None)
            for one in subsidies.objections_open(by)[:100]
        ]
    return found


def _money(by: "Account") -> list[Todo]:
    """Claims on their way that nobody else moves: to file, to publish, to pay."""
    found = []
    if holds(by, P.CLAIM_FILE) and holds(by, P.SCORE_ENTER):
        found += [
            Todo(_("Claims to file"), str(one), "subsidies:class_claims", one.pk)
            for one in subsidies.classes_to_claim(by)[:100]
        ]
    ways = (
        (P.CLAIM_REVIEW, _("Claims to publish"), subsidies.to_publish, "subsidies:publicity_list"),
        (P.BATCH_MAKE, _("Claims to pay"), subsidies.to_pay, "subsidies:to_pay"),
    )
    for permission, kind, waiting, address in ways:
        if holds(by, permission):
            sums = waiting(by.region_code).order_by().aggregate(n=Count("pk"), fen=Sum("amount_fen"))
            if sums["n"]:
                found.append(Todo(kind, f"{sums['n']} · {yuan(sums['fen'])}", address, None))
    return found


def tiles(by: "Account") -> dict[str, list[tuple[Any, ...]]]:
    """State, its word, how many (and fen) of the classes and claims the account sees; a list stands behind each."""
    begun = dict(classes.visible_to(by).order_by().values_list("state").annotate(n=Count("pk", distinct=True)))
    money = {
        state: (n, fen)
        for state, n, fen in subsidies.visible_to(by)
        .order_by()
        .values_list("state")
        .annotate(n=Count("pk"), fen=Sum("amount_fen"))
    }
    return {
        "classes": [(one, one.label, begun[one]) for one in ClassState if one in begun],
        "claims": [(one, one.label, *money[one]) for one in ClaimState if one in money],
    }


def by_region(by: "Account", year: int) -> list[dict[str, Any]]:
    """Classes and people of a year by county, most first, and the money paid in it."""
    rows = (
        classes.visible_to(by)
        .filter(starts_on__year=year)
        .order_by()
        .values("region_code")
        .annotate(
            classes=Count("pk", distinct=True),
            people=Count("enrolments", filter=Q(enrolments__dropped_at=None), distinct=True),
            ended=Count("pk", filter=Q(state__in=["ended", "assessed"]), distinct=True),
        )
    )
    money = _paid(by, year, "region_code")
    return [
        row | {"name": name_of(row["region_code"]), **money[row["region_code"]]} for row in rows.order_by("-people")
    ]


def by_occupation(by: "Account", year: int, limit: int = 20) -> list[dict[str, Any]]:
    """Classes and people of a year by occupation, most first, and the money paid in it."""
    rows = (
        classes.visible_to(by)
        .filter(starts_on__year=year, occupation__isnull=False)
        .order_by()
        .values("occupation_id", "occupation__name")
        .annotate(
            classes=Count("pk", distinct=True),
            people=Count("enrolments", filter=Q(enrolments__dropped_at=None), distinct=True),
        )
    )
    money = _paid(by, year, "item__occupation_id")
    return [row | money[row["occupation_id"]] for row in rows.order_by("-people")[:limit]]


def _paid(by: "Account", year: int, key: str) -> "defaultdict[Any, dict[str, int]]":
    """Claims and fen paid in a year, by a field of the claim."""
    found = subsidies.visible_to(by).filter(paid_at__year=year).order_by().values_list(key)
    rows = found.annotate(n=Count("pk"), fen=Sum("amount_fen"))
    paid: defaultdict[Any, dict[str, int]] = defaultdict(lambda: {"claims": 0, "fen": 0})
    for value, n, fen in rows:
        paid[value] = {"claims": n, "fen": fen}
    return paid


def by_month(by: "Account", year: int) -> list[dict[str, Any]]:
    """Classes begun and money paid by month of a year."""
    begun = (
        classes.visible_to(by)
        .filter(starts_on__year=year)
        .order_by()
        .annotate(month=TruncMonth("starts_on"))
        .values("month")
        .annotate(classes=Count("pk", distinct=True))
    )
    paid = (
        subsidies.visible_to(by)
        .filter(paid_at__year=year)
        .order_by()
        .annotate(month=TruncMonth("paid_at"))
        .values("month")
        .annotate(fen=Sum("amount_fen"), claims=Count("pk"))
    )
    money: dict[int, dict[str, Any]] = {row["month"].month: dict(row) for row in paid}
    classes_begun = {row["month"].month: row["classes"] for row in begun}
    return [
        {
            "month": f"{year}-{month:02}",
            "classes": classes_begun.get(month, 0),
            "fen": money.get(month, {}).get("fen", 0),
            "claims": money.get(month, {}).get("claims", 0),
        }
        for month in range(1, 13)
    ]
