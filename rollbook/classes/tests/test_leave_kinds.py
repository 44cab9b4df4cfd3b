import pytest
from django.test import Client

from rollbook.classes.tests.scenes import running
from rollbook.classes.tests.test_attendance import ask_leave
from rollbook.directory.tests.factories import load_terms
from rollbook.kernel.reasons import Refused

pytestmark = pytest.mark.django_db


def test_the_kinds_of_leave_and_their_documents_are_terms_of_the_region(tmp_path, settings):
    """Domain 2.5: from a day on a county takes illness without a paper, and work no more."""
    settings.MEDIA_ROOT = tmp_path
    wide = running(lessons=5)
    load_terms("320102", leave_illness=2, leave_work=0)
    with pytest.raises(Refused) as caught:
        ask_leave(wide, ground="work")
    assert [one.code for one in caught.value.reasons] == ["ground"]
    client = Client()
    client.force_login(wide.worker)
    later = wide.klass.lessons.order_by("starts_at").last()
    page = client.get(f"/me/lessons/{later.pk}/leave/", headers={"accept-language": "en"}).text
    assert "Illness: a doctor&#x27;s certificate (no document is needed)" in page
    assert "Called to work" not in page
    assert ask_leave(wide, proof=b"").paper is None
