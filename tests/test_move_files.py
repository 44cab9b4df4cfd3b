"""Proofs of leave and photographs of visits that lie as plain files come among the evidence (N4.3, N14.2)."""

from datetime import UTC, datetime

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.models import Leave
from rollbook.classes.tests.scenes import NOW, PROOF, running
from rollbook.evidence import files
from rollbook.evidence.tests.pictures import photo
from rollbook.institutions.models import SiteVisit, VisitPhoto
from rollbook.journal.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(settings, tmp_path):
    """Rows as an earlier release left them."""
    settings.MEDIA_ROOT = tmp_path
    scene = running()
    leave = Leave(lesson=scene.lesson, enrolment=scene.people[0], ground="illness", asked_by=scene.worker, asked_at=NOW)
    leave.proof.save("a.pdf", ContentFile(PROOF))
    visit = SiteVisit.objects.create(
        institution=scene.klass.institution, visited_at=datetime(2026, 2, 1, tzinfo=UTC), passed=True,
        first_officer=scene.county, second_officer=AccountFactory(),
    )  # fmt: skip
    VisitPhoto(visit=visit, sha256="0" * 64).file.save("b.jpg", ContentFile(photo(3)))
    return tmp_path


def test_what_lies_as_plain_files_is_moved_once(old, django_capture_on_commit_callbacks, capsys):
    with django_capture_on_commit_callbacks(execute=True):
        call_command("move_files")
    leave, shot = Leave.objects.get(), VisitPhoto.objects.get()
    for item, kind, place in (
        (leave.paper, "paper", f"classes.Enrolment:{leave.enrolment_id}"),
        (shot.item, "photo", f"institutions.SiteVisit:{shot.visit_id}"),
    ):
        assert (item.kind, item.subject, item.keep) == (kind, place, "file")
        assert files.digest_at(item.path) == item.sha256
    assert (leave.proof.name, shot.file.name) == ("", "")
    assert list(old.rglob("*.*")) == []
    assert Entry.objects.filter(kind="evidence.stored").count() == 2
    call_command("move_files")
    assert capsys.readouterr().out.endswith("0 proofs of leave moved\n0 photographs of visits moved\n")


def test_one_that_cannot_be_moved_stops_no_other_and_stays(old, capsys):
    [path] = old.rglob("*.pdf")
    path.write_bytes(b"nothing")
    with pytest.raises(CommandError, match="1 files stay"):
        call_command("move_files")
    assert Leave.objects.get().paper is None
    assert path.exists()
    assert VisitPhoto.objects.get().item is not None
    assert "file-type" in capsys.readouterr().err
