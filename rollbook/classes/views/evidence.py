"""Photographs, papers and videos of a class, lesson by lesson."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import actions, forms, queries
from rollbook.evidence.rules import Kind
from rollbook.web.forms import cleaned

if TYPE_CHECKING:
    from django import forms as django_forms

    from rollbook.classes.models import TrainingClass
    from rollbook.web.requests import Request


@require_GET
def of_class(request: "Request", class_id: int) -> HttpResponse:
    admit(request.user, Permission.EVIDENCE_READ)
    klass, now = queries.get(request.user, class_id), timezone.now()
    rows = queries.evidence_of(klass, now)
    if request.user.role == "teacher":  # what others sent of a class is not a teacher's to open
        for row in rows:
            row.items = [(item, told) for item, told in row.items if item.stored_by_id == request.user.pk]
    context = {
        "klass": klass,
        "rows": rows,
        "lacking": sum(bool(row.lacks) for row in rows),
        "form": _form(klass)
        if holds(request.user, Permission.EVIDENCE_ADD) and klass.state in actions.IN_TRAINING
        else None,
    }
    return render(request, "classes/evidence.html", context)


def _form(klass: "TrainingClass", request: "Request | None" = None) -> "django_forms.Form":
    form = forms.EvidenceForm(request.POST, request.FILES) if request else forms.EvidenceForm()
    now = timezone.now()
    begun = [one for one in queries.lessons_of(klass.pk) if one.starts_at <= now]
    form.fields["lesson_id"].choices = [("", "–")] + [  # type: ignore[attr-defined]
        (one.pk, f"{timezone.localtime(one.starts_at):%m-%d %H:%M} {one.subject}") for one in reversed(begun)
    ]
    return form


@require_POST
def add(request: "Request", class_id: int) -> HttpResponse:
    """Keep what was sent, file by file; what a file is shows in its bytes."""
    klass, now = queries.get(request.user, class_id), timezone.now()
    values = cleaned(_form(klass, request)).cleaned_data
    for sent in values["sent"]:
        if values["kind"] == Kind.VIDEO:
            with TemporaryDirectory() as folder:
                path = Path(folder) / "sent"
                with path.open("wb") as file:
                    file.writelines(sent.chunks())
                actions.add_video(
                    by=request.user, class_id=class_id, lesson_id=values["lesson_id"] or 0, path=path,
                    title=values["title"], now=now,
                )  # fmt: skip
        else:
            actions.add_evidence(
                by=request.user, class_id=class_id, lesson_id=values["lesson_id"], kind=values["kind"],
                content=sent.read(), title=values["title"], now=now,
            )  # fmt: skip
    messages.success(
        request, gettext("{count} stored, each under the digest of its bytes.").format(count=len(values["sent"]))
    )
    return redirect("classes:evidence", class_id)
