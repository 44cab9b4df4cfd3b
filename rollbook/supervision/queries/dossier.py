"""Everything about a class, from application to payment, as tables: for a page, a PDF and an archive alike."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from rollbook.assessment import queries as assessment
from rollbook.assessment.rules import Result
from rollbook.certificates import queries as certificates
from rollbook.classes import queries as classes
from rollbook.classes.rules.attendance import GROUNDS
from rollbook.classes.rules.states import Presence
from rollbook.evidence import queries as evidence
from rollbook.evidence.rules import Kind
from rollbook.fees import queries as fees
from rollbook.funds import queries as funds
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.money import yuan
from rollbook.learning import queries as learning
from rollbook.live import queries as live
from rollbook.subsidies import queries as subsidies
from rollbook.supervision import rules
from rollbook.supervision.queries import inspections
from rollbook.supervision.queries.watched import Watched, at, word
from rollbook.web.words import about, said

if TYPE_CHECKING:
    from rollbook.classes.models import TrainingClass
    from rollbook.supervision.rules import Part


def dossier(klass: "TrainingClass", now: datetime) -> "list[Part]":
    """The parts of a class's dossier with what each lacks: a fixed number of queries. The caller has checked who asks."""
    known = _Known(klass, now)
    watch = Watched(klass, known.names, known.claimed)
    missing = rules.lacking(known.stand())
    parts = [
        ("application", _("Application"), (_("What"), _("As filed")), known.application()),
        ("reviews", _("Reviews"), (_("When"), _("By"), _("Decision"), _("Remark")), known.reviews()),
        ("roster", _("Roster"), (_("Name"), _("Identity number"), _("Person category"), _("Added"), _("Dropped")), known.people()),
        ("commitments", _("Commitments"), (_("Who"), _("Signed by"), _("When"), _("Means"), _("SHA-256 of the text")), known.signed()),
        ("lessons", _("Teaching plan"), (_("From"), _("To"), _("Hours"), _("Subject"), _("Room"), _("Teacher"), _("Textbook")), known.plan()),
        ("changes", _("Changes of the plan"), (_("Asked"), _("By"), _("Reason"), _("State"), _("Decided by")), known.changes()),
        ("attendance", _("Attendance"), (_("Name"), _("Hours attended"), _("Hours of leave"), _("Hours held"), "%"), known.attendance()),
        ("marks", _("Attendance by lesson"), (_("Lesson"), _("Name"), _("In"), _("Out"), _("Presence"), _("Minutes")), watch.marks()),
        ("check-ins", _("Check-ins"), (_("When"), _("Received"), _("Name"), _("Direction"), _("Means"), _("Device"), _("Set aside")), watch.check_ins()),
        ("teaching", _("Attendance of teachers"), (_("Lesson"), _("Name"), _("In"), _("Out"), _("Corrected")), watch.teaching()),
        ("rolls", _("Rolls called"), (_("Lesson"), _("When"), _("Direction"), _("People"), _("By"), _("State"), _("Decided by")), watch.rolls()),
        ("make-ups", _("Make-up lessons"), (_("Missed"), _("Began at"), _("Room"), _("Teacher"), _("For whom"), _("Reason"), _("State")), watch.make_ups()),
        ("denials", _("“I was not there”"), (_("Lesson"), _("Name"), _("Recorded as"), _("When")), watch.denials()),
        ("leave", _("Leave and corrections"), (_("Name"), _("Lesson"), _("What"), _("Reason"), _("State"), _("Decided by")), known.asks()),
        ("evidence", _("Evidence"), (_("Number"), _("Kind"), _("Taken"), _("Stored"), _("By"), "SHA-256"), known.evidence()),
        ("camera", _("Pictures of the cameras"), (_("Lesson"), _("Camera"), _("What"), _("From"), _("To")), watch.camera()),
        ("inspections", _("Inspections"), (_("When"), _("Inspectors"), _("There"), _("Result"), _("Findings"), _("Institution")), known.inspections()),
        ("calls", _("Calls by phone and to the camera"), (_("When"), _("Name"), _("Answer"), _("Remark"), _("By")), known.calls()),
        ("study", _("Online study"), (_("Name"), _("Study sessions"), _("Credited minutes"), _("Tests"), _("Right at once, per cent")), known.study()),
        ("sittings", _("Sittings"), (_("Began at"), _("Part"), _("Room"), _("Number of the paper"), _("On duty"), _("Answer sheets")), known.sittings()),
        ("scores", _("Results"), (_("Name"), _("Theory"), _("Practice"), _("Passed")), known.scores()),
        ("certificates", _("Certificates"), (_("Number"), _("Name"), _("Issued on"), _("State")), known.certificates()),
        ("claims", _("Claims"), (_("Number"), _("Name"), _("Amount"), _("State"), _("Held"), _("First review"), _("Second review")), known.claims()),
        ("payments", _("Payments"), (_("Batch"), _("Name"), _("Account"), _("Amount"), _("State"), _("Answer of the bank")), known.payments()),
        ("publicity", _("Publicity and objections"), (_("Notice"), _("From"), _("To"), _("Name"), _("Objection"), _("Outcome")), watch.publicity()),
        ("recoveries", _("Recoveries"), (_("Name"), _("Ground"), _("Document"), _("Amount"), _("Received"), _("Written off"), _("State")), watch.recoveries()),
        ("questions", _("Questionnaires after the class"), (_("Name"), _("When"), _("Answers"), _("Remark")), watch.questions()),
        ("steps", _("Measures and cases"), (_("When"), _("What"), _("Ground"), _("By"), _("State")), watch.steps()),
        ("fees", _("Payments of trainees"), (_("Receipt"), _("Name"), _("What"), _("Amount"), _("When"), _("How it was paid"), _("Answer of the trainee")), known.fees()),
        ("journal", _("What happened"), (_("When"), _("By"), _("What"), _("Details")), known.journal()),
    ]  # fmt: skip
    return [
        rules.Part(
            name=name, title=title, columns=columns, rows=[tuple(row) for row in rows], missing=missing.get(name, ())
        )
        for name, title, columns, rows in parts
    ]


class _Known:
    """What is on file of one class, fetched once."""

    def __init__(self, klass: "TrainingClass", now: datetime) -> None:
        self.klass, self.now = klass, now
        self.roster = list(klass.enrolments.select_related("person", "commitment").order_by("pk"))
        self.here = [one for one in self.roster if one.dropped_at is None]
        self.names = {one.pk: one.person.name for one in self.roster}
        self.lessons = list(classes.lessons_of(klass.pk))
        self.shown = classes.evidence_of(klass, now)
        self.items = list(evidence.of_dossier(classes.dossier_of(klass.pk)))
        self.seen = inspections.of_class(klass.pk)
        self.issued = certificates.of_class(klass.pk)
        self.results = assessment.results_of(klass.pk)
        self.claimed = list(subsidies.of_class(klass.pk).values())
        self.held = subsidies.holds_on_class(klass.pk)

    def stand(self) -> rules.Stand:
        over = [one for one in self.lessons if one.ends_at <= self.now]
        recorded = live.lessons_recorded(one.pk for one in over)
        return rules.Stand(
            state=self.klass.state,
            trainees=len(self.here),
            commitments=sum(hasattr(one, "commitment") for one in self.here),
            has_own_commitment=self.klass.commitments.filter(enrolment=None).exists(),
            lessons_over=len(over),
            lessons_open=sum(one.attendance_closed_at is None for one in over),
            lessons_without_photos=sum(bool(row.lacks) for row in self.shown),
            lessons_without_recording=len(over) - len(recorded)
            if live.cameras_among(one.room_id for one in over)
            else 0,
            inspections=sum(one.signed_at is not None for one in self.seen),
            unsigned=sum(one.signed_at is None for one in self.seen),
            is_locked=assessment.is_locked(self.klass.pk),
            certificates=len(self.issued),
            entitled=sum(one == Result.PASSED for one in self.results.values()),
            claims=len(self.claimed),
            unpaid=sum(one.state != "paid" for one in self.claimed),
            holds=len(self.held) + sum(bool(getattr(one, "is_held", False)) for one in self.claimed),
            gone=sum(one.removed_at is not None for one in self.items),
        )

    def application(self) -> Iterable[tuple[Any, ...]]:
        klass = self.klass
        yield gettext("Class"), klass.title
        yield gettext("Number"), klass.number or ""
        yield gettext("Institution"), f"{klass.institution.name} {klass.institution.uscc}"
        yield gettext("Project"), f"{klass.occupation or ''} {klass.level}"
        yield gettext("First day"), str(klass.starts_on or "")
        yield gettext("Last day"), str(klass.ends_on or "")
        yield gettext("Study form"), word(klass.get_study_form_display())
        yield gettext("Certificate"), word(klass.get_certificate_kind_display())
        yield gettext("Who answers for the class"), f"{klass.head} {klass.phone}"
        yield gettext("Textbooks and digital courses"), klass.resources
        yield gettext("Assessment plan"), klass.assessment_plan
        yield (
            gettext("State"),
            word(klass.get_state_display()) + (f" ({gettext('By silence')})" if klass.is_deemed else ""),
        )

    def reviews(self) -> Iterable[tuple[Any, ...]]:
        for one in self.klass.reviews.select_related("by").order_by("at"):
            yield at(one.at), str(one.by or gettext("By silence")), word(one.get_move_display()), one.remark

    def people(self) -> Iterable[tuple[Any, ...]]:
        for one in self.roster:
            yield (
                one.person.name,
                one.person.id_masked,
                word(one.category_label),
                at(one.added_at),
                at(one.dropped_at),
            )

    def signed(self) -> Iterable[tuple[Any, ...]]:
        for one in self.klass.commitments.order_by("pk"):
            who = self.names.get(one.enrolment_id or 0, self.klass.institution.name)
            yield who, one.signed_name, at(one.signed_at), gettext(one.means), one.text_sha256

    def plan(self) -> Iterable[tuple[Any, ...]]:
        for one in self.lessons:
            yield (
                at(one.starts_at),
                at(one.ends_at),
                one.hours,
                one.subject,
                one.room.name,
                one.teacher.person.name,
                one.textbook,
            )

    def changes(self) -> Iterable[tuple[Any, ...]]:
        for one in self.klass.changes.select_related("asked_by", "decided_by").order_by("pk"):
            yield (
                at(one.asked_at),
                str(one.asked_by),
                one.reason,
                word(one.get_state_display()),
                str(one.decided_by or ""),
            )

    def attendance(self) -> Iterable[tuple[Any, ...]]:
        for pk, one in classes.attendance_of(self.klass.pk, self.now).items():
            yield self.names.get(pk, ""), one.hours, one.leave_hours, one.held_hours, one.percent_so_far

    def asks(self) -> Iterable[tuple[Any, ...]]:
        for one in classes.asks_of(self.klass.pk):
            corrected = getattr(one, "presence", "")
            what = word(Presence(corrected).label) if corrected else gettext("Leave")
            ground = getattr(one, "ground", "")
            why = getattr(one, "reason", "") or word(GROUNDS.get(ground, ground))
            yield (
                self.names.get(one.enrolment_id, ""),
                one.lesson.subject,
                what,
                why,
                word(one.get_state_display()),
                str(one.decided_by or ""),
            )

    def evidence(self) -> Iterable[tuple[Any, ...]]:
        for one in self.items:
            gone = f" ({gettext('Bytes removed')})" if one.removed_at else ""
            yield (
                one.pk,
                word(one.get_kind_display()) + gone,
                at(one.taken_at),
                at(one.stored_at),
                str(one.stored_by or ""),
                one.sha256,
            )

    def inspections(self) -> Iterable[tuple[Any, ...]]:
        for one in self.seen:
            result = gettext("Qualified") if one.qualified else gettext("Unqualified")
            found = "; ".join([*(said(ground) for ground in one.grounds), one.remark]).strip("; ")
            told = (
                ""
                if one.agrees is None
                else f"{gettext('agrees') if one.agrees else gettext('does not agree')} {one.answer}"
            )
            hands = f"{one.recorded_by}, {one.signed_by or gettext('not signed yet')}"
            yield at(one.left_at), hands, f"{len(one.present)} / {one.roster}", result, found, told

    def calls(self) -> Iterable[tuple[Any, ...]]:
        for call in inspections.calls_of_class(self.klass.pk):
            yield (
                at(call.called_at),
                call.enrolment.person.name,
                word(call.get_answer_display()),
                call.remark,
                str(call.called_by),
            )
        for one in live.calls_of_class(self.klass.pk):
            yield (
                at(one.called_at),
                one.enrolment.person.name,
                word(one.get_outcome_display()),
                one.remark,
                str(one.called_by),
            )

    def study(self) -> Iterable[tuple[Any, ...]]:
        for one in learning.of_class(self.klass.pk):
            if one.sessions or one.quizzes:
                share = one.quizzes.get("share")
                yield (
                    one.enrolment.person.name,
                    one.sessions.get("count", 0),
                    one.sessions.get("credited", 0) // 60,
                    one.quizzes.get("count", 0),
                    "" if share is None else round(share),
                )

    def sittings(self) -> Iterable[tuple[Any, ...]]:
        for one in assessment.sittings_of(self.klass.pk).prefetch_related("duties__person"):
            on_duty = "、".join(f"{duty.person.name} ({word(duty.get_kind_display())})" for duty in one.duties.all())
            yield at(one.starts_at), word(one.get_part_display()), one.room.name, one.paper, on_duty, one.answered  # type: ignore[attr-defined]

    def scores(self) -> Iterable[tuple[Any, ...]]:
        for pk, one in assessment.scores_of(self.klass.pk).items():
            passed = self.results.get(pk) == Result.PASSED
            yield self.names.get(pk, ""), one.theory, one.practice, gettext("yes") if passed else gettext("no")

    def certificates(self) -> Iterable[tuple[Any, ...]]:
        for one in self.issued.values():
            yield one.number, one.name, str(one.issued_on), word(one.get_state_display())

    def claims(self) -> Iterable[tuple[Any, ...]]:
        for one in self.claimed:
            held = gettext("yes") if getattr(one, "is_held", False) else gettext("no")
            name = self.names.get(one.enrolment_id, "")
            yield (
                one.pk,
                name,
                yuan(one.amount_fen),
                word(one.get_state_display()),
                held,
                str(one.first_by or ""),
                str(one.second_by or ""),
            )

    def payments(self) -> Iterable[tuple[Any, ...]]:
        for one in funds.lines_for([f"subsidies.Claim:{claim.pk}" for claim in self.claimed]):
            yield (
                one.batch.number,
                one.payee_name,
                one.bank_masked,
                yuan(one.amount_fen),
                word(one.get_state_display()),
                one.bank_reference or one.failure,
            )

    def fees(self) -> Iterable[tuple[Any, ...]]:
        for one in fees.entries_of_class(self.klass.pk):
            said_of_it = " ".join(filter(None, (word(one.get_answer_display()), one.said)))
            yield (
                one.number,
                one.sign_up.person.name,
                word(one.get_kind_display()),
                yuan(one.amount_fen),
                str(one.on),
                word(one.get_means_display()),
                said_of_it,
            )

    def journal(self) -> Iterable[tuple[Any, ...]]:
        for one in reversed(timeline(self.klass, limit=None)):
            details = "; ".join(f"{gettext(name)}: {about(value)}" for name, value in one.facts if value)  # type: ignore[attr-defined]
            yield at(one.at), str(one.by or ""), gettext(one.label), details  # type: ignore[attr-defined]


def enclosed(klass: "TrainingClass", most_bytes: int) -> tuple[list[Any], list[Any]]:
    """The evidence whose bytes go into the archive, and what is too long for it, such as recordings of whole lessons."""
    items = [one for one in evidence.of_dossier(classes.dossier_of(klass.pk)) if one.removed_at is None]
    within = [one for one in items if one.size <= most_bytes and one.kind != Kind.RECORDING]
    return within, [one for one in items if one not in within]
