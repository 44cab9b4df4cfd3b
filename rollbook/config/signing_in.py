"""Signing in by name, or for workers by identity number; locked after wrong passwords."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone

from rollbook.accounts import actions, queries
from rollbook.accounts.adapters import Accounts
from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role
from rollbook.persons.queries import find_by_number
from rollbook.persons.rules import normal


def name_behind(login: str) -> str:
    """A worker need not remember a user name: the number on the card finds the account."""
    number = normal(login)
    if len(number) == 18 and number[:17].isdigit() and (person := find_by_number(number)):
        found = Account.objects.filter(role=Role.WORKER, person_id=person.pk)
        return found.values_list("username", flat=True).first() or login
    return login


class NameOrNumber(AuthenticationBackend):  # type: ignore[misc]
    """The password of an account that is not locked; each wrong one is counted (N14.1)."""

    def _authenticate_by_username(self, username: str, password: str) -> AbstractBaseUser | None:
        now, username = timezone.now(), name_behind(username)
        account = queries.named(username)
        if account is not None and queries.is_locked(account, now):
            raise SigningIn().validation_error("too_many_login_attempts")
        found: AbstractBaseUser | None = super()._authenticate_by_username(username, password)
        if account is not None:
            if found is None:
                actions.count_failure(account_id=account.pk, now=now)
            else:
                actions.forget_failures(account)
        return found


class SigningIn(Accounts):
    """Tries are counted for the account, whether by name or by number, and for names that nobody has."""

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        key: str = super()._get_login_attempts_cache_key(
            request, **credentials | {"username": name_behind(credentials.get("username") or "")}
        )
        return key
