from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.funds import rules
from rollbook.web.words import translated


class BudgetForm(forms.Form):
    region_code = forms.CharField(label=_("Region"), max_length=6)
    fund = forms.ChoiceField(label=_("Fund"), choices=translated(rules.Fund))
    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
    amount = forms.DecimalField(label=_("Amount, yuan"), min_value=Decimal(0), decimal_places=2, max_digits=14)
    document = forms.CharField(label=_("Document"), max_length=64)

    def values(self) -> dict[str, object]:
        values = dict(self.cleaned_data)
        values["amount_fen"] = int(values.pop("amount") * 100)
        return values
