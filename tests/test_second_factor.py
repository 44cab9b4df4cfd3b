"""The second factor of officials outside the demo, end to end: set up, asked, sealed, and locked after wrong codes (N14.1)."""

import base64
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from cryptography.exceptions import InvalidTag
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from rollbook.accounts import actions, rules
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.config.second_factor import SecondFactor
from rollbook.journal.models import Entry
from rollbook.persons.sealing import seal

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def outside_the_demo(settings):
    settings.DEMO = False
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.ACCOUNT_RATE_LIMITS = False  # the package's own limits; ours are tested here
    cache.clear()


@pytest.fixture
def secret():
    return totp.generate_totp_secret()


@pytest.fixture
def official(secret):
    account = AccountFactory(role="county-reviewer", region_code="320102", password=make_password(PASSWORD))
    totp.TOTP.activate(account, secret)
    return account


def password(client, account):
    return client.post(reverse("account_login"), {"login": account.username, "password": PASSWORD})


def code_of(secret):
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))


def give(client, code):
    return client.post(reverse("mfa_authenticate"), {"code": code})


def is_in(client):
    return "_auth_user_id" in client.session


def wrong_of(secret):
    return "000000" if code_of(secret) != "000000" else "111111"


def test_password_then_code_then_the_work(client, official, secret):
    """The password alone opens no page; with the code everything is there."""
    assert password(client, official).url == reverse("mfa_authenticate")
    assert not is_in(client)
    assert "/account/" in client.get(reverse("reports:workbench")).url
    assert give(client, code_of(secret)).status_code == 302
    assert is_in(client)
    assert client.get(reverse("reports:workbench")).status_code == 200


def test_who_has_none_yet_sets_it_up_before_anything_else(client):
    account = AccountFactory(role="county-reviewer", region_code="320102", password=make_password(PASSWORD))
    password(client, account)
    assert client.get(reverse("reports:workbench")).url == reverse("mfa_activate_totp")
    page = client.get(reverse("mfa_activate_totp"))
    if page.status_code == 302:
        client.post(page.url, {"password": PASSWORD})
        client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    assert client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code == 302
    assert client.get(reverse("reports:workbench")).status_code == 200


def test_the_secret_lies_sealed(official, secret):
    """Whoever reads the database makes no codes; a box sealed for another purpose does not open."""
    kept = Authenticator.objects.get(user=official).data["secret"]
    assert secret not in kept
    assert SecondFactor().decrypt(kept) == secret
    assert SecondFactor().encrypt(secret) != kept, "another nonce each time"
    version, box = seal(official.pk, {"secret": secret})
    with pytest.raises(InvalidTag):
        SecondFactor().decrypt(f"{version}:{base64.b64encode(box).decode()}")


def test_an_old_key_can_be_given_up(settings, client, official, secret):
    """`rotate_keys` seals secrets and recovery codes with the newest key, after which the old one is needed no more."""
    codes = RecoveryCodes.activate(official).generate_codes()
    settings.SEAL_KEYS = settings.SEAL_KEYS | {99: bytes(range(32))}
    call_command("rotate_keys")
    settings.SEAL_KEYS = {99: settings.SEAL_KEYS[99]}
    kept = Authenticator.objects.get(user=official, type=Authenticator.Type.RECOVERY_CODES)
    assert RecoveryCodes(kept).generate_codes() == codes
    password(client, official)
    give(client, code_of(secret))
    assert is_in(client)
    assert actions.reseal_factors() == 0


def test_five_wrong_codes_lock_the_account(client, official, secret):
    """Also for the right code and the right password, and it is in the journal with what was wrong."""
    password(client, official)
    for _ in range(rules.LOCK_AFTER):
        give(client, wrong_of(secret))
    official.refresh_from_db()
    assert official.locked_until > timezone.now()
    entry = Entry.objects.get(kind="account.locked")
    assert (entry.data, entry.by, entry.region_code) == ({"guess": "code"}, None, "320102")
    give(client, code_of(secret))
    assert not is_in(client)
    password(client, official)
    assert not is_in(client)

    official.locked_until = timezone.now() - timedelta(seconds=1)
    official.save()
    client.logout()
    password(client, official)
    give(client, code_of(secret))
    assert is_in(client)


def test_the_password_given_again_forgets_no_wrong_code(client, official, secret):
    """Else whoever stole the password would guess four codes at a time for ever."""
    for _ in range(rules.LOCK_AFTER):
        password(client, official)
        give(client, wrong_of(secret))
    official.refresh_from_db()
    assert official.locked_until is not None


def test_the_right_code_forgets_the_wrong_ones(client, official, secret):
    password(client, official)
    for _ in range(rules.LOCK_AFTER - 1):
        give(client, wrong_of(secret))
    give(client, code_of(secret))
    official.refresh_from_db()
    assert (official.code_failures, official.locked_until) == (0, None)
    assert is_in(client)


def test_a_code_opens_once(client, official, secret):
    code = code_of(secret)
    password(client, official)
    give(client, code)
    client.logout()
    password(client, official)
    give(client, code)
    assert not is_in(client)


def test_the_security_administrator_opens_it_again(client, official, secret):
    security = AccountFactory(role="security-administrator", region_code="320100")
    for _ in range(rules.LOCK_AFTER):
        actions.count_failure(account_id=official.pk, now=timezone.now(), what=rules.Guess.CODE)
    actions.unlock(by=security, account_id=official.pk, now=timezone.now())
    official.refresh_from_db()
    assert (official.code_failures, official.locked_until) == (0, None)
    password(client, official)
    give(client, code_of(secret))
    assert is_in(client)
