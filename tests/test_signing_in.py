"""Lock-out, moving between posts, new passwords, the list of accounts, limits on guessing (N14.1, N4.1, N5.3)."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from rollbook.accounts import actions, queries, rules
from rollbook.accounts.models import Account
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.models import Attendance
from rollbook.classes.tests.scenes import running
from rollbook.institutions.tests.factories import InstitutionFactory
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory, number
from rollbook.regions.tests.factories import RegionFactory

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
PASSWORD = "a long password"
pytestmark = pytest.mark.django_db


@pytest.fixture
def system():
    return AccountFactory(role="system-administrator", region_code="320100")


@pytest.fixture
def security():
    return AccountFactory(role="security-administrator", region_code="320100")


@pytest.fixture
def open_doors(settings):
    cache.clear()
    settings.DEMO = True


def sign_in(client, login, password=PASSWORD, address="10.0.0.1"):
    return client.post(reverse("account_login"), {"login": login, "password": password}, REMOTE_ADDR=address)


def is_in(client):
    return "_auth_user_id" in client.session


def locked_account(**given):
    account = AccountFactory(password=make_password(PASSWORD), **given)
    for _ in range(rules.LOCK_AFTER):
        actions.count_failure(account_id=account.pk, now=timezone.now())
    account.refresh_from_db()
    return account


# ------------------------------------------------------------------ lock-out


def test_five_wrong_passwords_lock_the_account(client, open_doors):
    """N14.1: and the limits of the cache alone do not keep it shut, nor does losing them open it."""
    account = AccountFactory(password=make_password(PASSWORD))
    for n in range(5):
        assert sign_in(client, account.username, "wrong", f"10.0.1.{n}").status_code == 200
    account.refresh_from_db()
    assert queries.is_locked(account, timezone.now())
    cache.clear()
    sign_in(client, account.username, address="10.0.2.1")
    assert not is_in(client)
    assert list(Entry.objects.values_list("kind", flat=True)) == ["account.locked"]


def test_a_lock_ends_by_itself(client, open_doors):
    account = locked_account()
    Account.objects.filter(pk=account.pk).update(locked_until=timezone.now() - timedelta(seconds=1))
    sign_in(client, account.username)
    assert is_in(client)
    account.refresh_from_db()
    assert (account.failures, account.locked_until) == (0, None)


def test_the_right_password_forgets_the_wrong_ones(client, open_doors):
    account = AccountFactory(password=make_password(PASSWORD))
    for n in range(4):
        sign_in(client, account.username, "wrong", f"10.0.1.{n}")
    sign_in(client, account.username)
    assert is_in(client)
    account.refresh_from_db()
    assert account.failures == 0


def test_number_and_name_are_counted_together(client, open_doors):
    """A worker's account has one count, whichever way it is tried."""
    person = PersonFactory(number=number(41))
    worker = AccountFactory(role="worker", person_id=person.pk, password=make_password(PASSWORD))
    for n in range(5):
        sign_in(client, number(41) if n % 2 else worker.username, "wrong", f"10.0.1.{n}")
    sign_in(client, number(41), address="10.0.2.1")
    assert not is_in(client)


def test_a_name_that_nobody_has_is_answered_alike(client, open_doors):
    """Whether an account exists cannot be told from its lock."""
    account = AccountFactory(password=make_password(PASSWORD))
    pages = {}
    for name in (account.username, "nobody"):
        for n in range(6):
            page = sign_in(client, name, "wrong", f"10.0.{len(pages)}.{n}")
        pages[name] = page.context["form"].non_field_errors()
    assert pages[account.username] == pages["nobody"]


def test_the_security_administrator_unlocks(client, open_doors, security):
    """N14.1: deed, button and journal; the right password is taken at once."""
    account = AccountFactory(password=make_password(PASSWORD))
    for n in range(5):
        sign_in(client, account.username, "wrong", f"10.0.1.{n}")
    officer = Client()
    officer.force_login(security)
    page = reverse("persons:account_detail", args=[account.pk])
    unlock = reverse("accounts:unlock", args=[account.pk])
    assert unlock in officer.get(page).text
    assert officer.post(unlock).url == page
    assert unlock not in officer.get(page).text
    assert "Unlocked" in officer.get(page, headers={"accept-language": "en"}).text
    sign_in(client, account.username, address="10.0.3.1")
    assert is_in(client)


def test_unlocking_is_refused(system, security):
    account, stranger = locked_account(), locked_account(region_code="320281")
    with pytest.raises(Forbidden):
        actions.unlock(by=system, account_id=account.pk, now=NOW)
    with pytest.raises(NotFound):
        actions.unlock(by=security, account_id=stranger.pk, now=NOW)
    with pytest.raises(Refused, match="not-locked"):
        actions.unlock(by=security, account_id=AccountFactory().pk, now=timezone.now())
    with pytest.raises(Refused, match="own-account"):
        actions.unlock(by=security, account_id=security.pk, now=NOW)
    assert Account.objects.filter(locked_until__isnull=False).count() == 2
    assert not Entry.objects.filter(kind="account.unlocked").exists()


def test_a_new_password_is_shown_once_and_ends_sessions(client, open_doors, system, security):
    account = AccountFactory(password=make_password(PASSWORD))
    client.force_login(account)
    page = reverse("directory:list_list")
    assert client.get(page).status_code == 200
    officer = Client()
    officer.force_login(security)
    shown = officer.post(reverse("accounts:new_password", args=[account.pk]))
    assert shown["Cache-Control"] == "no-store"
    assert client.get(page).status_code == 302
    account.refresh_from_db()
    assert check_password(shown.context["password"], account.password)
    assert shown.context["password"] not in repr(list(Entry.objects.values_list()))
    for by, code in ((system, 403), (AccountFactory(), 404)):
        officer.force_login(by)
        assert officer.post(reverse("accounts:new_password", args=[account.pk])).status_code == code
    with pytest.raises(Refused, match="own-account"):
        actions.new_password(by=security, account_id=security.pk, now=NOW)


def test_a_closed_account_is_out_at_once(client, open_doors, system):
    account = AccountFactory(password=make_password(PASSWORD))
    client.force_login(account)
    actions.set_active(by=system, account_id=account.pk, is_active=False, now=NOW)
    assert client.get(reverse("directory:list_list")).status_code == 302
    again = Client()
    sign_in(again, account.username)
    assert not is_in(again)


# ------------------------------------------------------------------ posts


def move(by, account, role="county-finance", region_code="320102", office="财政"):
    return actions.change_role(by=by, account_id=account.pk, role=role, region_code=region_code, office=office, now=NOW)


def test_a_person_moves_to_another_post(system):
    """N14.1."""
    account = AccountFactory(person_id=PersonFactory().pk)
    move(system, account)
    account.refresh_from_db()
    assert (account.role, account.office) == ("county-finance", "财政")
    assert Entry.objects.get().data == {
        "role": "county-finance", "role_was": "county-reviewer", "region_was": "320102",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "error", "code"),
    [
        ({"role": "teacher"}, Refused, "role-office"),
        ({"role": "worker"}, Refused, "role-office"),
        ({"role": "emperor"}, Refused, "role-office"),
        ({"role": "auditor"}, Refused, "toxic-pair"),
        ({"region_code": "320281"}, Forbidden, "account.manage"),
        ({"region_code": "320000"}, Forbidden, "account.manage"),
    ],
)
def test_a_move_is_refused(system, given, error, code):
    person = PersonFactory()
    AccountFactory(person_id=person.pk, role="county-finance-releaser")
    account = AccountFactory(person_id=person.pk, role="city-officer")
    before = list(Account.objects.order_by("pk").values())
    with pytest.raises(error, match=code):
        move(system, account, **{"role": "city-officer"} | given)
    assert list(Account.objects.order_by("pk").values()) == before
    assert not Entry.objects.exists()


def test_a_teacher_is_not_moved_to_an_office_and_nobody_moves_oneself(system):
    teacher = AccountFactory(role="teacher", institution_id=InstitutionFactory().pk)
    with pytest.raises(Refused, match="role-office"):
        move(system, teacher)
    with pytest.raises(Refused, match="own-account"):
        move(system, system, role="city-officer")


@pytest.mark.parametrize(("one", "other"), sorted(rules.TOXIC_PAIRS))
def test_the_database_refuses_each_pair(one, other):
    """N14.1: by SQL alone, past every rule, both when it is given and when it is changed."""
    person = PersonFactory()
    institution = InstitutionFactory().pk

    def given(role):
        more = {"institution_id": institution} if role in rules.INSTITUTIONAL else {}
        return AccountFactory(role=role, person_id=person.pk, **more)

    first = given(one)
    harmless = AccountFactory(role="worker", person_id=person.pk)
    place = institution if other in rules.INSTITUTIONAL else None
    deeds = [
        (
            "INSERT INTO accounts_account (username, password, is_superuser, is_staff, is_active, first_name, last_name,"
            " email, date_joined, name, office, session_key, failures, region_code, role, person_id, institution_id)"
            " VALUES ('x', '', false, false, true, '', '', '', now(), '', '', '', 0, '320102', %s, %s, %s)",
            [str(other), person.pk, place],
        ),
        (
            "UPDATE accounts_account SET role = %s, institution_id = %s WHERE id = %s",
            [str(other), place, harmless.pk],
        ),
    ]
    for deed, values in deeds:
        with pytest.raises(IntegrityError, match="toxic pair"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(deed, values)
    assert set(Account.objects.values_list("role", flat=True)) == {first.role, "worker"}


# ------------------------------------------------------------------ the list


def test_the_list_filters_sorts_and_exports(client, open_doors, system):
    RegionFactory()
    locked_account(username="bolted", name="甲", role="auditor")
    AccountFactory(username="shut", is_active=False)
    AccountFactory(username="abroad", region_code="320281")
    client.force_login(system)
    page = reverse("persons:account_list")

    def names(**asked):
        return [one.username for one in client.get(page, asked).context["listing"].rows]

    assert "abroad" not in names()
    assert names(state="locked") == ["bolted"]
    assert names(state="closed") == ["shut"]
    assert names(role="auditor") == ["bolted"]
    assert names(q="甲") == ["bolted"]
    assert names(region_code="320102") == ["bolted", "shut"]
    assert names(sort="username") == names(sort="-username")[::-1] == sorted(names())
    book = load_workbook(BytesIO(client.get(page, {"export": 1, "state": "closed"}).content))
    rows = list(book.active.iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == ["shut"]


def test_the_list_costs_the_same_for_many(client, open_doors, system, django_assert_num_queries):
    AccountFactory.create_batch(60)  # more than a page, which alone is not counted
    client.force_login(system)
    page = reverse("persons:account_list")
    client.get(page)

    def cost():
        with connection.execute_wrapper(count := Counter()):
            assert client.get(page).status_code == 200
        return count.queries

    few = cost()
    AccountFactory.create_batch(60)
    assert cost() == few <= 8


class Counter:
    queries = 0

    def __call__(self, execute, sql, params, many, context):
        self.queries += 1
        return execute(sql, params, many, context)


def test_the_page_of_an_account(client, open_doors, system, security):
    account = AccountFactory(person_id=PersonFactory().pk)
    AccountFactory(username="second-post", person_id=account.person_id, role="city-officer", region_code="320100")
    client.force_login(system)
    page = reverse("persons:account_detail", args=[account.pk])
    assert "second-post" in client.get(page).text
    RegionFactory()
    role = reverse("persons:change_role", args=[account.pk])
    given = {"role": "county-finance", "region_code": "320102", "office": ""}
    assert client.post(role, given).status_code == 302
    assert client.post(role, given | {"role": "x"}).status_code == 422
    client.force_login(security)
    assert client.get(page).status_code == 200
    assert client.post(role, given).status_code == 403
    client.force_login(AccountFactory(role="system-administrator", region_code="320281"))
    assert client.get(page).status_code == 404


# ------------------------------------------------------------------ keys


def test_keys_of_others_expired_and_of_the_closed_open_nothing(client):
    manager = AccountFactory(role="institution-manager", institution_id=InstitutionFactory().pk)
    now = timezone.now()

    def status(secret):
        return client.get("/api/directory", headers={"authorization": f"Bearer {secret}"}).status_code

    token, secret = actions.make_token(by=manager, name="x", scopes=["classes"], now=now)
    assert status(secret) == 200
    _, old = actions.make_token(by=manager, name="x", scopes=["classes"], now=now - timedelta(366))
    assert status(old) == 401
    actions.revoke_token(by=manager, token_id=token.pk, now=now)
    assert status(secret) == 401
    _, other = actions.make_token(by=manager, name="x", scopes=["classes"], now=now)
    Account.objects.filter(pk=manager.pk).update(is_active=False)
    assert status(other) == 401
    for nobody in (AccountFactory(), AccountFactory(role="worker", person_id=PersonFactory().pk)):
        with pytest.raises(Forbidden):
            actions.make_token(by=nobody, name="x", scopes=["classes"], now=now)


def test_a_key_opens_only_what_it_is_for(client):
    """Every endpoint that writes or reads an institution's own records refuses a key for something else."""
    from rollbook.config.api import api

    manager = AccountFactory(role="institution-manager", institution_id=InstitutionFactory().pk)
    secrets = {
        one: actions.make_token(by=manager, name=one, scopes=[one], now=timezone.now())[1] for one in rules.SCOPES
    }
    free = []
    for path, methods in api.get_openapi_schema()["paths"].items():
        if path.startswith("/api/public"):
            continue
        address = path
        while "{" in address:
            address = f"{address[: address.index('{')]}999999999{address[address.index('}') + 1 :]}"
        for method in methods:
            answers = {}
            for one, secret in secrets.items():
                cache.clear()
                answers[one] = client.generic(
                    method.upper(), address, b"{}", "application/json", headers={"authorization": f"Bearer {secret}"}
                ).status_code
            if not {401, 403} & set(
                answers.values()
            ):  # 401: where a device or a department signs with a key of its own
                free.append((method, path))
    signed = {("post", "/api/exchange/batches")}  # a department signs each batch; no key of ours is asked for
    assert [one for one in free if not one[1].startswith("/api/directory") and one not in signed] == []


# ------------------------------------------------------------------ guessing


def test_the_code_of_a_lesson_cannot_be_found_by_trying():
    """N4.1: ten wrong codes, then none is looked at, not even the right one; others are not touched."""
    scene = running()
    for _ in range(10):
        with pytest.raises(Refused, match="wrong-code"):
            scene.check_in(code="000000x")
    with pytest.raises(Refused, match="too-many-codes"):
        scene.check_in()
    assert not Attendance.objects.filter(in_at__isnull=False).exists()
    other = AccountFactory(role="worker", person_id=scene.people[1].person_id)
    assert scene.check_in(by=other).in_at


def test_a_slip_does_no_harm_and_odd_codes_are_only_wrong():
    scene = running()
    for odd in ("", "１２３４５６", "二", "0" * 400):
        with pytest.raises(Refused, match="wrong-code"):
            scene.check_in(code=odd)
    assert scene.check_in().in_at
    assert Attendance.objects.get(in_at__isnull=False).wrong_codes == 4


def test_whoever_is_not_in_the_class_learns_nothing():
    scene = running()
    stranger = AccountFactory(role="worker", person_id=PersonFactory().pk)
    for _ in range(3):
        with pytest.raises(NotFound):
            scene.check_in(by=stranger, code="000000")


@pytest.mark.parametrize("address", ["/verify/", "/api/public/certificates/verify"])
def test_certificates_cannot_be_tried_out(client, address):
    """N5.3: twenty questions a minute from one address, on the page and in the API together."""
    cache.clear()
    asked = {"number": "JS2026000001", "name": "王小明"}
    answers = [client.get(address, asked).status_code for _ in range(22)]
    assert answers == [200] * 20 + [429] * 2
    assert client.get("/verify/", asked).status_code == 429
    assert client.get(address, asked, REMOTE_ADDR="10.9.9.9").status_code == 200
