"""Money of the demo that goes other ways than from a claim to a card: policies of the demo city, what trainees pay
themselves, what is to come back, what the bank says, who is paid in place of a person. Done by the deeds themselves."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice

from django.utils.timezone import localdate

from rollbook.accounts.models import Account
from rollbook.certificates import actions as certificates
from rollbook.config.demo import staff
from rollbook.config.demo.courses import Course
from rollbook.config.demo.staff import CITY, HOME
from rollbook.fees import actions as fees
from rollbook.fees.models import SignUp
from rollbook.fees.rules import Answer, EntryKind, Means, Way
from rollbook.funds import actions as funds
from rollbook.funds import files, rules
from rollbook.funds.models import PaymentLine, Recovery
from rollbook.institutions import actions as institutions
from rollbook.kernel.reasons import Refused
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies import queries
from rollbook.subsidies.models import Claim, Proposal
from rollbook.subsidies.rules import Move, ProposalState, State, Subsidy

Offices = dict[tuple[str, str], Account]
SINCE = 400  # days ago
DEMO = "演示数据，非法定"
UPGRADE = {  # as the text that ran to 2024-12-31 has it
    "fund": rules.Fund.UNEMPLOYMENT, "selector": "certificate",
    "amounts": [{"kind": "upgrade", "level": level, "amount_fen": fen}
                for level, fen in ((5, 100_000), (4, 150_000), (3, 200_000))],
    "caps": [{"limit": 3, "period": "year", "kinds": ["upgrade"]}],
    "limits": {"claim_days": 365, "insured_months": 12},
}  # fmt: skip
LIVING = {  # so much a day that was attended is common; no text of the demo's province was found
    "amounts": [{"kind": "living", "unit": "day", "amount_fen": 3_000, "most_units": 30}],
    "caps": [{"limit": 1, "period": "year", "kinds": ["living"]}],
    "instalments": [{"stage": "completed", "percent": 100}],
}  # fmt: skip
PRICE_FEN, SHARE_FEN = 120_000, 36_000


def policies(offices: Offices, now: datetime) -> None:
    """The demo city pays a skill-upgrade subsidy and a living allowance, and the institution for an evaluation."""
    then = now - timedelta(days=SINCE)
    above = queries.policy_above(CITY, Subsidy.EVALUATION, localdate(then))
    evaluation = above.content | {"payee": "institution"} if above else None
    for subsidy, title, content, source in (
        (Subsidy.UPGRADE, "失业保险技能提升补贴", UPGRADE, "金额、条件据失业保险技能提升补贴（至 2024-12-31）"),
        (Subsidy.LIVING, "培训生活费补贴", LIVING, "每天 30 元、最多 30 天为常见标准"),
        (Subsidy.EVALUATION, "职业技能评价补贴（付申报机构）", evaluation, "金额据苏人社 2023 补贴标准"),
    ):  # fmt: skip
        if content is None:
            continue
        officer = offices["city-officer", CITY]
        document = f"{DEMO}；{source}"
        made = subsidies.draft_policy(by=officer, subsidy=subsidy, title=f"演示：{title}", document=document, now=then)
        said, pk = {**content, "subsidy": subsidy, "document": document}, made.pk
        subsidies.set_content(by=officer, version_id=pk, content=said, now=then)
        subsidies.submit_policy(by=officer, version_id=pk, now=then)
        subsidies.agree_policy(by=offices["city-finance", CITY], version_id=pk, now=then)
        subsidies.publish_policy(by=officer, version_id=pk, from_on=localdate(then), now=then)


def fill(
    offices: Offices, manager: Account, worker: Account, courses: list[Course], claims: list[Claim], now: datetime
) -> None:
    running = next(one for one in courses if one.fixed == "running")
    own = [one for one in courses if one.row.institution_id == manager.institution_id]
    _fees(manager, worker, running, own, now)
    _evaluations(offices, manager, own, now)
    _statement(offices, now)
    kept = {one.person_id for one in running.enrolments} | {worker.person_id}
    paid = (one for one in claims if one.state == State.PAID and one.region_code == HOME and one.person_id not in kept)
    _coming_back(offices, list(islice(paid, 5)), now)
    subsidies.recompute(region_code=HOME, now=now)


def _fees(manager: Account, worker: Account, running: Course, own: Iterable[Course], now: datetime) -> None:
    """Prices of what may be joined, and of the running class who pays how: confirmed, denied, not answered."""
    ways = [one.value for one in Way]
    for course in (running, *(one for one in own if one.row.state == "approved")):
        fees.state_price(
            by=manager, class_id=course.row.pk, price_fen=PRICE_FEN, share_fen=SHARE_FEN, ways=ways, now=now
        )
    others = (one.person for one in running.enrolments if one.person_id != worker.person_id)
    here = worker.person_id in {one.person_id for one in running.enrolments}
    accounts = [staff.worker(person, f"worker-{n}") for n, person in enumerate(islice(others, 4), 2)]
    accounts = [worker, *accounts] if here else accounts
    for by, way in zip(accounts, [Way.ADVANCE, Way.PART, Way.CREDIT, Way.ADVANCE, Way.PART], strict=False):
        one = fees.sign_up(by=by, class_id=running.row.pk, way=way, now=now - timedelta(days=1))
        if way != Way.CREDIT:
            _receipts(manager, by, one, now)


def _receipts(manager: Account, by: Account, one: SignUp, now: datetime) -> None:
    """The first half is confirmed, or denied by one trainee; the second waits for the trainee's word."""
    half = (one.share_fen if one.way == Way.PART else one.price_fen) // 2
    denies = by.username == "worker-2"
    for n in range(2):
        made = fees.enter(
            by=manager, sign_up_id=one.pk, kind=EntryKind.TAKEN, amount_fen=half, means=Means.PHONE, on=localdate(now),
            note=f"第 {n + 1} 期", now=now,
        )  # fmt: skip
        if n == 0:
            word, said = (Answer.DENIED, "本人没有缴过这笔钱") if denies else (Answer.CONFIRMED, "")
            fees.answer(by=by, entry_id=made.pk, answer=word, said=said, now=now)


def _evaluations(offices: Offices, manager: Account, own: Iterable[Course], now: datetime) -> None:
    """The institution has an account of its own, and claims for evaluations of which it is the payee."""
    assert manager.institution_id is not None  # noqa: S101 it manages one
    institutions.set_account(
        by=manager, institution_id=manager.institution_id, bank="江苏银行", bank_account="30220188000088888",
        phone="13800000000", document="开户许可证 J3020000001", now=now,
    )  # fmt: skip
    enrolments = (one for course in own if course.row.state == "assessed" for one in course.enrolments)
    filed: list[Claim] = []
    for one in islice(enrolments, 40):
        with suppress(Refused):  # not certified, too long ago, or of a level that is not paid for
            filed.append(
                subsidies.file_claim(by=manager, enrolment_id=one.pk, subsidy=Subsidy.EVALUATION, now=now)
            )  # fmt: skip
        if len(filed) == 3:
            break
    for claim in filed[:1]:
        subsidies.review_claim(by=offices["county-reviewer", HOME], claim_id=claim.pk, move=Move.PASS_FIRST, now=now)


def _statement(offices: Offices, now: datetime) -> None:
    """The bank's statement of the day when it last answered at home, with a debit that is none of ours."""
    paid = PaymentLine.objects.filter(batch__region_code=HOME, state="paid").select_related("batch")
    last = paid.order_by("-returned_at").first()
    if last is None or last.returned_at is None or localdate(last.returned_at) >= localdate(now):
        return
    day = localdate(last.returned_at)
    moved = [
        files.Moved(one.bank_reference, one.batch.number, one.reference, "OUT", one.amount_fen)
        for one in paid.filter(returned_at__date=day).order_by("pk")
    ]
    moved.append(files.Moved("BK99990000000001", "", f"{HOME}99990001", "OUT", 12_600))
    content = files.write_statement(HOME, day, moved)
    funds.take_statement(by=offices["county-finance-releaser", HOME], content=content, now=now)


def _coming_back(offices: Offices, paid: list[Claim], now: datetime) -> None:
    """Certificates that were revoked after the payment: what is proposed, ordered, being paid back, to be given up in
    part, and closed."""
    revoking = offices["county-second-reviewer", HOME]
    for claim in paid:
        certificates.revoke(by=revoking, certificate_id=claim.enrolment.certificate.pk, why="替考，经查属实", now=now)
    subsidies.propose(claim_ids=[one.pk for one in paid], now=now)
    found = list(Proposal.objects.filter(claim__in=paid, state=ProposalState.OPEN).order_by("pk"))
    reviewer = offices["county-reviewer", HOME]
    for one in found[4:5]:
        subsidies.close_proposal(by=reviewer, proposal_id=one.pk, why="本人已主动退还，回单在卷", now=now)
    ordered = [
        subsidies.order_proposal(
            by=reviewer, proposal_id=one.pk, ground=one.ground, amount_fen=one.amount_fen,
            document=f"玄人社追〔{localdate(now).year}〕{n} 号", why="证书已作废", now=now,
        ).recovery
        for n, one in enumerate(found[:3], 1)
    ]  # fmt: skip
    for recovery, follow in zip(ordered[1:], (_planned, _given_up), strict=False):
        assert recovery is not None  # noqa: S101 it was ordered
        by = offices["county-finance", HOME]
        funds.decide_recovery(by=by, recovery_id=recovery.pk, granted=True, finding="", now=now)
        follow(by, Recovery.objects.get(pk=recovery.pk), now)


def _planned(by: Account, one: Recovery, now: datetime) -> None:
    parts = rules.evenly(one.amount_fen, localdate(now) + timedelta(days=20), 3)
    funds.agree_plan(by=by, recovery_id=one.pk, parts=parts, document="还款协议 1 号", now=now)
    funds.receive(
        by=by, recovery_id=one.pk, amount_fen=parts[0].amount_fen, received_on=localdate(now), document="回单 0001",
        now=now,
    )  # fmt: skip


def _given_up(by: Account, one: Recovery, now: datetime) -> None:
    """Part of it waits for a second person."""
    funds.ask_write_off(
        by=by, recovery_id=one.pk, ground=rules.WriteOffGround.UNTRACEABLE, amount_fen=one.amount_fen // 2,
        why="两次登门、三次去电未能联系到本人", document="玄财核〔演示〕1 号", now=now,
    )  # fmt: skip
