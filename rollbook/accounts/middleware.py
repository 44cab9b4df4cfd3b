"""What holds between signing in and any page."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from rollbook.accounts import actions, queries
from rollbook.accounts.models import Account
from rollbook.accounts.rules import OFFICIALS, Role

ONE_DEVICE = {Role.WORKER, Role.TEACHER}


class Guard:
    """One active device for workers and teachers (N7.4); a second factor for officials."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated and not request.path.startswith(("/account/", "/static/")):
            if user.role in ONE_DEVICE and not self.is_the_device(request, user):
                logout(request)
                return redirect(settings.LOGIN_URL)
            if user.role in OFFICIALS and not settings.DEMO and not queries.has_second_factor(user):
                return redirect("mfa_activate_totp")
        return self.get_response(request)

    def is_the_device(self, request: HttpRequest, user: Account) -> bool:
        """Whether this session signed in last. Signing in changes the session's key, so a key that
        the session has not noted yet is a new sign-in, and takes the place of the former device."""
        key = request.session.session_key or ""
        if request.session.get("device") != key:
            request.session["device"] = key
            actions.bind_device(user, key)
            return True
        return user.session_key == key
