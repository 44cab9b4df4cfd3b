"""What every page that takes a form does the same way."""

from typing import TypeVar

from django import forms
from django.http import HttpRequest

from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import Refused

F = TypeVar("F", bound=forms.Form)


def cleaned(form: F) -> F:
    """The form when it is right; else a refusal that names each field with what is wrong in it."""
    if form.is_valid():
        return form
    raise Refused(
        *(
            Message("{field}: {error}", {"field": str(form[name].label if name in form.fields else ""), "error": error})
            for name, errors in form.errors.items()
            for error in errors
        )
    )


def sent(request: HttpRequest, form: type[F]) -> F:
    """The form as it was posted, with its files, cleaned."""
    return cleaned(form(request.POST, request.FILES))
