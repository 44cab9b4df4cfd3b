"""What was watched of a class day by day, and what followed: parts of its dossier."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from rollbook.classes import queries as classes
from rollbook.classes.rules.signals import QUESTIONS
from rollbook.classes.rules.states import Presence
from rollbook.funds import queries as funds
from rollbook.kernel.money import yuan
from rollbook.live import queries as live
from rollbook.subsidies import queries as subsidies
from rollbook.supervision.models import Case, Measure

if TYPE_CHECKING:
    from rollbook.classes.models import Lesson, TrainingClass
    from rollbook.subsidies.models import Claim

Row = tuple[Any, ...]


def at(moment: datetime | None) -> str:
    return date_format(localtime(moment), "DATETIME_FORMAT") if moment else ""


def word(choice: str) -> str:
    return gettext(choice) if choice else ""


def clock(moment: datetime | None) -> str:
    return f"{localtime(moment):%H:%M:%S}" if moment else ""


class Watched:
    """Rows of the dossier's parts; each part is a fixed number of queries."""

    def __init__(self, klass: "TrainingClass", names: dict[int, str], claimed: "Sequence[Claim]") -> None:
        self.klass, self.names, self.claimed = klass, names, claimed

    def _lesson(self, lesson: "Lesson") -> str:
        return f"{at(lesson.starts_at)} {lesson.subject}"

    def marks(self) -> Iterable[Row]:
        for one in classes.marks_of_class(self.klass.pk):
            yield (
                self._lesson(one.lesson), one.enrolment.person.name, clock(one.in_at), clock(one.out_at),
                word(one.get_presence_display()), one.minutes,
            )  # fmt: skip

    def check_ins(self) -> Iterable[Row]:
        for one in classes.check_ins_of_class(self.klass.pk):
            yield (
                at(one.happened_at), at(one.received_at), self.names.get(one.enrolment_id or 0, ""),
                word(one.get_direction_display()), word(one.get_means_display()), one.device, one.set_aside,
            )  # fmt: skip

    def teaching(self) -> Iterable[Row]:
        for one in classes.teachings_of_class(self.klass.pk):
            corrected = gettext("yes") if one.is_corrected else gettext("no")
            yield self._lesson(one.lesson), one.person.name, clock(one.in_at), clock(one.out_at), corrected
        for asked in classes.teaching_corrections_of_class(self.klass.pk):
            said = f"{asked.reason} · {word(asked.get_state_display())} · {asked.asked_by} → {asked.decided_by or ''}"
            yield self._lesson(asked.lesson), gettext("Correction"), clock(asked.in_at), clock(asked.out_at), said

    def rolls(self) -> Iterable[Row]:
        for one in classes.rolls_of_class(self.klass.pk):
            people = "、".join(self.names.get(pk, str(pk)) for pk in one.enrolment_ids)
            yield (
                self._lesson(one.lesson), at(one.called_at), word(one.get_direction_display()), people,
                str(one.called_by), word(one.get_state_display()), str(one.decided_by or ""),
            )  # fmt: skip

    def make_ups(self) -> Iterable[Row]:
        for one in classes.make_ups_of_class(self.klass.pk):
            people = "、".join(place.enrolment.person.name for place in one.places.all())
            cancelled = f"{gettext('Cancelled')}: {one.cancel_reason}" if one.cancelled_at else ""
            yield (
                self._lesson(one.missed), at(one.starts_at), one.room.name, one.teacher.person.name, people,
                one.reason, cancelled,
            )  # fmt: skip

    def denials(self) -> Iterable[Row]:
        for one in classes.denials_of_class(self.klass.pk):
            recorded = word(Presence(one.presence).label) if one.presence else ""
            yield self._lesson(one.lesson), one.enrolment.person.name, recorded, at(one.said_at)

    def questions(self) -> Iterable[Row]:
        for one in classes.feedback_of_class(self.klass.pk):
            said = "; ".join(
                f"{gettext(text)} {gettext(one.answers.get(name, '–'))}" for name, (text, _choices) in QUESTIONS.items()
            )
            yield one.enrolment.person.name, at(one.given_at), said, one.remark

    def camera(self) -> Iterable[Row]:
        for one in live.faults_of_class(self.klass.pk):
            what = word(one.get_kind_display())
            yield self._lesson(one.lesson), str(one.camera), what, clock(one.begins_at), clock(one.ends_at)
        for seen in live.counts_of_class(self.klass.pk):
            counted = gettext("not counted yet") if seen.counted is None else str(seen.counted)
            heads = f"{gettext('Heads in the picture, and check-ins')}: {counted} / {seen.checked_in}"
            yield self._lesson(seen.lesson), str(seen.camera), heads, clock(seen.taken_at), ""

    def publicity(self) -> Iterable[Row]:
        for claim in subsidies.published_of_class(self.klass.pk):
            notice: Any = claim.publicity
            first = (notice.number, str(notice.starts_on), str(notice.ends_on), self.names.get(claim.enrolment_id, ""))
            yield from ((*first, one.text, self._outcome(one)) for one in claim.objections.all())
            if not claim.objections.all():
                yield *first, "", ""

    @staticmethod
    def _outcome(one: Any) -> str:
        if one.upheld is None:
            return gettext("Undecided")
        return f"{gettext('Upheld') if one.upheld else gettext('Rejected')} {one.finding}".strip()

    def recoveries(self) -> Iterable[Row]:
        for one in funds.recoveries_for(f"subsidies.Claim:{claim.pk}" for claim in self.claimed):
            yield (
                one.line.payee_name, word(one.get_ground_display()), one.document, yuan(one.amount_fen),
                yuan(one.received_fen), yuan(one.written_off_fen), word(one.get_state_display()),
            )  # fmt: skip

    def steps(self) -> Iterable[Row]:
        """Measures by an inspection of this class, and cases that hold its evidence."""
        found = Measure.objects.filter(inspection__task__training_class=self.klass).select_related("taken_by")
        for one in found.order_by("pk"):
            mended = f"{gettext('Mended')} {at(one.mended_at)}" if one.mended_at else gettext("Undecided")
            yield at(one.taken_at), word(one.get_grade_display()), one.ground, str(one.taken_by), mended
        for case in Case.objects.filter(classes__contains=[self.klass.pk]).select_related("opened_by").order_by("pk"):
            outcome = " ".join(filter(None, (word(case.get_state_display()), word(case.get_outcome_display()))))
            yield at(case.opened_at), case.number, case.title, str(case.opened_by), outcome
