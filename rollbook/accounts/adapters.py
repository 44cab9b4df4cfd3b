"""How allauth signs people in here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from rollbook.accounts.rules import Role


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are given by an administrator, or made when an institution applies."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def forget_tries(self, request: HttpRequest, username: str) -> None:
        """Of an account that is unlocked: so that the right password is taken at once."""
        self._delete_login_attempts_cached_email(request, username=username)


def demo_accounts(request: HttpRequest) -> dict[str, object]:
    """For the sign-in page of the demo: which accounts there are."""
    if not settings.DEMO or not request.path.endswith("/login/"):
        return {}
    return {"demo_accounts": [(role.value, role.label) for role in Role]}
