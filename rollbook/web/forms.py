"""What every page that takes a form does the same way."""

from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

F = TypeVar("F", bound=forms.Form)


def cleaned(form: F) -> F:
    """The form when it is right; else a refusal that names each field with what is wrong in it."""
    if form.is_valid():
        return form
    raise Refused(
        *(
            Message(
                _("{field}: {error}"), {"field": str(form[name].label if name in form.fields else ""), "error": error}
            )
            for name, errors in form.errors.items()
            for error in errors
        )
    )


def sent(request: HttpRequest, form: type[F]) -> F:
    """The form as it was posted, with its files, cleaned."""
    return cleaned(form(request.POST, request.FILES))


class WhyForm(forms.Form):
    """A reason that a deed asks for."""

    why = forms.CharField(label=gettext_lazy(_("Reason")), max_length=200)


class FileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy(_("File (.xlsx or .csv)")))


def day(label: "StrOrPromise", *, required: bool = True) -> forms.DateField:
    """A field for a date, with the browser's own picker."""
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


def moment(label: "StrOrPromise", *, required: bool = True) -> forms.DateTimeField:
    """A field for a day and time, with the browser's own picker."""
    return forms.DateTimeField(
        label=label,
        required=required,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files from one control, each cleaned as one."""

    widget = ManyFiles(attrs={"multiple": True})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(one, initial) for one in data or []]
