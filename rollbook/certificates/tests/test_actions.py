from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.certificates import actions, files, queries, rules
from rollbook.certificates.models import Certificate, Series
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory
from rollbook.kernel.reasons import Forbidden, Refused

NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)


def certificate(enrolment=None, serial=1, **kwargs):
    """A certificate as the deed would write it."""
    enrolment = enrolment or EnrolmentFactory(training_class=ClassFactory(state="assessed"))
    klass = enrolment.training_class
    series, _ = Series.objects.get_or_create(province_code="320000", year=2026, defaults={"next_serial": 2})
    values = {
        "series": series, "serial": serial, "number": rules.number_of("320000", 2026, serial), "token": f"token{serial}",
        "enrolment": enrolment, "person": enrolment.person, "name": enrolment.person.name,
        "id_masked": enrolment.person.id_masked, "institution": klass.institution,
        "institution_name": klass.institution.name, "occupation": klass.occupation, "project": klass.occupation.name,
        "level": klass.level, "hours": 56, "starts_on": klass.starts_on, "ends_on": klass.ends_on,
        "issued_on": date(2026, 3, 20), "region_code": klass.region_code,
    }  # fmt: skip
    return Certificate.objects.create(**(values | kwargs))


@pytest.mark.django_db
def test_a_certificate_is_verified_by_number_and_name_together(client):
    """N5.3: a number alone tells nothing, and a wrong name answers as a wrong number does."""
    one = certificate()
    assert queries.verify(one.number, one.name) == one
    assert queries.verify(one.number, "别人") is None

    def told(number):
        return client.get("/verify/", {"number": number, "name": "别人"}).text

    other = rules.number_of("320000", 2026, 77)
    assert [told(number).count("没有向此人发放过该编号的证书") for number in (one.number, other)] == [1, 1]
    assert "编号有误" in told(other[:-1] + str((int(other[-1]) + 1) % 10))
    assert one.institution_name in client.get(f"/verify/{one.token}/").text
    assert client.get("/verify/guess/").status_code == 404


@pytest.mark.django_db
def test_trying_numbers_out_is_stopped(client):
    statuses = {client.get("/verify/", {"number": f"P{n}", "name": "张三"}).status_code for n in range(30)}
    assert statuses == {200, 429}


@pytest.mark.django_db
def test_revoking_needs_a_reason_and_shows_for_all_to_see(client):
    """N6.4."""
    one = certificate()
    officer = AccountFactory(role=Role.COUNTY_SECOND_REVIEWER)
    with pytest.raises(Refused, match="why"):
        actions.revoke(by=officer, certificate_id=one.pk, why=" ", now=NOW)
    with pytest.raises(Forbidden):
        actions.revoke(by=AccountFactory(role=Role.COUNTY_REVIEWER), certificate_id=one.pk, why="假", now=NOW)
    one.refresh_from_db()
    assert one.state == "valid"
    actions.revoke(by=officer, certificate_id=one.pk, why="替考", now=NOW)
    with pytest.raises(Refused, match="revoked-already"):
        actions.revoke(by=officer, certificate_id=one.pk, why="替考", now=NOW)
    assert 'data-state="revoked"' in client.get(f"/verify/{one.token}/").text


@pytest.mark.django_db
def test_the_pdf_says_it_in_both_languages():
    one = certificate(name="买买提·吐尔逊")
    text = PdfReader(BytesIO(files.pdf([one], "https://example.org"))).pages[0].extract_text()
    for part in ("职业技能培训合格证书", "Certificate of Completion", one.number, "买买提·吐尔逊", "2026-03-20"):
        assert part in text


@pytest.mark.django_db
def test_the_list_costs_the_same_however_long(django_assert_num_queries):
    klass = ClassFactory(state="assessed", trainees=3)
    for serial, one in enumerate(klass.enrolments.all(), 1):
        certificate(one, serial=serial)
    by = AccountFactory(role=Role.PROVINCE_OFFICER, region_code="320000")
    with django_assert_num_queries(1):
        assert [one.institution.name for one in queries.visible_to(by)]
