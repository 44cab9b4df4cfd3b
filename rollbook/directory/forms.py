from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.directory import rules
from rollbook.web.words import translated


class DraftForm(forms.Form):
    document = forms.CharField(label=_("Document"), max_length=64)


class ItemForm(forms.Form):
    training_type = forms.ChoiceField(label=_("Type"), choices=translated(rules.TrainingType))
    occupation_id = forms.IntegerField(label=_("Occupation"), widget=forms.HiddenInput)
    level = forms.ChoiceField(label=_("Level"), choices=translated(rules.Level))
    hours = forms.IntegerField(label=_("Academic hours"), min_value=1, max_value=2000)
    hours_basis = forms.CharField(label=_("Basis of the hours"), max_length=128, required=False)
    practice_percent = forms.IntegerField(label=_("Share of practice, %"), min_value=0, max_value=100)
    amount = forms.DecimalField(label=_("Standard, yuan"), min_value=Decimal(0), decimal_places=2, max_digits=10)
    scarce_amount = forms.DecimalField(
        label=_("Standard where scarce, yuan"), min_value=Decimal(0), decimal_places=2, max_digits=10, required=False
    )
    urgency = forms.ChoiceField(label=_("Urgency"), choices=translated(rules.Urgency))
    priority_sector = forms.CharField(label=_("Priority sector"), max_length=64, required=False)
    labour_brand = forms.CharField(label=_("Labour brand"), max_length=64, required=False)

    def values(self) -> dict[str, object]:
        """What the action wants: money in fen."""
        values = dict(self.cleaned_data)
        values["amount_fen"] = int(values.pop("amount") * 100)
        scarce = values.pop("scarce_amount")
        values["scarce_amount_fen"] = None if scarce is None else int(scarce * 100)
        return values


class PublishForm(forms.Form):
    from_on = forms.DateField(label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}))


class TermForm(forms.Form):
    key = forms.ChoiceField(label=_("Term"), choices=translated(rules.TermKey))
    value = forms.IntegerField(label=_("Number"))
    from_on = forms.DateField(label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}))
    document = forms.CharField(label=_("Document"), max_length=64)


class DayForm(forms.Form):
    day = forms.DateField(label=_("First day"))
    until = forms.DateField(label=_("Last day"), required=False)
    name = forms.CharField(label=_("Name of the day"), max_length=32)
    document = forms.CharField(label=_("Document"), max_length=64)
