"""Scores, certificates, claims and money of the demo province: what the deeds would have written,
worked out by the same rules and posted by the same ledger."""

import random
import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from rollbook.accounts.models import Account
from rollbook.assessment.models import Assessment, Score
from rollbook.assessment.rules import result
from rollbook.certificates.models import Certificate, Series
from rollbook.certificates.rules import number_of
from rollbook.classes import queries as classes
from rollbook.classes.models import Enrolment
from rollbook.classes.rules.states import State as ClassState
from rollbook.config.demo.courses import Course, at
from rollbook.funds import actions as funds
from rollbook.funds.actions.ledger import K, account
from rollbook.funds.actions.signing import digest_of
from rollbook.funds.models import LedgerAccount, PaymentBatch, PaymentLine
from rollbook.funds.rules import Step
from rollbook.kernel.decisions import refused
from rollbook.regions.rules import WorkingDays
from rollbook.subsidies import queries as subsidies
from rollbook.subsidies import rules
from rollbook.subsidies.models import Claim, Publicity

Offices = dict[tuple[str, str], Account]
FUND = "employment"


def assess(rng: random.Random, courses: list[Course], managers: dict[int, Account], calendar: WorkingDays) -> None:
    """Scores of every class that is assessed, locked a few working days after its end."""
    done = [course for course in courses if course.row.state == ClassState.ASSESSED]
    made = Assessment.objects.bulk_create(
        Assessment(
            training_class=course.row,
            held_on=calendar.after(course.days[-1], 2),
            place="本部考场",
            assessors="考评组",
            locked_at=at(calendar.after(course.days[-1], 4), time(16)),
            locked_by=managers[course.row.institution_id],
        )
        for course in done
    )
    Score.objects.bulk_create(
        (
            _score(rng, one, assessment)
            for course, assessment in zip(done, made, strict=True)
            for one in course.enrolments
        ),
        batch_size=5000,
    )


def _score(rng: random.Random, one: Enrolment, assessment: Assessment) -> Score:
    absent = rng.random() < 0.02
    theory = None if absent else min(100, max(30, int(rng.gauss(77, 9))))
    practice = None if absent else min(100, max(30, int(rng.gauss(80, 8))))
    return Score(
        assessment=assessment,
        enrolment=one,
        theory=theory,
        practice=practice,
        is_absent=absent,
        result=result(theory, practice, absent, 60),
        entered_at=assessment.locked_at or at(assessment.held_on or date.min, time(16)),
        entered_by=assessment.locked_by,
    )


def certify(courses: list[Course]) -> None:
    """Certificates for all who passed and attended, in the order of their dates, without gaps."""
    due: list[tuple[date, Course, Enrolment]] = []
    for course in courses:
        if course.row.state != ClassState.ASSESSED:
            continue
        attended = classes.attendance_of(course.row.pk)
        passed = set(
            Score.objects.filter(assessment__training_class=course.row, result="passed").values_list(
                "enrolment_id", flat=True
            )
        )
        on = course.days[-1] + timedelta(7)
        due += [(on, course, one) for one in course.enrolments if one.pk in passed and attended[one.pk].percent >= 80]
    due.sort(key=lambda row: (row[0], row[2].pk))
    made: list[Certificate] = []
    series: dict[int, Series] = {}
    for on, course, one in due:
        here = series.setdefault(on.year, Series(province_code="320000", year=on.year, next_serial=1))
        made.append(_certificate(course, one, here, on))
        here.next_serial += 1
    Series.objects.bulk_create(series.values())
    for certificate in made:
        certificate.series_id = certificate.series.pk
    Certificate.objects.bulk_create(made, batch_size=5000)


def _certificate(course: Course, one: Enrolment, series: Series, on: date) -> Certificate:
    row = course.row
    return Certificate(
        series=series,
        serial=series.next_serial,
        number=number_of(series.province_code, series.year, series.next_serial),
        token=secrets.token_urlsafe(32),
        enrolment=one,
        person=one.person,
        name=one.person.name,
        id_masked=one.person.id_masked,
        institution=row.institution,
        institution_name=row.institution.name,
        occupation_id=row.occupation_id or 0,
        project=course.item.occupation.name,
        level=row.level,
        hours=course.item.hours,
        starts_on=course.days[0],
        ends_on=course.days[-1],
        issued_on=on,
        region_code=row.region_code,
    )


def claim(
    rng: random.Random, courses: list[Course], managers: dict[int, Account], offices: Offices, today: date
) -> list[Claim]:
    """Claims of every class whose certificates are a few days old; some classes have not claimed yet."""
    made: list[Claim] = []
    for course in courses:
        filed_on = course.days[-1] + timedelta(11)
        if course.row.state != ClassState.ASSESSED or filed_on > today or (not course.fixed and rng.random() < 0.06):
            continue
        people = list(classes.roster(course.row.pk))
        facts, version = subsidies.entitlement(course.row, people, filed_on)
        policy = subsidies.rules_of(version)
        award, against = rules.award(facts, policy), rules.grounds(facts, policy)
        stopped, sources = refused(against), subsidies.sources(course.row, people, filed_on, policy)
        for n, one in enumerate(people):
            if stopped[n]:
                continue
            made.append(
                Claim(
                    enrolment=one,
                    person=one.person,
                    institution=course.row.institution,
                    item=course.item,
                    region_code=course.row.region_code,
                    occupation_identity=course.item.occupation.identity,
                    level=course.row.level,
                    amount_fen=award.amount_fen[n].item(),
                    kind=course.item.training_type,
                    policy=version,
                    sources=sources[one.pk],
                    **rules.kept(facts, against, award, n),
                    filed_at=at(filed_on, time(10)),
                    filed_by=managers[course.row.institution_id],
                )
            )
    for claim_ in made:
        _age(claim_, offices, today)
    return Claim.objects.bulk_create(made, batch_size=2000)


def _age(one: Claim, offices: Offices, today: date) -> None:
    """How far a claim has come in the days since it was filed."""
    days = (today - one.filed_at.date()).days
    one.state = rules.State.FILED
    one.decide_by = one.filed_at.date() + timedelta(14)
    if days > 6:
        one.state = rules.State.FIRST
        one.first_by, one.first_at = offices["county-reviewer", one.region_code], one.filed_at + timedelta(5)
        one.decide_by = one.filed_at.date() + timedelta(28)
    if days > 14:
        one.state, one.decide_by = rules.State.PUBLICITY, None
        one.second_by, one.second_at = offices["county-second-reviewer", one.region_code], one.filed_at + timedelta(12)
    if days > 26:
        one.state = rules.State.APPROVED


def publish(claims: list[Claim], calendar: WorkingDays, today: date, now: datetime) -> None:
    """A notice a county and week, for whatever passed both reviews."""
    groups: dict[tuple[str, date], list[Claim]] = defaultdict(list)
    for one in claims:
        if one.state in (rules.State.PUBLICITY, rules.State.APPROVED):
            on = one.filed_at.date() + timedelta(14)
            groups[one.region_code, on - timedelta(on.weekday())].append(one)
    notices = {
        key: Publicity(
            number=f"GS{key[0]}{key[1]:%Y%m%d}-01",
            region_code=key[0],
            starts_on=key[1] + timedelta(5),
            ends_on=calendar.after(key[1] + timedelta(5), 5),
            made_at=at(key[1] + timedelta(5), time(9)),
        )
        for key in groups
    }
    for key, notice in notices.items():
        over = notice.ends_on < today
        notice.finished_at = now if over else None
        for one in groups[key]:
            one.state = rules.State.APPROVED if over else rules.State.PUBLICITY
    Publicity.objects.bulk_create(notices.values())
    for key, rows in groups.items():
        for one in rows:
            one.publicity = notices[key]
    Claim.objects.bulk_update(
        [one for rows in groups.values() for one in rows], ["publicity", "state"], batch_size=2000
    )


def fund(claims: list[Claim], offices: Offices, codes: list[str], years: Iterable[int], now: datetime) -> None:
    """A budget for each county and year, and what every claim has set aside."""
    needed: dict[tuple[str, int], int] = defaultdict(int)
    for one in claims:
        needed[one.region_code, one.filed_at.year] += one.amount_fen
    for code in codes:
        for year in years:
            amount = max(50_000_000, needed[code, year] * 13 // 10)
            funds.set_budget(
                by=offices["county-finance", code], region_code=code, fund=FUND, year=year, amount_fen=amount,
                document=f"财社〔{year}〕年度预算", now=now,
            )  # fmt: skip
    postings = []
    accounts = {
        (code, year, kind): account(kind, FUND, code, year)
        for code in codes for year in years for kind in (K.BUDGET, K.RESERVED)
    }  # fmt: skip
    for one in claims:
        key, subject = (one.region_code, one.filed_at.year), f"subsidies.Claim:{one.pk}"
        postings.append(
            funds.Posting(
                funds.move(f"reserve {subject} 0"),
                "reserve",
                subject,
                accounts[*key, K.BUDGET],
                accounts[*key, K.RESERVED],
                one.amount_fen,
            )
        )
    for first in range(0, len(postings), 5000):
        funds.post(postings[first : first + 5000], by=None, at=now)


def pay(rng: random.Random, claims: list[Claim], offices: Offices, today: date) -> None:
    """Monthly batches of the counties: settled ones, and at home one for each who must act."""
    groups: dict[tuple[str, int, date], list[Claim]] = defaultdict(list)
    for one in claims:
        waits = (today - one.filed_at.date()).days
        if one.state == rules.State.APPROVED and waits > 32:
            groups[one.region_code, one.filed_at.year, (one.filed_at.date() + timedelta(30)).replace(day=1)].append(one)
    for (code, year, month), rows in sorted(groups.items()):
        home = code == "320102"
        newest = max(key[2] for key in groups if key[0] == code)
        if home and month == newest:
            paid_on, made_on = (
                min(month + timedelta(20), today - timedelta(4)),
                min(month + timedelta(24), today - timedelta(1)),
            )
            steps = ((rows[::3], paid_on, "settled"), (rows[1::6], made_on, "draft"), (rows[4::6], made_on, "checked"))
            for serial, (part, on, until) in enumerate(steps, 1):  # the rest waits for its batch
                if part:
                    _batch(rng, part, offices, code, year, on, serial=serial, until=until)
        elif month + timedelta(26) < today:  # later ones still wait for their batch
            _batch(rng, rows, offices, code, year, month + timedelta(24), serial=1, until="settled")


def _batch(
    rng: random.Random,
    rows: list[Claim],
    offices: Offices,
    code: str,
    year: int,
    made_on: date,
    *,
    serial: int,
    until: str,
) -> None:
    made_at = at(made_on, time(10))
    checked, released = until != "draft", until == "settled"
    batch = PaymentBatch.objects.create(
        number=f"PB{code}{made_on:%Y%m%d}-{serial:03}",
        region_code=code,
        fund=FUND,
        year=year,
        state=until,
        made_by=offices["county-reviewer", code],
        made_at=made_at,
        checked_by=offices["county-finance", code] if checked else None,
        checked_at=made_at + timedelta(hours=5) if checked else None,
        released_by=offices["county-finance-releaser", code] if released else None,
        released_at=made_at + timedelta(days=1) if released else None,
        sent_at=made_at + timedelta(days=1) if released else None,
        settled_at=made_at + timedelta(days=2) if released else None,
    )
    lines = [_line(rng, batch, n, one, paid=released) for n, one in enumerate(rows, 1)]
    PaymentLine.objects.bulk_create(lines)
    if checked:
        PaymentBatch.objects.filter(pk=batch.pk).update(digest=digest_of(batch))
    if not released:
        funds.sign(batch, Step.MAKE, by=batch.made_by, now=made_at)
    if checked and not released:
        funds.sign(batch, Step.CHECK, by=offices["county-finance", code], now=made_at + timedelta(hours=5))
    if released:
        _post(lines, code, year, made_at)
    for one, line in zip(rows, lines, strict=True):
        one.state = {"paid": rules.State.PAID, "failed": rules.State.FAILED}.get(line.state, rules.State.IN_PAYMENT)
        one.paid_at = line.returned_at if line.state == "paid" else None
    Claim.objects.bulk_update(rows, ["state", "paid_at"], batch_size=2000)


def _line(rng: random.Random, batch: PaymentBatch, n: int, one: Claim, *, paid: bool) -> PaymentLine:
    failed = paid and rng.random() < 0.01
    state = ("failed" if failed else "paid") if paid else "waiting"
    reference = f"{batch.number[2:]}{n:05}".replace("-", "")
    return PaymentLine(
        batch=batch,
        number=n,
        subject=f"subsidies.Claim:{one.pk}",
        person_id=one.person_id,
        payee_name=one.person.name,
        bank_masked=one.person.bank_masked,
        bank_digest=one.person.bank_digest,
        amount_fen=one.amount_fen,
        state=state,
        reference=reference,
        bank_reference=f"BK{reference[-14:]}" if paid else "",
        failure="账户已销户" if failed else "",
        returned_at=batch.settled_at if paid else None,
    )


def _post(lines: list[PaymentLine], code: str, year: int, when: datetime) -> None:
    reserved, transit, paid = (account(kind, FUND, code, year) for kind in (K.RESERVED, K.TRANSIT, K.PAID))
    out = [_posting("pay", line, reserved, transit, f"reserve {line.subject} 0") for line in lines]
    back = [
        _posting("settle", line, transit, paid, f"pay {line.reference}")
        if line.state == "paid"
        else _posting("fail", line, transit, reserved, f"pay {line.reference}")
        for line in lines
    ]
    funds.post(out, by=None, at=when)
    funds.post(back, by=None, at=when)


def _posting(kind: str, line: PaymentLine, source: LedgerAccount, target: LedgerAccount, closes: str) -> funds.Posting:
    name = funds.move(f"{kind} {line.reference}")
    return funds.Posting(name, kind, line.subject, source, target, line.amount_fen, closes=funds.move(closes))
