from django import forms
from django.utils.translation import gettext_lazy

from rollbook.kernel.messages import _
from rollbook.risk.rules import Consequence, Excuse
from rollbook.web.forms import day
from rollbook.web.words import translated


class SettleForm(forms.Form):
    """The verdict on each ground is ticked beside it; the rest of what settles an alert is here."""

    true_codes = forms.Field(required=False)
    excuse = forms.ChoiceField(
        label=gettext_lazy(_("Legitimate reason, where nothing was true")),
        required=False,
        choices=[("", "–"), *translated(Excuse)],
    )
    consequences = forms.MultipleChoiceField(
        label=gettext_lazy(_("What follows")),
        required=False,
        choices=translated(Consequence),
        widget=forms.CheckboxSelectMultiple,
    )
    finding = forms.CharField(
        label=gettext_lazy(_("What was found")), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class ExplainForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy(_("Explanation")), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )


class SettingForm(forms.Form):
    """A value for a limit or the severity, from a day on."""

    name = forms.CharField(max_length=24, widget=forms.HiddenInput)
    value = forms.IntegerField(label=gettext_lazy(_("Value")))
    starts_on = day(gettext_lazy(_("From this day on")))
    why = forms.CharField(label=gettext_lazy(_("Reason")), max_length=200)


class TrialForm(forms.Form):
    name = forms.CharField(max_length=24, widget=forms.HiddenInput)
    value = forms.IntegerField(label=gettext_lazy(_("Value")))
