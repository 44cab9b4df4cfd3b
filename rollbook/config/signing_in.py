"""Signing in by name, or for workers by identity number."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser

from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role
from rollbook.persons.queries import find_by_number
from rollbook.persons.rules import normal


class NameOrNumber(AuthenticationBackend):  # type: ignore[misc]
    """A worker need not remember a user name: the number on the card finds the account."""

    def _authenticate_by_username(self, username: str, password: str) -> AbstractBaseUser | None:
        number = normal(username)
        if len(number) == 18 and number[:17].isdigit():
            person = find_by_number(number)
            found = Account.objects.filter(role=Role.WORKER, person_id=person.pk) if person else Account.objects.none()
            username = found.values_list("username", flat=True).first() or username
        account: AbstractBaseUser | None = super()._authenticate_by_username(username, password)
        return account
