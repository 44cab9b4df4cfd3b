from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.accounts.rules import Role
from rollbook.funds.rules import COSIGNERS, MOST_COSIGNERS, Basis, Fund
from rollbook.web.words import translated

MOST_BYTES = 20 * 2**20


class BudgetForm(forms.Form):
    fund = forms.ChoiceField(label=_("Fund"), choices=translated(Fund))
    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
    amount = forms.DecimalField(label=_("Amount, yuan"), min_value=Decimal("0.01"), decimal_places=2, max_digits=14)
    document = forms.CharField(label=_("Document"), max_length=64)

    def values(self) -> dict[str, object]:
        """What the action wants: money in fen."""
        values = dict(self.cleaned_data)
        values["amount_fen"] = int(values.pop("amount") * 100)
        return values


class WhyForm(forms.Form):
    why = forms.CharField(label=_("Reason"), max_length=200)


class ReturnForm(forms.Form):
    file = forms.FileField(label=_("Return file of the bank"))

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("A return file has at most 20 MB."))
        content: bytes = file.read()
        return content


class BandForm(forms.Form):
    fund = forms.ChoiceField(label=_("Fund"), choices=translated(Fund))
    basis = forms.ChoiceField(label=_("What counts"), choices=translated(Basis))
    amount = forms.DecimalField(label=_("From amount, yuan"), min_value=Decimal(0), decimal_places=2, max_digits=14)
    releasers = forms.IntegerField(label=_("More signatures"), min_value=0, max_value=MOST_COSIGNERS)
    office = forms.ChoiceField(
        label=_("Office"), choices=lambda: [one for one in translated(Role) if one[0] in COSIGNERS]
    )
    document = forms.CharField(label=_("Document"), max_length=64)
    starts_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))

    def values(self) -> dict[str, object]:
        """What the action wants: money in fen."""
        values = dict(self.cleaned_data)
        values["from_fen"] = int(values.pop("amount") * 100)
        return values
