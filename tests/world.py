"""Two counties that have one of every object, and every address of the site."""

import re
from datetime import timedelta
from uuid import uuid4

from django.urls import get_resolver
from django.utils import timezone

from rollbook.accounts import actions as accounts
from rollbook.accounts.rules import INSTITUTIONAL, Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment.models import Assessment, Score, ScoreChange, Sitting
from rollbook.classes import queries as classes
from rollbook.classes.models import Device, EventFile, Leave, MakeUp, RollCall
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory, LessonFactory
from rollbook.directory.tests.factories import DemandItemFactory, DemandListFactory, load_terms
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind
from rollbook.evidence.tests.pictures import photo
from rollbook.exchange.tests.factories import delivered, untaken
from rollbook.faces.models import Likeness
from rollbook.fees import actions as fees
from rollbook.funds import actions as funds
from rollbook.funds.files import Moved, write_statement
from rollbook.funds.models import Difference, LedgerAccount, PaymentBatch, PaymentLine, Resolution, WriteOff
from rollbook.institutions.models import Restriction, Room, SiteVisit, Teacher
from rollbook.institutions.tests.factories import equipped
from rollbook.live.models import Camera, Fault, HeadCount, Recording
from rollbook.persons import actions as persons
from rollbook.persons.models import Candidate
from rollbook.risk.models import Alert, Finding, Hit, Run
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.models import (
    Apprenticeship,
    Discrepancy,
    Filing,
    Objection,
    PolicyVersion,
    Proposal,
    Simulation,
    WorkPaper,
)
from rollbook.subsidies.rules.simulation import Scenario
from rollbook.subsidies.tests.factories import NOW, PolicyFactory, assessed_class, load_policies, payee
from rollbook.supervision.models import Case, Draw, Inspection, Measure, Task
from rollbook.supervision.rules import lot
from rollbook.web import actions as pages

HERE, ELSEWHERE = "320102", "320583"


def patterns(resolver=None, before=""):
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from patterns(one, route)
        elif not route.startswith(("api/", "account/", "static/")):
            yield route


class County:
    """One of every object, all of one county and institution, and of one trainee."""

    def __init__(self, region_code, item):
        self.region_code = region_code
        self.office = AccountFactory(region_code=region_code)
        self.institution = equipped(occupation=item.occupation, region_code=region_code)
        self.person = payee(int(region_code), region_code=region_code)
        self.klass = ClassFactory(institution=self.institution, item=item, region_code=region_code, state="running")
        self.enrolment = EnrolmentFactory(training_class=self.klass, person=self.person)
        room = Room.objects.filter(site__institution=self.institution).first()
        self.teacher = Teacher.objects.filter(institution=self.institution).first()
        self.lesson = LessonFactory(training_class=self.klass, room=room, teacher=self.teacher)
        self.ids = {
            "institution_id": self.institution.pk,
            "class_id": self.klass.pk,
            "enrolment_id": self.enrolment.pk,
            "lesson_id": self.lesson.pk,
            "person_id": self.person.pk,
            "account_id": self.office.pk,
            **self._of_the_institution(),
            **self._of_the_class(),
            **self._of_the_money(item),
            **self._of_the_directory(),
            **self._of_the_risk(),
            **self._of_the_account(),
            **self._of_the_person(),
            **self._of_other_departments(),
            **self._of_the_fees(),
        }

    def _of_the_institution(self):
        now, pair = timezone.now(), AccountFactory.create_batch(2, region_code=self.region_code)
        visit = SiteVisit.objects.create(
            institution=self.institution, visited_at=now, first_officer=pair[0], second_officer=pair[1], passed=True
        )
        restriction = Restriction.objects.create(
            institution=self.institution, ground="限期整改", placed_at=now, placed_by=pair[0]
        )
        manager = self.account(Role.INSTITUTION_MANAGER)
        token, _secret = accounts.make_token(by=manager, name="own system", scopes=["classes"], now=now)
        return {
            "token_id": token.pk,
            "paper_id": self.institution.papers.first().pk,
            "visit_id": visit.pk,
            "restriction_id": restriction.pk,
        }

    def _of_the_class(self):
        now = timezone.now()
        leave = Leave.objects.create(
            lesson=self.lesson, enrolment=self.enrolment, ground="illness", asked_by=self.office, asked_at=now
        )
        score = Score.objects.create(
            assessment=Assessment.objects.create(training_class=self.klass), enrolment=self.enrolment, theory=70,
            practice=70, entered_at=now, entered_by=self.office,
        )  # fmt: skip
        sitting = Sitting.objects.create(
            assessment=score.assessment, part="theory", room=self.lesson.room, starts_at=now - timedelta(hours=2),
            ends_at=now, minutes=90, paper="A-1", key="A,B,CD", filed_at=now, filed_by=self.office,
        )  # fmt: skip
        sitting.duties.create(person=self.person, kind="invigilator")
        sitting.sheets.create(enrolment=self.enrolment, minutes=70, choices="A,,CD", filed_at=now, filed_by=self.office)
        change = ScoreChange.objects.create(
            score=score, theory=71, practice=70, reason="登记错误", asked_by=self.office, asked_at=now
        )
        place = classes.place_of(self.klass, self.lesson, Keep.FILE, now)
        seed = int(self.region_code)
        item = evidence.store(by=self.office, kind=Kind.PHOTO, content=photo(seed), place=place, now=now)
        second = self.account(Role.COUNTY_SECOND_REVIEWER)
        camera = Camera.objects.create(
            room=self.lesson.room, institution=self.institution, region_code=self.region_code, name="前方",
            stream=f"room{self.region_code}", key_digest=self.region_code, registered_at=now, registered_by=self.office,
        )  # fmt: skip
        recording = Recording.objects.create(
            lesson=self.lesson, camera=camera, region_code=self.region_code, item=item,
            begins_at=self.lesson.starts_at, ends_at=self.lesson.ends_at,
        )  # fmt: skip
        count = HeadCount.objects.create(lesson=self.lesson, camera=camera, item=item, taken_at=now, checked_in=3)
        Fault.objects.create(
            lesson=self.lesson,
            camera=camera,
            kind="black",
            begins_at=self.lesson.starts_at,
            ends_at=self.lesson.ends_at,
        )
        filed = Apprenticeship.objects.create(
            training_class=self.klass, enterprise=self.firm(), region_code=self.region_code,
            institution=self.institution, agreement="学徒培养协议", paper=item, filed_at=now, filed_by=self.office,
        )  # fmt: skip
        paper = WorkPaper.objects.create(
            enrolment=self.enrolment, region_code=self.region_code, institution=self.institution, paper=item,
            kind="labour-contracts", uscc="91320102MA1X000019", name="金陵机械厂", from_on=now.date(), filed_at=now,
            filed_by=self.account(Role.WORKER),
        )  # fmt: skip
        hold = evidence.place_hold(by=second, item_id=item.pk, ground="立案调查", now=now)
        device = Device.objects.create(
            institution=self.institution, name="Door", kind="kiosk", serial="SN1", digest=self.region_code,
            registered_by=self.office, registered_at=now,
        )  # fmt: skip
        events = EventFile.objects.create(
            reader=device, name="march.csv", sha256=self.region_code, size=1, filed_by=self.office, filed_at=now,
            seen_at=now, ended_at=now, state="done", rows=3, wrong=1, wrong_fields=[[2, "event_id", "no-uuid"]],
            done=2, counted=2,
        )  # fmt: skip
        roll = RollCall.objects.create(
            lesson=self.lesson, direction="in", enrolment_ids=[self.enrolment.pk], called_by=self.office, called_at=now
        )
        again = LessonFactory(
            training_class=self.klass, room=self.lesson.room, teacher=self.teacher, hours=0, is_make_up=True,
            starts_at=self.lesson.starts_at + timedelta(days=5),
        )  # fmt: skip
        make_up = MakeUp.objects.create(
            missed=self.lesson, lesson=again, starts_at=again.starts_at, ends_at=again.ends_at, room=again.room,
            teacher=self.teacher, reason="补课", planned_by=self.office, planned_at=now,
        )  # fmt: skip
        make_up.places.create(enrolment=self.enrolment)
        return {
            "apprenticeship_id": filed.pk,
            "work_paper_id": paper.pk,
            "make_up_id": make_up.pk,
            "device_id": device.pk,
            "event_file_id": events.pk,
            "roll_id": roll.pk,
            "leave_id": leave.pk,
            "ask_id": leave.pk,
            "change_id": change.pk,
            "sitting_id": sitting.pk,
            "evidence_id": item.pk,
            "hold_id": hold.pk,
            "key": "no-key",
            "name": "index.m3u8",
            **self._of_supervision(),
            "camera_id": camera.pk,
            "recording_id": recording.pk,
            "count_id": count.pk,
        }

    def _of_supervision(self):
        now = timezone.now()
        self.supervisor = AccountFactory(role=Role.SUPERVISOR, region_code=self.region_code)
        made = {"training_class": self.klass, "institution": self.institution, "region_code": self.region_code}
        made |= {"planned_at": now, "planned_by": self.office, "due_on": now.date()}
        task = Task.objects.create(kind="on-site", first=self.office, second=self.supervisor, **made)
        seen = Task.objects.create(kind="on-site", first=self.office, second=self.supervisor, state="done", **made)
        Task.objects.create(kind="phone", first=self.office, sample=[self.enrolment.pk], seed="00", **made)
        inspection = Inspection.objects.create(
            task=seen, event_id=uuid4(), lesson=self.lesson, arrived_at=now, left_at=now, present=[], roster=1,
            checklist={"teacher": {"passed": True, "remark": ""}}, is_held=True, qualified=False, recorded_at=now,
            recorded_by=self.office, signed_by=self.supervisor, signed_at=now, is_late=False, remark="教室无人",
        )  # fmt: skip
        measure = Measure.objects.create(
            institution=self.institution, region_code=self.region_code, grade="talk", trigger="attendance",
            ground="到课率不足", taken_at=now, taken_by=self.office, mend_by=now.date(),
        )  # fmt: skip
        draw = Draw.objects.create(
            title="双随机检查", region_code=self.region_code, percent=10, due_on=now.date(), announced_at=now,
            announced_by=self.office, draws_at=now + timedelta(1), source="福彩双色球红球号码", secret="00",
            commitment=lot("00"), lists_digest="11",
            bodies=[{"id": self.institution.pk, "name": self.institution.name, "waits": True, "persons": []}],
            inspectors=[{"id": one.pk, "name": str(one), "person": None} for one in (self.office, self.supervisor)],
        )  # fmt: skip
        draw.drawn_at, draw.drawn_by, draw.figure, draw.seed = draw.draws_at, self.office, "7", lot("00", "7", "11")
        draw.save()
        check = draw.checks.create(
            institution=self.institution, region_code=self.region_code, first=self.office, second=self.supervisor
        )
        return {
            "draw_id": draw.pk,
            "check_id": check.pk,
            "task_id": task.pk,
            "inspection_id": inspection.pk,
            "measure_id": measure.pk,
        }

    def _of_the_money(self, item):
        klass = assessed_class(
            persons=[self.person], institution=self.institution, item=item, region_code=self.region_code
        )
        manager = self.account(Role.INSTITUTION_MANAGER)
        [claim], against = subsidies.file_class_claims(by=manager, class_id=klass.pk, now=NOW)
        assert against == {}
        for role, move in ((Role.COUNTY_REVIEWER, "pass-first"), (Role.COUNTY_SECOND_REVIEWER, "pass-second")):
            subsidies.review_claim(by=self.account(role), claim_id=claim.pk, move=move, now=NOW)
        notice = subsidies.publish_claims(by=self.office, now=NOW)
        objection = Objection.objects.create(claim=claim, text="没有上课", raised_at=NOW)
        batch = PaymentBatch.objects.create(
            number=f"PB{self.region_code}", region_code=self.region_code, fund="employment", year=2026,
            made_by=self.office, made_at=NOW,
        )  # fmt: skip
        certificate = klass.enrolments.get().certificate
        money = {"fund": "employment", "year": 2026, "amount_fen": 5_000, "document": "宁财社〔2026〕1号"}
        finance = self.account(Role.COUNTY_FINANCE)
        order = funds.ask_freeze(by=finance, region_code=self.region_code, why="审计", now=NOW, **money)
        budget = LedgerAccount.objects.get(kind="budget", region_code=self.region_code)
        discrepancy = Discrepancy.objects.create(
            claim=claim, basis="present", was_fen=claim.amount_fen, now_fen=0, differences=[], found_at=NOW, seen_at=NOW
        )
        proposal = Proposal.objects.create(
            claim=claim, ground="revoked", due_fen=0, paid_fen=claim.amount_fen, reasons=[], found_at=NOW, seen_at=NOW
        )
        results = {str(claim.enrolment_id): {"claim": claim.pk, "amount_fen": claim.amount_fen}}
        filing = Filing.objects.create(
            training_class=klass, region_code=klass.region_code, institution=self.institution, asked_by=manager,
            asked_at=NOW, seen_at=NOW, ended_at=NOW, state="done", total=1, results=results,
        )  # fmt: skip
        return {
            "filing_id": filing.pk,
            "proposal_id": proposal.pk,
            "discrepancy_id": discrepancy.pk,
            "simulation_id": self._simulation(claim.policy_id).pk,
            "claim_id": claim.pk,
            "publicity_id": notice.pk,
            "objection_id": objection.pk,
            "batch_id": batch.pk,
            "order_id": order.pk,
            **self._of_the_bank(batch),
            "ledger_id": budget.pk,
            "transaction_id": budget.entries.order_by("pk").first().transaction_id,
            "certificate_id": certificate.pk,
            "token": certificate.token,
        }

    def _of_the_bank(self, batch):
        """A payment at the bank that differs from its statement, and that somebody states the outcome of."""
        line = PaymentLine.objects.create(
            batch=batch, number=1, subject="x:1", person=self.person, payee_name=self.person.name, bank_masked="",
            bank_digest="x", amount_fen=100, reference=f"R{self.region_code}", state="failed",
        )  # fmt: skip
        day = NOW.date() - timedelta(days=1)
        moved = [Moved(f"B{self.region_code}", batch.number, line.reference, "OUT", 100)]
        statement = funds.take_statement(content=write_statement(self.region_code, day, moved), now=NOW)
        resolution = Resolution.objects.create(
            line=line, outcome="paid", evidence="回单", asked_by=self.office, asked_at=NOW
        )
        paid = PaymentLine.objects.create(
            batch=batch, number=2, subject=f"x:{self.region_code}", person=self.person, payee_name=self.person.name, bank_masked="",
            bank_digest="x", amount_fen=100, reference=f"S{self.region_code}", state="paid", returned_at=NOW,
        )  # fmt: skip
        recovery = funds.order_recovery(
            by=self.office, reference=paid.reference, ground="revoked", why="证书作废", document="宁人社〔2026〕5号",
            amount_fen=60, now=NOW,
        )  # fmt: skip
        given_up = WriteOff.objects.create(
            recovery=recovery, amount_fen=60, ground="cost", why="费用高于所得", document="宁财〔2026〕8号",
            asked_by=self.account(Role.COUNTY_FINANCE), asked_at=NOW,
        )  # fmt: skip
        return {
            "write_off_id": given_up.pk,
            "recovery_id": recovery.pk,
            "statement_id": statement.pk,
            "difference_id": Difference.objects.get(region_code=self.region_code).pk,
            "resolution_id": resolution.pk,
        }

    def _simulation(self, policy_id):
        scenario = Scenario(percent=110)
        one = Simulation.objects.create(
            name="试算", office_code=self.region_code, region_code=self.region_code, since=NOW.date(), until=NOW.date(),
            policy_id=policy_id, scenario=scenario.json(), made_by=self.office, made_at=NOW,
        )  # fmt: skip
        subsidies.run_simulation(simulation_id=one.pk)
        return one

    def _of_the_risk(self):
        run = Run.objects.create(kind="night", engine="duckdb", started_at=NOW)
        alert = Alert.objects.create(
            subject="class", subject_id=self.klass.pk, scheme="attendance", severity=2, score=2000, title="class",
            region_code=self.region_code, institution=self.institution, training_class=self.klass,
            first_found_at=NOW, last_found_at=NOW, state="asked", answer_by=NOW.date(),
        )  # fmt: skip
        row = {"day": "2026-03-02", "people": 3, "roster": 9, "share": 33}
        ground = {
            "template": "On {day} {people} of {roster} came: {share} %.",
            "clause": "S4",
            "code": "D44",
            "values": row,
        }
        finding = Finding.objects.create(
            alert=alert,
            detector="D44",
            severity=2,
            rows=[row],
            ground=ground,
            count=1,
            version="x",
            run=run,
            found_at=NOW,
        )
        kept = {"finding": finding, "ground": ground, "rows": [row], "count": 1, "digest": "x", "found_at": NOW}
        Hit.objects.create(subject="class", subject_id=self.klass.pk, **kept)
        case = Case.objects.create(
            number=f"AJ{self.region_code}", alert=alert, region_code=self.region_code, institution=self.institution,
            title="class", classes=[self.klass.pk], due_on=NOW.date(), opened_at=NOW, opened_by=self.office, state="handed",
            authority="police", office="公安局", handed_at=NOW, handed_by=self.office,
            letter={"heading": "移送函", "to": "公安局", "about": [["案件", "AJ"]], "facts_heading": "事实", "facts": "无",
                    "grounds_heading": "依据", "grounds": [], "evidence_heading": "证据", "evidence": [], "nothing": "无",
                    "evidence_heads": [], "signature": "盖章", "more": ""},
        )  # fmt: skip
        return {"alert_id": alert.pk, "case_id": case.pk}

    def _of_the_directory(self):
        made = DemandListFactory(region_code=self.region_code, state="draft", in_force=None, published_at=None)
        item = DemandItemFactory(demand_list=made, level="3")
        policy = PolicyFactory(region_code=self.region_code, drafted_by=self.office)
        return {
            "list_id": made.pk,
            "item_id": item.pk,
            "policy_id": policy.pk,
            "part": "amounts",
            "place": 1,
        } | published()

    def _of_the_person(self):
        """Another record of a like person, found by night."""
        newer = payee(int(self.region_code) + 1, region_code=self.region_code)
        pair = Candidate.objects.create(older=self.person, newer=newer, likeness="sound", found_at=timezone.now())
        face = Likeness.objects.create(older=self.person, newer=newer, score=0.9, found_at=timezone.now())
        return {"candidate_id": pair.pk, "likeness_id": face.pk, "organisation_id": self.firm().pk}

    def firm(self):
        return persons.register_organisation(
            by=self.office,
            uscc=f"9132{self.region_code}X",
            name="金陵机械厂",
            region_code=self.region_code,
            now=timezone.now(),
        )

    def _of_the_account(self):
        now = timezone.now()
        job = pages.start_export(by=self.office, source="persons", query="", language="en", total=1, now=now)
        view = pages.save_view(by=self.office, page="/persons/", name="mine", query="q=1")
        return {"job_id": job.pk, "view_id": view.pk}

    def _of_other_departments(self):
        batch = delivered(self.region_code)
        refusal = untaken(batch.source)
        return {
            "contract_id": batch.contract_id,
            "received_id": batch.pk,
            "refusal_id": refusal.pk,
            "source_id": batch.source_id,
        }

    def _of_the_fees(self):
        """A trainee who pays a share, and a receipt of it that waits for the trainee's word."""
        boss, now = self.account(Role.INSTITUTION_MANAGER), timezone.now()
        fees.state_price(
            by=boss, class_id=self.klass.pk, price_fen=100_000, share_fen=30_000, ways=["part", "credit"], now=now
        )
        one = fees.sign_up(by=self.account(Role.WORKER), class_id=self.klass.pk, way="part", now=now)
        values = {"kind": "taken", "amount_fen": 30_000, "means": "phone", "on": now.date(), "note": ""}
        entry = fees.enter(by=boss, sign_up_id=one.pk, now=now, **values)
        return {"sign_up_id": one.pk, "entry_id": entry.pk, "receipt_token": entry.token}

    def account(self, role):
        if role == Role.SUPERVISOR:
            return self.supervisor
        person = {Role.WORKER: self.person.pk, Role.TEACHER: self.teacher.person_id}.get(role)
        return AccountFactory(
            role=role,
            region_code=self.region_code,
            institution_id=self.institution.pk if role in INSTITUTIONAL else None,
            person_id=person,
        )


def published():
    """A policy that anyone may read."""
    return {"version_id": PolicyVersion.objects.filter(region_code="320000", state="published").latest("pk").pk}


def two_counties():
    load_terms()
    load_policies()
    item = DemandItemFactory()
    return County(HERE, item), County(ELSEWHERE, item)


def filled(route, ids):
    """The address of an object; None where the page is of another kind."""
    for name in re.findall(r"<\w+:(\w+)>", route):
        if name == "what":
            route = route.replace("<slug:what>", "roster" if "templates" in route else "leave")
        elif name in ids:
            route = re.sub(rf"<\w+:{name}>", str(ids[name]), route)
        else:
            return None
    return f"/{route}"
