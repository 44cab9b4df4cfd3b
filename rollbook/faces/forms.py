from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.faces.rules import Finding
from rollbook.web.forms import day
from rollbook.web.words import translated


class FilingForm(forms.Form):
    number = forms.CharField(label=_("Number of the filing"), max_length=64)
    filed_on = day(_("Filed on"))


class FindingForm(forms.Form):
    finding = forms.ChoiceField(label=_("What you found"), choices=translated(Finding))
    why = forms.CharField(label=_("Reason"), max_length=200)


class CounterForm(forms.Form):
    number = forms.CharField(
        label=_("Identity number"), max_length=32, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    picture = forms.FileField(
        label=_("Picture of the face"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png", "capture": "user"}),
    )
