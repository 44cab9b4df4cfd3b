from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rollbook.accounts import actions, queries, rules
from rollbook.kernel.reasons import Forbidden

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

    class Request(HttpRequest):
        user: Account


P = rules.Permission


@require_POST
def set_active(request: "Request", account_id: int) -> HttpResponse:
    is_active = request.POST.get("active") == "1"
    actions.set_active(by=request.user, account_id=account_id, is_active=is_active, now=timezone.now())
    return redirect("persons:account_detail", account_id)


@require_POST
def reset(request: "Request", account_id: int) -> HttpResponse:
    actions.reset_second_factor(by=request.user, account_id=account_id, now=timezone.now())
    messages.success(request, _("The person sets up a new second factor at the next sign-in."))
    return redirect("persons:account_detail", account_id)


@require_POST
def unlock(request: "Request", account_id: int) -> HttpResponse:
    account = actions.unlock(by=request.user, account_id=account_id, now=timezone.now())
    get_adapter().forget_tries(request, account.username)
    messages.success(request, _("The account is open again."))
    return redirect("persons:account_detail", account_id)


@require_POST
def new_password(request: "Request", account_id: int) -> HttpResponse:
    """A new password, shown once; the answer is never cached."""
    password = actions.new_password(by=request.user, account_id=account_id, now=timezone.now())
    account = queries.get(request.user, account_id)
    get_adapter().forget_tries(request, account.username)
    response = render(request, "accounts/new_password.html", {"one": account, "password": password})
    response["Cache-Control"] = "no-store"
    return response


def token_list(request: "Request") -> HttpResponse:
    """The keys of the institution's own systems; a new one is shown once."""
    if not rules.holds(request.user, P.TOKEN_MANAGE):
        raise Forbidden("token.manage")
    secret = ""
    if request.method == "POST":
        name, scopes = request.POST.get("name", "")[:64], request.POST.getlist("scope")
        _token, secret = actions.make_token(by=request.user, name=name, scopes=scopes, now=timezone.now())
    context = {"tokens": queries.tokens_of(request.user), "secret": secret, "scopes": rules.SCOPES}
    return render(request, "accounts/token_list.html", context)


@require_POST
def revoke(request: "Request", token_id: int) -> HttpResponse:
    actions.revoke_token(by=request.user, token_id=token_id, now=timezone.now())
    return redirect("accounts:token_list")
