"""Every page × role × own and foreign object: what is seen is what is meant to be seen (N3.2)."""

import re

import pytest
from django.conf import settings
from django.urls import reverse

from rollbook.accounts.rules import Role
from rollbook.config.navigation import offered
from rollbook.persons.tests.factories import PersonFactory
from tests.world import filled, patterns, two_counties

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
# Pages that need no account: the rest send a stranger to the sign-in page.
OPEN = re.compile(
    r"^$|^(me|classes)/app/(manifest|worker)|^open/|^verify/|^look/|^language/|^account/|^api/|^live/hooks/"
)
# Addresses that only take a deed answer a GET with 405, or 404 where the object is not there.
EXPECTED = {200, 302, 403, 404, 405}


@pytest.fixture
def counties(settings):
    settings.DEMO = True
    return two_counties()


@pytest.mark.parametrize("role", list(Role))
def test_nobody_sees_what_is_another_countys(client, counties, role):
    """A page of a foreign object is 404 (or 403, 405) for whoever belongs elsewhere."""
    here, there = counties
    client.force_login(here.account(role), backend=settings.AUTHENTICATION_BACKENDS[0])
    seen = []
    for route in patterns():
        if "_id>" not in route or OPEN.match(route):
            continue
        own, foreign = filled(route, here.ids), filled(route, there.ids)
        assert client.get(own).status_code in EXPECTED, own
        if client.get(foreign).status_code in (200, 302):
            seen.append(foreign)
    assert seen == []


OFFICE = {Role.COUNTY_REVIEWER, Role.COUNTY_SECOND_REVIEWER, Role.CITY_OFFICER, Role.PROVINCE_OFFICER}
FINANCE = {Role.COUNTY_FINANCE, Role.COUNTY_FINANCE_RELEASER, Role.CITY_FINANCE, Role.PROVINCE_FINANCE}
EXCHANGE = {Role.CITY_OFFICER, Role.PROVINCE_OFFICER, Role.AUDITOR}
STAFF = {*OFFICE, *FINANCE, Role.AUDITOR}
MANAGER, TEACHER, WORKER = {Role.INSTITUTION_MANAGER}, {Role.TEACHER}, {Role.WORKER}
EVIDENCE = {*OFFICE, Role.AUDITOR, *MANAGER}
# Who opens the page of an object of the own county, institution or training. Everybody else gets no page.
SEEN = {
    "jobs/<int:job_id>/file/": set(),  # its owner alone
    "me/lessons/<int:lesson_id>/": WORKER,
    "me/lessons/<int:lesson_id>/leave/": WORKER,
    "me/attendance/<int:enrolment_id>/": WORKER,
    "me/feedback/<int:enrolment_id>/": WORKER,
    "me/commitments/<int:enrolment_id>/": WORKER,
    "persons/accounts/<int:account_id>/": {Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR},
    "persons/<int:person_id>/": OFFICE | WORKER,
    "persons/organisations/<int:organisation_id>/": {Role.COUNTY_REVIEWER, *FINANCE, Role.AUDITOR},
    "exchange/contracts/<int:contract_id>/": EXCHANGE,
    "exchange/batches/<int:received_id>/": EXCHANGE,
    "exchange/sources/<int:source_id>/": EXCHANGE,
    "exchange/refusals/<int:refusal_id>/": EXCHANGE,
    "exchange/persons/<int:person_id>/": OFFICE | WORKER,
    "directory/<int:list_id>/": STAFF,
    "directory/<int:list_id>/difference/": STAFF,
    "directory/<int:list_id>/items/new/": OFFICE - {Role.COUNTY_SECOND_REVIEWER},
    "directory/<int:list_id>/items/<int:item_id>/": OFFICE - {Role.COUNTY_SECOND_REVIEWER},
    "institutions/<int:institution_id>/": STAFF | MANAGER | TEACHER,
    "institutions/<int:institution_id>/visit/": OFFICE - {Role.PROVINCE_OFFICER},
    "classes/<int:class_id>/": STAFF | MANAGER | TEACHER | WORKER,
    "classes/<int:class_id>/attendance/": STAFF | MANAGER | TEACHER | WORKER,
    "classes/lessons/<int:lesson_id>/": STAFF | MANAGER | TEACHER,
    "classes/lessons/<int:lesson_id>/change/": MANAGER,
    "classes/lessons/<int:lesson_id>/make-up/": MANAGER,
    "classes/lessons/<int:lesson_id>/teacher/": MANAGER,
    "classes/lessons/<int:lesson_id>/code.svg": MANAGER | TEACHER,
    "classes/<int:class_id>/evidence/": EVIDENCE | TEACHER,
    "supervision/plan/<int:class_id>/": {Role.COUNTY_REVIEWER, Role.CITY_OFFICER},
    "supervision/tasks/<int:task_id>/": {*OFFICE, Role.AUDITOR, Role.SUPERVISOR},
    "supervision/cases/<int:case_id>/": OFFICE | {Role.AUDITOR},
    "supervision/cases/<int:case_id>/letter.pdf": OFFICE | {Role.AUDITOR},
    "supervision/tasks/<int:task_id>/plan/": {Role.COUNTY_REVIEWER, Role.CITY_OFFICER},
    "supervision/alerts/<int:alert_id>/": OFFICE | {Role.AUDITOR},
    "supervision/tasks/<int:task_id>/inspect/": {Role.SUPERVISOR},
    "supervision/tasks/<int:task_id>/inspect/worker.js": {Role.SUPERVISOR},
    "supervision/draws/<int:draw_id>/": {*OFFICE, Role.AUDITOR, Role.SUPERVISOR},
    "supervision/dossiers/<int:class_id>/": EVIDENCE,
    "supervision/findings/<int:inspection_id>/": {*OFFICE, Role.AUDITOR, Role.SUPERVISOR, *MANAGER},
    "live/lessons/<int:lesson_id>/": EVIDENCE,
    "live/recordings/<int:recording_id>/": EVIDENCE,
    "evidence/<int:evidence_id>/": EVIDENCE,
    "evidence/<int:evidence_id>/thumb/": EVIDENCE,
    "classes/devices/<int:device_id>/": STAFF | MANAGER,
    "classes/devices/files/<int:event_file_id>/": STAFF | MANAGER,
    "learning/classes/<int:class_id>/": STAFF | MANAGER,
    "assessments/classes/<int:class_id>/": STAFF | MANAGER,
    "assessments/sittings/<int:sitting_id>/": STAFF | MANAGER,
    "assessments/sittings/<int:sitting_id>/door/": MANAGER | WORKER,  # whose person is on duty there
    "certificates/<int:certificate_id>/": STAFF | MANAGER | WORKER,
    "certificates/<int:certificate_id>/certificate.pdf": STAFF | MANAGER | WORKER,
    "certificates/classes/<int:class_id>/": STAFF | MANAGER,
    "alerts/classes/<int:class_id>/": OFFICE | {Role.AUDITOR},
    "alerts/claims/<int:claim_id>/": OFFICE | {Role.AUDITOR},
    "alerts/<int:alert_id>/": OFFICE | {Role.AUDITOR} | MANAGER,
    "claims/<int:claim_id>/": STAFF | MANAGER | WORKER,
    "claims/<int:claim_id>/replay/": STAFF | MANAGER | WORKER,
    "claims/discrepancies/<int:discrepancy_id>/": STAFF,
    "claims/simulations/<int:simulation_id>/": STAFF,
    "claims/classes/<int:class_id>/": STAFF | MANAGER | WORKER,
    "claims/enrolments/<int:enrolment_id>/": STAFF | MANAGER | WORKER,
    "claims/classes/<int:class_id>/enterprise/": MANAGER,
    "claims/enrolments/<int:enrolment_id>/paper/": MANAGER | WORKER,
    "claims/papers/<int:work_paper_id>/": STAFF | MANAGER | WORKER,
    "claims/filings/<int:filing_id>/": STAFF | MANAGER,
    "claims/apprenticeships/<int:apprenticeship_id>/": STAFF | MANAGER,
    "claims/policies/<int:policy_id>/": STAFF,
    "claims/policies/<int:policy_id>/difference/": STAFF,
    "claims/policies/<int:policy_id>/file/": OFFICE - {Role.COUNTY_SECOND_REVIEWER},
    "claims/policies/<int:policy_id>/parts/<slug:part>/": OFFICE - {Role.COUNTY_SECOND_REVIEWER},
    "claims/policies/<int:policy_id>/parts/<slug:part>/<int:place>/": OFFICE - {Role.COUNTY_SECOND_REVIEWER},
    "funds/batches/<int:batch_id>/": {Role.COUNTY_REVIEWER, Role.AUDITOR} | FINANCE,
    "funds/statements/<int:statement_id>/": {Role.COUNTY_REVIEWER, Role.AUDITOR} | FINANCE,
    "fees/classes/<int:class_id>/": STAFF | MANAGER,
    "fees/sign-ups/<int:sign_up_id>/": STAFF | MANAGER,
    "fees/receipts/<int:entry_id>/receipt.pdf": STAFF | MANAGER | WORKER,
    "claims/proposals/<int:proposal_id>/": {Role.COUNTY_REVIEWER, Role.AUDITOR} | FINANCE,
    "claims/recoveries/<int:recovery_id>/": {Role.COUNTY_REVIEWER, Role.AUDITOR} | FINANCE,
    "funds/recoveries/<int:recovery_id>/": {Role.COUNTY_REVIEWER, Role.AUDITOR} | FINANCE,
    "funds/books/<int:ledger_id>/": {Role.COUNTY_REVIEWER, Role.AUDITOR} | FINANCE,
    "funds/transactions/<uuid:transaction_id>/": {Role.COUNTY_REVIEWER, Role.AUDITOR} | FINANCE,
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_the_pages_meant_for_it(client, counties, role):
    here, _ = counties
    client.force_login(here.account(role), backend=settings.AUTHENTICATION_BACKENDS[0])
    addresses = {route: filled(route, here.ids) for route in patterns() if "_id>" in route and not OPEN.match(route)}
    assert [route for route, address in addresses.items() if address is None] == [], "objects missing in the world"
    seen = {route for route, address in addresses.items() if client.get(address).status_code == 200}
    assert seen == {route for route, roles in SEEN.items() if role in roles}


@pytest.mark.parametrize("role", list(Role))
def test_every_menu_entry_opens(client, counties, role):
    here, _ = counties
    client.force_login(here.account(role), backend=settings.AUTHENTICATION_BACKENDS[0])
    wrong = {page.url_name: client.get(reverse(page.url_name)).status_code for page in offered(role)}
    assert {name: status for name, status in wrong.items() if status != 200} == {}


def test_a_stranger_is_sent_to_the_sign_in_page(client, counties):
    here, _ = counties
    seen = []
    for route in patterns():
        url = filled(route, here.ids)
        if url is None or OPEN.match(route):
            continue
        answer = client.get(url)
        if not (answer.status_code == 302 and "/account/login/" in answer["Location"]):
            seen.append((url, answer.status_code))
    assert seen == []


@pytest.mark.parametrize(
    "route",
    [
        "",
        "open/directory/",
        "open/institutions/",
        "open/publicity/",
        "open/disclosure/",
        "open/policies/",
        "verify/",
        "open/institutions/apply/",
        "account/login/",
        "look/",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_public_pages(client, counties, route, language):
    """N1.3, N2.1, N14.2, N16.1: anyone may look."""
    answer = client.get(f"/{route}", headers={"accept-language": language})
    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    for inline in ("<style", " style=", " onclick", "<script>"):
        assert inline not in answer.text, inline


def test_people_without_a_region_of_their_own_see_nothing_of_persons(client, counties):
    here, _ = counties
    client.force_login(here.account(Role.TEACHER), backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.get(f"/persons/{PersonFactory().pk}/").status_code == 404
