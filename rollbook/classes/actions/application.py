from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils.timezone import localdate, make_aware

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import files, queries
from rollbook.classes.models import Enrolment, Lesson, LevelReservation, TrainingClass
from rollbook.classes.queries import application
from rollbook.classes.rules import states
from rollbook.institutions import queries as institutions
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import actions as persons
from rollbook.persons import queries as known_persons
from rollbook.persons import rules as person_rules
from rollbook.regions import queries as regions
from rollbook.web.sheets import Sheet, read, refuse_wrong

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.persons.models import Person

State, Move = states.State, states.Move
FIELDS = (
    "study_form", "certificate_kind", "starts_on", "ends_on", "head", "phone", "resources", "assessment_plan",
    "planned_size", "open_for_sign_up", "local_id",
)  # fmt: skip
LEVELS = {"5": "初级", "4": "中级", "3": "高级", "2": "技师", "1": "高级技师", "0": ""}


def note(kind: str, klass: TrainingClass, *, by: "Account | None", at: datetime, **data: object) -> None:
    record(kind, klass, by=by, at=at, region_code=klass.region_code, institution_id=klass.institution_id, **data)


@transaction.atomic
def start_draft(*, by: "Account", now: datetime, local_id: str = "") -> TrainingClass:
    """Begin an application. The same `local_id` again is the same class."""
    authorise(by, Permission.CLASS_APPLY, institution_id=by.institution_id)
    institution = institutions.get(by, by.institution_id or 0)
    if local_id:
        found = TrainingClass.objects.filter(institution=institution, local_id=local_id).first()
        if found is not None:
            return found
    klass = TrainingClass.objects.create(
        institution=institution,
        region_code=institution.region_code,
        local_id=local_id,
        head=institution.contact,
        phone=institution.phone,
        created_at=now,
    )
    note("class.drafted", klass, by=by, at=now)
    return klass


def draft(by: "Account", class_id: int) -> TrainingClass:
    """A draft of the account's institution, locked."""
    klass = queries.get(by, class_id, lock=True)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    if klass.state != State.DRAFT:
        text = _("The application is with the county; withdraw it, or ask for a change.")
        raise Refused(reason("not-a-draft", text, "N4.1"))
    return klass


@transaction.atomic
def save_draft(*, by: "Account", class_id: int, now: datetime, **values: Any) -> TrainingClass:
    """Save whatever part of the application is there; nothing has to be complete yet."""
    klass = draft(by, class_id)
    changed = {}
    for name in FIELDS:
        if name in values and getattr(klass, name) != values[name]:
            setattr(klass, name, values[name])
            changed[name] = str(values[name]) if name != "phone" else person_rules.mask(values[name], (0, 2))
    _refuse_reversed(klass)
    if values.get("item_id"):
        item = next((one for one in application.items_for(klass, now) if one.pk == values["item_id"]), None)
        if item is None:
            raise Refused(reason("not-in-list", _("This project is not in the directory in force."), "N1.3"))
        klass.item, klass.occupation, klass.level = item, item.occupation, item.level
        changed["project"] = str(item)
    if klass.item and klass.starts_on:
        project = f"{klass.item.occupation.name}{LEVELS[klass.level]}"
        serial = TrainingClass.objects.filter(institution_id=klass.institution_id, pk__lte=klass.pk).count()
        name = klass.institution.short_name or klass.institution.name
        klass.title = f"{klass.starts_on.year} {name} {project} {serial} 期"[:128]
    if changed:
        klass.save()
        note("class.saved", klass, by=by, at=now, **changed)
    return klass


@transaction.atomic
def put_draft(*, by: "Account", local_id: str, now: datetime, **values: Any) -> TrainingClass:
    """Make or change the draft with the institution's own number; what is refused leaves no draft behind."""
    klass = start_draft(by=by, local_id=local_id, now=now)
    return save_draft(by=by, class_id=klass.pk, now=now, **values)


def _refuse_reversed(klass: TrainingClass) -> None:
    """Say kindly what the database would refuse: a class that ends before it starts."""
    if klass.starts_on and klass.ends_on and klass.ends_on < klass.starts_on:
        raise Refused(reason("ends-first", _("The last day lies before the first day."), "N4.2"))


@transaction.atomic
def generate_lessons(
    *, by: "Account", class_id: int, room_id: int, practice_room_id: int, teacher_id: int, now: datetime,
    begins: Sequence[time] = (time(9), time(13, 30)), hours: int = 4,
) -> list[Lesson]:  # fmt: skip
    """Lay the project's hours over the working days from the first day on: theory first.

    Each lesson has `hours` academic hours of 45 minutes; `begins` are the lessons of a day.
    """
    klass = draft(by, class_id)
    if klass.item is None or klass.starts_on is None:
        raise Refused(reason("no-dates", _("Choose the project and the first day before the lessons."), "N4.2"))
    rooms = {one.pk: one for one in institutions.rooms_of(klass.institution_id)}
    teacher = institutions.teachers_of(klass.institution_id).filter(pk=teacher_id).first()
    if room_id not in rooms or practice_room_id not in rooms or teacher is None:
        raise NotFound
    calendar, day = regions.working_days(), klass.starts_on
    lessons: list[Lesson] = []
    count = -(-klass.item.hours // hours)
    theory = count * (100 - klass.item.practice_percent) // 100
    while len(lessons) < count:
        for start in begins if calendar.is_working(day) else ():
            if len(lessons) == count:
                break
            is_theory = len(lessons) < theory
            starts_at = make_aware(datetime.combine(day, start))
            lessons.append(
                Lesson(
                    training_class=klass,
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(minutes=45 * hours),
                    hours=hours,
                    kind="theory" if is_theory else "practice",
                    subject=klass.item.occupation.name,
                    room=rooms[room_id if is_theory else practice_room_id],
                    teacher=teacher,
                    teacher_person_id=teacher.person_id,
                )
            )
        day += timedelta(1)
    return _replace_lessons(klass, lessons, by, now)


def _replace_lessons(klass: TrainingClass, lessons: list[Lesson], by: "Account", now: datetime) -> list[Lesson]:
    klass.lessons.all().delete()
    made = Lesson.objects.bulk_create(lessons)
    klass.ends_on = max(localdate(one.ends_at) for one in made)
    _refuse_reversed(klass)
    klass.save(update_fields=["ends_on"])
    note("class.lessons-set", klass, by=by, at=now, lessons=len(made), hours=sum(one.hours for one in made))
    return made


def preview_lessons(*, by: "Account", class_id: int, content: bytes) -> Sheet:
    """Read a teaching plan; every wrong cell is marked, and nothing is written."""
    klass = queries.get(by, class_id)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    sheet = read(content, files.LESSONS, max_rows=500)
    rooms = {room.name: room for room in institutions.rooms_of(klass.institution_id)}
    teachers = {one.person_id: one for one in institutions.teachers_of(klass.institution_id)}
    numbers = known_persons.found_by_numbers([row["teacher_number"] for row in sheet.rows if row["teacher_number"]])
    for row in sheet.rows:
        row["room_row"] = rooms.get(row["room"])
        if row["room"] and row["room_row"] is None:
            text = _("No room “{name}” is filed; the rooms are: {known}.")
            sheet.mark(row["row"], "教室", reason("no-room", text, name=row["room"], known="、".join(rooms)))
        person = numbers.get(person_rules.normal(row["teacher_number"]))
        row["teacher_row"] = teachers.get(person.pk) if person else None
        if row["teacher_number"] and row["teacher_row"] is None:
            sheet.mark(row["row"], "教师身份证号", reason("no-teacher", _("No teacher with this number is filed.")))
        if row["begins"] and row["ends"] and row["ends"] <= row["begins"]:
            sheet.mark(row["row"], "结束时间", reason("ends-first", _("The lesson ends before it begins.")))
    return sheet


@transaction.atomic
def import_lessons(*, by: "Account", class_id: int, content: bytes, now: datetime) -> list[Lesson]:
    """Take a teaching plan that has no wrong cell; the former plan of the draft is replaced."""
    klass = draft(by, class_id)
    sheet = preview_lessons(by=by, class_id=class_id, content=content)
    refuse_wrong(sheet)
    lessons = [
        Lesson(
            training_class=klass,
            starts_at=make_aware(datetime.combine(row["day"], row["begins"])),
            ends_at=make_aware(datetime.combine(row["day"], row["ends"])),
            hours=row["hours"],
            kind="theory" if "理论" in row["subject"] else "practice",
            subject=row["subject"],
            room=row["room_row"],
            teacher=row["teacher_row"],
            teacher_person_id=row["teacher_row"].person_id,
            textbook=row["textbook"],
        )
        for row in sheet.rows
    ]
    return _replace_lessons(klass, lessons, by, now)


def preview_roster(*, by: "Account", class_id: int, content: bytes, today: date) -> Sheet:
    """Read a roster; every wrong cell is marked, and nothing is written (N4.2)."""
    klass = queries.get(by, class_id)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    sheet = read(content, files.ROSTER, max_rows=5000)
    known = known_persons.found_by_numbers([row["number"] for row in sheet.rows if row["number"]])
    enrolled = set(klass.enrolments.values_list("person_id", flat=True))  # whoever was dropped too
    seen: dict[str, int] = {}
    for row in sheet.rows:
        number, at = row["number"], row["row"]
        if not number:
            continue
        if number == files.EXAMPLE:
            sheet.mark(at, "身份证号", reason("example", _("This is the example of the template; delete the row.")))
        against = list(person_rules.reasons_against_number(number, today))
        if against and number.endswith("000"):  # a spreadsheet keeps 15 digits of a number
            text = _("The spreadsheet rounded this number; make the column text and enter it again.")
            against = [reason("rounded", text, "N4.2")]
        for wrong in against:
            sheet.mark(at, "身份证号", wrong)
        if number in seen:
            sheet.mark(at, "身份证号", reason("twice", _("The same person stands in row {row}."), row=seen[number]))
        seen.setdefault(number, at)
        person = known.get(number)
        if person and not person_rules.same_name(person.name, row["name"]):
            text = _("This number is registered with another name; check the card.")
            sheet.mark(at, "姓名", reason("name-differs", text, "N3.1"))
        if person and person.pk in enrolled:
            sheet.mark(at, "身份证号", reason("enrolled", _("This person is on the roster already.")))
    return sheet


@transaction.atomic
def import_roster(*, by: "Account", class_id: int, content: bytes, now: datetime) -> int:
    """Take a roster without a wrong cell: persons are found or registered, then enrolled."""
    klass = open_roster(by, class_id)
    sheet = preview_roster(by=by, class_id=class_id, content=content, today=localdate(now))
    refuse_wrong(sheet)
    drafts = [
        persons.Draft(
            row["name"], row["number"], row["phone"], row["bank"], row["bank_account"], row["category"],
            klass.region_code,
        )
        for row in sheet.rows
    ]  # fmt: skip
    people = persons.register_many(by=by, drafts=drafts, now=now)
    Enrolment.objects.bulk_create(
        Enrolment(training_class=klass, person=person, category=one.category, added_at=now)
        for person, one in zip(people, drafts, strict=True)
    )
    note("class.roster-imported", klass, by=by, at=now, rows=len(people), file=sheet.digest[:16])
    _recheck(klass, now)
    return len(people)


def open_roster(by: "Account", class_id: int) -> TrainingClass:
    """A class whose roster may still change: a draft, or one not yet frozen (domain 2.2, 9)."""
    klass = queries.get(by, class_id, lock=True)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    is_open = klass.state == State.DRAFT or (
        klass.state in (State.APPROVED, State.RUNNING) and klass.roster_frozen_at is None
    )
    if not is_open:
        raise Refused(reason("roster-frozen", _("The roster can no longer be changed."), "N4.2"))
    return klass


@transaction.atomic
def add_trainee(
    *, by: "Account", class_id: int, name: str, number: str, category: str, phone: str, now: datetime,
    bank: str = "", bank_account: str = "",
) -> Enrolment:  # fmt: skip
    """Put one person on the roster; in an approved class with the same checks as at approval."""
    klass = open_roster(by, class_id)
    person = persons.register(
        by=by, name=name, number=number, phone=phone, bank=bank, bank_account=bank_account,
        category=category, region_code=klass.region_code, now=now,
    )  # fmt: skip
    return _enrolled(klass, person, category, by, now)


@transaction.atomic
def enrol(*, by: "Account", class_id: int, person_id: int, now: datetime) -> Enrolment:
    """Put a person who signed up on the roster, with the same checks as everybody (N16.1)."""
    klass = open_roster(by, class_id)
    person = known_persons.by_id(person_id)
    return _enrolled(klass, person, person.category, by, now)


def _enrolled(klass: TrainingClass, person: "Person", category: str, by: "Account", now: datetime) -> Enrolment:
    if klass.enrolments.filter(person=person).exists():
        raise Refused(reason("enrolled", _("This person is on the roster already.")))
    one = Enrolment.objects.create(training_class=klass, person=person, category=category, added_at=now)
    note("class.trainee-added", klass, by=by, at=now, name=person.name)
    _recheck(klass, now)
    return one


def _recheck(klass: TrainingClass, now: datetime) -> None:
    """After an approval, whoever comes to the roster must pass as the others did."""
    if klass.state == State.DRAFT:
        return
    from rollbook.classes.actions.review import reserve

    institutions.lock(klass.institution_id)
    known_persons.lock_all(list(queries.roster(klass.pk).values_list("person_id", flat=True)))
    stops, _warnings = queries.findings(klass, now)
    about_people = {
        "level-had",
        "trainee-taken",
        "too-young",
        "identity-mismatch",
        "class-size",
        "too-few-seats",
        "over-capacity",
    }
    refuse_if(one for one in stops if one.code in about_people)
    reserve(klass, now)


@transaction.atomic
def drop_trainee(*, by: "Account", enrolment_id: int, why: str, now: datetime) -> None:
    """Take a person off the roster; what was reserved for them is free again (N12.3)."""
    one = queries.enrolment(by, enrolment_id)
    klass = queries.get(by, one.training_class_id, lock=True)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    if klass.state not in (State.DRAFT, State.APPROVED, State.RUNNING):
        raise Refused(reason("roster-frozen", _("The roster can no longer be changed."), "N4.2"))
    note("class.trainee-dropped", klass, by=by, at=now, name=one.person.name, why=why)
    if klass.state == State.DRAFT:
        klass.commitments.filter(enrolment=one).delete()
        one.delete()
        return
    one.dropped_at, one.drop_reason = now, why
    one.save(update_fields=["dropped_at", "drop_reason"])
    one.reservations.filter(released_at=None).update(released_at=now)


@transaction.atomic
def submit_class(*, by: "Account", class_id: int, now: datetime) -> TrainingClass:
    """Ask the county to open the class: rooms and teachers are taken from now on (N4.2)."""
    klass = draft(by, class_id)
    klass.state = states.LIFECYCLE.after(State(klass.state), Move.SUBMIT)
    stops, _warnings = queries.findings(klass, now)
    refuse_if(stops)
    terms = queries.terms_of(klass, now)
    klass.submitted_at, klass.submitted_by = now, by
    klass.decide_by = regions.working_days().after(localdate(now), terms["review-days"])
    klass.save()
    try:
        with transaction.atomic():
            klass.lessons.update(is_binding=True)
    except (IntegrityError, OperationalError) as error:  # two at once may also deadlock
        text = _("A room or teacher of the plan was taken by another class a moment ago; look at the checks again.")
        raise Refused(reason("taken-meanwhile", text, "N4.2")) from error
    note("class.submitted", klass, by=by, at=now, decide_by=str(klass.decide_by))
    return klass


@transaction.atomic
def withdraw_class(*, by: "Account", class_id: int, now: datetime) -> TrainingClass:
    """Take an application back while nobody has decided on it."""
    klass = queries.get(by, class_id, lock=True)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    klass.state = states.LIFECYCLE.after(State(klass.state), Move.WITHDRAW)
    free_places(klass, now)
    klass.submitted_at = klass.decide_by = None
    klass.save()
    note("class.withdrawn", klass, by=by, at=now)
    return klass


@transaction.atomic
def cancel_class(*, by: "Account", class_id: int, why: str, now: datetime) -> TrainingClass:
    """Give a class up; rooms, teachers and reservations are free again."""
    klass = queries.get(by, class_id, lock=True)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    klass.state = states.LIFECYCLE.after(State(klass.state), Move.CANCEL)
    free_places(klass, now)
    klass.save()
    note("class.cancelled", klass, by=by, at=now, why=why)
    return klass


def free_places(klass: TrainingClass, now: datetime) -> None:
    """Release rooms, teachers and what was reserved for persons."""
    klass.lessons.update(is_binding=False)
    LevelReservation.objects.filter(enrolment__training_class=klass, released_at=None).update(released_at=now)
