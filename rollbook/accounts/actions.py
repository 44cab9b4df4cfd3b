import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, encrypt
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from rollbook.accounts import queries, rules
from rollbook.accounts.models import Account, ApiToken
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if

TOKEN_DAYS = 365


def token_digest(token: str) -> str:
    """A key has 256 random bits, so a plain SHA-256 of it cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def create_account(
    *,
    by: Account | None,
    username: str,
    password: str,
    name: str,
    role: str,
    region_code: str,
    now: datetime,
    person_id: int | None = None,
    institution_id: int | None = None,
    office: str = "",
) -> Account:
    """Give a person an account for one office (N14.1). `by` is None when an institution's first
    manager is made with its application."""
    if by is not None:
        rules.authorise(by, rules.Permission.ACCOUNT_MANAGE, region_code=region_code)
    held = queries.toxic_with(person_id, role) if person_id else []
    belongs = {"has_person": person_id is not None, "has_institution": institution_id is not None}
    refuse_if([*rules.reasons_against_role(role, **belongs), *rules.reasons_against_account(username, password, held)])
    if Account.objects.filter(username=username).exists():
        raise Refused(_taken(username))
    account = Account(
        username=username,
        password=make_password(password),
        name=name,
        role=role,
        region_code=region_code,
        person_id=person_id,
        institution_id=institution_id,
        office=office,
    )
    _save(account)
    record("account.created", account, by=by, at=now, region_code=account.region_code, role=role)
    return account


@transaction.atomic
def set_active(*, by: Account, account_id: int, is_active: bool, now: datetime) -> Account:
    """Close an account, or open it again where no toxic pair comes of it."""
    account = queries.get(by, account_id, lock=True)
    rules.authorise(by, rules.Permission.ACCOUNT_MANAGE, region_code=account.region_code)
    refuse_if(rules.reasons_against_closing(own=account.pk == by.pk))
    if is_active and account.person_id:
        held = queries.toxic_with(account.person_id, account.role, besides=account.pk)
        refuse_if(rules.reasons_against_account(account.username, "unchanged password", held))
    account.is_active = is_active
    _save(account)
    record("account.opened" if is_active else "account.closed", account, by=by, at=now, region_code=account.region_code)
    return account


@transaction.atomic
def change_role(
    *, by: Account, account_id: int, role: str, region_code: str, now: datetime, office: str = ""
) -> Account:
    """Move a person to another post: both the former and the new one lie in the administrator's region (N14.1)."""
    account = queries.get(by, account_id, lock=True)
    for code in (account.region_code, region_code):
        rules.authorise(by, rules.Permission.ACCOUNT_MANAGE, region_code=code)
    refuse_if(rules.reasons_against_change(role, was=account.role, own=account.pk == by.pk))
    held = queries.toxic_with(account.person_id, role, besides=account.pk) if account.person_id else []
    refuse_if(rules.reasons_against_account(account.username, "unchanged password", held))
    role_was, region_was = account.role, account.region_code
    account.role, account.region_code, account.office = role, region_code, office
    _save(account)
    record(
        "account.role-changed", account, by=by, at=now, region_code=region_code,
        role=role, role_was=role_was, region_was=region_was,
    )  # fmt: skip
    return account


@transaction.atomic
def count_failure(*, account_id: int, now: datetime, what: rules.Guess = rules.Guess.PASSWORD) -> None:
    """A wrong password, or a wrong code after the right one. After five of either in a row the account is locked
    for a quarter of an hour. They are counted apart: the right password forgets no wrong code."""
    account = Account.objects.select_for_update().get(pk=account_id)
    field = "failures" if what == rules.Guess.PASSWORD else "code_failures"
    count = getattr(account, field) + 1
    locks = count >= rules.LOCK_AFTER and not queries.is_locked(account, now)
    if locks:
        count, account.locked_until = 0, now + timedelta(minutes=rules.LOCK_MINUTES)
    setattr(account, field, count)
    account.save(update_fields=[field, "locked_until"])
    if locks:
        record("account.locked", account, by=None, at=now, region_code=account.region_code, guess=what.value)


def forget_failures(account: Account, what: rules.Guess = rules.Guess.PASSWORD) -> None:
    """The right password, or the right code, given while the account was open."""
    if what == rules.Guess.CODE:
        if account.code_failures:
            Account.objects.filter(pk=account.pk).update(code_failures=0)
    elif account.failures or account.locked_until:
        Account.objects.filter(pk=account.pk).update(failures=0, locked_until=None)


@transaction.atomic
def unlock(*, by: Account, account_id: int, now: datetime) -> Account:
    """Open a locked account before its time: for the security administrator, who asked the person (N14.1)."""
    account = queries.get(by, account_id, lock=True)
    rules.authorise(by, rules.Permission.ACCOUNT_SECURE, region_code=account.region_code)
    locked = queries.is_locked(account, now)
    refuse_if(rules.reasons_against_unlocking(locked=locked, own=account.pk == by.pk))
    account.failures = account.code_failures = 0
    account.locked_until = None
    account.save(update_fields=["failures", "code_failures", "locked_until"])
    record("account.unlocked", account, by=by, at=now, region_code=account.region_code)
    return account


@transaction.atomic
def new_password(*, by: Account, account_id: int, now: datetime) -> str:
    """A password for someone who forgot it; it is shown this once, and ends the account's sessions."""
    account = queries.get(by, account_id, lock=True)
    rules.authorise(by, rules.Permission.ACCOUNT_SECURE, region_code=account.region_code)
    refuse_if(rules.reasons_against_closing(own=account.pk == by.pk))
    password = secrets.token_urlsafe(12)
    account.password = make_password(password)
    account.failures, account.locked_until = 0, None
    account.save(update_fields=["password", "failures", "locked_until"])
    record("account.password-reset", account, by=by, at=now, region_code=account.region_code)
    return password


@transaction.atomic
def reset_second_factor(*, by: Account, account_id: int, now: datetime) -> None:
    """Let a person who lost the phone set up a new one: for the security administrator."""
    account = queries.get(by, account_id, lock=True)
    rules.authorise(by, rules.Permission.ACCOUNT_SECURE, region_code=account.region_code)
    Authenticator.objects.filter(user=account).delete()
    record("account.second-factor-reset", account, by=by, at=now, region_code=account.region_code)


@transaction.atomic
def reseal_factors(*, limit: int = 1000) -> int:
    """Seal second factors of older keys with the newest; give how many. Run until it is 0."""
    newest, found = f"{max(settings.SEAL_KEYS)}:", []
    for one in Authenticator.objects.select_for_update(skip_locked=True).order_by("pk").iterator():
        old = [name for name in ("secret", "seed") if name in one.data and not one.data[name].startswith(newest)]
        for name in old:
            one.data[name] = encrypt(decrypt(one.data[name]))
        if old:
            one.save(update_fields=["data"])
            found.append(one.pk)
        if len(found) == limit:
            break
    return len(found)


@transaction.atomic
def make_token(
    *, by: Account, name: str, scopes: Sequence[str], now: datetime, days: int = TOKEN_DAYS
) -> tuple[ApiToken, str]:
    """A key for the institution's own system; it is shown this once."""
    rules.authorise(by, rules.Permission.TOKEN_MANAGE, institution_id=by.institution_id)
    wrong = [scope for scope in scopes if scope not in rules.SCOPES]
    if wrong or not scopes:
        raise Refused(reason("bad-scope", _("Choose at least one scope that exists.")))
    secret = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        account=by,
        name=name,
        digest=token_digest(secret),
        scopes=list(scopes),
        created_at=now,
        expires_at=now + timedelta(days),
    )
    record(
        "token.made",
        token,
        by=by,
        at=now,
        region_code=by.region_code,
        institution_id=by.institution_id,
        scopes=list(scopes),
    )
    return token, secret


@transaction.atomic
def revoke_token(*, by: Account, token_id: int, now: datetime) -> None:
    rules.authorise(by, rules.Permission.TOKEN_MANAGE, institution_id=by.institution_id)
    token = queries.tokens_of(by).filter(pk=token_id).first()
    if token is None:
        raise NotFound
    token.revoked_at = token.revoked_at or now
    token.save(update_fields=["revoked_at"])
    record("token.revoked", token, by=by, at=now, region_code=by.region_code, institution_id=by.institution_id)


def use_token(secret: str, now: datetime) -> ApiToken | None:
    """The key as it is used: noted to the minute, so that a busy key does not write each time."""
    token = queries.live_token(token_digest(secret), now)
    if token and (token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1)):
        token.last_used_at = now
        token.save(update_fields=["last_used_at"])
    return token


def bind_device(account: Account, session_key: str) -> None:
    """From now on only this session of the account counts (N7.4)."""
    Account.objects.filter(pk=account.pk).update(session_key=session_key)


def _save(account: Account) -> None:
    """Write it; what another did at the same moment is refused as the rules would have done."""
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        if "toxic pair" in str(error):
            held = queries.toxic_with(account.person_id or 0, account.role, besides=account.pk)
            refuse_if(rules.reasons_against_account(account.username, "unchanged password", held))
        if "username" in str(error):
            raise Refused(_taken(account.username)) from error
        raise


def _taken(username: str) -> Message:
    return reason("username-taken", _("The name “{name}” is taken."), name=username)


@transaction.atomic
def ask_to_verify_journal(*, by: Account, now: datetime) -> None:
    """Have the journal compared with its seals: for whoever watches over it, who waits on no page for it (N14.1)."""
    rules.authorise(by, rules.Permission.JOURNAL_READ, region_code=by.region_code)
    record("journal.verification-asked", by, by=by, at=now, region_code=by.region_code)
