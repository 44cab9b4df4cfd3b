import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Q, QuerySet

from rollbook.accounts import rules
from rollbook.accounts.models import Account, ApiToken
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import around, prefix


def has_second_factor(account: Account) -> bool:
    return bool(Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists())


def managing() -> "QuerySet[Account, Any]":
    """The institutions for which somebody can sign in, as a part of a query."""
    found = Account.objects.filter(role=rules.Role.INSTITUTION_MANAGER, is_active=True, institution_id__isnull=False)
    ids: QuerySet[Account, Any] = found.values("institution_id")
    return ids


def to_unlock(by: Account, now: datetime) -> QuerySet[Account]:
    """Accounts that are locked now, the longest locked last."""
    return in_state(managed_by(by), "locked", now).order_by("locked_until", "pk")


def without_second_factor(by: Account) -> QuerySet[Account]:
    """Officials who have signed in and have no second factor yet: they get no further (N14.1)."""
    found = managed_by(by).filter(role__in=rules.OFFICIALS, is_active=True, last_login__isnull=False)
    have = Authenticator.objects.filter(type=Authenticator.Type.TOTP).values("user")
    return found.exclude(pk__in=have).order_by("pk")


def managed_by(by: Account) -> QuerySet[Account]:
    """The accounts that an administrator may see: those of the own region."""
    if not rules.GRANTS[rules.Role(by.role)] & {
        rules.Permission.ACCOUNT_MANAGE,
        rules.Permission.ACCOUNT_SECURE,
    }:
        return Account.objects.none()
    return Account.objects.filter(region_code__startswith=prefix(by.region_code))


def get(by: Account, account_id: int, *, lock: bool = False) -> Account:
    found = managed_by(by).filter(pk=account_id)
    try:
        return (found.select_for_update() if lock else found).get()
    except Account.DoesNotExist:
        raise NotFound from None


def toxic_with(person_id: int, role: str, *, besides: int | None = None) -> list[str]:
    """The roles that this person holds and that do not go with another."""
    pairs = rules.TOXIC_PAIRS
    held = Account.objects.filter(person_id=person_id, is_active=True).exclude(pk=besides or 0)
    return [one for one in held.values_list("role", flat=True) if (min(one, role), max(one, role)) in pairs]


def tokens_of(by: Account) -> QuerySet[ApiToken]:
    """The keys of the account's institution."""
    return ApiToken.objects.filter(
        Q(account=by) | Q(account__institution_id=by.institution_id, account__institution_id__isnull=False)
    ).order_by("-created_at")


def live_token(digest: str, now: datetime) -> ApiToken | None:
    """The key with this digest, when it may still be used."""
    found = ApiToken.objects.select_related("account").filter(
        digest=digest, revoked_at=None, expires_at__gt=now, account__is_active=True
    )
    return found.first()


def named(username: str) -> Account | None:
    return Account.objects.filter(username=username).first()


def fresh(account_id: int) -> Account:
    """The account as it is now: of oneself, while signing in."""
    return Account.objects.get(pk=account_id)


def is_locked(account: Account, now: datetime) -> bool:
    return account.locked_until is not None and account.locked_until > now


def in_state(found: QuerySet[Account], state: str, now: datetime) -> QuerySet[Account]:
    match state:
        case "closed":
            return found.filter(is_active=False)
        case "locked":
            return found.filter(is_active=True, locked_until__gt=now)
    return found.filter(Q(locked_until=None) | Q(locked_until__lte=now), is_active=True)


def others_of(account: Account) -> QuerySet[Account]:
    """The other accounts of the same person: each for another office."""
    found = Account.objects.filter(person_id=account.person_id, person_id__isnull=False)
    return found.exclude(pk=account.pk).order_by("username")


def by_username(username: str) -> Account:
    return Account.objects.get(username=username)


def officers_over(permission: rules.Permission, region_code: str) -> list[Account]:
    """Who holds a permission over a region: its own office, and those around it."""
    roles = [role for role, granted in rules.GRANTS.items() if permission in granted]
    return list(
        Account.objects.filter(role__in=roles, region_code__in=around(region_code), is_active=True).order_by("pk")
    )


def officers(permission: rules.Permission, region_code: str) -> QuerySet[Account]:
    """Who holds a permission over a region, of that region's own office."""
    roles = [role for role, granted in rules.GRANTS.items() if permission in granted]
    return Account.objects.filter(role__in=roles, region_code=region_code, is_active=True).order_by("pk")


def ticket_for(account: Account, session_key: str, now: datetime) -> str:
    """What a phone sends with its check-ins instead of its cookie, for as long as the session lasts."""
    session = hashlib.sha256(session_key.encode()).hexdigest()
    expires = int(now.timestamp()) + settings.SESSION_COOKIE_AGE
    return rules.Ticket(account.pk, account.person_id or 0, expires, session).signed(settings.SECRET_KEY.encode())


def placed(ids: Collection[int]) -> "QuerySet[Account, Any]":
    """Whose accounts these are and where, for alerts about them."""
    return Account.objects.filter(pk__in=ids).values("pk", "name", "username", "region_code")
