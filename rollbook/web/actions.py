from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from io import BytesIO
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.http import HttpRequest, QueryDict
from django.utils import timezone, translation
from django.utils.module_loading import import_string

from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if
from rollbook.web import queries, rules, sheets
from rollbook.web.exports import Table, written
from rollbook.web.models import Answer, Job, SavedView

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

STEP = 500  # rows between two signs of life
OF_A_PAGE = ("after", "before", "n", "export")  # what an address says of a page and not of a list


def narrowing(query: str) -> str:
    """The filters, the search and the order of an address."""
    kept = QueryDict(query, mutable=True)
    for name in OF_A_PAGE:
        kept.pop(name, None)
    return kept.urlencode()


def note_export(*, by: "Account", source: str, query: str, rows: int, now: datetime) -> None:
    """What left the system as a file, and under which filters (N14.1)."""
    record(
        "list.exported", by, by=by, at=now, region_code=by.region_code, institution_id=by.institution_id,
        list=source, rows=rows, filters=narrowing(query),
    )  # fmt: skip


@transaction.atomic
def start_export(*, by: "Account", source: str, query: str, language: str, total: int, now: datetime) -> Job:
    """Have a long list written while its owner does something else."""
    open_jobs = queries.jobs_of(by).select_for_update().filter(state__in=rules.OPEN)
    refuse_if([*rules.reasons_against_job(len(open_jobs)), *rules.reasons_against_rows(total)])
    made = Job.objects.create(
        account=by, source=source, query=narrowing(query), language=language, total=total, made_at=now, seen_at=now
    )
    record("export.asked", made, by=by, at=now, region_code=by.region_code, list=source, filters=made.query)
    return made


def run_export(*, job_id: int) -> None:
    """Write the file. Not one transaction: its progress is seen, and what it reads may be a million rows."""
    _run(job_id, _written_out)


def _run(job_id: int, how: Callable[[Job], None]) -> None:
    """Do a job that still waits; what stops it is kept with it."""
    if not Job.objects.filter(pk=job_id, state=rules.JobState.WAITING).update(state="running", seen_at=timezone.now()):
        return  # another worker has it, or it was given up
    job = Job.objects.select_related("account").get(pk=job_id)
    try:
        with translation.override(job.language):
            how(job)
    except Refused as refused:
        _fail(job, *refused.reasons[: rules.MOST_TOLD])
    except (Forbidden, NotFound):
        _fail(job, reason("job-forbidden", _("Your account may no longer see this list.")))
    except Exception:
        _fail(job, reason("job-broken", _("Something went wrong here; it was noted. Try again later.")))
        raise


def _written_out(job: Job) -> None:
    content, rows = _content(job)
    with transaction.atomic():
        job.file.save(f"{job.source}.xlsx", ContentFile(content), save=False)  # the storage finds a free name
        job.state, job.done, job.total = rules.JobState.DONE, rows, rows
        job.seen_at = job.ended_at = timezone.now()
        job.save()
        note_export(by=job.account, source=job.source, query=job.query, rows=rows, now=job.ended_at)


@transaction.atomic
def start_import(
    *, by: "Account", source: str, args: Mapping[str, int], content: bytes, rows: int, back: str, language: str,
    now: datetime,
) -> Job:  # fmt: skip
    """Have a long file taken in while its owner does something else; `args` are what the deed is told beside the file."""
    open_jobs = queries.jobs_of(by).select_for_update().filter(state__in=rules.OPEN)
    refuse_if(rules.reasons_against_job(len(open_jobs)))
    made = Job(
        account=by, source=source, query=urlencode(args), language=language, total=rows, back=back, made_at=now,
        seen_at=now,
    )  # fmt: skip
    made.sent.save(f"{source}.file", ContentFile(content), save=False)
    made.save()
    record("import.asked", made, by=by, at=now, region_code=by.region_code, institution_id=by.institution_id,
           list=source, rows=rows)  # fmt: skip
    return made


def run_import(*, job_id: int) -> None:
    """Take the file in, all of it or nothing; how far it is is seen before that is committed."""
    _run(job_id, _taken_in)


def _taken_in(job: Job) -> None:
    try:
        with sheets.telling(partial(_tell, job.pk)), transaction.atomic():
            _taken(job)
    finally:
        job.sent.delete(save=False)
        Job.objects.filter(pk=job.pk).update(sent="")


def _taken(job: Job) -> None:
    if not job.account.is_active:
        raise Forbidden("closed")
    args = {name: int(value) for name, value in parse_qsl(job.query)}
    with job.sent.open() as file:
        content: bytes = file.read()
    now = timezone.now()
    import_string(settings.IMPORTS[job.source])(by=job.account, content=content, now=now, **args)
    left = Job.objects.filter(pk=job.pk, state=rules.JobState.RUNNING)
    if not left.update(state="done", done=job.total, seen_at=now, ended_at=timezone.now()):
        raise Refused(reason("job-cut-off", _("The job was cut off; start it again.")))  # given up meanwhile


def _tell(job_id: int, done: int) -> None:
    """On a connection of its own: what the deed writes is seen only when all of it is there."""

    def written() -> None:
        try:
            Job.objects.filter(pk=job_id).update(done=done, seen_at=timezone.now())
        finally:
            connection.close()

    thread = Thread(target=written)
    thread.start()
    thread.join()


def _content(job: Job) -> tuple[bytes, int]:
    if not job.account.is_active:
        raise Forbidden("closed")
    request = HttpRequest()  # as the page got it: the same function narrows the same list
    request.method, request.GET, request.user = "GET", QueryDict(job.query), job.account
    table: Table = import_string(settings.EXPORTS[job.source])(request)
    count, content = 0, BytesIO()

    def counted() -> Iterator[Any]:
        nonlocal count
        for count, row in enumerate(table.rows(), 1):
            if count % STEP == 0:
                Job.objects.filter(pk=job.pk).update(done=count, seen_at=timezone.now())
            yield row

    written(table.columns, counted(), table.name, note=rules.legible(job.query)).save(content)
    return content.getvalue(), count


def _fail(job: Job, *reasons: Message) -> None:
    told = [one.kept() for one in reasons]
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(state="failed", reasons=told, seen_at=now, ended_at=now)


def tidy_jobs(*, now: datetime) -> int:
    """Give up what was cut off, and delete files that were kept long enough; how many lines that were."""
    touched = 0
    for one in queries.jobs_cut_off(now):
        _fail(one, reason("job-cut-off", _("The job was cut off; start it again.")))
        if one.sent:
            one.sent.delete(save=False)
            Job.objects.filter(pk=one.pk).update(sent="")
        touched += 1
    for one in queries.jobs_expired(now):
        if one.file:
            one.file.delete(save=False)
        one.delete()
        touched += 1
    gone, _rows = queries.answers_expired(now).delete()
    return touched + gone


@transaction.atomic
def answer_once(*, by: "Account", key: str, asked: str, deed: Callable[[], str], now: datetime) -> str:
    """Do a deed and keep what it answered; under the same key it is not done again. Whoever sends it twice at the same
    moment waits for the first; a refused deed leaves no answer."""
    refuse_if(rules.reasons_against_key(key, asked=asked, before=""))
    one, is_new = Answer.objects.get_or_create(account=by, key=key, defaults={"asked": asked, "at": now})
    if is_new:
        one.content = deed()
        one.save(update_fields=["content"])
    refuse_if(rules.reasons_against_key(key, asked=asked, before=one.asked))
    return one.content


@transaction.atomic
def save_view(*, by: "Account", page: str, name: str, query: str) -> SavedView:
    """Keep filters under a name. What one likes to look at changes nothing for anyone: the journal is not told."""
    name = name.strip()
    others = queries.views_of(by, page).exclude(name=name).count()
    refuse_if(rules.reasons_against_view(name, others))
    made, _new = SavedView.objects.update_or_create(
        account=by, page=page, name=name, defaults={"query": narrowing(query)}
    )
    return made


@transaction.atomic
def forget_view(*, by: "Account", view_id: int) -> str:
    """Remove saved filters; gives the address of their page."""
    one = SavedView.objects.filter(account=by, pk=view_id).first()
    if one is None:
        raise NotFound
    one.delete()
    return one.page
