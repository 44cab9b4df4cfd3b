from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rollbook.classes.rules import attendance
from rollbook.institutions import rules
from rollbook.web.words import translated


class ApplyForm(forms.Form):
    """The public form with which an institution begins."""

    name = forms.CharField(label=_("Name of the institution"), max_length=128)
    uscc = forms.CharField(label=_("Unified social credit code"), max_length=18)
    kind = forms.ChoiceField(label=_("Kind"), choices=translated(rules.Kind))
    region_code = forms.ChoiceField(label=_("County"))
    address = forms.CharField(label=_("Address"), max_length=200)
    manager = forms.CharField(label=_("Name of the manager"), max_length=64)
    username = forms.CharField(label=_("User name"), max_length=64)
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput, min_length=8)


class LeaveForm(forms.Form):
    ground = forms.ChoiceField(label=_("Ground"))
    explanation = forms.CharField(label=_("Explanation"), max_length=200, required=False)
    proof = forms.FileField(label=_("Proof (photograph or scan)"), required=False)

    def __init__(self, *args: Any, kinds: Mapping[str, bool], **kwargs: Any) -> None:
        """`kinds`: the grounds that the region takes, and whether each needs its document."""
        super().__init__(*args, **kwargs)
        words = {key: gettext(attendance.GROUNDS[key]) for key in kinds}
        without = gettext("no document is needed")
        self.fields["ground"].choices = [  # type: ignore[attr-defined]
            (key, words[key] if needs else f"{words[key]} ({without})") for key, needs in kinds.items()
        ]
