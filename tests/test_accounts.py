"""Accounts, keys, sessions and signing in (N14.1, N7.4)."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import IntegrityError, connection
from django.urls import reverse

from rollbook.accounts import actions, queries, rules
from rollbook.accounts.models import Account, ApiToken, ToxicPair
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.institutions.tests.factories import InstitutionFactory
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory, number
from rollbook.regions.tests.factories import RegionFactory

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
PASSWORD = "a long password"


@pytest.fixture
def system(db):
    return AccountFactory(role="system-administrator", region_code="320100")


@pytest.fixture
def security(db):
    return AccountFactory(role="security-administrator", region_code="320100")


@pytest.fixture
def manager(db):
    return AccountFactory(role="institution-manager", institution_id=InstitutionFactory().pk)


def create(by, **given):
    wanted = {
        "username": "li-si", "password": PASSWORD, "name": "李四", "role": "county-reviewer", "region_code": "320102",
    }  # fmt: skip
    return actions.create_account(by=by, now=NOW, **wanted | given)


@pytest.mark.django_db
def test_the_database_holds_the_same_pairs_as_the_rules():
    """N14.1."""
    held = set(ToxicPair.objects.values_list("one", "other"))
    assert held == {(str(a), str(b)) for a, b in rules.TOXIC_PAIRS}


def test_an_account_is_given(system):
    account = create(system)
    assert account.password.startswith("argon2$argon2id$")
    assert Entry.objects.get().kind == "account.created"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"password": "short"}, "short-password"),
        ({"username": "a b"}, "bad-username"),
        ({"role": "teacher"}, "role-institution"),
        ({"role": "worker"}, "role-person"),
        ({"role": "emperor"}, "unknown-role"),
        ({"username": "taken"}, "username-taken"),
    ],
)
def test_an_account_is_refused(system, given, code):
    AccountFactory(username="taken")
    before = Account.objects.count()
    with pytest.raises(Refused, match=code):
        create(system, **given)
    assert Account.objects.count() == before
    assert not Entry.objects.exists()


def test_only_the_system_administrator_of_the_region_gives_accounts(system, security):
    for by, region in ((security, "320102"), (system, "320281")):
        with pytest.raises(Forbidden):
            create(by, region_code=region)


def test_incompatible_posts_are_refused_with_words(system):
    """N14.1: and again when the second is opened later."""
    person = PersonFactory()
    first = create(system, person_id=person.pk)
    with pytest.raises(Refused, match="toxic-pair"):
        create(system, username="li-si-2", role="county-second-reviewer", person_id=person.pk)
    actions.set_active(by=system, account_id=first.pk, is_active=False, now=NOW)
    create(system, username="li-si-2", role="county-second-reviewer", person_id=person.pk)
    with pytest.raises(Refused, match="toxic-pair"):
        actions.set_active(by=system, account_id=first.pk, is_active=True, now=NOW)
    first.refresh_from_db()
    assert not first.is_active


def test_incompatible_posts_are_refused_by_the_database(db):
    person = PersonFactory()
    AccountFactory(person_id=person.pk)
    with pytest.raises(IntegrityError, match="toxic pair"):
        AccountFactory(person_id=person.pk, role="auditor")


@pytest.mark.django_db(transaction=True)
def test_two_incompatible_posts_at_once_are_one():
    """N14.1 as a race."""
    ToxicPair.objects.bulk_create(
        [ToxicPair(one=str(a), other=str(b)) for a, b in rules.TOXIC_PAIRS], ignore_conflicts=True
    )  # a former test that commits may have emptied it
    by = AccountFactory(role="system-administrator")
    person = PersonFactory()
    roles = ["county-reviewer", "county-second-reviewer", "county-finance", "auditor"]
    gate, outcomes = threading.Barrier(len(roles)), []

    def run(role):
        gate.wait()
        try:
            create(by, username=role, role=role, person_id=person.pk)
            outcomes.append("given")
        except Refused as refused:
            outcomes.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(role,)) for role in roles]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert outcomes.count("given") == 1
    assert Account.objects.filter(person_id=person.pk).count() == 1


def test_nobody_closes_their_own_account(system):
    with pytest.raises(Refused, match="own-account"):
        actions.set_active(by=system, account_id=system.pk, is_active=False, now=NOW)


def test_the_second_factor_is_reset_by_the_security_administrator_alone(system, security):
    account = AccountFactory()
    Authenticator.objects.create(user=account, type="totp", data={"secret": "x"})
    with pytest.raises(Forbidden):
        actions.reset_second_factor(by=system, account_id=account.pk, now=NOW)
    assert queries.has_second_factor(account)
    actions.reset_second_factor(by=security, account_id=account.pk, now=NOW)
    assert not queries.has_second_factor(account)
    stranger = AccountFactory(region_code="320281")
    with pytest.raises(NotFound):
        actions.reset_second_factor(by=security, account_id=stranger.pk, now=NOW)


def test_keys_are_kept_as_digests_and_end(manager):
    token, secret = actions.make_token(by=manager, name="教务系统", scopes=["classes"], now=NOW)
    assert secret not in repr(list(ApiToken.objects.values_list()) + list(Entry.objects.values_list()))
    assert actions.use_token(secret, NOW) == token
    assert actions.use_token(secret + "x", NOW) is None
    assert actions.use_token(secret, NOW + timedelta(366)) is None
    actions.revoke_token(by=manager, token_id=token.pk, now=NOW)
    assert actions.use_token(secret, NOW) is None
    token.refresh_from_db()
    assert token.last_used_at == NOW


@pytest.mark.parametrize("scopes", [[], ["everything"], ["classes", "everything"]])
def test_a_key_is_refused(manager, scopes):
    with pytest.raises(Refused, match="bad-scope"):
        actions.make_token(by=manager, name="x", scopes=scopes, now=NOW)
    assert not ApiToken.objects.exists()


def test_keys_of_others_cannot_be_revoked(manager):
    other = AccountFactory(role="institution-manager", institution_id=InstitutionFactory().pk)
    token, secret = actions.make_token(by=other, name="x", scopes=["classes"], now=NOW)
    with pytest.raises(NotFound):
        actions.revoke_token(by=manager, token_id=token.pk, now=NOW)
    assert actions.use_token(secret, NOW) == token


def test_a_key_opens_the_api_but_not_persons(client, manager):
    from django.utils import timezone

    _token, secret = actions.make_token(by=manager, name="x", scopes=["classes"], now=timezone.now())
    bearer = {"authorization": f"Bearer {secret}"}
    assert client.get("/api/directory", headers=bearer).status_code == 200
    assert client.get("/api/persons/1", headers=bearer).status_code == 403
    assert client.get("/api/directory", headers={"authorization": "Bearer x"}).status_code == 401
    assert client.get("/api/directory").status_code == 401


def worker_account(**given):
    person = PersonFactory(**given)
    return AccountFactory(role="worker", person_id=person.pk, password=make_password(PASSWORD)), person


def sign_in(client, login, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": login, "password": password})


@pytest.fixture
def no_limits(db):
    cache.clear()


def test_a_worker_signs_in_by_number_or_name(client, no_limits):
    """N7: workers need not remember a name."""
    worker, _person = worker_account(number=number(77))
    for login in (worker.username, number(77), number(77).lower()):
        assert sign_in(client, login).status_code == 302
        assert client.session["_auth_user_id"] == str(worker.pk)
        client.logout()
    assert sign_in(client, number(78)).status_code == 200


def test_an_official_cannot_sign_in_by_number(client, no_limits):
    person = PersonFactory(number=number(79))
    AccountFactory(person_id=person.pk, password=make_password(PASSWORD))
    assert sign_in(client, number(79)).status_code == 200


def test_the_session_changes_with_signing_in(client, no_limits):
    """Session fixation."""
    worker, _person = worker_account()
    client.get(reverse("account_login"))
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    sign_in(client, worker.username)
    assert client.cookies["sessionid"].value != before


def test_failures_lock_out(client, no_limits):
    """After five failures the right password is refused too, from any address."""
    worker, _person = worker_account()
    for n in range(5):
        client.post(
            reverse("account_login"), {"login": worker.username, "password": "wrong"}, REMOTE_ADDR=f"10.0.0.{n}"
        )
    answer = client.post(
        reverse("account_login"), {"login": worker.username, "password": PASSWORD}, REMOTE_ADDR="10.0.0.9"
    )
    assert "_auth_user_id" not in client.session
    assert answer.status_code in (200, 429)


@pytest.mark.parametrize("role", ["worker", "teacher"])
def test_one_device_at_a_time(client, role, settings, db):
    """N7.4: who signs in elsewhere is signed out here."""
    from django.test import Client

    more = {"institution_id": InstitutionFactory().pk} if role == "teacher" else {}
    account = AccountFactory(role=role, person_id=PersonFactory().pk, **more)
    other, page = Client(), reverse("directory:list_list")
    client.force_login(account)
    assert client.get(page).status_code == 200
    other.force_login(account)
    assert other.get(page).status_code == 200
    assert client.get(page).status_code == 302
    assert "_auth_user_id" not in client.session
    assert other.get(page).status_code == 200


def test_signing_in_again_on_the_same_device_keeps_it(client, no_limits):
    worker, _person = worker_account()
    page = reverse("directory:list_list")
    for _ in range(2):
        client.force_login(worker)
        assert client.get(page).status_code == 200


@pytest.mark.django_db
def test_officials_need_a_second_factor_outside_the_demo(client, settings):
    official = AccountFactory()
    client.force_login(official)
    page = reverse("directory:list_list")
    settings.DEMO = False
    assert client.get(page).url == reverse("mfa_activate_totp")
    Authenticator.objects.create(user=official, type="totp", data={"secret": "x"})
    assert client.get(page).status_code == 200
    Authenticator.objects.all().delete()
    settings.DEMO = True
    assert client.get(page).status_code == 200


def test_headers(client, db):
    page = client.get(reverse("account_login"))
    assert "unsafe" not in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"


def test_pages_of_administrators(client, system, security, settings):
    settings.DEMO = True
    one = AccountFactory()
    client.force_login(system)
    assert one.username in client.get(reverse("persons:account_list")).content.decode()
    client.post(reverse("accounts:set_active", args=[one.pk]), {"active": "0"})
    one.refresh_from_db()
    assert not one.is_active
    client.force_login(security)
    assert client.post(reverse("accounts:set_active", args=[one.pk]), {"active": "1"}).status_code == 403
    assert client.post(reverse("accounts:reset", args=[one.pk])).status_code == 302
    client.force_login(AccountFactory())
    assert client.get(reverse("persons:account_list")).status_code == 403


def test_the_key_is_shown_once(client, manager):
    client.force_login(manager)
    page = client.post(reverse("accounts:token_list"), {"name": "教务", "scope": ["classes"]})
    assert "<code>" in page.content.decode()
    assert "<code>" not in client.get(reverse("accounts:token_list")).content.decode()


def test_an_account_is_given_on_its_page(client, system, settings):
    """N14.1: to a real person, so that incompatible posts are found whatever the user name."""
    settings.DEMO = True
    for code in ("320102", "320281"):
        RegionFactory(code=code)
    client.force_login(system)
    page = reverse("persons:account_new")
    assert client.get(page).status_code == 200
    given = {
        "name": "李四", "number": number(5), "username": "li-si", "password": PASSWORD,
        "role": "county-reviewer", "region_code": "320102",
    }  # fmt: skip
    assert client.post(page, given).status_code == 302
    second = given | {"username": "li-si-2", "role": "county-finance"}
    assert client.post(page, second).status_code == 422
    assert client.post(page, given | {"username": "t", "role": "teacher"}).status_code == 422
    assert client.post(page, given | {"username": "t", "region_code": "320281"}).status_code == 403
    assert Account.objects.filter(name="李四").count() == 1
    client.force_login(AccountFactory())
    assert client.get(page).status_code == 403


def test_the_journal_over_the_api(client, system, manager, settings):
    settings.DEMO = True
    create(system)
    auditor = AccountFactory(role="auditor", region_code="320000")
    client.force_login(auditor)
    assert [one["kind"] for one in client.get("/api/journal?kind=account.created").json()["items"]] == [
        "account.created"
    ]
    assert client.get("/api/journal?kind=nothing").json()["count"] == 0
    client.force_login(system)
    assert client.get("/api/journal").status_code == 403


def test_pages_of_the_second_factor(client, no_limits, settings):
    """An official sets up the authenticator in our look and then signs in with its code."""
    from allauth.mfa.totp.internal import auth as totp

    settings.DEMO = False
    account = AccountFactory(password=make_password(PASSWORD))
    sign_in(client, account.username)
    asked = client.get(reverse("mfa_activate_totp"))
    if asked.status_code == 302:  # the password once more
        client.post(asked.url, {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    assert "<style" not in page.content.decode()
    secret = client.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    assert client.post(reverse("mfa_activate_totp"), {"code": code}).status_code == 302
    assert queries.has_second_factor(account)
    client.logout()
    cache.clear()
    answer = sign_in(client, account.username)
    assert answer.url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session
    assert client.get(answer.url).status_code == 200
